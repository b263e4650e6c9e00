!> How long objects live: what is put under a lifetime is evicted when that ends, or when the store closes before that.
module proxystore_lifetimes
  use, intrinsic :: iso_c_binding, only: c_associated, c_double, c_int, c_null_ptr, c_ptr
  use, intrinsic :: iso_fortran_env, only: real64
  use proxystore
  use proxystore_support
  implicit none
  private

  !> Has one handle, and is not assigned.
  type, public :: proxystore_lifetime
    type(c_ptr) :: handle = c_null_ptr  !< of C
  contains
    !> call lifetime%scope(store): ends when it is closed, freed, or at the end of its scope
    procedure :: scope
    !> call lifetime%lease(store, seconds): ends then, unless it is extended; its scope does not matter
    procedure :: lease
    procedure :: extend
    !> call lifetime%static(store): ends when the store closes
    procedure :: static
    !> call lifetime%add(object): a future, a proxy or a key
    generic :: add => add_future, add_proxy, add_key
    procedure, private :: add_future, add_proxy, add_key
    !> Ends it now.
    procedure :: close
    procedure :: done
    procedure :: free
    generic, public :: assignment(=) => assign
    procedure, private :: assign
    final :: finalize
  end type

  interface
    function c_new(store, out) bind(C, name='proxystore_lifetime_new') result(code)
      import
      type(c_ptr), value :: store
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_lease(store, seconds, out) bind(C, name='proxystore_lifetime_lease') result(code)
      import
      type(c_ptr), value :: store
      real(c_double), value :: seconds
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_static(store, out) bind(C, name='proxystore_lifetime_static') result(code)
      import
      type(c_ptr), value :: store
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_extend(lifetime, seconds) bind(C, name='proxystore_lifetime_extend') result(code)
      import
      type(c_ptr), value :: lifetime
      real(c_double), value :: seconds
      integer(c_int) :: code
    end function
    function c_add_future(lifetime, future) bind(C, name='proxystore_lifetime_add_future') result(code)
      import
      type(c_ptr), value :: lifetime, future
      integer(c_int) :: code
    end function
    function c_add_proxy(lifetime, proxy) bind(C, name='proxystore_lifetime_add_proxy') result(code)
      import
      type(c_ptr), value :: lifetime, proxy
      integer(c_int) :: code
    end function
    function c_add_key(lifetime, key) bind(C, name='proxystore_lifetime_add_key') result(code)
      import
      type(c_ptr), value :: lifetime
      type(proxystore_key), intent(in) :: key
      integer(c_int) :: code
    end function
    function c_close(lifetime) bind(C, name='proxystore_lifetime_close') result(code)
      import
      type(c_ptr), value :: lifetime
      integer(c_int) :: code
    end function
    function c_done(lifetime, out) bind(C, name='proxystore_lifetime_done') result(code)
      import
      type(c_ptr), value :: lifetime
      integer(c_int), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_free(lifetime) bind(C, name='proxystore_lifetime_free') result(code)
      import
      type(c_ptr), intent(inout) :: lifetime
      integer(c_int) :: code
    end function
  end interface

contains

  !> What was held ends.
  subroutine take(self, made, code, stat, errmsg)
    class(proxystore_lifetime), intent(inout) :: self
    type(c_ptr), intent(in) :: made
    integer(c_int), intent(in) :: code
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_int) :: freed
    freed = code
    if (code == 0) freed = c_free(self%handle)
    if (freed == 0) self%handle = made
    call settle(freed, stat, errmsg)
  end subroutine

  subroutine scope(self, store, stat, errmsg)
    class(proxystore_lifetime), intent(inout) :: self
    type(proxystore_store), intent(in) :: store
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: made
    integer(c_int) :: code
    made = c_null_ptr
    code = c_new(store%handle, made)
    call take(self, made, code, stat, errmsg)
  end subroutine

  subroutine lease(self, store, length, stat, errmsg)
    class(proxystore_lifetime), intent(inout) :: self
    type(proxystore_store), intent(in) :: store
    real(real64), intent(in) :: length
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: made
    integer(c_int) :: code
    made = c_null_ptr
    code = c_lease(store%handle, length, made)
    call take(self, made, code, stat, errmsg)
  end subroutine

  subroutine static(self, store, stat, errmsg)
    class(proxystore_lifetime), intent(inout) :: self
    type(proxystore_store), intent(in) :: store
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    type(c_ptr) :: made
    integer(c_int) :: code
    made = c_null_ptr
    code = c_static(store%handle, made)
    call take(self, made, code, stat, errmsg)
  end subroutine

  subroutine extend(self, more, stat, errmsg)
    class(proxystore_lifetime), intent(in) :: self
    real(real64), intent(in) :: more
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call settle(c_extend(self%handle, more), stat, errmsg)
  end subroutine

  subroutine add_future(self, future, stat, errmsg)
    class(proxystore_lifetime), intent(in) :: self
    type(proxystore_future), intent(in) :: future
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call settle(c_add_future(self%handle, future%handle), stat, errmsg)
  end subroutine

  subroutine add_proxy(self, proxy, stat, errmsg)
    class(proxystore_lifetime), intent(in) :: self
    type(proxystore_proxy), intent(in) :: proxy
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call settle(c_add_proxy(self%handle, proxy%handle), stat, errmsg)
  end subroutine

  subroutine add_key(self, key, stat, errmsg)
    class(proxystore_lifetime), intent(in) :: self
    type(proxystore_key), intent(in) :: key
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call settle(c_add_key(self%handle, key), stat, errmsg)
  end subroutine

  subroutine close(self, stat, errmsg)
    class(proxystore_lifetime), intent(in) :: self
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call settle(c_close(self%handle), stat, errmsg)
  end subroutine

  function done(self, stat, errmsg)
    class(proxystore_lifetime), intent(in) :: self
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    logical :: done
    integer(c_int) :: answer
    answer = 0
    call settle(c_done(self%handle, answer), stat, errmsg)
    done = answer /= 0
  end function

  subroutine free(self, stat, errmsg)
    class(proxystore_lifetime), intent(inout) :: self
    integer, intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    call settle(c_free(self%handle), stat, errmsg)
  end subroutine

  !> There is one handle of it: this stops the program unless there is nothing to assign.
  subroutine assign(self, other)
    class(proxystore_lifetime), intent(inout) :: self
    class(proxystore_lifetime), intent(in) :: other
    if (c_associated(other%handle)) &
      call settle(int(proxystore_invalid_argument, c_int), problem='a lifetime cannot be assigned (it has one owner)')
    call settle(c_free(self%handle))
  end subroutine

  impure elemental subroutine finalize(self)
    type(proxystore_lifetime), intent(inout) :: self
    integer(c_int) :: code
    code = c_free(self%handle)
  end subroutine

end module
