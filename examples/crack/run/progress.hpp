#pragma once

#include <cstddef>
#include <cstdint>

namespace crack {

// Shows on standard output how far the run is: a bar on a terminal, else a line now and then.
class Progress {
 public:
  Progress(std::int64_t last_step, std::size_t frames);
  ~Progress();
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  void show(std::int64_t step, std::size_t analysed);

 private:
  std::int64_t last_step_;
  std::size_t frames_;
  bool terminal_;
  std::size_t printed_tenths_ = 0;
  bool bar_open_ = false;
};

}  // namespace crack
