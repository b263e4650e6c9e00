/// One object, one file: what a program does by hand in place of a store on a file system. Errors end the program.
#pragma once

#include <cstddef>
#include <string>

namespace raw {

enum class Sync { no, yes };

/// Whole or not at all: written under another name, then renamed.
void write_file(std::string const& path, void const* data, std::size_t size, Sync sync = Sync::no);
void read_file(std::string const& path, void* data, std::size_t size);
void remove_file(std::string const& path);

}  // namespace raw
