!> The library for C as Fortran sees it; for the modules beside it alone.
module proxystore_c
  use, intrinsic :: iso_c_binding, only: c_char, c_double, c_funptr, c_int, c_null_char, c_null_funptr, c_null_ptr, c_ptr, c_size_t
  implicit none
  public

  integer(c_int), parameter :: type_bytes = 1, type_text = 2, type_int32 = 13, type_int64 = 14, type_real32 = 19, &
                               type_real64 = 20

  type, bind(C) :: c_view
    type(c_ptr) :: data = c_null_ptr
    integer(c_size_t) :: size = 0
    integer(c_int) :: type = 0
    integer(c_int) :: rank = 0
    type(c_ptr) :: shape = c_null_ptr
  end type

  type, bind(C) :: c_options
    real(c_double) :: stall_report = 30
    real(c_double) :: deadlock_check = 1
    type(c_funptr) :: log = c_null_funptr
    type(c_ptr) :: log_context = c_null_ptr
  end type

  !> The key of an object: a value, copied and sent as it is.
  type, bind(C) :: proxystore_key
    character(kind=c_char) :: text(256) = c_null_char
  end type

  interface
    function c_last_error() bind(C, name='proxystore_last_error') result(text)
      import
      type(c_ptr) :: text
    end function
    function c_version() bind(C, name='proxystore_version') result(text)
      import
      type(c_ptr) :: text
    end function
    function c_code_name(code) bind(C, name='proxystore_code_name') result(text)
      import
      integer(c_int), value :: code
      type(c_ptr) :: text
    end function
    function c_type_name(type) bind(C, name='proxystore_type_name') result(text)
      import
      integer(c_int), value :: type
      type(c_ptr) :: text
    end function
    function c_strlen(text) bind(C, name='strlen') result(length)
      import
      type(c_ptr), value :: text
      integer(c_size_t) :: length
    end function
    subroutine c_text_free(text) bind(C, name='proxystore_text_free')
      import
      type(c_ptr), value :: text
    end subroutine

    function c_store_open(name, connector, options, out) bind(C, name='proxystore_store_open') result(code)
      import
      character(kind=c_char), intent(in) :: name(*), connector(*)
      type(c_options), intent(in) :: options
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_copy(store, out) bind(C, name='proxystore_store_copy') result(code)
      import
      type(c_ptr), value :: store
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_close(store) bind(C, name='proxystore_store_close') result(code)
      import
      type(c_ptr), value :: store
      integer(c_int) :: code
    end function
    function c_store_free(store) bind(C, name='proxystore_store_free') result(code)
      import
      type(c_ptr), intent(inout) :: store
      integer(c_int) :: code
    end function
    function c_store_progress(store) bind(C, name='proxystore_store_progress') result(code)
      import
      type(c_ptr), value :: store
      integer(c_int) :: code
    end function
    function c_store_report(store, out) bind(C, name='proxystore_store_report') result(code)
      import
      type(c_ptr), value :: store
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_put(store, type, data, rank, shape, out) bind(C, name='proxystore_store_put') result(code)
      import
      type(c_ptr), value :: store, data
      integer(c_int), value :: type, rank
      integer(c_size_t), intent(in) :: shape(*)
      type(proxystore_key), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_put_array(store, array, out) bind(C, name='proxystore_store_put_array') result(code)
      import
      type(c_ptr), value :: store, array
      type(proxystore_key), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_get(store, key, out) bind(C, name='proxystore_store_get') result(code)
      import
      type(c_ptr), value :: store
      type(proxystore_key), intent(in) :: key
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_exists(store, key, out) bind(C, name='proxystore_store_exists') result(code)
      import
      type(c_ptr), value :: store
      type(proxystore_key), intent(in) :: key
      integer(c_int), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_store_evict(store, key) bind(C, name='proxystore_store_evict') result(code)
      import
      type(c_ptr), value :: store
      type(proxystore_key), intent(in) :: key
      integer(c_int) :: code
    end function

    function c_array_new(store, type, rank, shape, out) bind(C, name='proxystore_array_new') result(code)
      import
      type(c_ptr), value :: store
      integer(c_int), value :: type, rank
      integer(c_size_t), intent(in) :: shape(*)
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_array_data(array, out) bind(C, name='proxystore_array_data') result(code)
      import
      type(c_ptr), value :: array
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_array_free(array) bind(C, name='proxystore_array_free') result(code)
      import
      type(c_ptr), intent(inout) :: array
      integer(c_int) :: code
    end function

    function c_future_new(store, producer, flags, file, line, out) bind(C, name='proxystore_future_new_at') result(code)
      import
      type(c_ptr), value :: store
      integer(c_int), value :: producer, flags, line
      character(kind=c_char), intent(in) :: file(*)
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_future_copy(future, out) bind(C, name='proxystore_future_copy') result(code)
      import
      type(c_ptr), value :: future
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_future_free(future) bind(C, name='proxystore_future_free') result(code)
      import
      type(c_ptr), intent(inout) :: future
      integer(c_int) :: code
    end function
    function c_future_set(future, type, data, rank, shape) bind(C, name='proxystore_future_set') result(code)
      import
      type(c_ptr), value :: future, data
      integer(c_int), value :: type, rank
      integer(c_size_t), intent(in) :: shape(*)
      integer(c_int) :: code
    end function
    function c_future_set_array(future, array) bind(C, name='proxystore_future_set_array') result(code)
      import
      type(c_ptr), value :: future, array
      integer(c_int) :: code
    end function
    function c_future_fail(future, message) bind(C, name='proxystore_future_fail') result(code)
      import
      type(c_ptr), value :: future
      character(kind=c_char), intent(in) :: message(*)
      integer(c_int) :: code
    end function
    function c_future_done(future, out) bind(C, name='proxystore_future_done') result(code)
      import
      type(c_ptr), value :: future
      integer(c_int), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_future_wait(future, timeout) bind(C, name='proxystore_future_wait') result(code)
      import
      type(c_ptr), value :: future
      real(c_double), value :: timeout
      integer(c_int) :: code
    end function
    function c_future_result(future, timeout, out) bind(C, name='proxystore_future_result') result(code)
      import
      type(c_ptr), value :: future
      real(c_double), value :: timeout
      type(c_view), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_future_evict(future) bind(C, name='proxystore_future_evict') result(code)
      import
      type(c_ptr), value :: future
      integer(c_int) :: code
    end function
    function c_future_key(future, out) bind(C, name='proxystore_future_key') result(code)
      import
      type(c_ptr), value :: future
      type(proxystore_key), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_future_serialize(future, buffer, capacity, size) bind(C, name='proxystore_future_serialize') result(code)
      import
      type(c_ptr), value :: future, buffer
      integer(c_size_t), value :: capacity
      integer(c_size_t), intent(inout) :: size
      integer(c_int) :: code
    end function
    function c_future_deserialize(buffer, size, out) bind(C, name='proxystore_future_deserialize') result(code)
      import
      type(c_ptr), value :: buffer
      integer(c_size_t), value :: size
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function

    function c_proxy_of_future(future, out) bind(C, name='proxystore_proxy_of_future') result(code)
      import
      type(c_ptr), value :: future
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_proxy_of_key(store, key, flags, out) bind(C, name='proxystore_proxy_of_key') result(code)
      import
      type(c_ptr), value :: store
      type(proxystore_key), intent(in) :: key
      integer(c_int), value :: flags
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_proxy_copy(proxy, out) bind(C, name='proxystore_proxy_copy') result(code)
      import
      type(c_ptr), value :: proxy
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_proxy_free(proxy) bind(C, name='proxystore_proxy_free') result(code)
      import
      type(c_ptr), intent(inout) :: proxy
      integer(c_int) :: code
    end function
    function c_proxy_resolve(proxy, timeout, out) bind(C, name='proxystore_proxy_resolve') result(code)
      import
      type(c_ptr), value :: proxy
      real(c_double), value :: timeout
      type(c_view), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_proxy_resolve_async(proxy) bind(C, name='proxystore_proxy_resolve_async') result(code)
      import
      type(c_ptr), value :: proxy
      integer(c_int) :: code
    end function
    function c_proxy_is_resolved(proxy, out) bind(C, name='proxystore_proxy_is_resolved') result(code)
      import
      type(c_ptr), value :: proxy
      integer(c_int), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_proxy_evict(proxy) bind(C, name='proxystore_proxy_evict') result(code)
      import
      type(c_ptr), value :: proxy
      integer(c_int) :: code
    end function
    function c_proxy_key(proxy, out) bind(C, name='proxystore_proxy_key') result(code)
      import
      type(c_ptr), value :: proxy
      type(proxystore_key), intent(inout) :: out
      integer(c_int) :: code
    end function
    function c_proxy_serialize(proxy, buffer, capacity, size) bind(C, name='proxystore_proxy_serialize') result(code)
      import
      type(c_ptr), value :: proxy, buffer
      integer(c_size_t), value :: capacity
      integer(c_size_t), intent(inout) :: size
      integer(c_int) :: code
    end function
    function c_proxy_deserialize(buffer, size, out) bind(C, name='proxystore_proxy_deserialize') result(code)
      import
      type(c_ptr), value :: buffer
      integer(c_size_t), value :: size
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: code
    end function
  end interface
end module
