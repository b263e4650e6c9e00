#include "type.hpp"

#include <algorithm>
#include <array>

#include <proxystore/error.hpp>

namespace proxystore::c {
namespace {

constexpr int max_rank = 64;  // as NumPy 2

struct Row {
  int type;
  npy::Dtype dtype;
  char const* name;
};

constexpr std::array<Row, 13> arrays{{
    {PROXYSTORE_BOOL, {'b', 1}, "BOOL"},
    {PROXYSTORE_INT8, {'i', 1}, "INT8"},
    {PROXYSTORE_INT16, {'i', 2}, "INT16"},
    {PROXYSTORE_INT32, {'i', 4}, "INT32"},
    {PROXYSTORE_INT64, {'i', 8}, "INT64"},
    {PROXYSTORE_UINT8, {'u', 1}, "UINT8"},
    {PROXYSTORE_UINT16, {'u', 2}, "UINT16"},
    {PROXYSTORE_UINT32, {'u', 4}, "UINT32"},
    {PROXYSTORE_UINT64, {'u', 8}, "UINT64"},
    {PROXYSTORE_FLOAT32, {'f', 4}, "FLOAT32"},
    {PROXYSTORE_FLOAT64, {'f', 8}, "FLOAT64"},
    {PROXYSTORE_COMPLEX64, {'c', 8}, "COMPLEX64"},
    {PROXYSTORE_COMPLEX128, {'c', 16}, "COMPLEX128"},
}};

Row const* find(int type) {
  auto const found = std::find_if(arrays.begin(), arrays.end(), [&](Row const& row) { return row.type == type; });
  return found == arrays.end() ? nullptr : &*found;
}

}  // namespace

std::optional<npy::Dtype> dtype_of(int type) {
  auto const* row = find(type);
  return row ? std::optional(row->dtype) : std::nullopt;
}

std::optional<int> type_of(npy::Dtype dtype) {
  auto const found = std::find_if(arrays.begin(), arrays.end(), [&](Row const& row) { return row.dtype == dtype; });
  return found == arrays.end() ? std::nullopt : std::optional(found->type);
}

Shape shape_of(int type, int rank, std::size_t const* extents) {
  bool const array = find(type) != nullptr;
  if (!array && type != PROXYSTORE_BYTES && type != PROXYSTORE_TEXT)
    throw InvalidArgument("type " + std::to_string(type) + " is none of enum proxystore_type");
  if (rank < 0 || rank > max_rank)
    throw InvalidArgument("an array of rank " + std::to_string(rank) + " cannot be stored (0 to 64)");
  if (!array && rank != 1)
    throw InvalidArgument(std::string(proxystore_type_name(type)) + " of rank " + std::to_string(rank) +
                          " cannot be stored (it has one extent)");
  if (rank > 0 && !extents) throw InvalidArgument("a shape is needed, this pointer is NULL");
  return rank == 0 ? Shape() : Shape(extents, extents + rank);
}

}  // namespace proxystore::c

extern "C" {

std::size_t proxystore_type_size(int type) {
  if (type == PROXYSTORE_BYTES || type == PROXYSTORE_TEXT) return 1;
  auto const* row = proxystore::c::find(type);
  return row ? row->dtype.size : 0;
}

char const* proxystore_type_name(int type) {
  if (type == PROXYSTORE_BYTES) return "BYTES";
  if (type == PROXYSTORE_TEXT) return "TEXT";
  auto const* row = proxystore::c::find(type);
  return row ? row->name : "?";
}

}  // extern "C"
