/// One rank's part in a schedule, against a store.
#pragma once

#include <mpi.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <proxystore/proxystore.hpp>

#include "plan.hpp"

namespace schedule {

class Player {
 public:
  /// Collective: makes the early futures and hands them to all.
  Player(Plan const& plan, proxystore::Store store, MPI_Comm comm);

  /// Plays all lanes and closes. Prints what comes out that may not.
  void play();

  /// Collective, after play(): also compares what the ranks know together, that one setter at most won and all
  /// consumers saw its value. How much was complained of, on all ranks.
  int compare();

  /// How often waits came to each outcome, by its bit.
  std::array<std::atomic<long>, outcome::count> const& tally() const { return tally_; }
  long progress() const { return progress_; }
  /// For a rank that is stuck: where its lanes are, and Store::report().
  std::string report();

 private:
  void lane(int lane);
  void serve() noexcept;
  void play(Step const& step);
  unsigned try_to(Step const& step);
  unsigned wait(Step const& step);
  template <class T>
  void check(Step const& step, T const& object);
  void set(Step const& step);
  void fail(Step const& step);
  void make(int future);
  void send(Step const& step);
  void receive(Step const& step);

  void learn(int future, proxystore::Bytes reference);
  proxystore::Bytes reference(int future);
  void complain(Step const& step, std::string const& text);
  void complain(std::string const& text);

  Plan const& plan_;
  proxystore::Store store_;
  MPI_Comm const comm_;
  int rank_ = 0;
  std::vector<std::vector<Step>> lanes_;
  std::unique_ptr<std::atomic<std::size_t>[]> at_;  // by lane
  std::atomic<long> progress_{0};
  std::array<std::atomic<long>, outcome::count> tally_{};

  std::mutex mutex_;
  std::condition_variable learned_;
  std::map<int, proxystore::Bytes> references_;
  std::vector<MPI_Request> sending_;
  std::deque<std::string> sent_;                                                  // until play() ends
  std::vector<int> winner_, least_seen_, most_seen_;                              // candidates, by future
  std::vector<std::pair<proxystore::Array<unsigned char>, std::uint64_t>> kept_;  // and what they hold
  std::atomic<int> complaints_{0};
};

}  // namespace schedule
