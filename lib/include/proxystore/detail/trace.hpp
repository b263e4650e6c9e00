/// Records the life of a store's futures and objects, for a picture of who waited for whom.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/detail/reference.hpp>
#include <proxystore/error.hpp>
#include <proxystore/export.hpp>
#include <proxystore/log.hpp>

namespace proxystore::detail {

class Timeline;
class TraceFile;

/// Each thread writes into memory of its own, without a lock; what is beyond the bound is counted and dropped. Written
/// to its file once, when the store closes: by the first of the processes that close together, or by each, one after
/// the other. record() is thread-safe; nothing throws once it is made.
class PROXYSTORE_EXPORT Trace final : public Gathering {
 public:
  enum class What : std::uint8_t { made, set, failed, resolve, wait, evict, put };

  struct About {
    std::string store, medium, who;
  };
  /// `most`: events kept, rounded up.
  Trace(std::string file, std::size_t most, About about, Log log);
  ~Trace() override;

  static std::string file_of_environment();  ///< PROXYSTORE_TRACE, or empty

  /// `begin`, `end`: of Ticks.
  void record(What what, Key const& key, Where const& made, std::int64_t begin, std::int64_t end, std::size_t bytes,
              int error) noexcept;

  std::chrono::nanoseconds open() override;
  Bytes say(std::chrono::nanoseconds shift) override;
  void hear(Bytes const& said) override;
  void close() override;

 private:
  struct Event;
  struct Chunk;
  struct Mine;  // of a thread

  Event* next(Chunk*& chunk) noexcept;
  bool refill(Mine& mine) noexcept;
  void look() noexcept;
  std::string lines(std::chrono::nanoseconds shift) const;

  std::uint64_t const id_;
  std::string const path_;
  std::size_t const most_chunks_;
  About const about_;
  Log const log_;
  mutable std::mutex mutex_;  // guards what follows, but not the events
  std::unique_ptr<Timeline> timeline_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::unordered_map<std::thread::id, Chunk*> last_;  // of each thread
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::int64_t> look_at_{0};  // when the timeline wants a look, in ticks
  std::unique_ptr<TraceFile> file_;
};

}  // namespace proxystore::detail
