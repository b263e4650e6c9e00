#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <proxystore/buffer.hpp>

#include "frame.hpp"

namespace proxystore::endpoint {

/// What a link has to send, in the order in which it goes: small frames first in, first out; between two batches of
/// them one frame of a body, the bodies taking turns. Data is not copied but for the first record of each frame.
class Outbox {
 public:
  /// `payload`, then `data` as part of it.
  void add(FrameType type, std::uint8_t code, std::uint64_t stream, std::string payload = {}, Bytes data = {});
  void add_body(Side side, std::uint64_t stream, Bytes data);
  /// Forgets what has not begun to go of a stream's data on that side, and its reply.
  void drop(Side side, std::uint64_t stream);
  /// Some of a request or its data has not begun to go: the other side cannot act on it.
  bool holds_request(std::uint64_t stream) const;

  bool empty() const noexcept;
  /// What goes next. REQUIRES: !empty()
  std::span<std::byte const> next();
  void sent(std::size_t count);
  std::size_t waiting() const noexcept { return small_.size(); }
  /// Replies that are not sent yet, in whole or in part.
  std::size_t replies() const noexcept { return replies_; }

 private:
  struct Small {
    FrameHeader header;
    std::string payload;
    Bytes data;
  };
  struct Body {
    FrameHeader header;
    Bytes data;
    std::size_t done;
  };

  void stage_small();
  void stage_body();
  void stage(std::span<std::byte const> bytes) { staged_.insert(staged_.end(), bytes.begin(), bytes.end()); }
  void stage(FrameHeader const& header);

  std::deque<Small> small_;
  std::deque<Body> bodies_;
  bool small_had_its_turn_ = false;
  std::size_t replies_ = 0, replies_staged_ = 0;
  std::vector<std::byte> staged_;  // what goes now: this,
  std::size_t staged_done_ = 0;
  Bytes rest_;  // and then this
};

}  // namespace proxystore::endpoint
