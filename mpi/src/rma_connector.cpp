#include "rma_connector.hpp"

#include <cstring>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>

#include "check.hpp"

namespace proxystore::mpi {
namespace detail {
namespace {

/// Gives a view back when the last Bytes that share it are gone.
struct Unview {
  std::shared_ptr<Segment> segment;
  Handle at;
  void operator()(void const*) const noexcept {
    if (!segment->unmapped.load()) segment->handoff.unview(at);
    segment->views.fetch_sub(1);
  }
};

/// Owns a block of this rank's slab until it is published.
class Unpublished {
 public:
  Unpublished(std::shared_ptr<Segment> segment, std::byte* block) noexcept
      : segment_(std::move(segment)), block_(block) {
    segment_->views.fetch_add(1);
  }
  Unpublished(Unpublished const&) = delete;
  Unpublished& operator=(Unpublished const&) = delete;
  ~Unpublished() {
    if (block_ && !segment_->unmapped.load()) segment_->arena->free(block_);
    segment_->views.fetch_sub(1);
  }
  std::byte* release() noexcept { return std::exchange(block_, nullptr); }

 private:
  std::shared_ptr<Segment> segment_;
  std::byte* block_;
};

extern "C" int close_segment(MPI_Comm, int, void* attribute, void*) {
  std::unique_ptr<std::shared_ptr<Segment>> const segment(static_cast<std::shared_ptr<Segment>*>(attribute));
  (*segment)->unmapped = true;
  if (!(*segment)->freed()) end_threads();  // MPI_Finalize, and not close()
  try {
    (*segment)->close();
  } catch (std::exception const&) {
    return MPI_ERR_OTHER;
  }
  return MPI_SUCCESS;
}

}  // namespace

/// A call in flight: close() waits for it, and none begins after.
class RmaConnector::Call {
 public:
  explicit Call(Segment& segment) : segment_(segment) {
    note_thread();
    segment_.active.fetch_add(1);
    if (!segment_.closed.load()) return;
    segment_.active.fetch_sub(1);
    throw StoreClosed("the rma connector is closed");
  }
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;
  ~Call() { segment_.active.fetch_sub(1); }

 private:
  Segment& segment_;
};

RmaConnector::RmaConnector(MPI_Comm comm, RmaOptions const& options)
    : segment_(std::make_shared<Segment>(comm, options)), reply_timeout_(options.reply_timeout) {
  try {
    together(comm, [this] { close_at_finalize(); });
  } catch (Error const&) {
    try {
      if (keyval_ == MPI_KEYVAL_INVALID) segment_->close();
      else close();
    } catch (Error const&) {  // the first one counts
    }
    throw;
  }
}

/// MPI_Finalize deletes the attributes of MPI_COMM_SELF first of all (MPI-4.0 section 11.2.4), newest first.
void RmaConnector::close_at_finalize() {
  mpi_check(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, close_segment, &keyval_, nullptr), "MPI_Comm_create_keyval");
  auto held = std::make_unique<std::shared_ptr<Segment>>(segment_);
  int const code = MPI_Comm_set_attr(MPI_COMM_SELF, keyval_, held.get());
  if (code != MPI_SUCCESS) MPI_Comm_free_keyval(&keyval_);
  mpi_check(code, "MPI_Comm_set_attr");
  static_cast<void>(held.release());
}

RmaConnector::~RmaConnector() {
  try {
    close();
  } catch (std::exception const&) {  // nobody to tell
  }
}

void RmaConnector::close() {
  if (keyval_ == MPI_KEYVAL_INVALID) return;
  int finalized = 0;
  MPI_Finalized(&finalized);
  int keyval = std::exchange(keyval_, MPI_KEYVAL_INVALID);
  if (finalized != 0) return;
  // With views held somewhere the window stays, and the attribute, until MPI_Finalize.
  auto const forget = [&] {
    if (segment_->freed()) mpi_check(MPI_Comm_delete_attr(MPI_COMM_SELF, keyval), "MPI_Comm_delete_attr");
  };
  take_all({[this] { segment_->close(); }, forget,
            [&] { mpi_check(MPI_Comm_free_keyval(&keyval), "MPI_Comm_free_keyval"); }});
}

/// The slot of an object whose home is on this node.
std::optional<Handle> RmaConnector::here(Name const& name) {
  auto const home = segment_->place.near(name.home);
  if (!home) return std::nullopt;
  if (name.declared()) return segment_->network ? segment_->network->here(name) : std::nullopt;
  auto const slab = segment_->window.slab(static_cast<int>(*home));
  Slot* const slot = find_slot(slab, name.number);
  if (!slot) throw_if_damaged(slab);
  return slot ? std::optional(Handle{slot, *home, name.generation}) : std::nullopt;
}

Handle RmaConnector::make(int producer) {
  Slot& slot = segment_->arena->new_slot(producer);
  return {&slot, segment_->place.mine, generation_of(slot.word.load(std::memory_order_relaxed))};
}

Name RmaConnector::name_of(Handle at) const noexcept {
  return {segment_->place.rank, Name::nobody, at.slot->index, at.generation};
}

Buffer RmaConnector::allocate(std::size_t bytes) {
  if (bytes <= Buffer::inline_capacity) return Buffer(bytes);
  Call const call(*segment_);
  auto* const block = make_room(bytes);
  try {
    return {{block, bytes}, std::make_shared<Unpublished>(segment_, block), segment_.get()};
  } catch (std::bad_alloc const&) {
    segment_->arena->free(block);
    throw;
  }
}

/// Copies of other nodes' objects give way to this rank's own.
std::byte* RmaConnector::make_room(std::size_t bytes) {
  try {
    return segment_->arena->allocate(bytes);
  } catch (StoreFull const&) {
    if (!segment_->network || !segment_->network->drop_copies(bytes)) throw;
    return segment_->arena->allocate(bytes);
  }
}

Key RmaConnector::new_key(KeyHint const& hint) {
  Call const call(*segment_);
  auto const& place = segment_->place;
  if (!hint.producer) return Key(text_of(name_of(make(-1))));
  if (*hint.producer < 0 || static_cast<std::uint32_t>(*hint.producer) >= place.size)
    throw InvalidArgument("rank " + std::to_string(*hint.producer) + " cannot be a producer (the communicator has " +
                          std::to_string(place.size) + " ranks)");
  auto const producer = static_cast<std::uint32_t>(*hint.producer);
  if (auto const number = place.near(producer)) {
    auto const at = make(static_cast<int>(*number));
    // One that closes says so before it looks for what it was to set: one of us breaks it.
    if (header_of(segment_->window.slab(static_cast<int>(*number))).closed.load() != 0)
      segment_->handoff.break_slot(at);
    return Key(text_of(name_of(at)));
  }
  return Key(text_of(segment_->network->declare(producer)));
}

Key RmaConnector::put(Buffer object) {
  Call const call(*segment_);
  auto const at = put_here(std::move(object));
  return Key(text_of(name_of(at)));
}

Handle RmaConnector::put_here(Buffer&& object) {
  auto const at = make(static_cast<int>(segment_->place.mine));
  try {
    if (publish(at, std::move(object)) != Handoff::Outcome::done)
      throw StoreClosed("the rma connector is closed");  // by another thread, which broke the new slot
  } catch (StoreFull const&) {
    segment_->handoff.evict(at);
    throw;
  }
  return at;
}

void RmaConnector::set(Key const& key, Buffer object) {
  Call const call(*segment_);
  auto const name = parse_name(key.text());
  if (!name || name->home >= segment_->place.size) refuse(Handoff::Outcome::gone, key);
  auto outcome = Handoff::Outcome::gone;
  if (auto const at = here(*name)) outcome = publish(*at, std::move(object));
  else if (is_far(*name)) outcome = set_far(*name, std::move(object));
  if (segment_->network) segment_->network->drive();  // tells other nodes that wait for it
  if (outcome != Handoff::Outcome::done) refuse(outcome, key);
}

/// Small objects go to their home; of a large one, which stays here, only the place does.
Handoff::Outcome RmaConnector::set_far(Name const& name, Buffer object) {
  auto& network = *segment_->network;
  auto reply = Network::Reply::full;
  if (object.size() <= Mail::most_inside) reply = network.set(name, object.span());
  if (reply != Network::Reply::full) return static_cast<Handoff::Outcome>(reply);
  auto const size = object.size();
  auto const at = put_here(std::move(object));
  reply = network.set(name, Elsewhere{segment_->place.rank, name_of(at), size});
  if (reply != Network::Reply::done) segment_->handoff.evict(at);
  if (reply == Network::Reply::full)
    throw StoreFull("rank " + std::to_string(name.home) + " has no room for a slot of rma key '" + text_of(name) +
                    "' in its rma memory; evict what is done with, or open with a larger rma:?capacity=…");
  return static_cast<Handoff::Outcome>(reply);
}

/// Into this rank's slab, if it does not lie there.
void RmaConnector::own(Buffer& object) {
  if (object.arena() == segment_.get()) return;
  auto const size = object.size();
  Buffer copy = allocate(std::max(size, Buffer::inline_capacity + 1));
  std::memcpy(copy.data(), object.data(), size);
  object = Buffer({copy.data(), size}, copy.owner(), copy.arena());
}

Handoff::Outcome RmaConnector::publish(Handle at, Buffer&& object) {
  auto& handoff = segment_->handoff;
  if (object.size() <= Slot::inline_bytes) return handoff.publish_inline(at, object.span());
  if (auto const outcome = Handoff::look(at); outcome != Handoff::Outcome::done) return outcome;
  own(object);
  auto const offset = segment_->arena->offset_of(object.data());
  auto const outcome = handoff.publish_block(at, segment_->place.mine, offset, object.size());
  if (outcome == Handoff::Outcome::done) static_cast<Unpublished*>(object.owner().get())->release();
  return outcome;
}

void RmaConnector::refuse(Handoff::Outcome outcome, Key const& key) const {
  auto const what = "rma key '" + key.text() + "' cannot be set by " + whoami();
  switch (outcome) {
    case Handoff::Outcome::already_set: throw AlreadySet(what + " (it is set already; the first object stays)");
    case Handoff::Outcome::broken:
      throw BrokenFuture(what + " (it was broken when the rank that made it, or its producer, closed the store)");
    case Handoff::Outcome::gone:
    case Handoff::Outcome::done: break;
  }
  throw ObjectNotFound(what + " (it was evicted, or made by another store)");
}

std::optional<Bytes> RmaConnector::get(Key const& key) {
  Call const call(*segment_);
  auto const name = parse_name(key.text());
  if (!name) return std::nullopt;
  auto const at = here(*name);
  if (at)
    if (auto bytes = view(*at)) return bytes;
  std::optional<Bytes> bytes;
  Deadline const deadline(reply_timeout_);
  if (at) bytes = object(*at, deadline);
  else if (is_far(*name))
    visit_far(*name, deadline, &bytes, [&](Pin const& mirror) { return segment_->network->look(mirror, *name); });
  if (!bytes && deadline.expired())
    throw Timeout("timed out waiting for the bytes of rma key '" + key.text() + "' (rma:?reply_timeout=…)");
  return bytes;
}

void RmaConnector::get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) {
  constexpr std::size_t most_under_way = std::size_t{256} << 20U;  // bytes, beyond the first
  Call const call(*segment_);
  std::vector<std::size_t> whole;
  std::deque<std::pair<std::size_t, Name>> apart;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto const name = parse_name(parts[i].key.text());
    if (name && is_far(*name) && segment_->network->is_worth(parts[i], *name)) apart.emplace_back(i, *name);
    else whole.push_back(i);
  }
  std::deque<std::pair<std::size_t, std::shared_ptr<Network::Portion>>> under_way;
  std::size_t bytes = 0;
  auto const ask = [&] {
    for (; !apart.empty(); apart.pop_front()) {
      auto const& [i, name] = apart.front();
      auto const size = parts[i].size();
      if (!under_way.empty() && (bytes > most_under_way || size > most_under_way - bytes)) break;
      under_way.emplace_back(i, segment_->network->pull_part(name, parts[i]));
      bytes += size;
    }
    if (!under_way.empty()) segment_->network->drive();
  };
  auto const visit_whole = [&](std::size_t i) {
    auto object = get(parts[i].key);
    visit(i, object ? std::optional(PartBytes{*std::move(object), true}) : std::nullopt);
  };
  ask();
  for (auto const i : whole) visit_whole(i);
  while (!under_way.empty()) {
    auto const [i, portion] = std::move(under_way.front());
    under_way.pop_front();
    bytes -= parts[i].size();
    wait_for_part(*portion, parts[i].key);
    ask();
    // What is not there, or not as it should be, is so for get() to find.
    if (portion->state() == Network::Portion::arrived) visit(i, PartBytes{portion->bytes(), false});
    else visit_whole(i);
  }
}

void RmaConnector::wait_for_part(Network::Portion const& portion, Key const& key) {
  bool const in_time = segment_->network->await(portion, Deadline(reply_timeout_));
  if (portion.state() != Network::Portion::under_way) return;
  if (in_time) throw StoreClosed("the rma connector is closed");
  throw Timeout("timed out waiting for a part of rma key '" + key.text() + "' (rma:?reply_timeout=…)");
}

bool RmaConnector::exists(Key const& key) {
  Call const call(*segment_);
  auto const name = parse_name(key.text());
  if (!name) return false;
  if (auto const at = here(*name)) return Handoff::ready(*at);
  if (!is_far(*name)) return false;
  auto& network = *segment_->network;
  return visit_far(*name, {}, nullptr, [&](Pin const& at) { return network.look(at, *name); }) == State::ready;
}

/// An object whose home is on another node, through its mirror; `look` says what state it is in. Again if the mirror
/// went away for want of room here, or if the bytes did on their way.
template <class Look>
State RmaConnector::visit_far(Name const& name, Deadline deadline, std::optional<Bytes>* bytes, Look const& look) {
  constexpr int most_failures = 5;  // each begins with a question to the home
  for (int failures = 0; failures < most_failures;) {
    auto const at = segment_->network->mirror(name);
    auto const state = look(at);
    bool const dropped = state == State::gone && !Network::final(at);
    if (!dropped && (state != State::ready || !bytes)) return state;
    if (!dropped && (*bytes = object(*at, deadline))) return state;
    if (deadline.expired()) return State::pending;
    if (dropped || Network::final(at)) continue;
    segment_->network->forget(name);
    ++failures;
  }
  return State::gone;
}

bool RmaConnector::is_far(Name const& name) const noexcept {
  return segment_->network && name.home < segment_->place.size && !segment_->place.near(name.home);
}

bool RmaConnector::is_near(Key const& key) const noexcept {
  auto const name = parse_name(key.text());
  return name && segment_->place.near(name->home);
}

/// What a slot of this node has, its bytes brought here if they are elsewhere. nullopt: not set, gone, or too late.
std::optional<Bytes> RmaConnector::object(Handle at, Deadline deadline) {
  for (;;) {
    if (auto bytes = view(at)) return bytes;
    if (Handoff::state_of(at) != State::ready) return std::nullopt;
    auto const bytes = Handoff::elsewhere(at);
    if (!bytes) continue;  // they arrive
    auto const fetched = segment_->network->fetch(*bytes, deadline);
    if (fetched.near) return view(*fetched.near);
    if (fetched.at) return view(*fetched.at);
    return fetched.bytes.empty() ? std::nullopt : std::optional(fetched.bytes);
  }
}

std::optional<Bytes> RmaConnector::view(Handle at) {
  auto view = segment_->handoff.view(at);
  if (!view) return std::nullopt;
  if (!view->large.data()) return std::move(view->small);
  segment_->views.fetch_add(1);
  return Bytes(view->large, std::shared_ptr<void const>(view->large.data(), Unview{segment_, at}));
}

void RmaConnector::evict(Key const& key) {
  Call const call(*segment_);
  auto const name = parse_name(key.text());
  if (!name) return;
  if (is_far(*name)) return segment_->network->evict(*name);
  auto const at = here(*name);
  if (!at || (name->declared() && !segment_->directory->remove(*name, *at))) return;
  segment_->handoff.evict(*at);
  if (segment_->network) segment_->network->drive();
}

template <class Wait>
State RmaConnector::wait_open(Wait const& wait) {
  note_thread();
  segment_->active.fetch_add(1);
  struct Leave {
    Segment& segment;
    ~Leave() { segment.active.fetch_sub(1); }
  } const leave{*segment_};
  return segment_->closed.load() ? State::broken : wait();
}

State RmaConnector::wait_for(Key const& key, Deadline deadline, std::optional<Bytes>* bytes) {
  auto const name = parse_name(key.text());
  if (!name) return State::gone;
  if (auto const at = here(*name)) {
    auto const state = segment_->handoff.wait(*at, deadline);
    if (state != State::ready || !bytes || (*bytes = object(*at, deadline))) return state;
    return deadline.expired() ? State::pending : state;  // too late for its bytes, or evicted meanwhile
  }
  if (!is_far(*name)) return State::gone;
  auto& network = *segment_->network;
  return visit_far(*name, deadline, bytes, [&](Pin const& at) { return network.await(at, *name, deadline); });
}

State RmaConnector::wait(Key const& key, Deadline deadline) {
  return wait_open([&] { return wait_for(key, deadline, nullptr); });
}

RmaConnector::Received RmaConnector::receive(Key const& key, Deadline deadline) {
  Received received{State::gone, std::nullopt};
  received.state = wait_open([&] { return wait_for(key, deadline, &received.object); });
  return received;
}

/// The rank that was declared to set it, as far as this one knows.
std::optional<std::uint32_t> RmaConnector::producer_of(Name const& name) {
  if (name.declared()) return name.home;
  if (auto const at = here(name)) {
    auto const number = at->slot->producer.load();
    return number < 0 ? std::nullopt : std::optional(segment_->place.neighbours[static_cast<std::size_t>(number)]);
  }
  if (!is_far(name)) return std::nullopt;
  auto const mirror = segment_->directory->find(name);
  auto const told = mirror ? mirror->producer_told.load() : 0;
  return told == 0 ? std::nullopt : std::optional(told - 1);
}

std::unique_ptr<LongWait> RmaConnector::wait_long(Key const& key) {
  Call const call(*segment_);
  auto const name = parse_name(key.text());
  auto const producer = name ? producer_of(*name) : std::nullopt;
  return producer ? std::make_unique<RingWait>(segment_, *producer, *name) : nullptr;
}

void RmaConnector::progress() {
  Call const call(*segment_);
  if (segment_->network) segment_->network->drive();
}

bool RmaConnector::gather_at_close(std::shared_ptr<Gathering> gathering) {
  segment_->gathering = std::move(gathering);
  return true;
}

Config RmaConnector::config() const { return Config("rma").set("session", segment_->session); }

std::string RmaConnector::whoami() const {
  auto const& place = segment_->place;
  return "rank " + std::to_string(place.rank) + " of " + std::to_string(place.size) + " on " + segment_->host;
}

std::string RmaConnector::report() const {
  auto const& place = segment_->place;
  auto const who = "rma: " + whoami() + ", " + std::to_string(place.neighbours.size()) +
                   " of the ranks on this node, " + std::to_string(place.nodes) +
                   (place.nodes == 1 ? " node\n" : " nodes\n");
  try {
    Call const call(*segment_);
    auto const usage = segment_->arena->usage();
    return who + "  memory of this rank: capacity " + std::to_string(usage.capacity) +
           " bytes (rma:?capacity=…), in use " + std::to_string(usage.in_use) + ", largest free block " +
           std::to_string(usage.largest_free) + "\n  slots: " + std::to_string(usage.slots - usage.free_slots) +
           " in use of " + std::to_string(usage.slots) +
           ", views held here: " + std::to_string(segment_->views.load()) + "\n" +
           (segment_->network ? segment_->network->report() : "");
  } catch (StoreClosed const&) {  // the memory may be gone
    return who + "  closed\n";
  }
}

}  // namespace detail

std::unique_ptr<Connector> rma(MPI_Comm comm, RmaOptions options) {
  Registry::instance().add_kind("rma", Registry::Deferral::yes, [](Config const&) -> std::unique_ptr<Connector> {
    throw ConfigError("an rma store can only be opened collectively, by all ranks of a communicator: mpi::rma(comm)");
  });
  return std::make_unique<detail::RmaConnector>(comm, options);
}

}  // namespace proxystore::mpi
