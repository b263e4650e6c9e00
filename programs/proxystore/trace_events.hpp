#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace proxystore::program {

struct Event {
  std::string what;  ///< made, set, failed, resolve, wait, evict, put
  std::int64_t process = 0, thread = 0;
  double begin = 0, end = 0;  ///< µs
  std::string object;         ///< store and key
  std::string made;           ///< file:line of the future
  std::uint64_t bytes = 0;
  std::string error;  ///< empty: it went well

  double length() const noexcept { return end - begin; }
  bool waits() const noexcept { return what == "resolve" || what == "wait"; }
  bool sets() const noexcept { return what == "set" || what == "failed"; }
};

struct Traced {
  std::vector<Event> events;                   ///< in the order of their beginning; times from the first one's
  std::map<std::int64_t, std::string> name;    ///< of each process: "rank 3 of 8 on node7"
  std::map<std::int64_t, std::string> remark;  ///< what is said of a process: how many events it dropped

  /// "rank 3" where there are ranks.
  std::string short_name(std::int64_t process) const;
  /// The processes, ranks in their order.
  std::vector<std::int64_t> processes() const;
};

/// Throws InvalidArgument for what is no trace of proxystore.
Traced read_trace(std::string const& path);

}  // namespace proxystore::program
