!> Arrays that ranks make together: each some columns with ghost layers, read by rows.
program collective
  use, intrinsic :: iso_fortran_env, only: int32, real64
  use check
  use mpi_f08
  use proxystore_mpi
  implicit none

  integer, parameter :: rows = 10, columns = 4  ! columns of each rank
  type(proxystore_store) :: store
  character(300) :: errmsg
  integer :: rank, ranks, stat

  call MPI_Init()
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, ranks)
  call proxystore_open_mpi(store, 'collective', 'rma:?capacity=16MiB', MPI_COMM_WORLD)
  call blocks_become_one()
  call cubes_too()
  call what_is_wrong_is_an_error_of_all()
  call store%free()
  call MPI_Finalize()
  call finish()

contains

  elemental function cell(i, j)
    integer, intent(in) :: i, j
    real(real64) :: cell
    cell = 100*i + j
  end function

  subroutine blocks_become_one()
    type(proxystore_collective) :: field, same
    real(real64) :: block(0:rows + 1, 0:columns + 1), row(1, ranks*columns)
    integer, allocatable :: extents(:)
    integer :: i, j, first
    if (rank == 0) call field%make(store, producer=0)
    call proxystore_broadcast(field, 0, MPI_COMM_WORLD)
    first = rank*columns
    block = -1
    do j = 1, columns
      block(1:rows, j) = cell([(i, i=1, rows)], first + j)
    end do
    call field%put(block, MPI_COMM_WORLD, global=[rows, ranks*columns], first=[1, first + 1], &
                   interior_first=[2, 2], interior_shape=[rows, columns])
    call field%wait(patience)
    call expect(field%done(), 'an array that was put is done')
    call field%shape(extents)
    call expect(all(extents == [rows, ranks*columns]), 'the extents of the whole array')
    same = field
    do i = 1, rows
      call same%region(row, [i, 1], patience)
      call expect(all(row(1, :) == cell(i, [(j, j=1, ranks*columns)])), 'a row of all blocks')
    end do
    call same%region(row, [rows + 1, 1], stat=stat, errmsg=errmsg)
    call expect_code(stat, proxystore_invalid_argument, errmsg, 'does not lie')
    call MPI_Barrier(MPI_COMM_WORLD)
    if (rank == 0) call field%evict()
  end subroutine

  subroutine cubes_too()
    type(proxystore_collective) :: cube
    integer(int32) :: block(2, 3, 1), whole(2, 3, ranks), column(1, 1, ranks)
    integer :: k
    block = rank
    block(2, 3, 1) = 10*rank
    if (rank == ranks - 1) call cube%make(store)
    call proxystore_broadcast(cube, ranks - 1, MPI_COMM_WORLD)
    call cube%put(block, MPI_COMM_WORLD%MPI_VAL, global=shape(whole), first=[1, 1, rank + 1])
    call cube%region(whole, [1, 1, 1])
    call cube%region(column, [2, 3, 1])
    call expect(all(whole(1, 1, :) == [(k, k=0, ranks - 1)]), 'a cube, first cells')
    call expect(all(column(1, 1, :) == [(10*k, k=0, ranks - 1)]), 'a cube, last cells')
  end subroutine

  subroutine what_is_wrong_is_an_error_of_all()
    type(proxystore_collective) :: field
    real(real64) :: block(2)
    block = 0
    if (rank == 0) call field%make(store)
    call proxystore_broadcast(field, 0, MPI_COMM_WORLD)
    call field%put(block, MPI_COMM_WORLD, global=[3*ranks], first=[2*rank + 1], stat=stat, errmsg=errmsg)
    call expect(stat /= proxystore_ok, 'blocks that leave a gap')
    call field%region(block, [1], patience, stat, errmsg)
    call expect(stat == proxystore_remote, 'consumers hear of it')
  end subroutine

end program
