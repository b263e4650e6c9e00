/// What endpoints and their relay agree on.
///
///     endpoint ── TLS: hello(uuid) ──▶ relay                     registered, for as long as the connection stands
///     A ── connect(B) ──▶ relay ── invite(ticket b, A) ──▶ B
///       ◀── ticket a ───┘
///     A ── magic, ticket a ──▶ relay ◀── magic, ticket b ── B    two new connections, without TLS of the relay's
///       ◀── 1 byte ──────────┴────────── 1 byte ──▶              both are there: from here on the relay passes bytes
///       on
///     A ◀═══════════ TLS between A and B ═══════════▶ B          of which it understands nothing
///
/// A ticket is random and good once, for a short time. Who steals one gets a connection to an endpoint, which then asks
/// who he is.
#pragma once

#include <cstddef>
#include <string_view>

namespace proxystore::endpoint {

/// No TLS record begins like this.
inline constexpr std::string_view meeting_magic = "PXSMEET1";
inline constexpr std::size_t ticket_size = 32;
inline constexpr unsigned char tls_record = 0x16;  // the first byte of a TLS handshake

}  // namespace proxystore::endpoint
