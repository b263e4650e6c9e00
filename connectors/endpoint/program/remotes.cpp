#include "remotes.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <proxystore/error.hpp>

#include "peer/peers.hpp"

namespace proxystore::detail {

using endpoint::Answer;
using endpoint::Op;
using endpoint::Reply;

namespace {

constexpr auto patience = std::chrono::seconds(30);  // for what does not wait for an object

// What the links do not know of stands before the key, between our two ends.
constexpr char once = '1', overwrite = 'o', state = 's', object = 'b';

endpoint::KnownPeer known_of(KnownEndpoint const& known) {
  using Dial = endpoint::KnownPeer::Dial;
  endpoint::KnownPeer peer{.uuid = known.uuid, .address = known.address.value_or("")};
  if (known.secret_file) peer.secret = endpoint::Secret::from_file(*known.secret_file);
  peer.dial = known.always ? Dial::always : Dial::on_demand;
  return peer;
}

endpoint::PeersOptions options_of(EndpointConfig const& config, ServerLog& log) {
  auto const& peering = *config.peering;
  endpoint::PeersOptions options{
      .uuid = config.uuid, .identity = identity_of(peering.credentials), .listen = peering.listen.value_or("")};
  for (auto const& one : peering.known) options.known.push_back(known_of(one));
  if (peering.known_only) options.admit = endpoint::PeersOptions::Admit::known;
  if (peering.relay) {
    auto const& own = peering.relay_credentials;
    options.relay = {*peering.relay, identity_of(own == Credentials() ? peering.credentials : own)};
  }
  options.object_limit = config.max_object_size;
  options.log = [&log](LogLevel level, std::string_view text) {
    log(level == LogLevel::warning ? Level::warning : Level::info, text);
  };
  return options;
}

/// What a reply means that is not ok, absent, already_set, gone or, in a wait, timed_out.
std::exception_ptr error_of(Reply const& reply) {
  using Status = Reply::Status;
  if (reply.status == Status::too_large) return std::make_exception_ptr(StoreFull(reply.text));
  if (reply.status == Status::timed_out) return std::make_exception_ptr(PeerError(504, reply.text));
  return std::make_exception_ptr(PeerError(502, reply.text));
}

/// What failed here, for the peer.
Reply reply_of(std::exception_ptr const& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (StoreFull const& error) {
    return {.status = Reply::Status::too_large, .text = error.what()};
  } catch (std::exception const& error) {
    return {.status = Reply::Status::error, .text = error.what()};
  }
}

Reply reply_of(Looked looked) {
  using Status = Reply::Status;
  if (looked.state == State::ready) return {.status = Status::ok, .data = std::move(looked.object)};
  return {.status = looked.state == State::gone ? Status::gone : Status::absent};
}

auto into(Answer const& answer) {
  return [answer](std::exception_ptr const& failed, Looked looked) {
    answer(failed ? reply_of(failed) : reply_of(std::move(looked)));
  };
}

}  // namespace

endpoint::Identity identity_of(Credentials const& credentials) {
  auto const& [secret, ca, certificate, key] = credentials;
  if (secret && !ca && !certificate && !key) return endpoint::Secret::from_file(*secret);
  if (!secret && ca && certificate && key) return endpoint::Certificates{*ca, *certificate, *key};
  throw ConfigError(
      "an endpoint with peers proves itself with a secret, or with certificates; give secret_file, or ca, "
      "certificate and key (proxystore-endpoint secret FILE makes a secret)");
}

struct Remotes::Inside {
  Inside(boost::asio::io_context& context, EndpointConfig const& config, Objects& kept, ServerLog& log)
      : objects(kept),
        peers(context, options_of(config, log), [this](std::string const&, endpoint::Request request, Answer answer) {
          serve(std::move(request), std::move(answer));
        }) {}
  void serve(endpoint::Request request, Answer answer);
  void set(endpoint::Request request, Answer const& answer, std::string key);

  Objects& objects;
  endpoint::Peers peers;
};

void Remotes::Inside::set(endpoint::Request request, Answer const& answer, std::string key) {
  auto const rule = request.key.front() == once ? Rule::once : Rule::overwrite;
  objects.set(std::move(key), std::move(request.data), rule, [answer](std::exception_ptr const& failed, Stored stored) {
    using Status = Reply::Status;
    if (failed) return answer(reply_of(failed));
    answer({.status = stored == Stored::done      ? Status::ok
                      : stored == Stored::evicted ? Status::gone
                                                  : Status::already_set});
  });
}

/// For a peer.
void Remotes::Inside::serve(endpoint::Request request, Answer answer) {
  if (request.key.empty()) return answer({.status = Reply::Status::error, .text = "a request without a key"});
  auto key = request.key.substr(1);
  auto const want = request.key.front() == object ? Want::object : Want::state;
  switch (request.op) {
    case Op::set: return set(std::move(request), answer, std::move(key));
    case Op::get: return objects.look(std::move(key), Want::object, into(answer));
    case Op::exists: return objects.look(std::move(key), Want::state, into(answer));
    case Op::evict:
      return objects.evict(std::move(key),
                           [answer](std::exception_ptr const& failed) { answer(failed ? reply_of(failed) : Reply{}); });
    case Op::wait: {
      auto const ticket = objects.wait(
          std::move(key), want, [] {}, into(answer));
      return answer.when_unwanted([this, ticket] { objects.cancel(ticket); });
    }
  }
  answer({.status = Reply::Status::error, .text = "a request that is not understood"});
}

Remotes::Remotes(boost::asio::io_context& context, EndpointConfig const& config, Objects& objects, ServerLog& log)
    : inside_(std::make_unique<Inside>(context, config, objects, log)) {
  if (config.peering->listen)
    log(Level::info,
        "peers can dial " + *config.peering->listen + " (port " + std::to_string(inside_->peers.port()) + ")");
}

Remotes::~Remotes() = default;

void Remotes::set(std::string const& uuid, std::string const& key, Bytes data, Rule rule, Objects::SetAnswer answer) {
  inside_->peers.request(uuid,
                         {.op = Op::set,
                          .key = (rule == Rule::once ? once : overwrite) + key,
                          .data = std::move(data),
                          .deadline = patience},
                         [answer = std::move(answer)](Reply reply) {
                           switch (reply.status) {
                             case Reply::Status::ok: return answer(nullptr, Stored::done);
                             case Reply::Status::already_set: return answer(nullptr, Stored::already_set);
                             case Reply::Status::gone: return answer(nullptr, Stored::evicted);
                             default: return answer(error_of(reply), {});
                           }
                         });
}

void Remotes::evict(std::string const& uuid, std::string const& key, Objects::EvictAnswer answer) {
  inside_->peers.request(uuid, {.op = Op::evict, .key = state + key, .deadline = patience},
                         [answer = std::move(answer)](Reply const& reply) {
                           answer(reply.status == Reply::Status::ok ? nullptr : error_of(reply));
                         });
}

void Remotes::look(std::string const& uuid, std::string const& key, Want want, Deadline deadline,
                   Objects::LookAnswer answer) {
  bool const waits = !deadline.expired();
  auto const op = waits ? Op::wait : want == Want::object ? Op::get : Op::exists;
  inside_->peers.request(uuid,
                         {.op = op,
                          .key = (want == Want::object ? object : state) + key,
                          .deadline = waits ? deadline : Deadline(patience)},
                         [waits, answer = std::move(answer)](Reply reply) {
                           switch (reply.status) {
                             case Reply::Status::ok: return answer(nullptr, {State::ready, std::move(reply.data)});
                             case Reply::Status::absent: return answer(nullptr, {State::pending, {}});
                             case Reply::Status::gone: return answer(nullptr, {State::gone, {}});
                             case Reply::Status::timed_out:
                               if (waits) return answer(nullptr, {State::pending, {}});
                               [[fallthrough]];
                             default: return answer(error_of(reply), {});
                           }
                         });
}

void Remotes::report(std::function<void(std::string)> answer) {
  inside_->peers.status([answer = std::move(answer)](std::vector<endpoint::PeerStatus> const& all) {
    std::string text;
    for (auto const& one : all) text += to_string(one) + '\n';
    answer(std::move(text));
  });
}

void Remotes::stop(std::function<void()> done) { inside_->peers.stop(std::move(done)); }

}  // namespace proxystore::detail
