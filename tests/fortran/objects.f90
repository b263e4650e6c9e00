!> Futures, proxies and objects in one process.
program objects
  use, intrinsic :: iso_fortran_env, only: int32, int64, int8, real32, real64
  use check
  use proxystore
  implicit none

  type(proxystore_store) :: store
  character(300) :: errmsg
  integer :: stat

  call proxystore_open(store, 'objects', 'local:')
  call expect(len(proxystore_version()) >= 5, 'there is a version')
  call arrays_come_back_with_their_extents()
  call sections_are_packed()
  call numbers_texts_and_bytes_come_back()
  call empty_arrays_come_back()
  call memory_of_the_store_is_not_copied()
  call what_does_not_fit_is_an_error()
  call failures_and_timeouts_are_codes()
  call objects_go_by_key()
  call handles_are_copied_and_freed()
  call handles_travel_as_bytes()
  call closing_ends_waits()
  call store%free()
  call expect_code(open_as(''), proxystore_bad_config, errmsg, '')
  call finish()

contains

  function open_as(connector) result(code)
    character(*), intent(in) :: connector
    integer :: code
    call proxystore_open(store, 'other', connector, stat=code, errmsg=errmsg)
  end function

  subroutine arrays_come_back_with_their_extents()
    type(proxystore_future) :: future
    type(proxystore_proxy) :: proxy
    real(real64) :: rho(3, 2)
    real(real64), pointer :: there(:, :)
    real(real32) :: cube(2, 3, 4)
    real(real32), allocatable :: copy(:, :, :)
    integer(int64) :: four(1, 2, 3, 4)
    integer(int64), pointer :: there4(:, :, :, :)
    integer :: i
    rho = reshape([(real(i, real64), i=1, 6)], [3, 2])
    call store%future(future)
    call expect(.not. future%done(), 'a new future is not done')
    call future%proxy(proxy)
    call future%set(rho)
    call expect(future%done(), 'a future that was set is done')
    call proxy%resolve(there, patience)
    call expect(proxy%is_resolved(), 'a proxy that was used is resolved')
    call expect(all(shape(there) == [3, 2]) .and. all(there == rho), 'an array of rank 2')

    cube = reshape([(real(i, real32), i=1, 24)], [2, 3, 4])
    call store%future(future)
    call future%set(cube)
    call future%extract(copy)
    call expect(all(shape(copy) == [2, 3, 4]) .and. all(copy == cube), 'an array of rank 3')

    four = reshape([(int(i, int64)**4, i=1, 24)], [1, 2, 3, 4])
    call store%future(future)
    call future%set(four)
    call future%result(there4)
    call expect(all(shape(there4) == [1, 2, 3, 4]) .and. all(there4 == four), 'an array of rank 4')
  end subroutine

  subroutine sections_are_packed()
    type(proxystore_future) :: future
    integer(int32) :: table(6, 4)
    integer(int32), pointer :: there(:, :)
    integer :: i
    table = reshape([(i, i=1, 24)], [6, 4])
    call store%future(future)
    call future%set(table(1:6:2, 4:1:-1))
    call future%result(there)
    call expect(all(shape(there) == [3, 4]) .and. all(there == table(1:6:2, 4:1:-1)), 'a section with strides')
    call store%future(future)
    call future%set(table(2:3, :))
    call future%result(there)
    call expect(all(there == table(2:3, :)), 'some rows')
  end subroutine

  subroutine numbers_texts_and_bytes_come_back()
    type(proxystore_future) :: future
    real(real64) :: number
    character(:), allocatable :: text
    integer(int8), allocatable :: bytes(:)
    call store%future(future)
    call future%set(3.5_real64)
    call future%extract(number)
    call expect(number == 3.5_real64, 'a number')
    call store%future(future)
    call future%set('some text ')
    call future%extract(text)
    call expect(len(text) == 10 .and. text == 'some text ', 'a text')
    call store%future(future)
    call future%set('')
    call future%extract(text)
    call expect(len(text) == 0, 'an empty text')
    call store%future(future)
    call future%set_bytes([1_int8, -1_int8])
    call future%extract_bytes(bytes)
    call expect(all(bytes == [1_int8, -1_int8]), 'bytes')
  end subroutine

  subroutine empty_arrays_come_back()
    type(proxystore_future) :: future
    real(real64) :: none(3, 0)
    real(real64), pointer :: there(:, :)
    real(real64), allocatable :: copy(:, :)
    call store%future(future)
    call future%set(none)
    call future%result(there)
    call expect(associated(there) .or. size(none) == 0, 'an array without elements')
    call expect(all(shape(there) == [3, 0]), 'its extents')
    call future%extract(copy)
    call expect(all(shape(copy) == [3, 0]), 'its copy')
  end subroutine

  subroutine memory_of_the_store_is_not_copied()
    type(proxystore_future) :: future
    type(proxystore_array) :: memory
    type(proxystore_key) :: key
    real(real32), pointer :: rho(:, :), there(:, :)
    call store%allocate(memory, rho, [100, 20])
    call expect(all(shape(rho) == [100, 20]), 'memory has the extents that were asked for')
    rho = 7
    rho(100, 20) = 8
    call store%future(future)
    call future%set(memory)
    call future%result(there)
    call expect(associated(rho, there), 'what is set is what was allocated')
    call expect(there(99, 20) == 7 .and. there(100, 20) == 8, 'and holds what was written')
    call future%set(memory, stat, errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'empty')
    call store%allocate(memory, rho, [2, 2])
    rho = 1
    call store%put(memory, key)
    call expect(store%exists(key), 'memory is put, too')
    call store%allocate(memory, rho, [-1, 2], stat, errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'negative')
    call expect(.not. associated(rho), 'a pointer to nothing')
  end subroutine

  subroutine what_does_not_fit_is_an_error()
    type(proxystore_future) :: future
    real(real64), pointer :: flat(:)
    real(real32), pointer :: single(:, :)
    real(real64), allocatable :: copy(:)
    real(real64) :: number
    character(:), allocatable :: text
    call store%future(future)
    call future%set(reshape([1._real64, 2._real64], [1, 2]))
    call future%result(flat, stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'is FLOAT64 of rank 2, it was asked for as FLOAT64 of rank 1')
    call expect(.not. associated(flat), 'a pointer to nothing')
    call future%result(single, stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'asked for as FLOAT32 of rank 2')
    call future%extract(copy, stat=stat)
    call expect(stat == proxystore_invalid_argument .and. .not. allocated(copy), 'no copy of another rank')
    number = -1
    call future%extract(number, stat=stat)
    call expect(stat == proxystore_invalid_argument .and. number == -1, 'no number of an array')
    call future%extract(text, stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'asked for as TEXT')
  end subroutine

  subroutine failures_and_timeouts_are_codes()
    type(proxystore_future) :: future, nothing
    real(real64), pointer :: there(:)
    errmsg = 'as it was'
    call store%future(future, file='objects.f90', line=42)
    call future%wait(0.01_real64, stat)
    call expect(stat == proxystore_timeout, 'a wait ends in time')
    call expect(errmsg == 'as it was', 'errmsg is only changed by who is given it')
    call future%result(there, 0._real64, stat, errmsg)
    call expect_code(stat, proxystore_timeout, errmsg, 'objects.f90:42')
    call future%fail('the mesh is tangled  ')
    call future%wait(stat=stat)
    call expect(stat == proxystore_ok, 'a failure is no error of wait')
    call future%result(there, stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_remote, errmsg, 'the mesh is tangled')
    call future%set([1._real64], stat, errmsg)
    call expect_code(stat, proxystore_already_set, errmsg, '')
    call nothing%wait(stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'a future is needed')
  end subroutine

  subroutine objects_go_by_key()
    type(proxystore_key) :: key
    type(proxystore_proxy) :: proxy, late
    character(:), allocatable :: text, report
    integer(int32), pointer :: numbers(:)
    call store%put([1, 2, 3], key)
    call store%get(key, proxy)
    call proxy%resolve(numbers)
    call expect(all(numbers == [1, 2, 3]), 'an object by its key')
    call store%proxy(key, late)
    call proxy%evict()
    call expect(.not. store%exists(key), 'an object that was evicted is gone')
    call expect(all(numbers == [1, 2, 3]), 'who holds it keeps it')
    call store%get(key, late, stat, errmsg)
    call expect_code(stat, proxystore_not_found, errmsg, 'evicted')
    call store%put('a text', key)
    call store%get(key, proxy)
    call proxy%extract(text)
    call expect(text == 'a text', 'a text by its key')
    call store%evict(key)
    call store%progress()
    call store%report(report)
    call expect(index(report, "store 'objects'") > 0, 'a report')
  end subroutine

  subroutine handles_are_copied_and_freed()
    type(proxystore_future) :: futures(3), same
    type(proxystore_proxy) :: proxy, other
    type(proxystore_store) :: again
    real(real64), pointer :: one(:), two(:)
    integer :: i
    again = store
    do i = 1, 3
      call again%future(futures(i))
    end do
    same = futures(2)
    same = same
    call same%set([2._real64])
    call expect(futures(2)%done(), 'a copy is the same future')
    call expect(.not. futures(1)%done(), 'and no other one')
    call futures(2)%proxy(proxy)
    other = proxy
    call proxy%resolve(one)
    call proxy%free()
    call other%resolve(two)
    call expect(associated(one, two), 'copies share one resolution')
    call futures(1)%free()
    call futures(1)%free()
    call futures(1)%wait(stat=stat)
    call expect(stat == proxystore_invalid_argument, 'a future that was freed is none')
    call again%free()
    call futures(3)%set('the store is still open')
  end subroutine

  subroutine handles_travel_as_bytes()
    type(proxystore_future) :: future, arrived
    type(proxystore_proxy) :: proxy
    integer(int8), allocatable :: bytes(:)
    integer(int64) :: number
    call store%future(future)
    call future%serialize(bytes)
    call expect(size(bytes) < 300, 'a reference is small')
    call arrived%deserialize(bytes)
    call arrived%set(12345678901_int64)
    call arrived%proxy(proxy)
    call proxy%serialize(bytes)
    call proxy%deserialize(bytes)
    call proxy%extract(number, patience)
    call expect(number == 12345678901_int64, 'a proxy that arrived')
    call arrived%deserialize(bytes(1:5), stat, errmsg)
    call expect_code(stat, proxystore_corrupt_object, errmsg, '')
  end subroutine

  subroutine closing_ends_waits()
    type(proxystore_store) :: short
    type(proxystore_future) :: once, waiting
    type(proxystore_proxy) :: proxy
    type(proxystore_key) :: key
    real(real32) :: number
    call proxystore_open(short, 'short', 'local:', stall_report=0.5_real64, deadlock_check=0._real64)
    call short%future(once, evict_on_resolve=.true.)
    call once%key(key)
    call once%proxy(proxy)
    call proxy%resolve_async()
    call once%set(2.5_real32)
    call proxy%extract(number, patience)
    call expect(number == 2.5_real32, 'a number by a proxy that resolved in the background')
    call proxy%free()
    call once%free()
    call short%future(waiting)
    call short%close()
    call waiting%wait(patience, stat, errmsg)
    call expect_code(stat, proxystore_broken_future, errmsg, 'never be set')
    call short%progress(stat, errmsg)
    call waiting%set('late', stat, errmsg)
    call expect_code(stat, proxystore_store_closed, errmsg, 'closed')
  end subroutine

end program
