#include "link.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <boost/asio/dispatch.hpp>

namespace proxystore::endpoint {
namespace {

constexpr std::uint8_t code_of(Side side) { return static_cast<std::uint8_t>(side); }

Side side_of(FrameHeader const& header) {
  if (header.code > code_of(Side::reply)) throw ProtocolError("data of neither request nor reply");
  return static_cast<Side>(header.code);
}

std::uint32_t timeout_of(Deadline deadline) {
  if (deadline.is_never()) return never;
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline.remaining()).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(left, never - 1));
}

Deadline deadline_of(std::uint32_t timeout) {
  return timeout == never ? Deadline::never() : Deadline(std::chrono::milliseconds(timeout));
}

}  // namespace

Link::Link(Strand const& strand, boost::asio::ip::tcp::socket socket, Tls::End end, Setup setup)
    : Wire(strand, std::move(socket), std::move(end), setup.patience),
      owner_(setup.owner),
      budget_(std::move(setup.budget)),
      peer_(std::move(setup.peer)),
      dialler_(setup.dialler),
      path_(setup.path) {}

// ---- coming up

void Link::secured() {
  if (!dialler_) return;
  channel().require(peer_);
  auto hello = owner_.hello();
  hello.to = peer_;
  send(FrameType::hello, 0, 0, encode(hello));
}

void Link::greet(FrameHeader const& header, std::span<std::byte const> payload) {
  if (header.type == FrameType::goodbye)
    throw Refused("it refused: " + std::string(reinterpret_cast<char const*>(payload.data()), payload.size()));
  if (header.type != FrameType::hello) throw ProtocolError("no hello");
  try {
    believe(decode_hello(payload));
  } catch (Refused const& refused) {
    refuse(refused.what());
    return;
  }
  up_ = true;
  ready();
  owner_.link_up(std::static_pointer_cast<Link>(shared_from_this()));
}

void Link::believe(Hello const& hello) {
  if (hello.to != owner_.own_uuid()) throw Refused("it looks for another endpoint, " + hello.to);
  if (dialler_ && hello.from != peer_) throw Refused("it is another endpoint, " + hello.from);
  owner_.admit(hello.from, channel().require(hello.from));
  peer_ = hello.from;
  life_ = hello.life;
  room_ = hello.requests;
  if (dialler_) return;
  auto own = owner_.hello();
  own.to = peer_;
  send(FrameType::hello, 0, 0, encode(own));
}

void Link::message(FrameHeader const& header, std::span<std::byte const> payload) {
  if (!up_) return greet(header, payload);
  switch (header.type) {
    case FrameType::request: return requested(header, payload);
    case FrameType::reply: return replied(header, payload);
    case FrameType::accept: return accepted(header);
    case FrameType::cancel: return cancelled(header.stream);
    case FrameType::goodbye: return heard_goodbye();
    default: throw ProtocolError("a frame at the wrong time");
  }
}

// ---- own requests

void Link::ask(AskedPtr const& asked) {
  auto const stream = ++last_stream_;
  asked->link = std::static_pointer_cast<Link>(shared_from_this());
  asked->stream = stream;
  ++asked->times;
  auto const& request = asked->request;
  bool const in_line = request.data.size() <= inline_limit;
  asks_.emplace(stream, Ask{asked});
  send(FrameType::request, static_cast<std::uint8_t>(request.op), stream,
       encode(RequestHead{request.data.size(), timeout_of(request.deadline), request.key}),
       in_line ? request.data : Bytes());
}

void Link::forget(Asked& asked) {
  auto const alive = std::exchange(asked.link, nullptr);
  if (asks_.erase(asked.stream) == 0 || closed()) return;
  outbox().drop(Side::request, asked.stream);
  send(FrameType::cancel, 0, asked.stream);
  owner_.link_free(*this);
}

std::vector<AskedPtr> Link::take_waits() {
  std::vector<AskedPtr> waits;
  for (auto const& [stream, ask] : asks_)
    if (ask.asked->request.op == Op::wait) waits.push_back(ask.asked);
  for (auto const& asked : waits) forget(*asked);
  return waits;
}

void Link::replied(FrameHeader const& header, std::span<std::byte const> payload) {
  PayloadReader reader(payload);
  auto head = decode_reply(header.code, reader);
  auto const found = asks_.find(header.stream);
  if (found == asks_.end()) return;  // forgotten, which the peer has been told
  Reply reply{.status = static_cast<Reply::Status>(header.code), .text = std::move(head.text)};
  if (head.size <= inline_limit) {
    reply.data = Bytes::copy_of(reader.rest());
    return complete(header.stream, std::move(reply));
  }
  if (found->second.data.size != 0) throw ProtocolError("two replies to one request");
  if (head.size > owner_.object_limit()) {
    send(FrameType::cancel, 0, header.stream);
    return complete(header.stream, {.status = Reply::Status::too_large, .text = too_large()});
  }
  found->second.reply = std::move(reply);
  found->second.data.size = head.size;
  await_memory(Side::reply, header.stream, head.size);
}

void Link::complete(std::uint64_t stream, Reply reply) {
  auto const found = asks_.find(stream);
  auto const asked = std::move(found->second.asked);
  asks_.erase(found);
  outbox().drop(Side::request, stream);  // the peer may refuse data half-way
  auto const alive = std::exchange(asked->link, nullptr);
  owner_.complete(asked, std::move(reply));
  owner_.link_free(*this);
  leave_if_done();
}

// ---- the peer's requests

void Link::requested(FrameHeader const& header, std::span<std::byte const> payload) {
  PayloadReader reader(payload);
  auto head = decode_request(header.code, reader);
  // One is counted twice at most: its reply may wait to be sent while its data waits to be accepted.
  if (serving_.size() + offers_.size() + outbox().replies() > 2 * owner_.request_limit())
    throw ProtocolError("more requests than it may");
  if (serving_.contains(header.stream) || offers_.contains(header.stream))
    throw ProtocolError("a request under the number of another");
  if (head.size > owner_.object_limit())
    return send_reply(header.stream, {.status = Reply::Status::too_large, .text = too_large()});
  auto& serving = serving_[header.stream];
  serving.request = {
      .op = static_cast<Op>(header.code), .key = std::move(head.key), .deadline = deadline_of(head.timeout)};
  if (head.size > inline_limit) {
    serving.data.size = head.size;
    return await_memory(Side::request, header.stream, head.size);
  }
  serving.request.data = Bytes::copy_of(reader.rest());
  serve(header.stream);
}

void Link::serve(std::uint64_t stream) {
  auto& serving = serving_.at(stream);
  auto request = std::move(serving.request);
  auto const state = std::make_shared<Answer::State>(
      [link = std::weak_ptr<Wire>(weak_from_this()), strand = strand(), stream](Reply reply) {
        boost::asio::dispatch(strand, [link, stream, reply = std::move(reply)]() mutable {
          if (auto const self = std::static_pointer_cast<Link>(link.lock())) self->answer(stream, std::move(reply));
        });
      });
  serving.state = state;
  owner_.serve(peer_, std::move(request), Answer(state));
}

void Link::answer(std::uint64_t stream, Reply reply) {
  if (serving_.erase(stream) == 0 || closed()) return;
  if (reply.data.size() > owner_.object_limit())
    reply = {.status = Reply::Status::too_large, .text = too_large(), .data = {}};
  send_reply(stream, std::move(reply));
}

void Link::send_reply(std::uint64_t stream, Reply reply) {
  auto head = encode(ReplyHead{reply.data.size(), reply.text});
  bool const in_line = reply.data.size() <= inline_limit;
  if (!in_line) offers_.emplace(stream, reply.data);
  send(FrameType::reply, static_cast<std::uint8_t>(reply.status), stream, std::move(head),
       in_line ? std::move(reply.data) : Bytes());
}

void Link::cancelled(std::uint64_t stream) {
  offers_.erase(stream);
  outbox().drop(Side::reply, stream);
  auto const found = serving_.find(stream);
  if (found == serving_.end()) return;
  auto const state = found->second.state.lock();
  serving_.erase(found);
  if (state) state->abandon();
}

// ---- data

void Link::accepted(FrameHeader const& header) {
  if (side_of(header) == Side::reply) {
    auto const found = offers_.find(header.stream);
    if (found == offers_.end()) return;
    send_body(Side::reply, header.stream, std::move(found->second));
    offers_.erase(found);
    return;
  }
  auto const found = asks_.find(header.stream);
  if (found == asks_.end()) return;
  auto const& data = found->second.asked->request.data;
  if (data.size() <= inline_limit || std::exchange(found->second.sent, true))
    throw ProtocolError("it accepts what it was not offered");
  send_body(Side::request, header.stream, data);
}

void Link::await_memory(Side side, std::uint64_t stream, std::uint64_t size) {
  budget_->ask(size, weak_from_this(),
               [this, side, stream](Budget::Grant grant) { accept_data(side, stream, std::move(grant)); });
}

Link::Inbound* Link::inbound(FrameHeader const& header) {
  if (side_of(header) == Side::reply) {
    auto const found = asks_.find(header.stream);
    return found == asks_.end() ? nullptr : &found->second.data;
  }
  auto const found = serving_.find(header.stream);
  return found == serving_.end() ? nullptr : &found->second.data;
}

void Link::accept_data(Side side, std::uint64_t stream, Budget::Grant grant) {
  auto* const data = inbound({.type = FrameType::body, .code = code_of(side), .stream = stream});
  if (closed() || !data) return;
  try {
    data->memory = Buffer(data->size);
  } catch (std::bad_alloc const&) {
    return no_memory(side, stream);
  }
  data->grant = std::move(grant);
  data->accepted = true;
  send(FrameType::accept, code_of(side), stream);
}

void Link::no_memory(Side side, std::uint64_t stream) {
  Reply reply{.status = Reply::Status::too_large, .text = "endpoint " + owner_.own_uuid() + " has no memory for it"};
  if (side == Side::request) return answer(stream, std::move(reply));
  send(FrameType::cancel, 0, stream);
  complete(stream, std::move(reply));
}

Target Link::body(FrameHeader const& header) {
  auto* const data = inbound(header);
  if (!data) return {};
  if (!data->accepted || header.length > data->size - data->got) throw ProtocolError("data that was not accepted");
  return {data->memory.span().subspan(data->got, header.length), data->memory.owner()};
}

void Link::body_read(FrameHeader const& header) {
  auto* const data = inbound(header);
  if (!data || !data->accepted) return;
  data->got += header.length;
  if (data->got < data->size) return;
  auto bytes = std::move(data->memory).freeze();
  *data = {};
  if (side_of(header) == Side::request) {
    serving_.at(header.stream).request.data = std::move(bytes);
    return serve(header.stream);
  }
  auto reply = std::move(asks_.at(header.stream).reply);
  reply.data = std::move(bytes);
  complete(header.stream, std::move(reply));
}

/// An asker cancels what it gives up; one that does not must not hold memory.
void Link::tick() {
  std::vector<std::uint64_t> late;
  for (auto const& [stream, serving] : serving_)
    if (serving.data.size != 0 && serving.request.deadline.expired()) late.push_back(stream);
  for (auto const stream : late)
    answer(stream, {.status = Reply::Status::timed_out, .text = "the object did not arrive in time"});
}

// ---- going down

void Link::fail_asks(std::string const& why) {
  for (auto& [stream, ask] : std::exchange(asks_, {})) {
    outbox().drop(Side::request, stream);
    ask.asked->link = nullptr;
    owner_.complete(ask.asked, {.status = Reply::Status::error, .text = why});
  }
}

void Link::leave() {
  if (std::exchange(said_goodbye_, true)) return;
  send(FrameType::goodbye);
  owner_.link_leaving(*this);
}

void Link::leave_now() {
  heard_goodbye_ = true;
  for (auto& [stream, serving] : std::exchange(serving_, {}))
    if (auto const state = serving.state.lock()) state->abandon();
  if (!std::exchange(said_goodbye_, true)) send(FrameType::goodbye);
}

void Link::heard_goodbye() {
  heard_goodbye_ = true;
  if (!std::exchange(said_goodbye_, true)) send(FrameType::goodbye);
  owner_.link_leaving(*this);
}

void Link::leave_if_done() {
  if (said_goodbye_ && heard_goodbye_ && asks_.empty() && serving_.empty() && offers_.empty() && outbox().empty())
    finish("one side has left");
}

void Link::ended(std::string const& why, bool refused) {
  std::vector<LinkOwner::Unanswered> unanswered;
  for (auto& [stream, ask] : std::exchange(asks_, {})) {
    bool const large = ask.asked->request.data.size() > inline_limit;
    bool const not_sent = outbox().holds_request(stream) || (large && !ask.sent);
    ask.asked->link = nullptr;
    unanswered.push_back({std::move(ask.asked), !not_sent});
  }
  // In the order in which they were asked.
  std::ranges::sort(unanswered, {}, [](auto const& each) { return each.asked->stream; });
  for (auto& [stream, serving] : std::exchange(serving_, {}))
    if (auto const state = serving.state.lock()) state->abandon();
  offers_.clear();
  owner_.link_down(std::static_pointer_cast<Link>(shared_from_this()), why, refused, std::move(unanswered));
}

std::string Link::too_large() const {
  return "the object is too large (endpoint " + owner_.own_uuid() + " takes " + std::to_string(owner_.object_limit()) +
         " bytes) raise its limit";
}

}  // namespace proxystore::endpoint
