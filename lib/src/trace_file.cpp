#include "trace_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <thread>

#include <proxystore/deadline.hpp>
#include <proxystore/error.hpp>
#include <proxystore/key.hpp>

namespace proxystore::detail {
namespace {

constexpr std::string_view tail = "\n]}\n";
constexpr char head[] =
    R"({"displayTimeUnit":"ns","otherData":{"proxystore":"trace 1","boot":"%s","unix_ns":"%lld"},"traceEvents":[)";
constexpr std::chrono::seconds longest_lock(30);  // then its owner is taken for dead

std::atomic<std::int64_t> began{0};  // ns

std::int64_t now(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

}  // namespace

void TraceFile::begin_of_process() noexcept {
  std::int64_t none = 0;
  began.compare_exchange_strong(none, now(CLOCK_REALTIME));
}

TraceFile::TraceFile(std::string path) : path_(std::move(path)), temporary_(path_ + '.' + make_uuid_key().text()) {
  lock();
  out_.open(temporary_, std::ios::binary);
  if (!out_) {
    auto const why = std::string(std::strerror(errno));
    ::unlink((path_ + ".lock").c_str());
    throw ConnectorError("the trace file '" + path_ + "' cannot be written (" + why +
                         ") choose another PROXYSTORE_TRACE");
  }
  take_over();
}

TraceFile::~TraceFile() {
  if (out_.is_open()) {
    out_.close();
    ::unlink(temporary_.c_str());
  }
  if (locked_) ::unlink((path_ + ".lock").c_str());
}

/// A name that only one process can make. Files are small, and stores close seldom.
void TraceFile::lock() {
  auto const name = path_ + ".lock";
  for (Deadline const patience(longest_lock);;) {
    int const file = ::open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    locked_ = file >= 0;
    if (locked_) ::close(file);
    if (locked_ || errno != EEXIST) return;  // opening the file itself tells why not
    if (patience.expired()) ::unlink(name.c_str());
    else std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

/// Begins with what others of this run have written.
void TraceFile::take_over() {
  struct stat status {};
  constexpr std::int64_t coarse = 10'000'000;  // file systems stamp with a clock that lags by a tick
  bool const theirs = ::stat(path_.c_str(), &status) == 0 &&
                      std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec + coarse >= began;
  auto const offset = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC);
  if (theirs) {
    std::ifstream in(path_, std::ios::binary);
    std::string const old(std::istreambuf_iterator<char>(in), {});
    char their_boot[64] = "";
    long long their_offset = 0;
    bool const ours =
        std::sscanf(old.c_str(),
                    R"({"displayTimeUnit":"ns","otherData":{"proxystore":"trace 1","boot":"%63[^"]","unix_ns":"%lld")",
                    their_boot, &their_offset) == 2;
    if (ours && old.size() > tail.size() && std::string_view(old).ends_with(tail)) {
      if (boot() != their_boot) shift_ = std::chrono::nanoseconds(offset - their_offset);
      out_.write(old.data(), static_cast<std::streamsize>(old.size() - tail.size()));
      first_ = false;
      return;
    }
  }
  char line[200];
  std::snprintf(line, sizeof line, head, boot().c_str(), static_cast<long long>(offset));
  out_ << line;
}

void TraceFile::append(std::string_view lines) {
  out_ << (first_ ? "\n" : ",\n") << lines;
  first_ = false;
}

std::string TraceFile::finish() {
  out_ << tail;
  out_.close();
  if (out_ && std::rename(temporary_.c_str(), path_.c_str()) == 0) return {};
  auto const why = std::string(std::strerror(errno));
  ::unlink(temporary_.c_str());
  return "the file '" + path_ + "' could not be written (" + why + ")";
}

}  // namespace proxystore::detail
