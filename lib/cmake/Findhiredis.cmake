# hiredis::hiredis and, where hiredis was built with it, hiredis::hiredis_ssl. Both 0.14 (Debian), which comes with
# pkg-config alone, and 1.x. Installed with the package: users of a static proxystore::redis need it too.
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_hiredis QUIET hiredis)
endif()
find_path(hiredis_INCLUDE_DIR hiredis/hiredis.h HINTS ${PC_hiredis_INCLUDEDIR} ${PC_hiredis_INCLUDE_DIRS})
find_library(hiredis_LIBRARY hiredis HINTS ${PC_hiredis_LIBRARY_DIRS})
get_filename_component(hiredis_beside "${hiredis_LIBRARY}" DIRECTORY)
find_library(hiredis_ssl_LIBRARY hiredis_ssl PATHS ${hiredis_beside} NO_DEFAULT_PATH)
mark_as_advanced(hiredis_INCLUDE_DIR hiredis_LIBRARY hiredis_ssl_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(hiredis REQUIRED_VARS hiredis_LIBRARY hiredis_INCLUDE_DIR
  VERSION_VAR PC_hiredis_VERSION)

if(hiredis_FOUND AND NOT TARGET hiredis::hiredis)
  add_library(hiredis::hiredis UNKNOWN IMPORTED)
  set_target_properties(hiredis::hiredis PROPERTIES
    IMPORTED_LOCATION "${hiredis_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${hiredis_INCLUDE_DIR}")
endif()
if(hiredis_FOUND AND hiredis_ssl_LIBRARY AND EXISTS "${hiredis_INCLUDE_DIR}/hiredis/hiredis_ssl.h"
    AND NOT TARGET hiredis::hiredis_ssl)
  find_package(OpenSSL QUIET)
  if(OpenSSL_FOUND)
    add_library(hiredis::hiredis_ssl UNKNOWN IMPORTED)
    set_target_properties(hiredis::hiredis_ssl PROPERTIES
      IMPORTED_LOCATION "${hiredis_ssl_LIBRARY}" INTERFACE_LINK_LIBRARIES "hiredis::hiredis;OpenSSL::SSL;OpenSSL::Crypto")
  endif()
endif()
