#include "outbox.hpp"

#include <algorithm>
#include <utility>

namespace proxystore::endpoint {
namespace {

constexpr std::size_t record = std::size_t{16} << 10U;  // of TLS
constexpr std::size_t batch = 4 * record;

bool is_reply(FrameHeader const& header) { return header.type == FrameType::reply; }

}  // namespace

void Outbox::add(FrameType type, std::uint8_t code, std::uint64_t stream, std::string payload, Bytes data) {
  FrameHeader const header{type, code, static_cast<std::uint32_t>(payload.size() + data.size()), stream};
  if (is_reply(header)) ++replies_;
  small_.push_back({header, std::move(payload), std::move(data)});
}

void Outbox::add_body(Side side, std::uint64_t stream, Bytes data) {
  if (side == Side::reply) ++replies_;
  bodies_.push_back({{FrameType::body, static_cast<std::uint8_t>(side), 0, stream}, std::move(data), 0});
}

void Outbox::drop(Side side, std::uint64_t stream) {
  auto const bodies = std::erase_if(bodies_, [&](Body const& body) {
    return body.header.stream == stream && body.header.code == static_cast<std::uint8_t>(side);
  });
  if (side == Side::request) return;
  auto const replies = std::erase_if(
      small_, [&](Small const& small) { return is_reply(small.header) && small.header.stream == stream; });
  replies_ -= bodies + replies;
}

bool Outbox::holds_request(std::uint64_t stream) const {
  auto const in_part = [&](auto const& item) {
    auto const& header = item.header;
    return header.stream == stream &&
           (header.type == FrameType::request || (header.type == FrameType::body && header.code == 0));
  };
  return std::ranges::any_of(small_, in_part) || std::ranges::any_of(bodies_, in_part);
}

bool Outbox::empty() const noexcept {
  return staged_done_ == staged_.size() && rest_.empty() && small_.empty() && bodies_.empty();
}

std::span<std::byte const> Outbox::next() {
  if (staged_done_ < staged_.size()) return std::span(staged_).subspan(staged_done_);
  if (!rest_.empty()) return rest_.span();
  replies_ -= std::exchange(replies_staged_, 0);
  staged_.clear();
  staged_done_ = 0;
  bool const small = !small_.empty() && (bodies_.empty() || !small_had_its_turn_);
  small_had_its_turn_ = small;
  small ? stage_small() : stage_body();
  return staged_;
}

void Outbox::sent(std::size_t count) {
  if (staged_done_ < staged_.size()) staged_done_ += count;
  else rest_ = rest_.slice(count);
  if (staged_done_ == staged_.size() && rest_.empty()) replies_ -= std::exchange(replies_staged_, 0);
}

void Outbox::stage(FrameHeader const& header) {
  std::array<std::byte, header_size> bytes;
  write_header(header, bytes);
  stage(bytes);
}

void Outbox::stage_small() {
  while (!small_.empty() && staged_.size() < batch) {
    auto const& small = small_.front();
    stage(small.header);
    stage(std::as_bytes(std::span(small.payload)));
    stage(small.data.span());
    if (is_reply(small.header)) ++replies_staged_;
    small_.pop_front();
  }
}

void Outbox::stage_body() {
  auto body = std::move(bodies_.front());
  bodies_.pop_front();
  auto const size = std::min(body.data.size() - body.done, body_limit);
  body.header.length = static_cast<std::uint32_t>(size);
  stage(body.header);
  auto const first = std::min(size, record - header_size);
  stage(body.data.span().subspan(body.done, first));
  rest_ = size == first ? Bytes() : body.data.slice(body.done + first, size - first);
  body.done += size;
  if (body.done < body.data.size()) bodies_.push_back(std::move(body));
  else if (body.header.code == static_cast<std::uint8_t>(Side::reply)) ++replies_staged_;
}

}  // namespace proxystore::endpoint
