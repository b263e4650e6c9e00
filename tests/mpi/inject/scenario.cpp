#include "scenario.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include <proxystore/future.hpp>
#include <proxystore/mpi/broadcast.hpp>
#include <proxystore/mpi/collective.hpp>
#include <proxystore/mpi/executor.hpp>
#include <proxystore/mpi/rma.hpp>
#include <proxystore/proxy.hpp>
#include <proxystore/store.hpp>

namespace {

using namespace proxystore;
using namespace std::chrono_literals;

int twice(int number) { return 2 * number; }

class Play {
 public:
  Play(MPI_Comm apart, std::string name, std::chrono::milliseconds patience)
      : apart_(apart), name_(std::move(name)), patience_(patience) {
    PMPI_Comm_rank(apart, &rank_);
  }

  bool open(std::string const& options) {
    attempt("open", [&] { store_.emplace(Store::open(name_, mpi::connect(MPI_COMM_WORLD, "rma:?" + options))); });
    int const mine = store_ ? 1 : 0;
    int all = 0;
    PMPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, apart_);
    if (all != 0 && all != 2) outcome.complaints.push_back("the store was opened by some ranks alone");
    return all == 2;
  }

  void hand_over() {
    auto const number = share<Future<int>>(0, "future", [&] { return store_->future<int>(); });
    auto const text =
        share<Future<std::string>>(0, "future for 1", [&] { return store_->future<std::string>({.producer = 1}); });
    auto const late = share<Future<std::string>>(0, "future of 0", [&] { return store_->future<std::string>(); });
    on(1, "set", [&] { number->set_result(7); });
    on(1, "set large", [&] { text->set_result(std::string(large, 'x')); });
    on(0, "result", [&] { expect(number->result(patience_) == 7); });
    on(0, "large result", [&] { expect(text->result(patience_) == std::string(large, 'x')); });
    meet();
    on(0, "set late", [&] { late->set_result(std::string(1000, 'y')); });
    on(1, "late result", [&] { expect(late->result(patience_) == std::string(1000, 'y')); });
  }

  void keep() {
    auto const small = share<Key>(0, "put", [&] { return store_->put(std::string("small")); });
    auto const big = share<Key>(0, "put large", [&] { return store_->put(std::string(large, 'z')); });
    on(1, "exists", [&] { expect(store_->exists(*small)); });
    on(1, "get", [&] { expect(store_->get<std::string>(*small) == "small"); });
    on(1, "get large", [&] { expect(store_->get<std::string>(*big) == std::string(large, 'z')); });
    meet();
    on(1, "evict", [&] { store_->evict(*small); });
    on(0, "evict large", [&] { store_->evict(*big); });
    meet();
    on(1, "progress", [&] { store_->progress(); });
    attempt("report", [&] { (void)store_->report(); });
  }

  void put_together() {
    if (!complete_) return;
    constexpr std::size_t half = 2000;
    auto const mine = static_cast<std::size_t>(rank_);
    std::optional<mpi::RegionProxy<double>> proxy;
    attempt("collective put", [&] {
      Array<double> block({half});
      std::fill(block.begin(), block.end(), static_cast<double>(rank_));
      proxy = mpi::collective_put(*store_, MPI_COMM_WORLD, std::move(block), {.global_shape = {2 * half}, .offset = {mine * half}});
    });
    int here = proxy ? 1 : 0, both = 0;
    PMPI_Allreduce(&here, &both, 1, MPI_INT, MPI_SUM, apart_);
    if (both == 1) outcome.complaints.push_back("an array was put by one rank alone");
    if (both != 2) return;
    attempt("region", [&] {
      auto const region = std::as_const(*proxy).region({half - 1}, {2}, patience_);
      expect(region[0] == 0 && region[1] == 1);
    });
    meet();
    on(0, "evict array", [&] { proxy->evict(); });
    meet();
  }

  void tell() {
    attempt("broadcast", [&] { expect(mpi::broadcast(MPI_COMM_WORLD, 1, std::string(rank_ == 1 ? "told" : "")) == "told"); });
  }

  void execute() {
    attempt("executor", [&] {
      mpi::Executor executor(MPI_COMM_WORLD);
      attempt("task", [&] {
        if (auto client = executor.client()) expect(client->on(1).run<&twice>(21).result(patience_) == 42);
      });
    });
  }

  void close() {
    attempt("close", [&] { store_->close(); });
    store_.reset();
  }

  Outcome outcome;

 private:
  static constexpr std::size_t large = 60'000;

  template <class Step>
  void attempt(char const* step, Step const& work) {
    step_ = step;
    auto const start = std::chrono::steady_clock::now();
    try {
      work();
    } catch (Error const& error) {
      outcome.timed_out |= error.code() == Errc::timeout;
      outcome.errors.push_back(std::string(step) + ": " + error.what());
    } catch (std::exception const& error) {
      outcome.complaints.push_back(std::string(step) + " threw what is no proxystore::Error: " + error.what());
    }
    if (std::chrono::steady_clock::now() - start > patience_ + 8s)
      outcome.complaints.push_back(std::string(step) + " took longer than its time limit");
  }
  template <class Step>
  void on(int rank, char const* step, Step const& work) {
    if (rank == rank_ && complete_) attempt(step, work);
  }
  void expect(bool what) {
    if (!what) outcome.complaints.push_back(std::string(step_) + ": another value came out");
  }

  /// What rank `from` makes, at both ranks. Where it cannot be made all later steps are left out, but for the end.
  template <class T, class Make>
  std::optional<T> share(int from, char const* step, Make const& make) {
    std::optional<T> made;
    std::array<char, 1024> text{};
    auto const room = std::span(text).subspan(sizeof(std::uint64_t));
    std::uint64_t size = 0;
    if (rank_ == from && complete_)
      attempt(step, [&] {
        made.emplace(make());
        auto const bytes = serialize(*made);
        size = bytes.size();
        std::memcpy(room.data(), bytes.data(), std::min<std::size_t>(size, room.size()));
      });
    std::memcpy(text.data(), &size, sizeof size);
    PMPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_BYTE, from, apart_);
    std::memcpy(&size, text.data(), sizeof size);
    if (size == 0) complete_ = false;
    else if (rank_ != from) made.emplace(deserialize<T>(Bytes::copy_of(std::as_bytes(room.first(size)))));
    return made;
  }

  /// Until both ranks are here, serving the other one.
  void meet() {
    MPI_Request request = MPI_REQUEST_NULL;
    PMPI_Ibarrier(apart_, &request);
    for (int done = 0; done == 0;) {
      try {
        store_->progress();
      } catch (ConnectorError const& error) {
        outcome.errors.push_back(std::string("meet: ") + error.what());
      }
      PMPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done == 0) std::this_thread::sleep_for(50us);
    }
  }

  MPI_Comm apart_;
  std::string name_;
  std::chrono::milliseconds patience_;
  int rank_ = 0;
  char const* step_ = "";
  bool complete_ = true;  // all that was to be shared, was
  std::optional<Store> store_;
};

}  // namespace

Outcome play(MPI_Comm apart, std::string const& name, std::string const& options, std::chrono::milliseconds patience) {
  Play play(apart, name, patience);
  if (play.open("capacity=2MiB&reply_timeout=" + std::to_string(patience.count()) + "ms" + options)) {
    play.hand_over();
    play.keep();
    play.put_together();
    play.close();
  }
  play.tell();
  play.execute();
  return play.outcome;
}

Outcome play_shortly(MPI_Comm apart, std::string const& name) {
  Play play(apart, name, 20s);  // nothing fails
  if (play.open("capacity=2MiB")) {
    play.hand_over();
    play.close();
  }
  return play.outcome;
}
