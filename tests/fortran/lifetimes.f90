!> Lifetimes: what is put under one goes when it ends, at the end of a scope by its finalizer.
program lifetimes
  use, intrinsic :: iso_fortran_env, only: real64
  use check
  use proxystore
  use proxystore_lifetimes
  implicit none
  type(proxystore_store) :: store
  type(proxystore_key) :: key
  character(300) :: errmsg
  integer :: stat

  call proxystore_open(store, 'lifetimes', 'local:')
  call a_step()
  call expect(.not. store%exists(key), 'the end of a scope evicts')
  call a_lease()
  call all_of_the_run()
  call store%free()
  call finish()

contains

  subroutine a_step()
    type(proxystore_lifetime) :: step
    type(proxystore_future) :: future
    type(proxystore_proxy) :: proxy
    type(proxystore_key) :: other
    call step%scope(store)
    call store%put([1, 2, 3], key)
    call step%add(key)
    call store%put([4, 5], other)
    call store%proxy(other, proxy)
    call step%add(proxy)
    call store%future(future)
    call step%add(future)
    call future%set(1.5_real64)
    call expect(store%exists(key), 'an object lives as long as its lifetime')
    call expect(.not. step%done(), 'which lasts')
  end subroutine

  subroutine a_lease()
    type(proxystore_lifetime) :: lease
    type(proxystore_future) :: future
    call lease%lease(store, 1000._real64)
    call lease%extend(1000._real64)
    call store%put('a text', key)
    call lease%add(key)
    call lease%close()
    call expect(lease%done(), 'a lease that was closed has ended')
    call expect(.not. store%exists(key), 'and evicted')
    call lease%add(key, stat, errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, '')
    call store%future(future)
    call lease%lease(store, 0.05_real64)
    call lease%add(future)
    call future%wait(patience, stat)
    call expect(stat == proxystore_not_found, 'a lease ends in time')
    call lease%lease(store, -1._real64, stat, errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'negative')
  end subroutine

  subroutine all_of_the_run()
    type(proxystore_lifetime) :: run
    call run%static(store)
    call store%put([1], key)
    call run%add(key)
    call run%free()
    call expect(store%exists(key), 'a static lifetime ends with its store')
    call run%add(key, stat, errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'a lifetime is needed')
  end subroutine

end program
