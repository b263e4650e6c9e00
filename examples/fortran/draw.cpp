// The other program of the job: draws the frames of heat.f90 as they appear, and looks whether the heat goes as it
// must.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numbers>
#include <string>
#include <vector>

#include "picture.hpp"

using namespace proxystore;
using Field = Array<double>;  // shape (ny, nx): the extents of Fortran in reverse

namespace {

/// The largest difference from the field at time t, which sin(pi x) sin(pi y) has become.
double error_of(Field const& field, double t) {
  using std::numbers::pi;
  auto const ny = field.shape()[0], nx = field.shape()[1];
  auto const wave = [](std::size_t i, std::size_t n) {
    return std::sin(pi * static_cast<double>(i) / static_cast<double>(n - 1));
  };
  double worst = 0;
  for (std::size_t j = 0; j < ny; ++j)
    for (std::size_t i = 0; i < nx; ++i)
      worst = std::max(worst, std::abs(field(j, i) - wave(i, nx) * wave(j, ny) * std::exp(-2 * pi * pi * t)));
  return worst;
}

bool draw(std::string const& folder) {
  auto store = Store::open("plate", mpi::connect(MPI_COMM_WORLD, "rma:?capacity=1MiB"));
  auto const fields = mpi::broadcast(MPI_COMM_WORLD, 0, std::vector<Future<Field>>());
  auto const times = mpi::broadcast(MPI_COMM_WORLD, 0, std::vector<Future<std::vector<double>>>()).at(0).proxy();
  bool right = true;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    Proxy<Field> const field = fields[f].proxy();  // waits at its first use below, a minute at most
    field.resolve(std::chrono::minutes(1));
    write_picture(folder + "/heat-" + std::to_string(f), *field);
    double const error = error_of(*field, times[f]);
    right = right && error < 1e-4;
    std::printf("frame %zu at t = %.4f: hottest %.4f, error %.1e\n", f, times[f],
                *std::max_element(field->begin(), field->end()), error);
    store.evict(field.key());
  }
  return right && !fields.empty();
}

}  // namespace

/// usage: heat_draw [FOLDER]
int main(int argc, char** argv) {
  mpi::Scope const mpi(argc, argv);
  try {
    return draw(argc > 1 ? argv[1] : ".") ? 0 : 1;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "heat_draw: %s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
}
