# proxystore_find(<package> <Debian packages> [<args of find_package>...]): required; says in one line what to install.
macro(proxystore_find package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} not found (Debian: ${debian})")
  endif()
endmacro()

# proxystore_find_hdf5(): the one HDF5 of the build, 1.10.2 or newer, as hdf5::hdf5 and ${hdf5_with} beside it. Where there is
# MPI it is the one for that MPI: a program has one HDF5, whichever parts of the package it uses. HDF5_ROOT chooses
# another; Debian's stand beside each other in folders, of which FindHDF5 alone would take the serial one.
macro(proxystore_find_hdf5)
  find_path(hdf5_given hdf5.h NO_CACHE NO_SYSTEM_ENVIRONMENT_PATH NO_CMAKE_SYSTEM_PATH)
  if(NOT HDF5_ROOT AND NOT HDF5_DIR AND NOT DEFINED ENV{HDF5_ROOT} AND NOT hdf5_given)
    string(REGEX MATCH "openmpi|mpich" hdf5_flavours "${MPI_C_HEADER_DIR}")
    foreach(hdf5_flavour IN LISTS hdf5_flavours ITEMS serial)
      if(NOT HDF5_ROOT AND EXISTS "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/hdf5/${hdf5_flavour}/include/hdf5.h")
        set(HDF5_ROOT "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/hdf5/${hdf5_flavour}" CACHE PATH "HDF5 to use")
      endif()
    endforeach()
  endif()
  proxystore_find(HDF5 "libhdf5-dev, or libhdf5-openmpi-dev or libhdf5-mpich-dev with MPI" 1.10.2 COMPONENTS C)
  set(hdf5_with)
  if(HDF5_IS_PARALLEL)
    proxystore_find(MPI "libopenmpi-dev openmpi-bin, or libmpich-dev mpich" COMPONENTS C)
    set(hdf5_with MPI::MPI_C)
  endif()
  message(STATUS "HDF5 ${HDF5_VERSION}: ${HDF5_INCLUDE_DIRS}")
endmacro()
