#include <proxystore/segments/writer.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <proxystore/error.hpp>

#include "growing_file.hpp"
#include "hasher.hpp"

namespace proxystore::segments {
namespace {

constexpr std::size_t worth_a_call = std::size_t{16} << 10U;      // from here on write() beats page faults
constexpr std::size_t worth_allocating = std::size_t{64} << 10U;  // from here on, of the file
constexpr std::size_t together_bytes = std::size_t{1} << 20U;     // small records that are written in one call
constexpr std::size_t part_bytes = std::size_t{256} << 10U;       // hashed and written while it is in the cache
constexpr std::uint64_t segment_step = std::uint64_t{8} << 20U;   // reserved ahead
constexpr std::uint64_t gone_bytes = std::uint64_t{16} << 20U, gone_step = std::uint64_t{64} << 10U;

using File = std::shared_ptr<GrowingFile>;

/// A place in a file that is nobody else's.
struct Space {
  File file;
  std::uint64_t offset = 0, total = 0;
};

std::span<std::byte const> bytes_of(RecordHeader const& header) { return std::as_bytes(std::span(&header, 1)); }

}  // namespace

class Writer::Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(WriterOptions options) : options_(std::move(options)) {}

  void when_full(std::function<bool()> make_room) { make_room_ = std::move(make_room); }
  Buffer allocate(std::size_t bytes);
  void append(std::span<Item> items);
  void mark(Locator const& at, State state);
  void release(Locator const& at, State state);
  void bury(std::string_view key);
  bool reclaim();
  void close();
  Usage usage();

 private:
  class Reserved;
  struct Held {
    std::size_t users = 0;  // objects that are looked for, and spaces that may become some
    std::uint64_t bytes = 0;
  };

  template <class Work>
  auto with_room(Work const& work);
  Space reserve(std::uint64_t total);
  File make(std::uint64_t capacity);
  std::uint64_t grow(GrowingFile& file, std::uint64_t total);
  void give_back(Space const& space) noexcept;
  void retire() noexcept;
  void drop(std::uint64_t number) noexcept;
  bool leave(std::uint64_t number) noexcept;
  [[noreturn]] void refuse(std::uint64_t total) const;

  File append_one(Item& item);
  File append_run(std::span<Item> items, std::uint64_t total);
  std::pair<std::size_t, std::uint64_t> run_of(std::span<Item const> items) const;
  std::uint64_t fill(Space const& space, Buffer const& object);
  void finish(Space const& space, Item& item, std::uint64_t hash);
  Locator locator(Space const& space, std::uint64_t bytes, std::uint64_t hash) const;
  std::string path_of(std::uint64_t number) const;

  WriterOptions const options_;
  std::function<bool()> make_room_;
  std::mutex mutex_;  // guards all below
  File active_, gone_;
  std::uint64_t next_ = 0, next_gone_ = 0;
  std::map<std::uint64_t, Held> held_;
  std::uint64_t in_use_ = 0;
};

/// Owns a space until its object is appended.
class Writer::Core::Reserved {
 public:
  Reserved(std::shared_ptr<Core> core, Space space) : core_(std::move(core)), space_(std::move(space)) {}
  Reserved(Reserved const&) = delete;
  Reserved& operator=(Reserved const&) = delete;
  ~Reserved() {
    if (space_.file) core_->give_back(space_);
  }
  Space take() noexcept { return std::exchange(space_, {}); }

 private:
  std::shared_ptr<Core> core_;
  Space space_;
};

/// Once more if it fails for want of room and some can be made.
template <class Work>
auto Writer::Core::with_room(Work const& work) {
  try {
    return work();
  } catch (StoreFull const&) {
    if (!make_room_ || !make_room_()) throw;
  }
  return work();
}

Buffer Writer::Core::allocate(std::size_t bytes) {
  if (!options_.mapped || bytes < worth_allocating) return Buffer(bytes);
  auto const total = bytes > most_bytes ? most_bytes : record_bytes(bytes);
  auto space = with_room([&] { return reserve(total); });
  auto const memory = space.file->memory(space.offset + header_bytes, bytes);
  return {memory, std::make_shared<Reserved>(shared_from_this(), std::move(space)), this};
}

std::string Writer::Core::path_of(std::uint64_t number) const {
  return options_.directory + '/' + FileName{options_.session, options_.rank, number, Kind::object}.text();
}

void Writer::Core::refuse(std::uint64_t total) const {
  throw StoreFull("no room for " + std::to_string(total) + " bytes in the segments of rank " +
                  std::to_string(options_.rank) + " (quota " + std::to_string(options_.quota) + " bytes, in use " +
                  std::to_string(in_use_) + ") evict objects, or open with a larger parallel-file:…?quota=…");
}

/// REQUIRES: the lock is held, as in all down to leave()
std::uint64_t Writer::Core::grow(GrowingFile& file, std::uint64_t total) {
  auto& held = held_[file.name().number];
  auto const most = options_.quota == 0 ? std::numeric_limits<std::int64_t>::max() - file.allocated()
                                        : options_.quota - std::min<std::uint64_t>(options_.quota, in_use_);
  auto const offset = file.reserve(total, most);
  if (!offset) refuse(total);
  in_use_ += file.allocated() - held.bytes;
  held.bytes = file.allocated();
  return *offset;
}

File Writer::Core::make(std::uint64_t capacity) {
  auto const left =
      options_.quota == 0 ? segment_step : options_.quota - std::min<std::uint64_t>(options_.quota, in_use_);
  if (left < header_bytes) refuse(capacity);
  FileName const name{options_.session, options_.rank, next_, Kind::object};
  auto file = std::make_shared<GrowingFile>(options_, name, capacity, std::min({segment_step, left, capacity}));
  held_[next_++].bytes = file->allocated();
  in_use_ += file->allocated();
  return file;
}

Space Writer::Core::reserve(std::uint64_t total) {
  std::lock_guard const lock(mutex_);
  bool const alone = total > options_.segment - header_bytes;
  if (!alone && active_ && !active_->fits(total)) retire();
  auto file = alone || !active_ ? make(alone ? total + header_bytes : options_.segment) : active_;
  try {
    auto const offset = grow(*file, total);
    ++held_[file->name().number].users;
    if (!alone) active_ = file;
    return {std::move(file), offset, total};
  } catch (...) {
    if (file != active_) drop(file->name().number);
    throw;
  }
}

/// The active file takes no more.
void Writer::Core::retire() noexcept {
  if (!active_) return;
  active_->seal();
  auto const number = active_->name().number;
  auto& held = held_[number];
  in_use_ -= held.bytes - active_->allocated();
  held.bytes = active_->allocated();
  active_.reset();
  if (held.users == 0) drop(number);
}

void Writer::Core::drop(std::uint64_t number) noexcept {
  ::unlink(path_of(number).c_str());
  in_use_ -= held_[number].bytes;
  held_.erase(number);
}

/// One user less. True if that was the last, and the file is gone.
bool Writer::Core::leave(std::uint64_t number) noexcept {
  auto const held = held_.find(number);
  if (held == held_.end()) return true;
  bool const unused = --held->second.users == 0 && !(active_ && active_->name().number == number);
  if (unused) drop(number);
  return unused;
}

void Writer::Core::give_back(Space const& space) noexcept {
  std::lock_guard const lock(mutex_);
  auto const number = space.file->name().number;
  bool const last = space.file->give_back(space.offset, space.total);
  if (auto const held = held_.find(number); held != held_.end()) {
    in_use_ -= held->second.bytes - space.file->allocated();
    held->second.bytes = space.file->allocated();
  }
  if (leave(number) || last) return;
  auto const filler =
      make_record(space.file->salt(), Kind::filler, "", space.total - header_bytes, 0, space.offset, State::withdrawn);
  try {
    space.file->store(bytes_of(filler), space.offset);
  } catch (Error const&) {  // readers step over it
  }
}

Locator Writer::Core::locator(Space const& space, std::uint64_t bytes, std::uint64_t hash) const {
  return {options_.rank, 0, space.file->name().number, space.offset, bytes, hash};
}

/// Writes the payload; its hash.
std::uint64_t Writer::Core::fill(Space const& space, Buffer const& object) {
  auto const at = space.offset + header_bytes;
  auto const target = space.file->memory(at, object.size());
  if (!target.empty() && target.data() == object.data()) return hash_of(object.span());
  if (!target.empty() && object.size() < worth_a_call) {
    std::memcpy(target.data(), object.data(), object.size());
    return hash_of(object.span());
  }
  Hasher hasher;
  for (std::size_t done = 0; done < object.size();) {
    auto const part = object.span().subspan(done, std::min(part_bytes, object.size() - done));
    hasher.add(part);
    space.file->write(part, at + done);
    done += part.size();
  }
  return hasher.value();
}

void Writer::Core::finish(Space const& space, Item& item, std::uint64_t hash) {
  auto const bytes = item.object.size();
  space.file->store(
      bytes_of(make_record(space.file->salt(), Kind::object, item.key, bytes, hash, space.offset, item.state)),
      space.offset);
  item.at = locator(space, bytes, hash);
}

File Writer::Core::append_one(Item& item) {
  bool const in_place = item.object.arena() == this;
  auto const owner = item.object.owner();
  auto const space = in_place ? static_cast<Reserved*>(owner.get())->take() : reserve(record_bytes(item.object.size()));
  try {
    finish(space, item, fill(space, item.object));
  } catch (...) {
    give_back(space);
    throw;
  }
  return space.file;
}

/// How many small records can be written in one call, and their bytes. None where there is a mapping.
std::pair<std::size_t, std::uint64_t> Writer::Core::run_of(std::span<Item const> items) const {
  std::size_t count = 0;
  std::uint64_t total = 0;
  if (options_.mapped) return {0, 0};
  auto const most = std::min(together_bytes, options_.segment - header_bytes);
  for (; count < items.size() && items[count].object.size() <= part_bytes; ++count) {
    auto const next = record_bytes(items[count].object.size());
    if (total + next > most) break;
    total += next;
  }
  return {count, total};
}

/// Each of these gets a space of its own, as if reserved one by one.
File Writer::Core::append_run(std::span<Item> items, std::uint64_t total) {
  auto const space = reserve(total);
  std::vector<std::byte> all(total);
  std::uint64_t at = 0;
  for (auto& item : items) {
    auto const object = item.object.span();
    auto const hash = hash_of(object);
    auto const record =
        make_record(space.file->salt(), Kind::object, item.key, object.size(), hash, space.offset + at, item.state);
    std::memcpy(all.data() + at, &record, sizeof record);
    if (!object.empty()) std::memcpy(all.data() + at + header_bytes, object.data(), object.size());
    item.at = {options_.rank, 0, space.file->name().number, space.offset + at, object.size(), hash};
    at += record_bytes(object.size());
  }
  try {
    space.file->write(all, space.offset);
  } catch (...) {
    give_back(space);
    throw;
  }
  std::lock_guard const lock(mutex_);
  held_[space.file->name().number].users += items.size() - 1;
  return space.file;
}

void Writer::Core::append(std::span<Item> items) {
  std::size_t done = 0;
  File touched;
  auto const flush = [&] {
    if (touched && options_.flushed) touched->sync();
  };
  try {
    while (done < items.size()) {
      auto const [count, total] = run_of(items.subspan(done));
      auto file = with_room([&, n = count, bytes = total] {
        return n > 0 ? append_run(items.subspan(done, n), bytes) : append_one(items[done]);
      });
      done += std::max<std::size_t>(count, 1);
      if (file != touched) flush();
      touched = std::move(file);
    }
    flush();
  } catch (...) {
    for (auto& item : items.first(done)) release(std::exchange(item.at, {}), State::withdrawn);
    throw;
  }
}

void Writer::Core::mark(Locator const& at, State state) {
  std::unique_lock lock(mutex_);
  if (!held_.contains(at.number)) return;
  auto const active = active_ && active_->name().number == at.number ? active_ : nullptr;
  lock.unlock();
  if (active) return active->mark(at.offset, state);
  auto const path = path_of(at.number);
  Descriptor const fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd && is_absence(errno)) return;  // removed since
  file_check(fd.get(), "open", path);
  write_at(fd.get(), std::as_bytes(std::span(&state, 1)), at.offset + state_at, path);
}

void Writer::Core::release(Locator const& at, State state) {
  {
    std::lock_guard const lock(mutex_);
    if (leave(at.number)) return;
  }
  mark(at, state);
}

void Writer::Core::bury(std::string_view key) {
  File file;
  std::uint64_t offset = 0;
  {
    std::lock_guard const lock(mutex_);
    if (!gone_ || !gone_->fits(header_bytes)) {
      FileName const name{options_.session, options_.rank, next_gone_, Kind::tombstone};
      gone_ = std::make_shared<GrowingFile>(options_, name, gone_bytes, gone_step);
      ++next_gone_;
    }
    file = gone_;
    offset = *file->reserve(header_bytes, gone_bytes);
  }
  file->store(bytes_of(make_record(file->salt(), Kind::tombstone, key, 0, hash_of({}), offset, State::complete)),
              offset);
  if (options_.flushed) file->sync();
}

bool Writer::Core::reclaim() {
  std::lock_guard const lock(mutex_);
  if (!active_ || held_[active_->name().number].users != 0) return false;
  retire();
  return true;
}

void Writer::Core::close() {
  std::lock_guard const lock(mutex_);
  retire();
  if (gone_) gone_->seal();
  gone_.reset();
}

Writer::Usage Writer::Core::usage() {
  std::lock_guard const lock(mutex_);
  Usage usage{held_.size(), 0, in_use_};
  for (auto const& [number, held] : held_) usage.objects += held.users;
  return usage;
}

Writer::Writer(WriterOptions options) : core_(std::make_shared<Core>(std::move(options))) {}
Writer::~Writer() = default;
void Writer::when_full(std::function<bool()> make_room) { core_->when_full(std::move(make_room)); }
Buffer Writer::allocate(std::size_t bytes) { return core_->allocate(bytes); }
void Writer::append(std::span<Item> items) { core_->append(items); }
void Writer::mark(Locator const& at, State state) { core_->mark(at, state); }
void Writer::release(Locator const& at, State state) { core_->release(at, state); }
void Writer::bury(std::string_view key) { core_->bury(key); }
bool Writer::reclaim() { return core_->reclaim(); }
void Writer::close() { core_->close(); }
Writer::Usage Writer::usage() const { return core_->usage(); }

}  // namespace proxystore::segments
