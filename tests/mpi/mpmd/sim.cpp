// One program of a job of two: makes frames, each when it has been told about the one before, and asks the analysis to
// run a function that is in this program alone.
#include "job.hpp"

namespace {

using namespace job;

int of_the_simulation() { return 1; }

void simulate() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  auto store = Store::open("pipeline", mpi::rma(MPI_COMM_WORLD, {.capacity = 32U << 20U}));
  Lines mine;
  for (int step = 0; step < steps; ++step) {
    mine.frames.push_back(store.future<Frame>());
    mine.replies.push_back(store.future<double>());
  }
  (void)gather(mine);
  for (int step = 0; step < steps; ++step) {
    auto const at = static_cast<std::size_t>(step);
    mine.frames[at].set_result(Frame(cells, cell(rank, step)));
    expect(mine.replies[at].result(patience) == cell(rank, step) * cells, "the analysis replies with its sum");
  }

  mpi::Executor ranks(MPI_COMM_WORLD);
  if (auto submit = ranks.client()) {
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    expect(submit->on(1).run<&of_the_simulation>().result(patience) == 1, "a rank of one's own program runs it");
    try {
      (void)submit->on(size - 1).run<&of_the_simulation>().result(patience);
      expect(false, "a rank of the other program refuses");
    } catch (RemoteError const& error) {
      expect(std::string(error.what()).find("an executor needs one program on all ranks") != std::string::npos,
             error.what());
    }
  }
}

}  // namespace

int main(int argc, char** argv) { return job::main(argc, argv, simulate); }
