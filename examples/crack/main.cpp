#include "job.hpp"
#include "run/together.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include <mpi.h>
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

namespace crack {

namespace {

Layout divide_ranks(MPI_Comm comm, Options const& options) {
  Layout layout;
  MPI_Comm_size(comm, &layout.ranks);
  layout.simulation_ranks = options.simulation_ranks > 0 ? options.simulation_ranks : layout.ranks / 2;
  if (layout.ranks < 2)
    throw std::runtime_error("one rank is not enough (some simulate, the others analyse) start it with mpirun -n 4");
  if (layout.simulation_ranks >= layout.ranks)
    throw std::runtime_error("--sim-ranks " + std::to_string(layout.simulation_ranks) + " leaves no rank of " +
                             std::to_string(layout.ranks) + " for the analysis");
  return layout;
}

// Frames of an earlier run would be taken for this one's.
void prepare_folder(Options const& options) {
  std::error_code error;
  std::filesystem::create_directories(options.frames(), error);
  if (error)
    throw std::runtime_error("the output folder '" + options.out + "' cannot be made (" + error.message() + ")");
  for (auto const& entry : std::filesystem::directory_iterator(options.frames(), error))
    if (is_frame_file(entry.path().filename().string())) std::filesystem::remove(entry.path(), error);
}

void check_folder(Options const& options, int rank) {
  for (std::string const& folder : {options.out, options.frames()}) {
    std::string const probe = folder + "/.probe." + std::to_string(rank);
    try {
      write_file(probe, {});
    } catch (std::exception const& failure) {
      throw std::runtime_error("the output folder is not writable: " + std::string(failure.what()));
    }
    std::filesystem::remove(probe);
  }
}

class Subset {
 public:
  // Collective on `comm`: the ranks that are members get a communicator of their own.
  Subset(MPI_Comm comm, bool member) { MPI_Comm_split(comm, member ? 0 : MPI_UNDEFINED, 0, &comm_); }
  ~Subset() {
    if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
  }
  Subset(Subset const&) = delete;
  Subset& operator=(Subset const&) = delete;
  MPI_Comm comm() const { return comm_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

// A medium that only one process sees would leave the others waiting for ever.
void check_reach(proxystore::Store& store, proxystore::Key const& key, Options const& options) {
  if (!store.exists(key))
    throw std::runtime_error("the store '" + options.store +
                             "' does not reach all ranks (an object put by rank 0 is not there)");
}

void work(Job const& job, Run& run, MPI_Comm simulation_comm) {
  auto const& events = run.futures.events[static_cast<std::size_t>(job.rank)];
  try {
    if (job.simulates()) simulate(job, run, simulation_comm);
    else analyse(job, run);
    if (job.rank == 0) report(job, run);
    else events.set_result(run.recorder.events());
  } catch (...) {
    give_up(run.store, events, std::current_exception());
    throw;
  }
}

// Ranks that are ready early sleep here; in a collective call they would take time from those at work.
void wait_for_the_end(Job const& job, Run& run) {
  if (job.rank == 0) run.futures.finished.set_result(true);
  else run.futures.finished.wait();
}

void work_to_the_end(Job const& job, Run& run, MPI_Comm simulation_comm) {
  try {
    work(job, run, simulation_comm);
  } catch (...) {
    wait_for_the_end(job, run);
    throw;
  }
  wait_for_the_end(job, run);
}

bool run_job(Job const& job) {
  std::optional<proxystore::Store> store;
  Futures futures;
  Proxies proxies;
  if (!together(job.comm, [&] {
        store = proxystore::Store::open("crack", proxystore::mpi::connect(job.comm, job.options.store));
      }))
    return false;
  proxystore::Key greeting;
  if (!together(job.comm, [&] {
        if (job.rank != 0) return;
        greeting = store->put(std::string("hello"));
        futures = make_futures(*store, job.layout);
        proxies = proxies_of(futures);
      }))
    return false;
  greeting = share(job.comm, greeting);
  if (!together(job.comm, [&] { check_reach(*store, greeting, job.options); })) return false;
  Run run{*store, share(job.comm, futures), share(job.comm, proxies), Recorder(job.rank), {}, 0};
  if (job.rank == 0) run.progress.emplace(job.steps.back(), job.layout.frames);
  Subset const simulation(job.comm, job.simulates());
  return together(job.comm, [&] { work_to_the_end(job, run, simulation.comm()); });
}

int run_program(MPI_Comm comm, int argc, char** argv) {
  Job job;
  job.comm = comm;
  MPI_Comm_rank(comm, &job.rank);
  if (!together(comm, [&] { job.options = parse_options(argc, argv); })) return EXIT_FAILURE;
  if (!job.options.help.empty()) {
    if (job.rank == 0) std::fputs(job.options.help.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  std::string text;
  if (!together(comm, [&] {
        job.layout = divide_ranks(comm, job.options);
        if (job.rank != 0) return;
        text = read_text(job.options.deck);
        prepare_folder(job.options);
      }))
    return EXIT_FAILURE;
  text = broadcast_text(comm, 0, text);
  if (!together(comm, [&] {
        job.deck = Deck(text);
        job.steps = job.deck.frame_steps(job.options.every);
        job.layout.frames = job.steps.size();
        check_folder(job.options, job.rank);
      }))
    return EXIT_FAILURE;
  return run_job(job) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace crack

int main(int argc, char** argv) try {
  proxystore::mpi::Scope const mpi(argc, argv);
  proxystore::register_connectors();
  return crack::run_program(MPI_COMM_WORLD, argc, argv);
} catch (std::exception const& error) {
  std::fprintf(stderr, "crack: %s\n", error.what());
  return EXIT_FAILURE;
}
