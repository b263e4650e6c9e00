/// What a test of several ranks stands on: who we are, and how ranks talk to each other without hanging.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/statvfs.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

namespace world {

using namespace proxystore;
using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;

/// Waits that must end by themselves end long before this; then the test fails instead of hanging.
inline constexpr auto patience = 20s;
inline constexpr std::size_t MiB = std::size_t{1} << 20U;

inline int rank_in(MPI_Comm comm = MPI_COMM_WORLD) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}
inline int size_of(MPI_Comm comm = MPI_COMM_WORLD) {
  int size = 0;
  MPI_Comm_size(comm, &size);
  return size;
}
/// By which ranks of one node know each other.
inline std::string processor() {
  char name[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  MPI_Get_processor_name(name, &length);
  return {name, static_cast<std::size_t>(length)};
}

/// Values that ranks tell each other in the course of a test, each through a future of its own: a rank that fails and
/// leaves the test fails what it had still to say, and those who listen fail too instead of hanging. One store for all
/// tests of the program; MPI_Finalize closes it.
class Board {
 public:
  static Board& of_all_ranks() {
    static Board board;  // collective at the first call
    return board;
  }

  template <class T>
  void say(T const& value) {
    mine_.at(said_++).set_result(serialize(value));
  }
  /// What `rank` says next.
  template <class T>
  T hear(int rank) {
    auto& from = of_[static_cast<std::size_t>(rank)];
    return deserialize<T>(from.notes.at(from.heard++).result(patience));
  }

  /// Says that nothing more comes in this test, and where to listen in the next one.
  void leave() {
    auto const next = new_notes();
    while (said_ < notes_of_a_test) mine_[said_++].set_exception(std::runtime_error("this rank left the test"));
    mine_.back().set_result(serialize(next));
    mine_ = next;
    said_ = 0;
    for (auto& from : of_) from = {deserialize<Notes>(from.notes.back().result(patience)), 0};
  }

 private:
  using Notes = std::vector<Future<Bytes>>;
  struct From {
    Notes notes;
    std::size_t heard;
  };
  static constexpr std::size_t notes_of_a_test = 63;  // and one that leads to those of the next

  Board() : store_(Store::open("board", mpi::rma(MPI_COMM_WORLD, {.capacity = 16 * MiB}))), mine_(new_notes()) {
    using Text = std::array<char, 32>;
    Text text{};
    store_.put(mine_).text().copy(text.data(), text.size() - 1);
    std::vector<Text> texts(static_cast<std::size_t>(size_of()));
    MPI_Allgather(text.data(), sizeof text, MPI_BYTE, texts.data(), sizeof text, MPI_BYTE, MPI_COMM_WORLD);
    for (auto const& key : texts) of_.push_back({*store_.get<Notes>(Key(key.data())), 0});
  }
  Notes new_notes() {
    Notes notes;
    for (std::size_t i = 0; i <= notes_of_a_test; ++i) notes.push_back(store_.future<Bytes>());
    return notes;
  }

  Store store_;
  Notes mine_;
  std::size_t said_ = 0;
  std::vector<From> of_;  // what this rank has of each
};

/// A test that all ranks run together.
class Ranks : public testing::Test {
 protected:
  void TearDown() override { board_.leave(); }

  int const rank = rank_in();
  int const size = size_of();
  int const last = size - 1;

  /// The value of rank `root`, at every rank.
  template <class T>
  T share(T const& value, int root) {
    if (rank == root) board_.say(value);
    return board_.hear<T>(root);
  }
  /// The values of all ranks, in their order.
  template <class T>
  std::vector<T> gather(T const& value) {
    board_.say(value);
    std::vector<T> all;
    for (int from = 0; from < size; ++from) all.push_back(board_.hear<T>(from));
    return all;
  }
  /// Returns when all ranks have come here.
  void meet() { (void)gather(rank); }

 private:
  Board& board_ = Board::of_all_ranks();
};

/// Bytes of a large object of which each rank holds a few: 100 MB where shared memory has room.
inline std::size_t large_object() {
  struct statvfs shared {};
  if (statvfs("/dev/shm", &shared) != 0) return 100'000'000;
  auto const share =
      static_cast<std::size_t>(shared.f_bavail) * shared.f_frsize / 8 / static_cast<std::size_t>(size_of());
  return std::clamp(share, std::size_t{1'000'000}, std::size_t{100'000'000});
}

/// Tests over one store of all ranks, opened for all of them: opening takes longer than most tests.
class RanksWithStore : public Ranks {
 protected:
  static void SetUpTestSuite() {
    store_.emplace(Store::open("tested", mpi::rma(MPI_COMM_WORLD, {.capacity = large_object() + 16 * MiB})));
  }
  static void TearDownTestSuite() { store_.reset(); }

  Store& store = *store_;
  DeferrableConnector& connector = *store.connector().deferrable();

 private:
  static inline std::optional<Store> store_;
};

/// The text of the error that `call` throws; a failure if it throws none, or another type.
template <class E, class Call>
std::string error_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (E const& error) {
    return error.what();
  } catch (std::exception const& error) {
    ADD_FAILURE() << "another error was thrown: " << error.what();
    return {};
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// Bytes that tell where and of whom they are.
inline Buffer filled(std::size_t size, std::uint64_t seed) {
  Buffer buffer(size);
  for (std::size_t at = 0; at < size; at += sizeof seed) {
    auto const word = (seed + 1) * 0x9E3779B97F4A7C15U ^ at;
    std::memcpy(buffer.data() + at, &word, std::min(sizeof word, size - at));
  }
  return buffer;
}
inline bool is_filled(std::span<std::byte const> bytes, std::uint64_t seed) {
  for (std::size_t at = 0; at < bytes.size(); at += sizeof seed) {
    auto const word = (seed + 1) * 0x9E3779B97F4A7C15U ^ at;
    if (std::memcmp(bytes.data() + at, &word, std::min(sizeof word, bytes.size() - at)) != 0) return false;
  }
  return true;
}

}  // namespace world
