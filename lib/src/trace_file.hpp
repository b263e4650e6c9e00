#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <string_view>

namespace proxystore::detail {

/// A trace in Chrome's JSON format, an event a line. A file that was written since this process began is added to; an
/// older one is replaced. While it is open, no other process of any host has it open.
class TraceFile {
 public:
  /// Throws ConnectorError if it cannot be written.
  explicit TraceFile(std::string path);
  TraceFile(TraceFile const&) = delete;
  TraceFile& operator=(TraceFile const&) = delete;
  ~TraceFile();

  /// To be called before anything is traced.
  static void begin_of_process() noexcept;

  /// What to add to this host's steady clock to get the times of the file.
  std::chrono::nanoseconds shift() const noexcept { return shift_; }
  /// Lines with commas between them. Nothing if there are none.
  void append(std::string_view lines);
  /// Gives the file its name. What went wrong, or nothing.
  std::string finish();

 private:
  void lock();
  void take_over();

  std::string const path_, temporary_;
  std::ofstream out_;
  std::chrono::nanoseconds shift_{0};
  bool first_ = true, locked_ = false;
};

}  // namespace proxystore::detail
