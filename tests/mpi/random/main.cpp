// Random schedules against a model. All ranks draw the same schedule from each seed, play it, and judge what came out.
// A seed that fails is printed; a rank that is stuck prints where its lanes are and what its store reports.
#include <mpi.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

#include <proxystore/mpi/mpi.hpp>

#include "../shared_directory.hpp"
#include "play.hpp"

namespace {

using namespace std::chrono_literals;

constexpr char usage[] =
    "usage: mpiexec -n RANKS test_mpi_random [OPTION...]\n"
    "  --seed S        of the first schedule; default: drawn\n"
    "  --runs N        schedules, with seeds S, S+1, …; default 1\n"
    "  --steps N       of all ranks, about; default 600\n"
    "  --lanes N       threads of a rank, at most; default 3\n"
    "  --patience S    seconds without a step until a rank counts as stuck; default 20\n"
    "  --hold          a stuck program stays, for a debugger\n"
    "  --level L       single, funneled, serialized or multiple (default): below that a rank has one lane\n"
    "  --store TEXT    options of the connector, such as progress=calls&transfer=rma\n"
    "  --late-promises a future may be made when its declared producer has closed\n"
    "  --files         over a parallel-file store, in a directory of its own; default: rma\n"
    "  --print         the schedules\n";

struct Options {
  std::uint64_t seed =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) % 1000000;
  int runs = 1;
  schedule::Limits limits{600, 3, false};
  std::chrono::seconds patience = 20s;
  int level = MPI_THREAD_MULTIPLE;
  std::string store;
  bool hold = false;
  bool files = false;
  bool print = false;
};

int level_of(std::string_view name) {
  return name == "single"       ? MPI_THREAD_SINGLE
         : name == "funneled"   ? MPI_THREAD_FUNNELED
         : name == "serialized" ? MPI_THREAD_SERIALIZED
                                : MPI_THREAD_MULTIPLE;
}

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view const name = argv[i];
    auto const number = [&] { return ++i < argc ? std::strtoull(argv[i], nullptr, 10) : 0; };
    if (name == "--seed") options.seed = number();
    else if (name == "--runs") options.runs = static_cast<int>(number());
    else if (name == "--steps") options.limits.steps = static_cast<int>(number());
    else if (name == "--lanes") options.limits.lanes = static_cast<int>(number());
    else if (name == "--patience") options.patience = std::chrono::seconds(number());
    else if (name == "--level" && i + 1 < argc) options.level = level_of(argv[++i]);
    else if (name == "--store" && i + 1 < argc) options.store = argv[++i];
    else if (name == "--late-promises") options.limits.late_promises = true;
    else if (name == "--hold") options.hold = true;
    else if (name == "--files") options.files = true;
    else if (name == "--print") options.print = true;
    else {
      std::fputs(usage, stderr);
      std::exit(2);
    }
  }
  return options;
}

/// Speaks up, and ends the program, when a rank makes no step for long. All ranks have one: when one is stuck, so are
/// soon the others.
class Watch {
 public:
  Watch(schedule::Player& player, std::string name, Options const& options)
      : thread_([&player, name = std::move(name), options](std::stop_token const& stop) {
          auto since = std::chrono::steady_clock::now();
          std::mutex mutex;
          std::condition_variable_any over;
          std::unique_lock lock(mutex);
          // Seldom: a rank whose threads want to run is not taken for one that waits in a ring.
          for (long seen = -1; !stop.stop_requested(); over.wait_for(lock, stop, 1s, [] { return false; })) {
            auto const now = std::chrono::steady_clock::now();
            if (long const progress = player.progress(); progress != seen) seen = progress, since = now;
            if (now - since > options.patience) give_up(player, name, options.hold);
          }
        }) {}

 private:
  static void give_up(schedule::Player& player, std::string const& name, bool hold) {
    std::printf("STUCK %s, process %d: %s\n", name.c_str(), getpid(), player.report().c_str());
    std::fflush(stdout);
    std::this_thread::sleep_for(3s);  // the others print theirs
    while (hold) std::this_thread::sleep_for(1s);
    std::_Exit(1);  // the launcher ends the others
  }

  std::jthread thread_;
};

bool on_one_node(MPI_Comm comm) {
  MPI_Comm node = MPI_COMM_NULL;
  int mine = 0, all = 0, least = 0;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &mine);
  MPI_Comm_free(&node);
  MPI_Comm_size(comm, &all);
  MPI_Allreduce(&mine, &least, 1, MPI_INT, MPI_MIN, comm);
  return least == all;
}

using Tally = std::array<long, schedule::outcome::count>;  // of waits on this rank, by outcome

/// Collective; how many complaints all ranks have together.
int play(std::uint64_t seed, bool strict, Options const& options, Tally& tally) {
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  auto plan = schedule::make_plan(seed, size, options.limits);
  schedule::judge(plan, strict);
  if (options.print && rank == 0)
    for (auto const& step : plan.steps)
      std::printf("%d.%d %s: %s\n", step.rank, step.lane, describe(step).c_str(),
                  schedule::names_of(step.allowed).c_str());

  std::string const name = "seed " + std::to_string(seed) + " on " + std::to_string(size) + " ranks";
  std::optional<world::SharedDirectory> directory;
  if (options.files) directory.emplace();
  auto const kind =
      directory ? "parallel-file:" + (*directory / "store") + "?segment=1MiB" : std::string("rma:?capacity=48MiB");
  proxystore::StoreOptions store_options{.stall_report = 0s, .deadlock_check = plan.rings ? 50ms : 0ms};
  if (directory) store_options.cache_objects = 0;  // a rank would give from it what another has evicted
  auto store = proxystore::Store::open(
      "random", proxystore::mpi::connect(MPI_COMM_WORLD, kind + (options.store.empty() ? "" : "&" + options.store)),
      store_options);
  schedule::Player player(plan, std::move(store), MPI_COMM_WORLD);
  Watch const watch(player, name, options);
  player.play();
  for (std::size_t i = 0; i < tally.size(); ++i) tally[i] += player.tally()[i];
  return player.compare();
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0, rank = 0;
  Options options = options_of(argc, argv);
  MPI_Init_thread(&argc, &argv, options.level, &provided);
  if (provided < MPI_THREAD_MULTIPLE) options.limits.lanes = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Bcast(&options.seed, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  bool const strict = on_one_node(MPI_COMM_WORLD);

  std::string failed;
  Tally tally{};
  for (int run = 0; run < options.runs; ++run) {
    auto const seed = options.seed + static_cast<std::uint64_t>(run);
    if (play(seed, strict, options, tally) != 0) failed += " " + std::to_string(seed);
  }
  MPI_Allreduce(MPI_IN_PLACE, tally.data(), static_cast<int>(tally.size()), MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  for (std::size_t i = 0; rank == 0 && i < tally.size(); ++i)
    if (tally[i] != 0) std::printf("%ld waits: %s\n", tally[i], schedule::names_of(1U << i).c_str());
  if (rank == 0)
    std::printf("%d schedules from seed %llu: %s%s\n", options.runs, static_cast<unsigned long long>(options.seed),
                failed.empty() ? "as the model says" : "FAILED seeds:", failed.c_str());
  MPI_Finalize();
  return failed.empty() ? 0 : 1;
}
