#include "collective.hpp"

#include <algorithm>
#include <utility>

#include <hdf5.h>

namespace raw {
namespace {

Box meet(Box const& a, Box const& b) {
  Box both{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    both.offset[axis] = std::max(a.offset[axis], b.offset[axis]);
    auto const end = std::min(a.offset[axis] + a.shape[axis], b.offset[axis] + b.shape[axis]);
    both.shape[axis] = end > both.offset[axis] ? end - both.offset[axis] : 0;
  }
  return both;
}

/// Calls `row` with the place of each row of `part` in the array of `whole`, and its length.
template <class Row>
void for_each_row(Box const& whole, Box const& part, Row const& row) {
  for (std::size_t i = 0; i < part.shape[0]; ++i)
    for (std::size_t j = 0; j < part.shape[1]; ++j)
      row(((part.offset[0] - whole.offset[0] + i) * whole.shape[1] + part.offset[1] - whole.offset[1] + j) *
                  whole.shape[2] +
              part.offset[2] - whole.offset[2],
          part.shape[2]);
}

std::vector<int> begins_of(std::vector<int> const& counts) {
  std::vector<int> begins{0};
  for (int const count : counts) begins.push_back(begins.back() + count);
  return begins;
}

}  // namespace

void write_collectively(MPI_Comm comm, std::string const& path, std::array<std::size_t, 3> const& shape,
                        Box const& mine, double const* block) {
  auto const extents = [](std::array<std::size_t, 3> const& of) { return std::vector<hsize_t>(of.begin(), of.end()); };
  hid_t const access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_mpio(access, comm, MPI_INFO_NULL);
  hid_t const file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access);
  hid_t const space = H5Screate_simple(3, extents(shape).data(), nullptr);
  hid_t const set = H5Dcreate2(file, "array", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, extents(mine.offset).data(), nullptr, extents(mine.shape).data(), nullptr);
  hid_t const memory = H5Screate_simple(3, extents(mine.shape).data(), nullptr);
  hid_t const transfer = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, transfer, block);
  H5Pclose(transfer);
  H5Sclose(memory);
  H5Dclose(set);
  H5Sclose(space);
  H5Fclose(file);
  H5Pclose(access);
}

Redistribution::Redistribution(MPI_Comm comm, std::vector<Box> from, std::vector<Box> to)
    : comm_(comm), mine_{}, wanted_{} {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  mine_ = from[static_cast<std::size_t>(rank)];
  wanted_ = to[static_cast<std::size_t>(rank)];
  for (std::size_t other = 0; other < from.size(); ++other) {
    sent_.push_back(meet(mine_, to[other]));
    received_.push_back(meet(from[other], wanted_));
    send_counts_.push_back(static_cast<int>(sent_.back().volume()));
    receive_counts_.push_back(static_cast<int>(received_.back().volume()));
  }
  send_begins_ = begins_of(send_counts_);
  receive_begins_ = begins_of(receive_counts_);
  packed_.resize(mine_.volume());
  arrived_.resize(wanted_.volume());
}

void Redistribution::run(double const* block, double* region) {
  auto* out = packed_.data();
  for (auto const& part : sent_)
    for_each_row(mine_, part, [&](std::size_t at, std::size_t length) { out = std::copy_n(block + at, length, out); });
  MPI_Alltoallv(packed_.data(), send_counts_.data(), send_begins_.data(), MPI_DOUBLE, arrived_.data(),
                receive_counts_.data(), receive_begins_.data(), MPI_DOUBLE, comm_);
  auto const* in = arrived_.data();
  for (auto const& part : received_)
    for_each_row(wanted_, part, [&](std::size_t at, std::size_t length) {
      std::copy_n(in, length, region + at);
      in += length;
    });
}

}  // namespace raw
