# Declares tests: each has a label, a time limit, and says how many cores it keeps busy.

# Seconds; sanitizers are slow.
set(PROXYSTORE_TEST_TIMEOUT 60)
if(PROXYSTORE_SANITIZE)
  set(PROXYSTORE_TEST_TIMEOUT 180)
endif()

# The launcher's flags: more ranks than cores, on any cores (pinned, two jobs would share the first).
set(PROXYSTORE_MPIEXEC_FLAGS ${MPIEXEC_PREFLAGS})
if(MPIEXEC_EXECUTABLE)
  execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE launcher ERROR_QUIET)
  if(launcher MATCHES "Open MPI|OpenRTE")
    list(APPEND PROXYSTORE_MPIEXEC_FLAGS --oversubscribe --bind-to none)
    set(PROXYSTORE_HOSTS_TRANSPORTS tcp tcp-osc ucx)
  elseif(launcher MATCHES "HYDRA")
    set(PROXYSTORE_HOSTS_TRANSPORTS mpich)
    set(PROXYSTORE_HOSTS_OPTIONS --preload $<TARGET_FILE:hosts_finalize>)
  endif()
endif()

# proxystore_add_mpi_test(<name> RANKS <n>... COMMAND <target> [args...] [OTHER_HALF <target>] [TIMEOUT <s>]
#   [LABELS <labels>...])
# One ctest test <name>.n<n> for each number of ranks. The upper half of them may run another program.
function(proxystore_add_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;OTHER_HALF" "RANKS;COMMAND;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${PROXYSTORE_TEST_TIMEOUT})
  endif()
  list(POP_FRONT arg_COMMAND program)
  math(EXPR gentle "${arg_TIMEOUT} - 5")
  foreach(n IN LISTS arg_RANKS)
    proxystore_split_ranks(here others ${n} "${arg_OTHER_HALF}")
    add_test(NAME ${name}.n${n} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${here}
      ${PROXYSTORE_MPIEXEC_FLAGS} $<TARGET_FILE:${program}> ${MPIEXEC_POSTFLAGS} ${arg_COMMAND} ${others})
    # The launcher ends the ranks itself, a little before ctest would kill it.
    set_tests_properties(${name}.n${n} PROPERTIES
      TIMEOUT ${arg_TIMEOUT} PROCESSORS ${n} LABELS "mpi;${arg_LABELS}"
      ENVIRONMENT "MPIEXEC_TIMEOUT=${gentle};OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
  endforeach()
endfunction()

# How many of n ranks run the first program, and what the launcher is told of the other one, if there is one.
function(proxystore_split_ranks here others n other)
  set(${here} ${n} PARENT_SCOPE)
  set(${others} "" PARENT_SCOPE)
  if(other)
    math(EXPR half "${n} / 2")
    math(EXPR rest "${n} - ${half}")
    set(${here} ${half} PARENT_SCOPE)
    set(${others} : ${MPIEXEC_NUMPROC_FLAG} ${rest} $<TARGET_FILE:${other}> PARENT_SCOPE)
  endif()
endfunction()

# proxystore_add_hosts_test(<name> HOSTS <n> RANKS_PER_HOST <m> COMMAND <target> [args...] [OTHER_HALF <target>]
#   [TRANSPORTS <transports>...] [TIMEOUT <s>] [HARNESS_OPTIONS <options>...] [LABELS <labels>...])
# One ctest test <name>.<transport>.h<n>x<m> for each transport that the build's MPI has, or for those of them that
# are named; over hosts that tests/hosts/run makes. Skipped where it cannot.
function(proxystore_add_hosts_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HOSTS;RANKS_PER_HOST;TIMEOUT;OTHER_HALF" "COMMAND;TRANSPORTS;HARNESS_OPTIONS;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${PROXYSTORE_TEST_TIMEOUT})
  endif()
  list(POP_FRONT arg_COMMAND program)
  math(EXPR gentle "${arg_TIMEOUT} - 10")
  math(EXPR ranks "${arg_HOSTS} * ${arg_RANKS_PER_HOST}")
  proxystore_split_ranks(here others ${ranks} "${arg_OTHER_HALF}")
  foreach(transport IN LISTS PROXYSTORE_HOSTS_TRANSPORTS)
    if(arg_TRANSPORTS AND NOT transport IN_LIST arg_TRANSPORTS)
      continue()
    endif()
    set(test ${name}.${transport}.h${arg_HOSTS}x${arg_RANKS_PER_HOST})
    add_test(NAME ${test} COMMAND ${PROJECT_SOURCE_DIR}/tests/hosts/run --transport ${transport}
      --launcher ${MPIEXEC_EXECUTABLE} --hosts ${arg_HOSTS} --ranks-per-host ${arg_RANKS_PER_HOST}
      --time-limit ${gentle} ${PROXYSTORE_HOSTS_OPTIONS} ${arg_HARNESS_OPTIONS} --
      -n ${here} $<TARGET_FILE:${program}> ${arg_COMMAND} ${others})
    set_tests_properties(${test} PROPERTIES
      TIMEOUT ${arg_TIMEOUT} PROCESSORS ${ranks} SKIP_RETURN_CODE 77 LABELS "hosts;${arg_LABELS}")
  endforeach()
endfunction()
