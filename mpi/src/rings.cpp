#include "rings.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <unistd.h>

#include "rma_connector.hpp"
#include "slot.hpp"

namespace proxystore::mpi::detail {
namespace {

std::atomic<int> threads{0};

struct Noted {
  Noted() noexcept { threads.fetch_add(1); }
  ~Noted() { threads.fetch_sub(1); }
};

std::chrono::nanoseconds processor_time() noexcept {
  std::timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

class OwnThreads {
 public:
  void add(std::string id) {
    std::lock_guard lock(mutex_);
    ids_.insert(std::move(id));
  }
  void remove(std::string const& id) {
    std::lock_guard lock(mutex_);
    ids_.erase(id);
  }
  bool has(std::string const& id) {
    std::lock_guard lock(mutex_);
    return ids_.contains(id);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> ids_;
};

OwnThreads& own_threads() {
  static auto* const all = new OwnThreads;  // never destroyed: threads may end after the statics do
  return *all;
}

/// A thread of the program other than this one has work to do: as Linux says, where it has no core to do it on too.
bool another_thread_runs() {
  auto const self = std::to_string(gettid());
  std::error_code failed;
  for (auto const& task : std::filesystem::directory_iterator("/proc/self/task", failed)) {
    std::string line;
    if (task.path().filename() == self || own_threads().has(task.path().filename()) ||
        !std::getline(std::ifstream(task.path() / "stat"), line))
      continue;
    auto const state = line.find_last_of(')') + 2;  // "id (name) S …"
    if (state < line.size() && (line[state] == 'R' || line[state] == 'D')) return true;
  }
  return false;
}

}  // namespace

void note_thread() noexcept { thread_local Noted const noted; }
int noted_threads() noexcept { return threads.load(); }

OwnThread::OwnThread() { own_threads().add(std::to_string(gettid())); }
OwnThread::~OwnThread() { own_threads().remove(std::to_string(gettid())); }

std::uint64_t Rings::begin(std::uint32_t producer, Name const& name) noexcept {
  auto& record = header_of(slabs_[place_.mine]).wait;
  record.producer.store(producer, std::memory_order_relaxed);
  record.home.store(name.home, std::memory_order_relaxed);
  record.maker.store(name.maker, std::memory_order_relaxed);
  record.number.store(name.number, std::memory_order_relaxed);
  record.generation.store(name.generation, std::memory_order_relaxed);
  record.id.store(++last_id_);
  return last_id_;
}

void Rings::end() noexcept {
  header_of(slabs_[place_.mine]).wait.id.store(0);
  std::atomic_thread_fence(std::memory_order_release);  // for of(): nothing of the next wait before it
}

std::optional<Rings::Wait> Rings::of(std::uint32_t number) const noexcept {
  auto const& record = header_of(slabs_[number]).wait;
  auto const id = record.id.load();
  if (id == 0) return std::nullopt;
  Wait const wait{id,
                  record.producer.load(std::memory_order_relaxed),
                  {record.home.load(std::memory_order_relaxed), record.maker.load(std::memory_order_relaxed),
                   record.number.load(std::memory_order_relaxed), record.generation.load(std::memory_order_relaxed)}};
  std::atomic_thread_fence(std::memory_order_acquire);
  if (record.id.load(std::memory_order_relaxed) != id) return std::nullopt;
  return wait;
}

void Rings::doom(std::uint32_t number, std::uint64_t id, std::string_view text) noexcept {
  auto& record = header_of(slabs_[number]).wait;
  if (record.id.load() != id || record.doomed.load() == id) return;
  auto const size = std::min(text.size(), sizeof record.ring - 1);
  std::memcpy(record.ring, text.data(), size);
  record.ring[size] = '\0';
  record.doomed.store(id);
}

std::optional<std::string> Rings::verdict(std::uint64_t id) const {
  auto const& record = header_of(slabs_[place_.mine]).wait;
  if (id == 0 || record.doomed.load() != id) return std::nullopt;
  return record.ring;
}

std::vector<Rings::Step> Rings::follow() const {
  std::vector<Step> ring;
  for (auto number = place_.mine; ring.empty() || number != place_.mine;) {
    auto const wait = of(number);
    auto const next = wait ? place_.near(wait->producer) : std::nullopt;
    if (!next || ring.size() == slabs_.size()) return {};
    ring.push_back({number, *wait});
    number = *next;
  }
  return ring;
}

void Rings::search() {
  auto const ring = follow();
  auto const others_first = [this](Step const& step) { return step.number < place_.mine; };
  if (ring.empty() || std::any_of(ring.begin(), ring.end(), others_first) || follow() != ring) return;
  std::string text;
  for (std::size_t i = 0; i < ring.size(); ++i) tell(text, i, place_.neighbours[ring[i].number], ring[i].wait);
  tell_end(text, ring.size());
  for (auto const& step : ring) doom(step.number, step.wait.id, text);
}

namespace {
constexpr std::uint64_t most_told = 8;
}

void Rings::tell(std::string& text, std::uint64_t before, std::uint32_t rank, Wait const& wait) {
  if (before >= most_told) return;
  text += (before == 0 ? "these wait for each other: rank " : ", rank ") + std::to_string(rank) + " for '" +
          text_of(wait.name) + "' of rank " + std::to_string(wait.producer);
}

void Rings::tell_end(std::string& text, std::uint64_t length) {
  if (length > most_told) text += ", and so on, " + std::to_string(length) + " ranks in all";
}

RingWait::RingWait(std::shared_ptr<Segment> segment, std::uint32_t producer, Name const& name)
    : segment_(std::move(segment)),
      producer_(producer),
      name_(name),
      looked_(std::chrono::steady_clock::now()),
      used_(processor_time()) {
  segment_->active.fetch_add(1);  // its memory stays meanwhile
}

RingWait::~RingWait() {
  withdraw();
  segment_->active.fetch_sub(1);
}

void RingWait::withdraw() noexcept {
  if (id_ != 0) segment_->rings.end();
  id_ = 0;
}

std::optional<std::string> RingWait::ring() { return segment_->rings.verdict(id_); }

std::optional<std::string> RingWait::look() {
  auto& rings = segment_->rings;
  if (auto text = ring()) {
    // Not at the first look: whoever is told gives up and may close the store, and meanwhile the others are told.
    if (std::exchange(told_, true)) return text;
    return std::nullopt;
  }
  if (!is_idle() || noted_threads() != 1) {
    withdraw();
    return std::nullopt;
  }
  if (id_ == 0) id_ = rings.begin(producer_, name_);
  if (segment_->network) segment_->network->probe();
  else rings.search();
  return std::nullopt;
}

bool RingWait::is_idle() {
  constexpr int part = 4;  // of one core; a waiter that looks for messages each millisecond uses a thirtieth
  auto const now = std::chrono::steady_clock::now();
  auto const used = processor_time();
  bool const idle = (used - used_) * part < now - looked_ && !another_thread_runs();
  looked_ = now;
  used_ = used;
  return idle;
}

}  // namespace proxystore::mpi::detail
