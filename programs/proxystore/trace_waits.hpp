#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace_events.hpp"

namespace proxystore::program {

/// Who waited for a future, and who was late.
struct Waited {
  std::string object, made;                 ///< where the future was made
  std::int64_t setter = 0, longest_by = 0;  ///< processes; setter 0: nobody has set it
  double total = 0, longest = 0;            ///< µs, of all its waiters together and of one
  double late = 0;                          ///< µs from the first wait to the end of the set
  std::size_t waiters = 0;
  std::uint64_t bytes = 0;
};

struct OfProcess {
  std::int64_t process = 0;
  double waited = 0;  ///< µs, for others
  double caused = 0;  ///< µs that others waited for what it set, counted until it had
  std::size_t waits = 0, sets = 0, late_sets = 0;
};

struct Waits {
  std::vector<Waited> futures;       ///< the longest waited for first
  std::vector<OfProcess> processes;  ///< in their order
};

Waits waits_of(Traced const& traced);

}  // namespace proxystore::program
