/// What stands in a link's TLS stream: frames, each a header of 16 bytes and a payload. Integers are little-endian.
///
///     type 1 | code 1 | zero 2 | length of the payload 4 | stream 8
///
/// A stream is one request and its reply, numbered by the asker. Data of at most `inline_limit` bytes stands in the
/// request or reply itself; more of it follows in body frames once the other side has said `accept`, which it does when
/// it has the memory. Bodies of several streams take turns, frame by frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls.hpp"

namespace proxystore::endpoint {

enum class FrameType : std::uint8_t {
  hello = 1,  ///< first, from both: who it is
  request,    ///< code: Op
  reply,      ///< code: Reply::Status
  body,       ///< code: Side
  accept,     ///< code: Side; send the body
  cancel,     ///< nobody waits for the reply
  ping,
  pong,
  goodbye,  ///< no more requests over this link; before it is up, a text says why it will not be
  // between an endpoint and its relay:
  registered,   ///< after hello
  connect,      ///< endpoint: to the peer named
  ticket,       ///< relay: for a connection to that peer
  unreachable,  ///< relay: why there is none
  invite,       ///< relay: a ticket, and who wants to talk
};
inline constexpr std::uint8_t last_frame_type = static_cast<std::uint8_t>(FrameType::invite);

enum class Side : std::uint8_t { request, reply };  ///< which data of a stream

struct FrameHeader {
  FrameType type{};
  std::uint8_t code = 0;
  std::uint32_t length = 0;
  std::uint64_t stream = 0;
};

inline constexpr std::size_t header_size = 16;
inline constexpr std::size_t inline_limit = std::size_t{64} << 10U;
inline constexpr std::size_t body_limit = (std::size_t{128} << 10U) - header_size;  ///< of a frame: whole TLS records
inline constexpr std::size_t payload_limit = inline_limit + (std::size_t{8} << 10U);
inline constexpr std::size_t text_limit = 1024;

/// What came is no frame that it may be: the link is closed.
class ProtocolError : public Refused {
 public:
  using Refused::Refused;
};

void write_header(FrameHeader const& header, std::span<std::byte, header_size> target);
/// Throws ProtocolError.
FrameHeader read_header(std::span<std::byte const, header_size> source);

/// Appends integers and texts to a payload.
class PayloadWriter {
 public:
  template <class Unsigned>
  PayloadWriter& integer(Unsigned value) {
    for (std::size_t i = 0; i < sizeof value; ++i) text_ += static_cast<char>(value >> (8 * i) & 0xffU);
    return *this;
  }
  PayloadWriter& raw(std::string_view text) { return text_ += text, *this; }
  /// Length (2 bytes) and text.
  PayloadWriter& text(std::string_view text) { return integer(static_cast<std::uint16_t>(text.size())).raw(text); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// Reads them back. All throw ProtocolError beyond the end.
class PayloadReader {
 public:
  explicit PayloadReader(std::span<std::byte const> payload) noexcept : rest_(payload) {}
  template <class Unsigned>
  Unsigned integer() {
    Unsigned value = 0;
    auto const bytes = raw(sizeof value);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value = static_cast<Unsigned>(value | static_cast<Unsigned>(bytes[i]) << (8 * i));
    return value;
  }
  std::span<std::byte const> raw(std::size_t size);
  std::string text(std::size_t longest);
  std::span<std::byte const> rest() const noexcept { return rest_; }
  void end() const;

 private:
  std::span<std::byte const> rest_;
};

struct Hello {
  std::string from, to;        ///< names
  std::uint64_t life = 0;      ///< random: another one is another process
  std::uint32_t requests = 0;  ///< at a time
};
std::string encode(Hello const& hello);
Hello decode_hello(std::span<std::byte const> payload);

/// The head of a request: its data, inline, is what is left of the payload.
struct RequestHead {
  std::uint64_t size = 0;     ///< of the data
  std::uint32_t timeout = 0;  ///< milliseconds; `never`
  std::string key;
};
inline constexpr std::uint32_t never = 0xffffffff;
std::string encode(RequestHead const& head);
RequestHead decode_request(std::uint8_t code, PayloadReader& payload);

struct ReplyHead {
  std::uint64_t size = 0;
  std::string text;
};
std::string encode(ReplyHead const& head);
ReplyHead decode_reply(std::uint8_t code, PayloadReader& payload);

/// Where a body goes. `owner` keeps the memory while it is written.
struct Target {
  std::span<std::byte> memory;  ///< as long as the frame; empty: the frame is dropped
  std::shared_ptr<void> owner;
};

/// Cuts a stream of bytes into frames; body frames are read straight into their memory.
class FrameReader {
 public:
  class Sink {
   public:
    /// Of every other type. May throw.
    virtual void frame(FrameHeader const& header, std::span<std::byte const> payload) = 0;
    /// Called once before the payload of each body frame, and once after it.
    virtual Target body(FrameHeader const& header) = 0;
    virtual void body_read(FrameHeader const& header) = 0;

   protected:
    ~Sink() = default;
  };

  /// Where the next bytes belong; never empty.
  std::span<std::byte> room();
  /// That many bytes are there. Throws ProtocolError, and what the sink throws.
  void got(std::size_t count, Sink& sink);

 private:
  void begin(Sink& sink);
  void finish(Sink& sink);

  std::array<std::byte, header_size> head_{};
  FrameHeader header_;
  std::size_t done_ = 0;  // bytes of the header, then of the payload
  bool in_payload_ = false;
  Target target_;                   // of a body
  std::vector<std::byte> payload_;  // of others, and of what is dropped
};

}  // namespace proxystore::endpoint
