#include <proxystore/detail/trace.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>

#include <sys/mman.h>
#include <sys/syscall.h>

#include "ticks.hpp"
#include "trace_file.hpp"

namespace proxystore::detail {
namespace {

constexpr std::size_t events_of_chunk = 512;

#ifndef MADV_POPULATE_WRITE
constexpr int MADV_POPULATE_WRITE = 23;  // Linux 5.14
#endif

/// Has the kernel bring the pages of `memory` at once: one by one, when they are first written, would take 10 ns a span
/// more. In vain on older kernels.
void touch(void* memory, std::size_t bytes) noexcept {
  auto const page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto const first = reinterpret_cast<std::uintptr_t>(memory) / page * page;
  auto const end = reinterpret_cast<std::uintptr_t>(memory) + bytes;
  static_cast<void>(madvise(reinterpret_cast<void*>(first), end - first, MADV_POPULATE_WRITE));
}

template <std::size_t N>
std::uint8_t copy_some(char (&out)[N], std::string_view text) noexcept {
  return static_cast<std::uint8_t>(text.copy(out, N));
}

/// As JSON wants it; bytes that may be no UTF-8 as if they were Latin-1.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (unsigned char const c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= 0x20 && c < 0x7f) {
      out += static_cast<char>(c);
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      out += code;
    }
  }
  return out + '"';
}

std::string host() {
  char name[256] = "";
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// Tells processes of several hosts apart, in the 32 bits that viewers have for it.
std::uint32_t process_number() {
  auto const of_host = static_cast<std::uint32_t>(std::hash<std::string>()(host()) % 1000U);
  return (of_host << 22U) | (static_cast<std::uint32_t>(getpid()) & 0x3fffffU);
}

std::string microseconds(std::int64_t ns) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(ns / 1000), static_cast<long long>(ns % 1000));
  return text;
}

}  // namespace

struct Trace::Event {
  std::int64_t begin, end;  // ticks
  std::uint64_t bytes;
  char const* file;  // with `line`; null: `made`
  std::int32_t line;
  What what;
  std::uint8_t error, key_size, made_size;
  char key[40];  // the end of a longer one
  char made[32];
};

struct Trace::Chunk {
  explicit Chunk(long of) noexcept : thread(of) {}
  long const thread;
  std::atomic<std::uint32_t> used{0};
  Event events[events_of_chunk];
};

struct Trace::Mine {
  std::uint64_t trace = 0;
  Chunk* chunk = nullptr;  // null: no more are kept
  static thread_local Mine now;
};
thread_local Trace::Mine Trace::Mine::now;

namespace {
std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}
}  // namespace

Trace::Trace(std::string file, std::size_t most, About about, Log log)
    : id_(next_id()),
      path_(std::move(file)),
      most_chunks_((most + events_of_chunk - 1) / events_of_chunk),
      about_(std::move(about)),
      log_(std::move(log)) {
  TraceFile::begin_of_process();
  Ticks::choose();
  timeline_ = std::make_unique<Timeline>();
  look_at_ = timeline_->look();
}
Trace::~Trace() = default;

std::string Trace::file_of_environment() {
  auto const* const file = std::getenv("PROXYSTORE_TRACE");
  return file ? file : "";
}

/// Where the calling thread goes on: a chunk with room, or none.
bool Trace::refill(Mine& mine) noexcept {
  std::lock_guard lock(mutex_);
  mine = {id_, nullptr};
  try {
    auto& last = last_[std::this_thread::get_id()];
    if ((!last || last->used.load(std::memory_order_relaxed) == events_of_chunk)) {
      if (chunks_.size() == most_chunks_) return false;
      chunks_.push_back(std::make_unique<Chunk>(syscall(SYS_gettid)));
      last = chunks_.back().get();
      touch(last, sizeof *last);
    }
    mine.chunk = last;
  } catch (std::bad_alloc const&) {
  }
  return mine.chunk;
}

Trace::Event* Trace::next(Chunk*& chunk) noexcept {
  auto& mine = Mine::now;
  bool const ours = mine.trace == id_;
  if (ours && !mine.chunk) return nullptr;
  if (!ours || mine.chunk->used.load(std::memory_order_relaxed) == events_of_chunk)
    if (!refill(mine)) return nullptr;
  chunk = mine.chunk;
  return &chunk->events[chunk->used.load(std::memory_order_relaxed)];
}

void Trace::look() noexcept {
  std::lock_guard lock(mutex_);
  if (Ticks::now() < look_at_.load(std::memory_order_relaxed)) return;  // another thread has
  try {
    look_at_.store(timeline_->look(), std::memory_order_relaxed);
  } catch (std::bad_alloc const&) {
  }
}

void Trace::record(What what, Key const& key, Where const& made, std::int64_t begin, std::int64_t end,
                   std::size_t bytes, int error) noexcept {
  if (end >= look_at_.load(std::memory_order_relaxed)) [[unlikely]] look();
  Chunk* chunk = nullptr;
  auto* const event = next(chunk);
  if (!event) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  event->begin = begin;
  event->end = end;
  event->bytes = bytes;
  event->what = what;
  event->error = static_cast<std::uint8_t>(error);
  std::string_view text = key.text();
  event->key_size = copy_some(event->key, text.substr(text.size() - std::min(text.size(), sizeof event->key)));
  event->file = made.file();
  event->line = made.line();
  event->made_size = event->file ? std::uint8_t{0} : copy_some(event->made, made.text());
  chunk->used.store(chunk->used.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

/// The events as Chrome's trace format has them, each on a line of its own, without a comma at the end.
std::string Trace::lines(std::chrono::nanoseconds shift) const {
  static constexpr char const* names[] = {"made", "set", "failed", "resolve", "wait", "evict", "put"};
  auto const process = std::to_string(process_number());
  std::string out =
      R"({"ph":"M","name":"process_name","pid":)" + process + R"(,"args":{"name":)" + quoted(about_.who) + "}}";
  if (int rank = 0; std::sscanf(about_.who.c_str(), "rank %d of", &rank) == 1)
    out +=
        ",\n"
        R"({"ph":"M","name":"process_sort_index","pid":)" +
        process + R"(,"args":{"sort_index":)" + std::to_string(rank) + "}}";
  if (auto const dropped = dropped_.load(); dropped != 0)
    out +=
        ",\n"
        R"({"ph":"M","name":"process_labels","pid":)" +
        process + R"(,"args":{"labels":")" + std::to_string(dropped) + R"( events dropped"}})";
  auto const common = R"(,"store":)" + quoted(about_.store) + R"(,"medium":)" + quoted(about_.medium);
  std::lock_guard lock(mutex_);
  for (auto const& chunk : chunks_) {
    auto const place = R"(,"pid":)" + process + R"(,"tid":)" + std::to_string(chunk->thread);
    auto const used = chunk->used.load(std::memory_order_acquire);
    for (auto const* event = chunk->events; event != chunk->events + used; ++event) {
      std::string_view const key(event->key, event->key_size);
      auto const made =
          event->file ? Where(event->file, event->line).to_string() : std::string(event->made, event->made_size);
      auto const begin = timeline_->nanoseconds(event->begin), end = timeline_->nanoseconds(event->end);
      auto const at = [&](std::int64_t ns) { return R"(,"ts":)" + microseconds(ns + shift.count()); };
      bool const instant = event->what == What::made;
      auto const* const name = names[static_cast<std::size_t>(event->what)];
      out += std::string(",\n{\"ph\":\"") + (instant ? "i\",\"s\":\"t" : "X") + R"(","cat":"proxystore","name":")" +
             name + '"' + place + at(begin);
      if (!instant) out += R"(,"dur":)" + microseconds(end - begin);
      out += R"(,"args":{"key":)" + quoted(key) + R"(,"made":)" + quoted(made) + common + R"(,"bytes":)" +
             std::to_string(event->bytes);
      if (event->error != 0) out += R"(,"error":)" + quoted(name_of(static_cast<Errc>(event->error)));
      out += "}}";
      bool const begins = event->what == What::set || event->what == What::failed;
      bool const ends = event->what == What::resolve && event->error == 0;
      if (!begins && !ends) continue;
      // An arrow from within the one span to just before the end of the other.
      auto const tip = begins ? begin : std::max(begin, end - 1);
      out += std::string(",\n{\"ph\":\"") + (begins ? "s" : R"(f","bp":"e)") +
             R"(","cat":"future","name":"future","id":")" +
             std::to_string(std::hash<std::string>()(about_.store + '/' + std::string(key))) + '"' + place + at(tip) +
             "}";
    }
  }
  return out;
}

std::chrono::nanoseconds Trace::open() {
  try {
    file_ = std::make_unique<TraceFile>(path_);
    return file_->shift();
  } catch (std::exception const& error) {
    if (log_) log_(LogLevel::warning, "no trace of store '" + about_.store + "': " + error.what());
    return {};
  }
}

Bytes Trace::say(std::chrono::nanoseconds shift) {
  try {
    {
      std::lock_guard lock(mutex_);
      timeline_->look();
    }
    return Bytes::copy_of(lines(shift));
  } catch (std::exception const&) {  // no memory
    return {};
  }
}

void Trace::hear(Bytes const& said) {
  if (file_ && said.size() != 0) file_->append(said.text());
}

void Trace::close() {
  if (!file_) return;
  if (auto const dropped = dropped_.load(); dropped != 0 && log_)
    log_(LogLevel::warning, "the trace of store '" + about_.store + "' lacks " + std::to_string(dropped) +
                                " events of " + about_.who + " (StoreOptions::trace_events)");
  if (auto const problem = file_->finish(); !problem.empty() && log_)
    log_(LogLevel::warning, "no trace of store '" + about_.store + "': " + problem);
  file_.reset();
}

}  // namespace proxystore::detail
