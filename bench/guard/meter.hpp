// Instructions of a path, as callgrind counts them: the same on each run, whatever else the machine does.
#pragma once

#include <string>

#include <valgrind/callgrind.h>

namespace guard {

constexpr int calls = 100;  // of a row

/// Counts nothing in a first round, which allocates and binds what is allocated and bound once.
enum class Round { first, counted };

class Meter {
 public:
  explicit Meter(Round round) noexcept : counts_(round == Round::counted) {}

  /// `work` is called with 0 … calls - 1. Without valgrind it is run, and nothing counted.
  template <class Work>
  void count(std::string const& row, Work const& work) const {
    if (counts_) CALLGRIND_TOGGLE_COLLECT;
    for (int i = 0; i < calls; ++i) work(static_cast<std::size_t>(i));
    if (!counts_) return;
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(row.c_str());
  }

 private:
  bool counts_;
};

/// Both rounds of some rows.
template <class Rows>
void twice(Rows const& rows) {
  for (auto const round : {Round::first, Round::counted}) rows(Meter(round));
}

/// The compiler may not leave out what made `value`.
template <class T>
void use(T const& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

}  // namespace guard
