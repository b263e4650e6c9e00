/// @file
/// Arrays that many ranks make together and many others read in parts.
#pragma once

#include <mpi.h>

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <proxystore/array.hpp>
#include <proxystore/future.hpp>
#include <proxystore/mpi/box.hpp>
#include <proxystore/mpi/broadcast.hpp>
#include <proxystore/mpi/detail/collective_core.hpp>
#include <proxystore/store.hpp>

namespace proxystore::mpi {

/// Of mpi::collective_future() and mpi::collective_put().
struct CollectiveOptions {
  /// Where the elements lie. Empty: each block stays an object of the store, with mpi::rma in its producer's window. A
  /// directory that all ranks see: one HDF5 file in it, written through MPI-IO; the store then tells of the file.
  std::string directory = {};
  /// Of the dataset; the file is `<directory>/<name>-<uuid>.h5`.
  std::string name = "array";
  /// As FutureOptions::producer: a rank of the store that will take part in put().
  std::optional<int> producer = std::nullopt;
};

/// Stands for an array that many ranks make together: a small serializable value. Each region is moved by itself, and
/// with it no more than what meets it. Copies share the description of the array.
template <class T>
class RegionProxy {
 public:
  using value_type = T;

  /// Stands for nothing, until assigned or deserialized into.
  RegionProxy() = default;

  /// `shape` elements from `offset` on. Blocks until the producers have put the array, to the deadline. A view where the
  /// region lies in one piece in one block, in place if that is on this node; else a copy with one owner. Any rank at any
  /// time; regions may overlap and may be empty. Throws InvalidArgument for a region that is not within the array or another T, Timeout,
  /// RemoteError (a producer failed), BrokenFuture (it left), ObjectNotFound (evicted), CorruptObject.
  Array<T> region(Shape const& offset, Shape const& shape, Deadline deadline = {}) const {
    Box const box{offset, shape};
    auto const& layout = detail::layout_of(future_, Array<T>::dtype(), box, deadline);
    if (auto view = detail::view_of(future_, layout, box, alignof(T))) return Array<T>(shape, *std::move(view));
    Array<T> out(shape);
    detail::read(future_, layout, box, std::as_writable_bytes(out.span()));
    return out;
  }

  /// Of the whole array. Blocks and throws as region() does.
  Shape shape(Deadline deadline = {}) const { return future_.result(deadline).shape; }
  /// The HDF5 file in which it lies; empty if it lies in the store. Blocks and throws as region() does.
  std::string file(Deadline deadline = {}) const { return future_.result(deadline).file; }

  /// Takes the array out of its medium, the file too. Regions that were read stay. Not put yet: it never will be.
  void evict() const { detail::evict(future_); }

  Key const& key() const { return future_.key(); }
  bool valid() const noexcept { return future_.valid(); }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(future_);
  }

 private:
  template <class>
  friend class CollectiveFuture;
  explicit RegionProxy(Future<detail::Layout> future) noexcept : future_(std::move(future)) {}

  Future<detail::Layout> future_;
};

/// A promise of an array that the ranks of some communicator will put together, block by block: a small serializable
/// value, made by collective_future(). Consumers need not be among those ranks; all need the store open.
template <class T>
class CollectiveFuture {
  static_assert(std::is_trivially_copyable_v<T>, "an array's elements travel as bytes");

 public:
  using value_type = T;

  /// No future, until assigned or deserialized into.
  CollectiveFuture() = default;

  /// Collective over `comm`, any ranks that have the store open: each puts its block, and together the blocks are the
  /// whole array, each element once. A rank without a part puts an empty array. Returns when consumers can read.
  ///
  /// All ranks throw if one fails: its own error there, ConnectorError with its text and rank elsewhere. The future then
  /// has failed (RemoteError at the consumers) and nothing is left of the array. InvalidArgument: blocks that overlap, lie
  /// outside, leave gaps, or disagree on the array; AlreadySet: it was put before, and stays; StoreFull; BrokenFuture.
  /// An rvalue that lies in the store's memory (Store::allocate) is not copied, except into a file; one of which the ranks
  /// found that it is no part of the array (InvalidArgument, AlreadySet) is still the caller's.
  /// `comm` is used as it is, with its error handler, and not by other threads meanwhile.
  void put(MPI_Comm comm, Array<T> const& block, Placement const& where) const { put_block(comm, block, where); }
  void put(MPI_Comm comm, Array<T>&& block, Placement const& where) const { put_block(comm, std::move(block), where); }

  /// Takes the place of put() on a rank that has failed to make its block. Collective with the put() of the others, who
  /// throw ConnectorError; consumers get RemoteError with the type and text of `error`. Throws `error`.
  void put_exception(MPI_Comm comm, std::exception_ptr const& error) const {
    detail::Block none;
    none.error = error;
    detail::put(comm, future_, options_, none);
  }

  /// By one process alone: consumers get RemoteError. A put() that comes later throws AlreadySet.
  void set_exception(std::exception_ptr const& error) const { future_.set_exception(error); }

  /// Put, or failed.
  bool done() const { return future_.done(); }
  /// Throws Timeout, BrokenFuture, ObjectNotFound.
  void wait(Deadline deadline = {}) const { future_.wait(deadline); }
  RegionProxy<T> proxy() const { return RegionProxy<T>(future_); }

  Key const& key() const { return future_.key(); }
  bool valid() const noexcept { return future_.valid(); }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(future_, options_.directory, options_.name);
  }

 private:
  template <class U>
  friend CollectiveFuture<U> collective_future(Store&, CollectiveOptions, proxystore::detail::Where);
  CollectiveFuture(Future<detail::Layout> future, detail::FileOptions options) noexcept
      : future_(std::move(future)), options_(std::move(options)) {}

  template <class A>
  void put_block(MPI_Comm comm, A&& block, Placement const& where) const {
    detail::Block mine{Array<T>::dtype(), block.shape(), std::as_bytes(std::as_const(block).span()), where, {}, {}};
    mine.encode = [&block](Allocator& memory) { return Serializer<Array<T>>::encode(std::forward<A>(block), memory); };
    detail::put(comm, future_, options_, mine);
  }

  Future<detail::Layout> future_;
  detail::FileOptions options_;
};

/// Not collective: one rank makes it and tells the others (it is a value), before there is any data. Throws NotDeferrable,
/// ConfigError for a directory where this build has no parallel HDF5, InvalidArgument for a name that is no file's.
template <class T>
CollectiveFuture<T> collective_future(Store& store, CollectiveOptions options = {},
                                      proxystore::detail::Where where = proxystore::detail::Where::here()) {
  auto file = detail::file_options(std::move(options.directory), std::move(options.name));
  return {store.future<detail::Layout>({.producer = options.producer}, where), std::move(file)};
}

/// Future and put in one step, collective over `comm`: a proxy of the array, on every rank of it.
template <class T>
RegionProxy<T> collective_put(Store& store, MPI_Comm comm, Array<T> block, Placement const& where,
                              CollectiveOptions options = {},
                              proxystore::detail::Where made = proxystore::detail::Where::here()) {
  auto const make = [&] { return serialize(collective_future<T>(store, std::move(options), made)); };
  auto const future = deserialize<CollectiveFuture<T>>(broadcast_bytes(comm, 0, make));
  future.put(comm, std::move(block), where);
  return future.proxy();
}

}  // namespace proxystore::mpi
