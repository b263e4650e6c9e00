#include "array_file.hpp"

#include <unistd.h>
#include <optional>
#include <utility>
#include <vector>

#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>
#include <proxystore/h5/attributes.hpp>
#include <proxystore/h5/dataset.hpp>
#include <proxystore/h5/file.hpp>
#include <proxystore/h5/image.hpp>
#include <proxystore/h5/types.hpp>

#include "box.hpp"

namespace proxystore::mpi::detail {
namespace {

using h5::h5_check;
using h5::Handle;
using Extents = std::vector<hsize_t>;

Handle type_of(Layout const& layout) {
  npy::Dtype const dtype{layout.kind, static_cast<std::size_t>(layout.element_size)};
  if (auto type = h5::type_of({dtype})) return *std::move(type);
  throw InvalidArgument("HDF5 has no type for elements of kind '" + std::string(1, dtype.kind) + "' with " +
                        std::to_string(dtype.size) + " bytes");
}

Handle creation() {
  Handle made(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate");
  h5_check(H5Pset_fill_time(made.get(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
  h5_check(H5Pset_alloc_time(made.get(), H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time");
  return made;
}

/// An array of `shape` of which `box` takes part.
Handle select(Shape const& shape, Box const& box) {
  Handle space = h5::space_of(shape);
  if (box.shape == shape) return space;  // a hyperslab would cost MPI-IO a derived type
  if (empty(box)) {
    h5_check(H5Sselect_none(space.get()), "H5Sselect_none");
    return space;
  }
  Extents const offset(box.offset.begin(), box.offset.end()), extent(box.shape.begin(), box.shape.end());
  h5_check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, offset.data(), nullptr, extent.data(), nullptr),
           "H5Sselect_hyperslab");
  return space;
}

h5::Image::Finished image_of(Layout const& layout, Maker const& maker) {
  constexpr std::size_t step = 4096;
  h5::Session const session;
  std::size_t const bytes = npy::count(layout.shape, layout.element_size) * layout.element_size;
  h5::Image image(step, bytes);
  Handle dataset(H5Dcreate2(image.file(), layout.dataset.c_str(), type_of(layout).get(),
                            h5::space_of(layout.shape).get(), H5P_DEFAULT, creation().get(), H5P_DEFAULT),
                 "H5Dcreate2");
  h5::write_text(dataset.get(), h5::identifier_name, wire::numpy);
  h5::write_provenance(dataset.get(), {maker.store, maker.key, maker.producer, std::nullopt});
  dataset.close();
  return image.finish();
}

void require(bool condition, char const* problem) {
  if (!condition) throw CorruptObject(problem);
}

/// The dataset is the one that was announced, and the file has all of it.
void require_announced(hid_t dataset, Layout const& layout, std::uint64_t file_size) {
  Handle const type(H5Dget_type(dataset), "H5Dget_type");
  require(h5_check(H5Tequal(type.get(), type_of(layout).get()), "H5Tequal") > 0, "its elements have another type");
  require(h5::shape_of(dataset) == layout.shape, "its dataset has another shape");
  Handle const made(H5Dget_create_plist(dataset), "H5Dget_create_plist");
  require(H5Pget_layout(made.get()) == H5D_CONTIGUOUS && H5Pget_external_count(made.get()) == 0,
          "its dataset has another layout");
  std::uint64_t const bytes = npy::count(layout.shape, layout.element_size) * layout.element_size;
  auto const offset = bytes == 0 ? 0 : h5::offset_of(dataset);
  require(offset <= file_size && bytes <= file_size - offset, "its data ends behind its end");
}

}  // namespace

bool has_array_files() noexcept { return true; }

void make_array_file(std::string const& path, Layout const& layout, Maker const& maker) {
  auto const image = image_of(layout, maker);
  auto file = h5::File::create(path);
  if (!file) throw ConnectorError("cannot create '" + path + "' (its directory is gone)");
  try {
    file->reserve(image.end);
    file->write(image.bytes.span(), 0);
    file->close();
  } catch (...) {
    unlink(path.c_str());
    throw;
  }
}

struct SharedArrayFile::Open {
  MPI_Comm comm;
  std::string path;
  std::optional<Handle> file = {}, dataset = {};
};

SharedArrayFile::SharedArrayFile(MPI_Comm comm, std::string path)
    : open_(std::make_unique<Open>(Open{comm, std::move(path)})) {
  if (!h5::File::open_to_write(open_->path))
    throw ConnectorError("'" + open_->path + "' is not there (on this host) give a directory that all ranks see");
}

SharedArrayFile::~SharedArrayFile() {
  h5::Session const session;
  open_.reset();
}

void SharedArrayFile::open(Layout const& layout) {
  h5::Session const session;
  Handle const access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
  h5_check(H5Pset_fapl_mpio(access.get(), open_->comm, MPI_INFO_NULL), "H5Pset_fapl_mpio");
  open_->file.emplace(H5Fopen(open_->path.c_str(), H5F_ACC_RDWR, access.get()), "H5Fopen");
  open_->dataset.emplace(H5Dopen2(open_->file->get(), layout.dataset.c_str(), H5P_DEFAULT), "H5Dopen2");
}

void SharedArrayFile::write(Block const& block, Piece const& piece) {
  h5::Session const session;
  hid_t const dataset = open_->dataset->get();
  auto const shape = h5::shape_of(dataset);
  if (npy::count(shape, 1) == 0) return;  // it has no place in the file, and all ranks see that
  Handle const transfer(H5Pcreate(H5P_DATASET_XFER), "H5Pcreate");
  h5_check(H5Pset_dxpl_mpio(transfer.get(), H5FD_MPIO_COLLECTIVE), "H5Pset_dxpl_mpio");
  Handle const memory = select(piece.block, {piece.inside, piece.box.shape});
  Handle const there = select(shape, piece.box);
  Handle const type(H5Dget_type(dataset), "H5Dget_type");
  h5_check(H5Dwrite(dataset, type.get(), memory.get(), there.get(), transfer.get(), block.data.data()), "H5Dwrite");
}

void SharedArrayFile::close() {
  h5::Session const session;
  open_->dataset->close();
  open_->file->close();
}

void read_array_file(Layout const& layout, Box const& box, std::span<std::byte> out) {
  auto const file = h5::File::open(layout.file);
  if (!file)
    throw ObjectNotFound("'" + layout.file +
                         "' is not there (it was evicted, or this host does not see the directory)");
  try {
    h5::Session const session;
    Handle const opened = h5::open_to_read(layout.file);
    Handle const dataset(H5Dopen2(opened.get(), layout.dataset.c_str(), H5P_DEFAULT), "H5Dopen2");
    require_announced(dataset.get(), layout, file->size());
    Handle const type(H5Dget_type(dataset.get()), "H5Dget_type");
    h5_check(H5Dread(dataset.get(), type.get(), h5::space_of(box.shape).get(), select(layout.shape, box).get(),
                     H5P_DEFAULT, out.data()),
             "H5Dread");
  } catch (Error const& error) {
    throw CorruptObject("'" + layout.file + "' cannot be read (" + error.what() +
                        "): it is damaged, or is not the file that was announced");
  }
}

}  // namespace proxystore::mpi::detail
