# proxystore_find(<package> <Debian packages> [<args of find_package>...]): required; says in one line what to install.
macro(proxystore_find package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} not found (Debian: ${debian})")
  endif()
endmacro()
