!> Heat spreads in a square plate whose edges are kept cold. The frames are futures; another program of the job, in C++,
!> holds proxies of them before they exist, and draws each as it appears: mpirun -n 1 ./heat : -n 1 ./heat_draw
program heat
  use, intrinsic :: iso_fortran_env, only: real64
  use mpi_f08
  use proxystore_mpi
  implicit none

  integer, parameter :: n = 128        ! points on each axis
  integer, parameter :: frames = 12    ! the first shows the beginning
  integer, parameter :: steps = 400    ! between two frames
  real(real64), parameter :: pi = acos(-1.0_real64)
  real(real64), parameter :: h = 1.0_real64/(n - 1)
  real(real64), parameter :: dt = 0.2_real64*h**2  ! stable below a quarter

  type(proxystore_store) :: store
  type(proxystore_future) :: fields(frames), times
  type(proxystore_array) :: memory
  real(real64), pointer :: frame(:, :)
  real(real64) :: field(n, n)
  integer :: i, j, f

  call MPI_Init()
  call proxystore_open_mpi(store, 'plate', 'rma:?capacity=64MiB', MPI_COMM_WORLD)
  do f = 1, frames
    call store%future(fields(f), producer=0)
  end do
  call store%future(times, producer=0)
  call proxystore_broadcast(fields, 0, MPI_COMM_WORLD)
  call proxystore_broadcast(times, 0, MPI_COMM_WORLD)

  call times%set([((f - 1)*steps*dt, f=1, frames)])
  field = reshape([((sin(pi*h*(i - 1))*sin(pi*h*(j - 1)), i=1, n), j=1, n)], [n, n])
  do f = 1, frames
    if (f > 1) call advance(field)
    call store%allocate(memory, frame, [n, n])  ! where the drawing rank will read it
    frame = field
    call fields(f)%set(memory)                  ! publishes it; nothing moves
  end do

  ! Variables of a main program have no end of life in Fortran.
  do f = 1, frames
    call fields(f)%free()
  end do
  call times%free()
  call memory%free()
  call store%free()  ! collective: waits until all is drawn
  call MPI_Finalize()

contains

  !> By explicit steps of first order in time and second in space.
  subroutine advance(u)
    real(real64), intent(inout) :: u(:, :)
    real(real64) :: change(n - 2, n - 2)
    integer :: step
    do step = 1, steps
      change = u(3:, 2:n - 1) + u(:n - 2, 2:n - 1) + u(2:n - 1, 3:) + u(2:n - 1, :n - 2) - 4*u(2:n - 1, 2:n - 1)
      u(2:n - 1, 2:n - 1) = u(2:n - 1, 2:n - 1) + dt/h**2*change
    end do
  end subroutine

end program
