// What it takes to hand an object to a rank of the same node that waits for it, beside what that replaces:
//     mpirun -n 2 bench_handoff
// Small ones go there and back, and half a round trip is told; large ones are answered by 8 bytes. Futures are made
// before and evicted after.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mpi.hpp"
#include "raw/handoff.hpp"

using namespace proxystore;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// What futures are set to: one value again and again.
template <class T>
class Sent {
 public:
  Sent() = default;
  Sent(int, std::function<T()> const& make) : value_(make()) {}
  void set(Future<T> const& future, std::size_t) const { future.set_result(value_); }

 private:
  T value_{};
};
/// Or, what moves into the store: one for each.
template <class T>
class Sent<Array<T>> {
 public:
  Sent() = default;
  Sent(int times, std::function<Array<T>()> const& make) {
    for (int i = 0; i < times; ++i) values_.push_back(make());
  }
  void set(Future<Array<T>> const& future, std::size_t i) { future.set_result(std::move(values_[i])); }

 private:
  std::vector<Array<T>> values_;
};

/// Futures that bounce: rank 0 sets one of There, rank 1 holds it and sets one of Back.
template <class There, class Back>
class Bounce {
 public:
  Bounce(Store& store, int times, std::function<There()> there, std::function<Back()> back)
      : store_(store), times_(times), make_there_(std::move(there)), make_back_(std::move(back)) {}

  void prepare() {
    there_ = bench::shared_futures<There>(store_, times_);
    back_ = bench::shared_futures<Back>(store_, times_);
    for (auto const& future : there_) keys_.push_back(future.key());
    for (auto const& future : back_) keys_.push_back(future.key());
    if (bench::rank() == 0) sent_ = Sent<There>(times_, make_there_);
    else answers_ = Sent<Back>(times_, make_back_);
  }
  void run() {
    if (bench::rank() == 0) bounce(sent_, there_, back_);
    else bounce_back(answers_, there_, back_);
  }
  void clean() {
    for (auto const& key : keys_)
      if (bench::rank() == 0) store_.evict(key);
    there_.clear();
    back_.clear();
    keys_.clear();
    sent_ = {};
    answers_ = {};
  }

 private:
  static void bounce(Sent<There>& sent, bench::Futures<There> const& there, bench::Futures<Back>& back) {
    for (std::size_t i = 0; i < there.size(); ++i) {
      sent.set(there[i], i);
      back[i].result();
      bench::let_go(back[i]);
    }
  }
  static void bounce_back(Sent<Back>& sent, bench::Futures<There>& there, bench::Futures<Back> const& back) {
    for (std::size_t i = 0; i < there.size(); ++i) {
      there[i].result();
      bench::let_go(there[i]);
      sent.set(back[i], i);
    }
  }

  Store& store_;
  int const times_;
  std::function<There()> const make_there_;
  std::function<Back()> const make_back_;
  bench::Futures<There> there_;
  bench::Futures<Back> back_;
  std::vector<Key> keys_;
  Sent<There> sent_;
  Sent<Back> answers_;
};

template <class There, class Back>
bench::Way way(Store& store, int times, std::function<There()> there, std::function<Back()> back) {
  auto const bounce = std::make_shared<Bounce<There, Back>>(store, times, std::move(there), std::move(back));
  return {.run = {[bounce] { bounce->run(); }},
          .prepare = [bounce] { bounce->prepare(); },
          .clean = [bounce] { bounce->clean(); }};
}

std::int64_t one() { return 1; }

void words(bench::Program& program, Store& store, raw::Flags& flags) {
  int const times = program.count(200);
  auto const ours = way<std::int64_t, std::int64_t>(store, times, one, one);
  program.add({.name = "hand-off to who waits, 8 B",
               .ours = ours,
               .twin = {[=] { raw::bounce(times); }},
               .unit = "ns",
               .aim = bench::ratio(1.0),
               .each = 2.0 * times,
               .repetitions = 101,
               .point = {"latency", "to who waits, on the node", 8}});
  program.add({.name = "hand-off to who waits, 8 B, beside a flag in shared memory",
               .ours = ours,
               .twin = {[=, &flags] { flags.bounce(times); }},
               .unit = "ns",
               .aim = bench::ratio(3.0),
               .each = 2.0 * times,
               .repetitions = 101});
}

void vectors(bench::Program& program, Store& store, std::string const& size, std::size_t bytes, bench::Aim aim) {
  int const times = program.count(bytes <= 8192 ? 100 : 20);
  std::vector<double> const values(bytes / sizeof(double), 1.5);
  auto const make = [=] { return values; };
  program.add({.name = "hand-off to who waits, " + size,
               .ours = way<std::vector<double>, std::vector<double>>(store, times, make, make),
               .twin = {[=] { raw::bounce(values, times); }},
               .unit = "ns",
               .aim = aim,
               .each = 2.0 * times,
               .repetitions = 61,
               .point = {"latency", "to who waits, on the node", static_cast<double>(bytes)}});
}

/// Ours are handed over in place, or (`copied`) out of and into vectors of the program; the twin's out of memory that
/// is there, into memory that is there or into a vector that is made for it.
void large(bench::Program& program, Store& store, std::string const& size, std::size_t bytes, bench::Aim in_place,
           bench::Aim copied) {
  int const times = program.count(bytes > mebibyte ? 1 : 16);
  auto const count = bytes / sizeof(double);
  auto const values = std::make_shared<std::vector<double>>(count, 1.5);
  auto const row = [&](std::string const& how, bench::Way ours, raw::Into into, bench::Aim aim, bench::Point point) {
    program.add({.name = size + " " + how,
                 .ours = std::move(ours),
                 .twin = {[=] { raw::send_and_answer(*values, times, into); }},
                 .aim = aim,
                 .each = static_cast<double>(times),
                 .repetitions = 21,
                 .point = std::move(point)});
  };
  auto const x = static_cast<double>(bytes);
  std::function<Array<double>()> const array = [=, &store] {
    auto made = store.allocate<double>({count});
    std::fill(made.begin(), made.end(), 1.5);
    return made;
  };
  std::function<std::vector<double>()> const vector = [=] { return *values; };
  auto const copying = way<std::vector<double>, std::int64_t>(store, times, vector, one);
  row("in place", way<Array<double>, std::int64_t>(store, times, array, one), raw::Into::same, in_place,
      {"bandwidth", "in place, on the node", x});
  row("copied in and out", copying, raw::Into::same, copied, {"bandwidth", "copied in and out, on the node", x});
  row("copied in and out, beside MPI_Recv into a new vector", copying, raw::Into::anew, {}, {});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("handoff", argc, argv, bench::world());
  if (bench::ranks() != 2) {
    if (bench::rank() == 0) std::fprintf(stderr, "bench_handoff: two ranks are needed: mpirun -n 2 bench_handoff\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = 256 * mebibyte}));
  raw::Flags flags;
  words(program, store, flags);
  vectors(program, store, "1 KiB", 1024, bench::ratio(1.0));
  vectors(program, store, "8 KiB", 8192, {});
  vectors(program, store, "64 KiB", 65536, bench::ratio(1.0));
  large(program, store, "1 MiB", mebibyte, bench::ratio(0.05), {});
  large(program, store, "8 MiB", 8 * mebibyte, {}, {});
  large(program, store, "64 MiB", 64 * mebibyte, bench::ratio(0.01), bench::ratio(1.0));
  return program.run();
}
