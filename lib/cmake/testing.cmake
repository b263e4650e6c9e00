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
  endif()
endif()

# proxystore_add_mpi_test(<name> RANKS <n>... COMMAND <target> [args...] [TIMEOUT <s>] [LABELS <labels>...])
# One ctest test <name>.n<n> for each number of ranks.
function(proxystore_add_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "RANKS;COMMAND;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${PROXYSTORE_TEST_TIMEOUT})
  endif()
  list(POP_FRONT arg_COMMAND program)
  math(EXPR gentle "${arg_TIMEOUT} - 5")
  foreach(n IN LISTS arg_RANKS)
    add_test(NAME ${name}.n${n} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${n}
      ${PROXYSTORE_MPIEXEC_FLAGS} $<TARGET_FILE:${program}> ${MPIEXEC_POSTFLAGS} ${arg_COMMAND})
    # The launcher ends the ranks itself, a little before ctest would kill it.
    set_tests_properties(${name}.n${n} PROPERTIES
      TIMEOUT ${arg_TIMEOUT} PROCESSORS ${n} LABELS "mpi;${arg_LABELS}"
      ENVIRONMENT "MPIEXEC_TIMEOUT=${gentle};OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
  endforeach()
endfunction()
