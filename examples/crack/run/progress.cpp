#include "run/progress.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace crack {

namespace {

constexpr std::size_t bar_width = 40;

// Open MPI gives each rank a terminal of its own, even where mpirun writes into a file; then mpirun, the parent,
// counts.
bool writes_to_terminal() {
  if (isatty(STDOUT_FILENO) == 0) return false;
  if (std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) return true;
  std::error_code error;
  auto const target = std::filesystem::read_symlink("/proc/" + std::to_string(getppid()) + "/fd/1", error).string();
  return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty");
}

}  // namespace

Progress::Progress(std::int64_t last_step, std::size_t frames)
    : last_step_(last_step), frames_(frames), terminal_(writes_to_terminal()) {}

Progress::~Progress() {
  if (bar_open_) std::puts("");
}

void Progress::show(std::int64_t step, std::size_t analysed) {
  // Half of the way is the simulation, the other half the analysis.
  double const part = 0.5 * (last_step_ > 0 ? static_cast<double>(step) / static_cast<double>(last_step_) : 1.0) +
                      0.5 * static_cast<double>(analysed) / static_cast<double>(frames_);
  if (terminal_) {
    auto const filled = static_cast<std::size_t>(part * bar_width);
    std::printf("\r[%s%s] step %lld of %lld, %zu of %zu frames analysed ", std::string(filled, '#').c_str(),
                std::string(bar_width - filled, '.').c_str(), static_cast<long long>(step),
                static_cast<long long>(last_step_), analysed, frames_);
    bar_open_ = true;
  } else if (auto const tenths = static_cast<std::size_t>(part * 10.0); tenths > printed_tenths_) {
    printed_tenths_ = tenths;
    std::printf("%3.0f %%  step %lld of %lld, %zu of %zu frames analysed\n", 100.0 * part, static_cast<long long>(step),
                static_cast<long long>(last_step_), analysed, frames_);
  }
  std::fflush(stdout);
}

}  // namespace crack
