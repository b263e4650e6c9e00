#include "patience.hpp"

#include <algorithm>
#include <thread>

#include "check.hpp"

namespace proxystore::mpi::detail {

Patience Patience::of_node(MPI_Comm node) {
  using namespace std::chrono_literals;
  cpu_set_t mine, all;
  CPU_ZERO(&mine);
  CPU_ZERO(&all);
  sched_getaffinity(0, sizeof mine, &mine);
  mpi_check(MPI_Allreduce(&mine, &all, sizeof mine, MPI_BYTE, MPI_BOR, node), "MPI_Allreduce");
  int ranks = 0;
  mpi_check(MPI_Comm_size(node, &ranks), "MPI_Comm_size");
  bool const core_each = CPU_COUNT(&all) >= ranks;
  return core_each ? Patience{20us, 50us} : Patience{0us, 50us};
}

void Rest::on(std::atomic<std::uint64_t>* word, std::atomic<std::uint32_t>* sleepers, std::uint64_t seen,
              Deadline deadline) const noexcept {
  using namespace std::chrono_literals;
  auto const now = Deadline::Clock::now();
  auto const rest = std::clamp<Deadline::Clock::duration>((now - start_) / part_, 20us, 1ms);
  Deadline const until = earlier(deadline, now + rest);
  if (!word) {
    std::this_thread::sleep_until(until.time());
    return;
  }
  sleepers->fetch_add(1);
  if (word->load() == seen) futex_wait(*word, seen, until);
  sleepers->fetch_sub(1);
}

}  // namespace proxystore::mpi::detail
