#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "wire.hpp"

namespace proxystore::endpoint {

struct Address {
  std::string host, port;
};

/// Of "host:port" or "[v6 address]:port". Throws ConfigError.
Address parse_address(std::string const& text);

/// Listens at an address. Throws ConfigError or ConnectorError.
boost::asio::ip::tcp::acceptor listen_at(Strand const& strand, std::string const& address);

/// 36 characters, in lower case.
bool is_uuid(std::string_view text) noexcept;
std::string lower_case(std::string text);

/// The canonical text of a UUID: 36 characters, lower case. Throws ConfigError.
std::string canonical_uuid(std::string text);

}  // namespace proxystore::endpoint
