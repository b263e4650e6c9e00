#include "address.hpp"

#include <algorithm>

#include <proxystore/error.hpp>

namespace proxystore::endpoint {

Address parse_address(std::string const& text) {
  auto const colon = text.rfind(':');
  auto const bad = [&] { return ConfigError("'" + text + "' is no address (it has to be host:port, or [v6]:port)"); };
  if (colon == text.npos || colon == 0 || colon + 1 == text.size()) throw bad();
  Address address{text.substr(0, colon), text.substr(colon + 1)};
  bool const bracketed = address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  bool const digits = std::ranges::all_of(address.port, [](char c) { return c >= '0' && c <= '9'; });
  if (address.host.empty() || (!bracketed && address.host.find(':') != text.npos) || !digits ||
      address.port.size() > 5 || std::stoul(address.port) > 65535)
    throw bad();
  return address;
}

boost::asio::ip::tcp::acceptor listen_at(Strand const& strand, std::string const& address) {
  using boost::asio::ip::tcp;
  auto const [host, port] = parse_address(address);
  try {
    tcp::endpoint const end = *tcp::resolver(strand).resolve(host, port, tcp::resolver::passive).begin();
    return {strand, end, true};
  } catch (boost::system::system_error const& error) {
    throw ConnectorError("cannot listen at " + address + " (" + error.code().message() + ")");
  }
}

bool is_uuid(std::string_view text) noexcept {
  bool good = text.size() == 36;
  for (std::size_t i = 0; good && i < text.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    good = dash ? text[i] == '-' : (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
  }
  return good;
}

std::string lower_case(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string canonical_uuid(std::string text) {
  text = lower_case(std::move(text));
  if (!is_uuid(text)) throw ConfigError("'" + text + "' is no UUID");
  return text;
}

}  // namespace proxystore::endpoint
