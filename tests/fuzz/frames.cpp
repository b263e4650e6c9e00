// What a peer may send: a stream of bytes cut into frames, however it comes, and each frame decoded.
#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "peer/frame.hpp"

namespace {

using namespace proxystore::endpoint;

class Sink final : public FrameReader::Sink {
 public:
  void frame(FrameHeader const& header, std::span<std::byte const> payload) override {
    FUZZ_REQUIRE(payload.size() == header.length && payload.size() <= payload_limit);
    note(header, payload);
    PayloadReader reader(payload);
    switch (header.type) {
      case FrameType::hello: check(decode_hello(payload), payload); break;
      case FrameType::request: decode_request(header.code, reader); break;
      case FrameType::reply: decode_reply(header.code, reader); break;
      default: break;
    }
  }

  proxystore::endpoint::Target body(FrameHeader const& header) override {
    FUZZ_REQUIRE(header.length <= body_limit);
    if (header.stream % 2 == 0) return {};  // dropped
    auto const memory = std::make_shared<std::vector<std::byte>>(header.length);
    return {*memory, memory};
  }
  void body_read(FrameHeader const& header) override { note(header, {}); }

  std::vector<std::byte> seen;

 private:
  static void check(Hello const& hello, std::span<std::byte const> payload) {
    auto const again = encode(hello);
    FUZZ_REQUIRE(std::ranges::equal(std::as_bytes(std::span(again)), payload));
  }
  void note(FrameHeader const& header, std::span<std::byte const> payload) {
    std::array<std::byte, header_size> bytes;
    write_header(header, bytes);
    seen.insert(seen.end(), bytes.begin(), bytes.end());
    seen.insert(seen.end(), payload.begin(), payload.end());
  }
};

/// The frames of a stream that comes in pieces of at most `piece` bytes, until one is wrong.
std::vector<std::byte> frames_of(std::span<std::byte const> stream, std::size_t piece) {
  FrameReader reader;
  Sink sink;
  try {
    while (!stream.empty()) {
      auto const room = reader.room();
      FUZZ_REQUIRE(!room.empty());
      auto const count = std::min({room.size(), stream.size(), piece});
      std::ranges::copy(stream.first(count), room.begin());
      stream = stream.subspan(count);
      reader.got(count, sink);
    }
  } catch (ProtocolError const&) {
  }
  return sink.seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const bytes = fuzz::input(data, size);
  FUZZ_REQUIRE(frames_of(bytes.span(), SIZE_MAX) == frames_of(bytes.span(), 1));
  return 0;
}
