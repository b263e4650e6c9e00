#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/connector.hpp>

#include "name.hpp"
#include "place.hpp"

namespace proxystore::mpi::detail {

class Segment;

/// Rings of ranks that wait for each other's futures.
///
/// A rank that can do nothing but wait writes into its slab's header what it waits for and who was to set that. From
/// rank to producer this makes a chain; where it comes back, nobody in it can go on. The ring is followed twice: if each
/// rank still is in the same wait, all of them were in it together between the two, and since only they could have
/// ended it, they are for good. (A chain is enough because a rank counts only if it has one thread. After Chandy, Misra
/// and Haas, "Distributed deadlock detection", ACM TOCS 1 (1983), with the second round in place of their proof, which
/// assumes that none but the holder can release.)
/// The rank of the smallest number in the ring follows it, and tells the others. On one node it reads their headers;
/// over several, Network sends the probe from rank to rank.
class Rings {
 public:
  Rings(std::vector<std::span<std::byte>> slabs, Place const& place) : slabs_(std::move(slabs)), place_(place) {}

  struct Wait {
    std::uint64_t id;  // not used again by this rank
    std::uint32_t producer;
    Name name;
    friend bool operator==(Wait const&, Wait const&) = default;
  };

  /// This rank waits, and does nothing else, until end(). At most one thread at a time.
  std::uint64_t begin(std::uint32_t producer, Name const& name) noexcept;
  void end() noexcept;
  /// What rank `number` of this node waits for.
  std::optional<Wait> of(std::uint32_t number) const noexcept;
  std::optional<Wait> mine() const noexcept { return of(place_.mine); }

  /// That wait of rank `number` of this node, if it still lasts, is in the ring that `text` tells.
  void doom(std::uint32_t number, std::uint64_t id, std::string_view text) noexcept;
  std::optional<std::string> verdict(std::uint64_t id) const;

  /// On one node: looks for a ring through this rank and, if no other rank of it has a smaller number, dooms it.
  void search();

  /// `text`, and what `rank` waits for, as the `before` + 1st of a ring; only the first few are written out.
  static void tell(std::string& text, std::uint64_t before, std::uint32_t rank, Wait const& wait);
  static void tell_end(std::string& text, std::uint64_t length);

 private:
  struct Step {
    std::uint32_t number;
    Wait wait;
    friend bool operator==(Step const&, Step const&) = default;
  };
  std::vector<Step> follow() const;

  std::vector<std::span<std::byte>> const slabs_;
  Place const& place_;
  std::uint64_t last_id_ = 0;
};

/// A wait for a future with a declared producer that has lasted. It counts as one of a rank that can do nothing else if
/// no other thread of this process has used a store, none is about to run, and the process has hardly used the processor
/// lately: some thread might compute what the others wait for.
class RingWait final : public LongWait {
 public:
  /// REQUIRES: called inside a call that is in flight (RmaConnector::Call)
  RingWait(std::shared_ptr<Segment> segment, std::uint32_t producer, Name const& name);
  ~RingWait() override;
  std::optional<std::string> look() override;
  std::optional<std::string> ring() override;

 private:
  bool is_idle();
  void withdraw() noexcept;

  std::shared_ptr<Segment> segment_;
  std::uint32_t producer_;
  Name name_;
  std::uint64_t id_ = 0;  // 0: not made known
  bool told_ = false;     // that it is in a ring, before the last look
  std::chrono::steady_clock::time_point looked_;
  std::chrono::nanoseconds used_;  // of the processor by this process, then
};

/// The calling thread uses stores. Threads that do, and have not ended:
void note_thread() noexcept;
int noted_threads() noexcept;

/// The calling thread is the library's own while this lives: it sets no future.
class OwnThread {
 public:
  OwnThread();
  ~OwnThread();
  OwnThread(OwnThread const&) = delete;
  OwnThread& operator=(OwnThread const&) = delete;
};

}  // namespace proxystore::mpi::detail
