#include <proxystore/h5/image.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

namespace proxystore::h5 {
namespace {

constexpr std::size_t metadata = 16 * 1024;  // room in front of the data for the rest, of which 1 KiB is common
constexpr std::size_t page = 4096;

/// What a superblock of version 3 says (HDF5 File Format Specification 3.0, II.A): 8 bytes, little-endian.
std::uint64_t end_of_file(Bytes const& file) {
  auto const field = file.slice(28, 8);
  std::uint64_t end = 0;
  for (std::size_t i = 8; i-- > 0;) end = end << 8U | std::to_integer<std::uint64_t>(field.span()[i]);
  return end;
}

}  // namespace

/// What HDF5 reads and writes in place of a file, and leaves to us when it closes it.
struct Image::Memory {
  void* data = nullptr;
  std::size_t size = 0;

  Memory() = default;
  Memory(Memory const&) = delete;
  Memory& operator=(Memory const&) = delete;
  ~Memory() { std::free(data); }

  void* grow(void* old, std::size_t wanted) {
    void* const grown = std::realloc(old, wanted);
    if (!grown) return nullptr;
    data = grown;
    size = wanted;
    return grown;
  }

  H5FD_file_image_callbacks_t callbacks() {
    return {.image_malloc = [](std::size_t wanted, H5FD_file_image_op_t,
                               void* self) { return static_cast<Memory*>(self)->grow(nullptr, wanted); },
            .image_memcpy = [](void* to, void const* from, std::size_t bytes, H5FD_file_image_op_t,
                               void*) { return std::memcpy(to, from, bytes); },
            .image_realloc = [](void* old, std::size_t wanted, H5FD_file_image_op_t,
                                void* self) { return static_cast<Memory*>(self)->grow(old, wanted); },
            .image_free = [](void*, H5FD_file_image_op_t, void*) -> herr_t { return 0; },
            .udata_copy = [](void* self) { return self; },
            .udata_free = [](void*) -> herr_t { return 0; },
            .udata = this};
  }

  /// The format of HDF5 1.10: all of its metadata has checksums, and every HDF5 since reads it.
  Handle open(std::size_t step, std::size_t data_size) {
    Handle const access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
    h5_check(H5Pset_fapl_core(access.get(), step, 0), "H5Pset_fapl_core");
    h5_check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110), "H5Pset_libver_bounds");
    h5_check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "H5Pset_fclose_degree");
    if (data_size > 0) h5_check(H5Pset_meta_block_size(access.get(), metadata), "H5Pset_meta_block_size");
    if (data_size > metadata) h5_check(H5Pset_alignment(access.get(), data_size, page), "H5Pset_alignment");
    auto into_us = callbacks();
    h5_check(H5Pset_file_image_callbacks(access.get(), &into_us), "H5Pset_file_image_callbacks");
    return {H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "H5Fcreate"};
  }
};

Image::Image(std::size_t step, std::size_t data_size)
    : memory_(std::make_shared<Memory>()), file_(memory_->open(step, data_size)) {}

Image::Finished Image::finish() {
  file_.close();
  Bytes const whole(std::span(static_cast<std::byte const*>(memory_->data), memory_->size), memory_);
  auto const end = end_of_file(whole);
  return {whole.slice(0, std::min(whole.size(), static_cast<std::size_t>(end))), end};
}

}  // namespace proxystore::h5
