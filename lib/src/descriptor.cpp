#include <proxystore/detail/descriptor.hpp>

#include <unistd.h>

namespace proxystore::detail {

int Descriptor::close() noexcept { return fd_ < 0 ? 0 : ::close(release()); }

}  // namespace proxystore::detail
