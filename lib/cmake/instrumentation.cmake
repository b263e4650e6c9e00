# PROXYSTORE_SANITIZE and PROXYSTORE_FUZZ instrument everything that is built.

if(PROXYSTORE_SANITIZE)
  list(JOIN PROXYSTORE_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
  if("undefined" IN_LIST PROXYSTORE_SANITIZE)
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()

if(PROXYSTORE_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PROXYSTORE_FUZZ needs clang, whose libFuzzer it uses; set CMAKE_CXX_COMPILER=clang++")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
