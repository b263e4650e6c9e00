#pragma once

#include <string>

#include <proxystore/array.hpp>

/// Values of 0 to 1, from black over red to white. `path` without its ending. Throws std::runtime_error.
void write_picture(std::string const& path, proxystore::Array<double> const& field);
