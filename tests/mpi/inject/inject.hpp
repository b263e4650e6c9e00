#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// MPI functions that fail on demand: this program defines every MPI_ function that the library calls and forwards to
/// PMPI_. The program itself calls PMPI_ functions only, so that what is counted is the library's.
///
/// A function of one rank that is to fail returns MPI_ERR_OTHER and does nothing. A collective one takes part, since
/// otherwise the other ranks would hang in MPI itself, and then reports failure with its results kept back: an error
/// that comes late, as those of networks do.
namespace inject {

/// A place in the library that calls an MPI function.
struct Place {
  std::string function;
  std::uintptr_t address = 0;  // within the library
  std::uint64_t calls = 0;
};

void count();  ///< Forgets what was counted, and counts from here on.
std::vector<Place> counted();

/// The nth call (from 1) at this place fails, once.
void arm(Place const& place, std::uint64_t nth);
/// Fails the next call of a function, wherever.
void arm(std::string const& function);
/// True if the call came. Nothing fails any more.
bool disarm();

/// For the functions themselves: counts a call of `function` from `caller`; true if it is to fail.
bool fails(char const* function, void* caller);

/// What the library has made and not given back.
struct Live {
  int communicators = 0, windows = 0, requests = 0, messages = 0, keyvals = 0, attributes = 0, infos = 0;
  bool operator==(Live const&) const = default;
  std::string text() const;
  friend Live operator-(Live a, Live const& b) noexcept;
};
Live live();

/// Told by each thread that it enters an MPI function, and that it leaves it; nobody at first.
using Watcher = void (*)(char const* function, bool enters);
void watch(Watcher watcher);

/// Finishes and frees what failing collective functions kept back; false if that could not be finished.
bool clean_up();

}  // namespace inject
