!> Over ranks, with communicators of module mpi_f08.
program ranks_mpi_f08
  use, intrinsic :: iso_fortran_env, only: real64
  use check
  use mpi_f08
  use proxystore_mpi
  implicit none

  type(proxystore_store) :: store
  type(MPI_Comm) :: comm
  character(300) :: errmsg
  integer :: rank, ranks, stat

  call MPI_Init()
  call MPI_Comm_dup(MPI_COMM_WORLD, comm)
  call MPI_Comm_rank(comm, rank)
  call MPI_Comm_size(comm, ranks)
  call proxystore_open_mpi(store, 'ranks', 'rma:?capacity=16MiB', comm)
  call every_rank_sets_what_its_neighbour_reads()
  call one_handle_is_told()
  call errors_are_of_all_ranks()
  call store%free()
  call MPI_Comm_free(comm)
  call MPI_Finalize()
  call finish()

contains

  subroutine every_rank_sets_what_its_neighbour_reads()
    type(proxystore_future) :: futures(0:ranks - 1)
    type(proxystore_array) :: memory
    type(proxystore_proxy) :: proxy
    real(real64), pointer :: mine(:, :), theirs(:, :)
    integer :: left, r
    if (rank == 0) then
      do r = 0, ranks - 1
        call store%future(futures(r), producer=r)
      end do
    end if
    call proxystore_broadcast(futures, 0, comm)
    call store%allocate(memory, mine, [300, 200])
    mine = rank
    mine(300, 1) = rank + 0.5_real64
    call futures(rank)%set(memory)
    left = modulo(rank - 1, ranks)
    call futures(left)%proxy(proxy)
    call proxy%resolve(theirs, patience)
    call expect(all(shape(theirs) == [300, 200]), 'the extents of a neighbour')
    call expect(theirs(300, 200) == left .and. theirs(300, 1) == left + 0.5_real64, 'the array of a neighbour')
    call proxystore_broadcast(futures, 0, comm)  ! again: what was held is given back
    call expect(futures(left)%done(), 'a future that was told again')
  end subroutine

  subroutine one_handle_is_told()
    type(proxystore_future) :: future
    type(proxystore_proxy) :: proxy
    character(:), allocatable :: text
    integer :: last
    last = ranks - 1
    if (rank == last) then
      call store%future(future)
      call future%proxy(proxy)
    end if
    call proxystore_broadcast(future, last, comm)
    call proxystore_broadcast(proxy, last, comm)
    if (rank == 0) call future%set('from the first to all')
    call proxy%extract(text, patience)
    call expect(text == 'from the first to all', 'a text for all')
  end subroutine

  subroutine errors_are_of_all_ranks()
    type(proxystore_future) :: none
    type(proxystore_store) :: other
    call proxystore_broadcast(none, 0, comm, stat, errmsg)
    call expect_code(stat, merge(proxystore_invalid_argument, proxystore_connector, rank == 0), errmsg, 'a future is needed')
    call proxystore_open_mpi(other, 'other', 'rma:?speed=9', comm, stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_bad_config, errmsg, 'speed')
  end subroutine

end program
