!> Without `stat` an error stops the program, and says why.
program stops
  use proxystore
  implicit none
  type(proxystore_store) :: store
  call proxystore_open(store, 'stops', 'telepathy:')
  print '(a)', 'went on'
end program
