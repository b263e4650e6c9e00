/// The one place where errors of the file system become exceptions.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include <proxystore/detail/descriptor.hpp>

namespace proxystore::file {

using detail::Descriptor;
using detail::is_absence;
using detail::uninterrupted;

/// What was tried, for the text of an error. Views: made for each call, read if it fails.
struct Attempt {
  std::string_view verb;  ///< "write"
  std::string_view directory;
  std::string_view name = {};  ///< empty: the directory itself
};

[[noreturn]] void throw_error(int error, Attempt const& attempt);

/// `result`, or what errno says as an exception if it is -1.
template <class Result>
Result file_check(Result result, Attempt const& attempt) {
  if (result == -1) throw_error(errno, attempt);
  return result;
}

}  // namespace proxystore::file
