#include <proxystore/c/proxystore_collective.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include <proxystore/mpi/detail/collective_core.hpp>

#include "broadcast.hpp"
#include "handle_bytes.hpp"
#include "handles.hpp"

namespace proxystore::c {
namespace {

/// Has the bytes of an mpi::CollectiveFuture.
struct Collective {
  Future<mpi::detail::Layout> future;
  mpi::detail::FileOptions file;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(future, file.directory, file.name);
  }
};

}  // namespace
}  // namespace proxystore::c

struct proxystore_collective {
  static constexpr unsigned long long word = 0x70732d636f6c6c65;
  static constexpr char const* what = "a collective array";
  proxystore::c::Mark mark{word};
  proxystore::c::Collective value;
};

namespace proxystore::c {
namespace {

Collective make(Store& store, proxystore_collective_options const* given, detail::Where where) {
  proxystore_collective_options const defaults = PROXYSTORE_COLLECTIVE_OPTIONS;
  auto const& options = given ? *given : defaults;
  auto file = mpi::detail::file_options(options.directory ? options.directory : "", &need(options.name, "a name"));
  return {store.future<mpi::detail::Layout>({.producer = producer_of(options.producer)}, where), std::move(file)};
}

mpi::Placement placement_of(proxystore_placement const* given, std::size_t rank) {
  auto const& where = need(given, "a placement");
  auto const shape = [rank](std::size_t const* extents, char const* what) {
    return Shape(&need(extents, what), extents + rank);
  };
  mpi::Placement placement{shape(where.global_shape, "a global shape"), shape(where.offset, "an offset")};
  if (where.interior_offset || where.interior_shape)
    placement.interior = mpi::Box{shape(where.interior_offset, "the offset of the interior"),
                                  shape(where.interior_shape, "the shape of the interior")};
  return placement;
}

/// The part of this rank; `object` outlives it, and is moved from where it is `taken`.
mpi::detail::Block block_of(Object& object, proxystore_placement const* where, bool* taken) {
  auto const view = object.view();
  auto const dtype = dtype_of(view.type);
  if (!dtype) throw InvalidArgument("a block is an array, not bytes or text");
  mpi::detail::Block block;
  block.dtype = *dtype;
  block.shape.assign(view.shape, view.shape + view.rank);
  block.data = {static_cast<std::byte const*>(view.data), view.size};
  block.where = placement_of(where, block.shape.size());
  block.encode = [&object, taken](Allocator& memory) {
    if (!taken) return Serializer<Object>::encode(std::as_const(object), memory);
    *taken = true;
    return Serializer<Object>::encode(std::move(object), memory);
  };
  return block;
}

/// Puts what `block` returns. What it throws is an error of all ranks, and so is an array that is none.
template <class MakeBlock>
void put(proxystore_collective const* array, MPI_Comm comm, MakeBlock const& make_block) {
  need_mpi(comm);
  Collective to;
  mpi::detail::Block block;
  try {
    to = open(array).value;
    block = make_block();
  } catch (...) {
    block.error = std::current_exception();
  }
  mpi::detail::put(comm, to.future, to.file, block);
}

void read(Collective const& from, Deadline deadline, int type, Shape offset, Shape shape, void* data) {
  auto const dtype = dtype_of(type);
  if (!dtype) throw InvalidArgument("a region is an array, not bytes or text");
  auto const size = npy::count(shape, dtype->size) * dtype->size;
  if (size > 0) need(static_cast<std::byte*>(data), "memory to read into");
  mpi::Box const box{std::move(offset), std::move(shape)};
  auto const& layout = mpi::detail::layout_of(from.future, *dtype, box, deadline);
  mpi::detail::read(from.future, layout, box, {static_cast<std::byte*>(data), size});
}

void write_shape(Shape const& shape, int* rank, std::size_t* out, int capacity) {
  if (capacity > 0 && static_cast<std::size_t>(capacity) < shape.size())
    throw InvalidArgument("the array has " + std::to_string(shape.size()) + " extents, there is room for " +
                          std::to_string(capacity));
  need(rank, "a place for the rank") = static_cast<int>(shape.size());
  if (capacity > 0) std::copy(shape.begin(), shape.end(), &need(out, "a place for the shape"));
}

/// What the ranks that have no block say.
class NoBlock final : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

}  // namespace
}  // namespace proxystore::c

using namespace proxystore::c;

extern "C" {

int proxystore_collective_new_at(proxystore_store* store, proxystore_collective_options const* options,
                                 char const* file, int line, proxystore_collective** out) {
  return call([&] {
    need(out, "a place for the handle");
    give(out, make(*open(store).store, options, {keep_name(file), line}));
  });
}

int proxystore_collective_copy(proxystore_collective const* array, proxystore_collective** out) {
  return call([&] { give(out, open(array).value); });
}

int proxystore_collective_free(proxystore_collective** array) { return release(array); }

int proxystore_collective_bcast(proxystore_collective** arrays, int count, int root, MPI_Comm comm) {
  return call([&] {
    broadcast_handles(
        arrays, count, root, comm, [](proxystore_collective & handle) -> auto& { return handle.value; });
  });
}

int proxystore_collective_put(proxystore_collective* array, MPI_Comm comm, int type, void const* block, int rank,
                              std::size_t const* shape, proxystore_placement const* where) {
  return call([&] {
    std::optional<Object> mine;
    put(array, comm, [&] { return block_of(mine.emplace(Object::borrow(type, block, rank, shape)), where, nullptr); });
  });
}

int proxystore_collective_put_array(proxystore_collective* array, MPI_Comm comm, proxystore_array* block,
                                    proxystore_placement const* where) {
  bool taken = false;
  int const code = call([&] {
    put(array, comm, [&] {
      auto& mine = open(block).object;
      if (!mine) throw proxystore::InvalidArgument("this array is empty (it was set or put already)");
      return block_of(*mine, where, &taken);
    });
  });
  if (taken) block->object.reset();
  return code;
}

int proxystore_collective_put_failure(proxystore_collective* array, MPI_Comm comm, char const* message) {
  return call([&] {
    try {
      put(array, comm, [&]() -> proxystore::mpi::detail::Block { throw NoBlock(&need(message, "a message")); });
    } catch (NoBlock const& said) {
      throw proxystore::RemoteError({"a rank without a block", said.what(), "this rank"});
    }
  });
}

int proxystore_collective_done(proxystore_collective* array, int* out) {
  return call([&] { need(out, "a place for the answer") = open(array).value.future.done() ? 1 : 0; });
}

int proxystore_collective_wait(proxystore_collective* array, double timeout) {
  return call([&] { open(array).value.future.wait(deadline_in(timeout)); });
}

int proxystore_collective_shape(proxystore_collective* array, double timeout, int* rank, std::size_t* shape,
                                int capacity) {
  return call([&] {
    auto const& layout = open(array).value.future.result(deadline_in(timeout));
    write_shape(layout.shape, rank, shape, capacity);
  });
}

int proxystore_collective_region(proxystore_collective* array, double timeout, int type, int rank,
                                 std::size_t const* offset, std::size_t const* shape, void* data) {
  return call([&] {
    auto const& from = open(array).value;
    read(from, deadline_in(timeout), type, shape_of(type, rank, offset), shape_of(type, rank, shape), data);
  });
}

int proxystore_collective_evict(proxystore_collective* array) {
  return call([&] { proxystore::mpi::detail::evict(open(array).value.future); });
}

int proxystore_collective_serialize(proxystore_collective const* array, void* buffer, std::size_t capacity,
                                    std::size_t* size) {
  return call([&] { write_bytes(open(array).value, buffer, capacity, size); });
}

int proxystore_collective_deserialize(void const* buffer, std::size_t size, proxystore_collective** out) {
  return call([&] { give(out, read_bytes<Collective>(buffer, size)); });
}

}  // extern "C"
