!> Uses an installed proxystore from Fortran: the last rank makes, all read.
program consumer
  use, intrinsic :: iso_fortran_env, only: real64
  use mpi_f08
  use proxystore_mpi
  implicit none
  type(proxystore_store) :: store
  type(proxystore_future) :: future
  real(real64), pointer :: array(:, :)
  integer :: rank, ranks

  call MPI_Init()
  call MPI_Comm_rank(MPI_COMM_WORLD, rank)
  call MPI_Comm_size(MPI_COMM_WORLD, ranks)
  call proxystore_open_mpi(store, 'consumer', 'rma:?capacity=16MiB', MPI_COMM_WORLD)
  if (rank == 0) call store%future(future, producer=ranks - 1)
  call proxystore_broadcast(future, 0, MPI_COMM_WORLD)
  if (rank == ranks - 1) call future%set(reshape([1._real64, 2._real64, 3._real64], [3, 1]))
  call future%result(array, 20._real64)
  if (any(shape(array) /= [3, 1])) error stop 'the array has other extents'
  if (sum(array) < 5.9_real64 .or. sum(array) > 6.1_real64) error stop 'the array came back as another'
  call future%free()
  call store%free()
  call MPI_Finalize()
  if (rank == 0) print '(3a)', 'proxystore ', proxystore_version(), ' works from Fortran'
end program
