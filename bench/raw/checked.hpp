#pragma once

#include <cstdio>
#include <cstdlib>

namespace raw {

/// What a call of the system returned; an error ends the program.
inline int checked(int result, char const* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

}  // namespace raw
