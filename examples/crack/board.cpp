#include "board.hpp"

#include <cstdint>

namespace crack {

using proxystore::Bytes;
using proxystore::Future;
using proxystore::Proxy;

namespace {

template <class T>
std::vector<Proxy<T>> proxies_of(std::vector<Future<T>> const& futures) {
  std::vector<Proxy<T>> proxies;
  for (Future<T> const& future : futures) proxies.push_back(future.proxy());
  return proxies;
}

}  // namespace

int Layout::analyst(std::size_t frame) const {
  auto const analysts = static_cast<std::size_t>(ranks - simulation_ranks);
  return simulation_ranks + static_cast<int>(frame % analysts);
}

std::size_t Layout::block(std::size_t frame, int simulation_rank) const {
  return frame * static_cast<std::size_t>(simulation_ranks) + static_cast<std::size_t>(simulation_rank);
}

Futures make_futures(proxystore::Store& store, Layout const& layout) {
  Futures futures;
  futures.box = store.future<Box>({.producer = 0});
  futures.finished = store.future<bool>({.producer = 0});
  for (std::size_t frame = 0; frame < layout.frames; ++frame) {
    for (int rank = 0; rank < layout.simulation_ranks; ++rank)
      futures.blocks.push_back(store.future<Block>({.producer = rank}));
    futures.findings.push_back(store.future<Finding>({.producer = layout.analyst(frame)}));
  }
  for (int rank = 0; rank < layout.ranks; ++rank)
    futures.events.push_back(store.future<std::vector<Event>>({.producer = rank}));
  return futures;
}

Bytes broadcast(MPI_Comm comm, Bytes const& bytes) {
  std::uint64_t size = bytes.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, comm);
  std::vector<std::byte> copy(bytes.data(), bytes.data() + bytes.size());
  copy.resize(size);
  MPI_Bcast(copy.data(), static_cast<int>(size), MPI_BYTE, 0, comm);
  return Bytes::copy_of(copy);
}

Proxies proxies_of(Futures const& futures) {
  return {futures.box.proxy(), proxies_of(futures.blocks), proxies_of(futures.findings), proxies_of(futures.events),
          futures.finished.proxy()};
}

}  // namespace crack
