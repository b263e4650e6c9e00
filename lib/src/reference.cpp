#include <proxystore/detail/reference.hpp>

#include <string_view>

namespace proxystore::detail {

std::string Where::to_string() const {
  if (text_) return *text_;
  if (!file_) return {};
  std::string_view const file(file_);
  auto const slash = file.rfind('/');
  return std::string(slash == std::string_view::npos ? file : file.substr(slash + 1)) + ':' + std::to_string(line_);
}

}  // namespace proxystore::detail
