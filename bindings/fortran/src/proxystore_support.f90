!> Texts, errors and extents between Fortran and C; for the modules beside it alone.
module proxystore_support
  use, intrinsic :: iso_c_binding, only: c_char, c_f_pointer, c_int, c_null_char, c_ptr, c_size_t
  use, intrinsic :: iso_fortran_env, only: error_unit, real64
  use proxystore_c
  implicit none
  private
  public :: extents_of, fits, last_error, reversed, seconds, settle, text_of, to_c

contains

  !> A text that ends with a zero. It stays C's.
  function text_of(address) result(text)
    type(c_ptr), intent(in) :: address
    character(:), allocatable :: text
    character(kind=c_char), pointer :: letters(:)
    integer :: i
    call c_f_pointer(address, letters, [c_strlen(address)])
    allocate (character(size(letters)) :: text)
    do i = 1, size(letters)
      text(i:i) = letters(i)
    end do
  end function

  function to_c(text) result(ended)
    character(*), intent(in) :: text
    character(:, kind=c_char), allocatable :: ended
    ended = trim(text)//c_null_char
  end function

  function last_error() result(text)
    character(:), allocatable :: text
    text = text_of(c_last_error())
  end function

  !> The end of every call, as Fortran has it: an error stops the program unless it is asked for by `stat`. `problem` takes
  !> the place of the library's text.
  subroutine settle(code, stat, errmsg, problem)
    integer(c_int), intent(in) :: code
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    character(*), intent(in), optional :: problem
    character(:), allocatable :: text
    if (present(stat)) stat = int(code)
    if (code == 0) return
    if (present(problem)) then
      text = problem
    else
      text = last_error()
    end if
    if (present(errmsg)) errmsg = text
    if (present(stat)) return
    write (error_unit, '(4a)') 'proxystore: ', text_of(c_code_name(code)), ': ', text
    error stop 1
  end subroutine

  !> As C takes a timeout: negative is for ever.
  pure function seconds(timeout)
    real(real64), intent(in), optional :: timeout
    real(real64) :: seconds
    seconds = -1
    if (present(timeout)) seconds = timeout
  end function

  !> The first index of Fortran runs fastest, the last one of everybody else.
  pure function reversed(shape)
    integer(c_size_t), intent(in) :: shape(:)
    integer(c_size_t) :: reversed(size(shape))
    reversed = shape(size(shape):1:-1)
  end function

  !> In the order of Fortran.
  function extents_of(view) result(shape)
    type(c_view), intent(in) :: view
    integer(c_size_t) :: shape(view%rank)
    integer(c_size_t), pointer :: extents(:)
    if (view%rank == 0) return
    call c_f_pointer(view%shape, extents, [view%rank])
    shape = reversed(extents)
  end function

  !> Whether an object is what a variable can hold; if not, says so.
  function fits(view, type, rank, problem)
    type(c_view), intent(in) :: view
    integer(c_int), intent(in) :: type
    integer, intent(in) :: rank
    character(:), allocatable, intent(out) :: problem
    logical :: fits
    character(40) :: ranks(2)
    problem = ''
    fits = view%type == type .and. view%rank == rank
    if (fits) return
    write (ranks, '(a,i0)') ' of rank ', view%rank, ' of rank ', rank
    problem = 'the object is '//text_of(c_type_name(view%type))//trim(ranks(1))//', it was asked for as '// &
              text_of(c_type_name(type))//trim(ranks(2))
  end function

end module
