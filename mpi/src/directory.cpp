#include "directory.hpp"

#include <pthread.h>
#include <algorithm>
#include <bit>
#include <new>

#include <proxystore/error.hpp>

namespace proxystore::mpi::detail {
namespace {

constexpr int mirror_producer = -2;  // nobody of this node

std::uint64_t reference_to(Handle at) noexcept { return (std::uint64_t{at.home} + 1) << 32U | at.slot->index; }

bool is(Slot const& slot, Name const& name) noexcept {
  return slot.number == name.number && slot.name_generation == name.generation && slot.home == name.home &&
         slot.maker == name.maker;
}

/// Where the count of the last declared object is kept that `maker` made for `home`, in payload[0].
Name ledger_of(Name const& name) noexcept { return {name.home, name.maker, 0, UINT64_MAX}; }

}  // namespace

struct Directory::Table {
  pthread_mutex_t mutex;
  std::uint32_t lives;    // slots that were put in
  std::uint64_t buckets;  // a power of two; they follow

  std::atomic<std::uint64_t>* first() noexcept { return reinterpret_cast<std::atomic<std::uint64_t>*>(this + 1); }
};

class Directory::Lock {
 public:
  explicit Lock(Table& table) noexcept : table_(table) { pthread_mutex_lock(&table_.mutex); }
  Lock(Lock const&) = delete;
  Lock& operator=(Lock const&) = delete;
  ~Lock() { pthread_mutex_unlock(&table_.mutex); }

 private:
  Table& table_;
};

Directory::Directory(std::vector<std::span<std::byte>> slabs, Arena& arena, Handoff& handoff, std::uint32_t mine)
    : slabs_(std::move(slabs)), arena_(arena), handoff_(handoff), mine_(mine) {
  if (mine_ != 0) return;
  auto const buckets = std::clamp(std::bit_floor(slabs_[0].size() >> 14U), std::size_t{256}, std::size_t{65536});
  auto* const memory = arena_.allocate(sizeof(Table) + buckets * sizeof(std::uint64_t));
  auto* const made = new (memory) Table;
  made->buckets = buckets;
  made->lives = 0;
  std::fill_n(reinterpret_cast<std::uint64_t*>(made->first()), buckets, 0);
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  int const failed = pthread_mutex_init(&made->mutex, &shared);
  pthread_mutexattr_destroy(&shared);
  if (failed != 0) throw ConnectorError("this system has no locks that processes can share (pthread_mutex_init)");
  header_of(slabs_[0]).directory = arena_.offset_of(memory);
}

Directory::Table& Directory::table() const noexcept {
  return *reinterpret_cast<Table*>(slabs_[0].data() + header_of(slabs_[0]).directory);
}

Slot* Directory::slot_of(std::uint64_t reference) const noexcept {
  return reference == 0 ? nullptr : find_slot(slabs_[(reference >> 32U) - 1], reference & UINT32_MAX);
}

std::atomic<std::uint64_t>& Directory::bucket(Name const& name) const noexcept {
  auto& all = table();
  return all.first()[NameHash()(name) & (all.buckets - 1)];
}

Handle Directory::look(Name const& name) const noexcept {
  auto reference = bucket(name).load(std::memory_order_relaxed);
  for (Slot* slot; (slot = slot_of(reference)); reference = slot->chain.load(std::memory_order_relaxed))
    if (is(*slot, name))
      return {slot, static_cast<std::uint32_t>((reference >> 32U) - 1),
              generation_of(slot->word.load(std::memory_order_relaxed))};
  return {};
}

Handle Directory::insert(Name const& name, int producer) {
  Slot& slot = arena_.new_slot(producer);
  Handle const at{&slot, mine_, generation_of(slot.word.load(std::memory_order_relaxed))};
  slot.maker = name.maker;
  slot.number = name.number;
  slot.name_generation = name.generation;
  slot.home = name.home;
  for (auto* word : {&slot.asker, &slot.known, &slot.puller, &slot.verdict, &slot.producer_told}) word->store(0, std::memory_order_relaxed);
  slot.life.store(++table().lives, std::memory_order_relaxed);
  auto& head = bucket(name);
  slot.chain.store(head.load(std::memory_order_relaxed), std::memory_order_relaxed);
  head.store(reference_to(at), std::memory_order_relaxed);
  return at;
}

Pin Directory::find(Name const& name) noexcept {
  Lock const lock(table());
  auto const at = look(name);
  if (!at.slot) return {};
  at.slot->refs.fetch_add(1);  // the directory's own keeps it from being 0
  return {handoff_, at};
}

Directory::Mirror Directory::mirror(Name const& name) {
  Lock const lock(table());
  auto at = look(name);
  bool const fresh = !at.slot;
  if (fresh) at = insert(name, mirror_producer);
  at.slot->refs.fetch_add(1);
  return {{handoff_, at}, fresh};
}

std::optional<Handle> Directory::declared(Name const& name, std::uint32_t home) {
  Lock const lock(table());
  if (auto const at = look(name); at.slot) return at;
  auto ledger = look(ledger_of(name));
  if (!ledger.slot) {
    ledger = insert(ledger_of(name), mirror_producer);
    ledger.slot->payload[0].store(0, std::memory_order_relaxed);
  }
  auto& last = ledger.slot->payload[0];
  Handle at{};
  for (auto count = last.load(std::memory_order_relaxed); count < name.number;) {
    at = insert({name.home, name.maker, ++count, 0}, static_cast<int>(home));
    last.store(count, std::memory_order_relaxed);
    if (header_of(slabs_[home]).closed.load() != 0) handoff_.break_slot(at);
  }
  return at.slot ? std::optional(at) : std::nullopt;
}

void Directory::settle() noexcept { Lock const lock(table()); }

bool Directory::remove(Name const& name, Handle at) noexcept {
  Lock const lock(table());
  auto* link = &bucket(name);
  for (Slot* slot; (slot = slot_of(link->load(std::memory_order_relaxed))); link = &slot->chain) {
    if (slot != at.slot || generation_of(slot->word.load(std::memory_order_relaxed)) != at.generation) continue;
    link->store(slot->chain.load(std::memory_order_relaxed), std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace proxystore::mpi::detail
