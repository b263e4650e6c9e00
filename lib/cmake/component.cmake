# A component is one library of the package: its sources and headers, its target
# proxystore::<name>, and what find_package(proxystore COMPONENTS <name>) has to look for.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
include(${CMAKE_CURRENT_LIST_DIR}/pkgconfig.cmake)

set(PROXYSTORE_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/proxystore")

# proxystore_component(<name>
#   [C_INTERFACE]           its headers are C: who links it need not know C++20
#   [DIRECTORY <dir>]       holds include/ and src/; default: the current one
#   [PUBLIC <targets>...]   linked, and needed by the headers
#   [PRIVATE <targets>...]  linked
#   [PACKAGES <args>...])   one string for each find_dependency() that users of the component need
function(proxystore_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "C_INTERFACE" "DIRECTORY" "PUBLIC;PRIVATE;PACKAGES")
  set(dir "${CMAKE_CURRENT_SOURCE_DIR}")
  if(arg_DIRECTORY)
    set(dir "${CMAKE_CURRENT_SOURCE_DIR}/${arg_DIRECTORY}")
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${dir}/src/*.cpp")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${dir}/include/*.hpp" "${dir}/include/*.h")
  if(NOT sources)
    message(STATUS "proxystore::${name} has no sources yet: skipped")
    return()
  endif()

  set(target proxystore_${name})
  add_library(${target} ${sources})
  add_library(proxystore::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${dir}/include" FILES ${headers})
  if(NOT arg_C_INTERFACE)
    target_compile_features(${target} PUBLIC cxx_std_20)
  endif()
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  proxystore_package_component(${name} FILE_SET
    PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} PACKAGES ${arg_PACKAGES})
endfunction()

# Installs target proxystore_<name>, and tells the package of it. CFLAGS: for pkg-config.
function(proxystore_package_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "FILE_SET" "" "PUBLIC;PRIVATE;PACKAGES;CFLAGS")
  set(target proxystore_${name})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    INSTALL_RPATH "\$ORIGIN")
  set(headers)
  if(arg_FILE_SET)
    set(headers FILE_SET HEADERS)
  endif()
  install(TARGETS ${target} EXPORT proxystore-${name} ${headers})
  install(EXPORT proxystore-${name} NAMESPACE proxystore:: DESTINATION ${PROXYSTORE_PACKAGE_DIR})

  set(needs ${arg_PUBLIC} ${arg_PRIVATE})
  if("MPI::MPI_C" IN_LIST needs)
    # Keeps the C++ bindings of old out of mpi.h: the C library alone is linked.
    set(skip OMPI_SKIP_MPICXX=1 MPICH_SKIP_MPICXX=1)
    target_compile_definitions(${target} PUBLIC ${skip})
    list(TRANSFORM skip PREPEND -D)
    list(APPEND arg_CFLAGS ${skip})
  endif()
  proxystore_install_pkgconfig(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} CFLAGS ${arg_CFLAGS})

  list(FILTER needs INCLUDE REGEX "^proxystore::")
  list(TRANSFORM needs REPLACE "^proxystore::" "")
  set_property(GLOBAL APPEND PROPERTY PROXYSTORE_COMPONENTS ${name})
  set_property(GLOBAL APPEND_STRING PROPERTY PROXYSTORE_COMPONENT_FACTS
    "set(proxystore_${name}_needs \"${needs}\")\nset(proxystore_${name}_packages \"${arg_PACKAGES}\")\n")
endfunction()

# Installs proxystoreConfig.cmake for all components declared so far.
function(proxystore_install_package)
  get_property(components GLOBAL PROPERTY PROXYSTORE_COMPONENTS)
  get_property(facts GLOBAL PROPERTY PROXYSTORE_COMPONENT_FACTS)
  configure_package_config_file("${PROJECT_SOURCE_DIR}/lib/cmake/proxystoreConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/proxystoreConfig.cmake" INSTALL_DESTINATION ${PROXYSTORE_PACKAGE_DIR})
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/proxystoreConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
  install(FILES
    "${PROJECT_BINARY_DIR}/proxystoreConfig.cmake"
    "${PROJECT_BINARY_DIR}/proxystoreConfigVersion.cmake"
    DESTINATION ${PROXYSTORE_PACKAGE_DIR})
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
