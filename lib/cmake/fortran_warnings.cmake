# Fortran 2008, and all warnings; errors with PROXYSTORE_WERROR.
function(proxystore_fortran_warnings target)
  if(CMAKE_Fortran_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:Fortran>:-std=f2008;-Wall;-Wextra;-pedantic>")
    if(PROXYSTORE_WERROR)
      target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:Fortran>:-Werror>")
    endif()
  endif()
endfunction()
