!> What the Fortran tests say: what does not hold is told, and finish() ends the program with an error then.
module check
  use, intrinsic :: iso_fortran_env, only: error_unit, real64
  implicit none
  private
  public :: expect, expect_code, finish

  real(real64), parameter, public :: patience = 20  !< seconds that no test needs
  integer :: failures = 0

contains

  subroutine expect(condition, what)
    logical, intent(in) :: condition
    character(*), intent(in) :: what
    if (condition) return
    write (error_unit, '(2a)') 'not so: ', what
    failures = failures + 1
  end subroutine

  !> The code, and that its text contains `text`.
  subroutine expect_code(got, wanted, errmsg, text)
    integer, intent(in) :: got, wanted
    character(*), intent(in) :: errmsg, text
    if (got == wanted .and. index(errmsg, text) > 0) return
    write (error_unit, '(a,i0,3a,i0,3a)') 'not so: code ', got, ' (', trim(errmsg), ') is ', wanted, " with '", text, "'"
    failures = failures + 1
  end subroutine

  subroutine finish()
    if (failures > 0) error stop 1
  end subroutine

end module
