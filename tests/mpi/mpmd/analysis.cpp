// The other program: takes the frames of all ranks of the simulation as they come, and replies.
#include "job.hpp"

#include <numeric>

namespace {

using namespace job;

void analyse() {
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  auto store = Store::open("pipeline", mpi::rma(MPI_COMM_WORLD, {.capacity = 32U << 20U}));
  auto const lines = gather(Lines{});
  std::vector<std::size_t> simulating;
  for (std::size_t r = 0; r < lines.size(); ++r)
    if (!lines[r].frames.empty()) simulating.push_back(r);
  expect(!simulating.empty() && simulating.size() < lines.size(), "there are two programs");
  int const first = static_cast<int>(simulating.size());  // of the analysis
  for (int step = 0; step < steps; ++step)
    for (auto const from : simulating) {
      auto const at = static_cast<std::size_t>(step);
      Proxy<Frame> const frame = lines[from].frames[at].proxy();
      frame.resolve(patience);
      auto const sum = std::accumulate(frame->begin(), frame->end(), 0.0);
      expect(sum == cell(static_cast<int>(from), step) * cells, "a frame is as it was made");
      bool const mine = static_cast<int>(from) % (size - first) == rank - first;
      if (mine) lines[from].replies[at].set_result(sum);
    }
  mpi::Executor ranks(MPI_COMM_WORLD);
  (void)ranks.client();  // serves
}

}  // namespace

int main(int argc, char** argv) { return job::main(argc, argv, analyse); }
