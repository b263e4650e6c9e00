#include "job.hpp"
#include "physics/lammps_exit.hpp"
#include "physics/lammps_run.hpp"
#include "run/together.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace crack {

namespace {

class Publisher {
 public:
  Publisher(Job const& job, Run& run) : job_(job), run_(run) {}

  // Puts this rank's atoms into the store's memory, where the analysis will read them; waits for nobody.
  void publish(LammpsRun const& lammps) {
    run_.recorder.since_last(Activity::simulate, frame_);
    if (job_.rank == 0 && frame_ == 0) run_.futures.box.set_result(lammps.box());
    {
      auto const span = run_.recorder.span(Activity::publish, frame_, static_cast<std::size_t>(job_.rank));
      Block block = run_.store.allocate<double>({lammps.local_atoms(), column::count});
      lammps.copy_atoms(block.span(), job_.deck.model().thermal_group);
      future(frame_).set_result(std::move(block));
    }
    ++frame_;
  }

  void fail(std::exception_ptr const& reason) {
    if (job_.rank == 0 && frame_ == 0) give_up(run_.store, run_.futures.box, reason);
    for (; frame_ < job_.layout.frames; ++frame_) give_up(run_.store, future(frame_), reason);
  }

 private:
  proxystore::Future<Block> const& future(std::size_t frame) const {
    return run_.futures.blocks[job_.layout.block(frame, job_.rank)];
  }

  Job const& job_;
  Run& run_;
  std::size_t frame_ = 0;
};

void run_lammps(Job const& job, Run& run, Publisher& publisher, MPI_Comm comm) {
  LammpsRun lammps(comm, job.options.log());
  run_deck(lammps, job.deck, job.options.every, [&](std::int64_t step) {
    // A rank that cannot publish takes the others along: alone they would wait for it inside LAMMPS.
    all_or_none(comm, [&] { publisher.publish(lammps); });
    show_progress(run, step);
  });
}

// LAMMPS has died on this rank while others may be inside it for ever: they can only be ended from outside. Should
// several ranks come here, a future is set once, so one of them speaks; and it ends the others.
[[noreturn]] void abort_all(Run& run, std::exception const& error) {
  try {
    run.futures.finished.set_exception(std::current_exception());
    std::fprintf(stderr, "crack: %s\n", error.what());
  } catch (proxystore::AlreadySet const&) {
    std::this_thread::sleep_for(std::chrono::seconds(10));
  }
  MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
  std::abort();
}

}  // namespace

void simulate(Job const& job, Run& run, MPI_Comm simulation_comm) {
  Publisher publisher(job, run);
  try {
    run_lammps(job, run, publisher, simulation_comm);
  } catch (LammpsAbort const& error) {
    publisher.fail(std::current_exception());
    if (job.layout.simulation_ranks > 1) abort_all(run, error);
    throw;
  } catch (...) {
    publisher.fail(std::current_exception());
    throw;
  }
}

}  // namespace crack
