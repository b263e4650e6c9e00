#include "frame.hpp"

#include <algorithm>
#include <limits>

#include "peers.hpp"

namespace proxystore::endpoint {
namespace {

constexpr std::string_view magic = "PXSPEER1";

std::string text_of(std::span<std::byte const> bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

std::size_t limit_of(FrameType type) {
  switch (type) {
    case FrameType::body: return body_limit;
    case FrameType::request:
    case FrameType::reply: return payload_limit;
    case FrameType::accept:
    case FrameType::cancel:
    case FrameType::ping:
    case FrameType::pong:
    case FrameType::registered: return 0;
    default: return 2 * text_limit;
  }
}

/// Small data is here in full, large data not at all.
void check_inline(std::uint64_t size, PayloadReader const& payload) {
  if (payload.rest().size() != (size <= inline_limit ? size : 0))
    throw ProtocolError("data of another length than announced");
}

}  // namespace

void write_header(FrameHeader const& header, std::span<std::byte, header_size> target) {
  PayloadWriter writer;
  writer.integer(static_cast<std::uint8_t>(header.type)).integer(header.code).integer(std::uint16_t{0});
  auto const text = writer.integer(header.length).integer(header.stream).take();
  std::ranges::copy(std::as_bytes(std::span(text)), target.begin());
}

FrameHeader read_header(std::span<std::byte const, header_size> source) {
  PayloadReader reader(source);
  auto const type = reader.integer<std::uint8_t>();
  FrameHeader header{.type = static_cast<FrameType>(type), .code = reader.integer<std::uint8_t>()};
  auto const zero = reader.integer<std::uint16_t>();
  header.length = reader.integer<std::uint32_t>();
  header.stream = reader.integer<std::uint64_t>();
  if (type == 0 || type > last_frame_type || zero != 0)
    throw ProtocolError("not a frame (type " + std::to_string(type) + ")");
  if (header.length > limit_of(header.type))
    throw ProtocolError("a frame of type " + std::to_string(type) + " with " + std::to_string(header.length) +
                        " bytes");
  return header;
}

std::span<std::byte const> PayloadReader::raw(std::size_t size) {
  if (size > rest_.size()) throw ProtocolError("a frame that ends early");
  auto const bytes = rest_.first(size);
  rest_ = rest_.subspan(size);
  return bytes;
}

std::string PayloadReader::text(std::size_t longest) {
  auto const size = integer<std::uint16_t>();
  if (size > longest) throw ProtocolError("a text of " + std::to_string(size) + " bytes");
  return text_of(raw(size));
}

void PayloadReader::end() const {
  if (!rest_.empty()) throw ProtocolError("a frame that is too long");
}

std::string encode(Hello const& hello) {
  PayloadWriter writer;
  writer.raw(magic).integer(hello.life).integer(hello.requests);
  return writer.text(hello.from).text(hello.to).take();
}

Hello decode_hello(std::span<std::byte const> payload) {
  PayloadReader reader(payload);
  if (text_of(reader.raw(magic.size())) != magic) throw ProtocolError("another protocol, or another version of it");
  Hello hello;
  hello.life = reader.integer<std::uint64_t>();
  hello.requests = reader.integer<std::uint32_t>();
  hello.from = reader.text(text_limit);
  hello.to = reader.text(text_limit);
  reader.end();
  return hello;
}

std::string encode(RequestHead const& head) {
  PayloadWriter writer;
  return writer.integer(head.size).integer(head.timeout).text(head.key).take();
}

RequestHead decode_request(std::uint8_t code, PayloadReader& payload) {
  if (code < static_cast<std::uint8_t>(Op::exists) || code > static_cast<std::uint8_t>(Op::wait))
    throw ProtocolError("an unknown request (" + std::to_string(code) + ")");
  RequestHead head;
  head.size = payload.integer<std::uint64_t>();
  head.timeout = payload.integer<std::uint32_t>();
  head.key = payload.text(longest_key);
  if (head.size != 0 && code != static_cast<std::uint8_t>(Op::set)) throw ProtocolError("data with a request for some");
  check_inline(head.size, payload);
  return head;
}

std::string encode(ReplyHead const& head) {
  PayloadWriter writer;
  return writer.integer(head.size).text(std::string_view(head.text).substr(0, text_limit)).take();
}

ReplyHead decode_reply(std::uint8_t code, PayloadReader& payload) {
  if (code > static_cast<std::uint8_t>(Reply::Status::error))
    throw ProtocolError("an unknown reply (" + std::to_string(code) + ")");
  ReplyHead head;
  head.size = payload.integer<std::uint64_t>();
  head.text = payload.text(text_limit);
  check_inline(head.size, payload);
  return head;
}

std::span<std::byte> FrameReader::room() {
  if (!in_payload_) return std::span(head_).subspan(done_);
  if (!target_.memory.empty()) return target_.memory.subspan(done_);
  return std::span(payload_).subspan(done_);
}

void FrameReader::got(std::size_t count, Sink& sink) {
  done_ += count;
  if (!in_payload_ && done_ == header_size) begin(sink);
  if (in_payload_ && done_ == header_.length) finish(sink);
}

void FrameReader::begin(Sink& sink) {
  header_ = read_header(head_);
  done_ = 0;
  in_payload_ = true;
  if (header_.type == FrameType::body) target_ = sink.body(header_);
  if (target_.memory.empty()) payload_.resize(header_.length);
}

void FrameReader::finish(Sink& sink) {
  done_ = 0;
  in_payload_ = false;
  auto const header = header_;
  if (header.type == FrameType::body) {
    target_ = {};
    sink.body_read(header);
  } else {
    sink.frame(header, std::span(payload_).first(header.length));
  }
}

}  // namespace proxystore::endpoint
