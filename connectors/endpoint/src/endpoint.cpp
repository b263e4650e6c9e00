#include <proxystore/connectors/endpoint.hpp>

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

#include "http.hpp"
#include "names.hpp"
#include "pool.hpp"

namespace proxystore {

using namespace detail;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds shortest_look(200);    // a look at a healthy endpoint takes less than 1 ms
constexpr milliseconds longest_look(30'000);  // then the endpoint is asked anew: it may have gone unnoticed
constexpr std::string_view gone = "gone";

void validate(EndpointOptions& options) {
  for (auto& endpoint : options.endpoints) {
    auto const uuid = uuid_of(endpoint);
    if (!uuid) throw ConfigError("'" + endpoint + "' is no UUID of an endpoint; proxystore-endpoint list shows them");
    endpoint = *uuid;
  }
  if (options.endpoints.empty() == options.host.empty())
    throw ConfigError(
        "an endpoint connector needs UUIDs or an address; write endpoint:UUID,UUID or endpoint://host:port");
  if ((!options.host.empty() && (options.port < 1 || options.port > 65535)) || options.connections < 1 ||
      options.timeout.count() < 1 || options.poll.count() < 1)
    throw ConfigError(
        "an endpoint connector has an option out of range (port 1-65535, connections from 1, timeout and "
        "poll from 1ms) correct it");
}

EndpointOptions validated(EndpointOptions options) {
  validate(options);
  return options;
}

std::string query_of(EndpointKey const& key) {
  auto query = "?key=" + url_encode(key.object_id);
  if (!key.endpoint_id.empty()) query += "&endpoint=" + url_encode(key.endpoint_id);
  return query;
}

[[noreturn]] void refuse(HttpAnswer const& answer, std::string const& server) {
  std::string const why(answer.body.text().substr(0, 500));
  if (answer.status == 413 || answer.status == 507) throw StoreFull(server + " takes no such object (" + why + ")");
  if (answer.status == 503) throw EndpointLost(server + " is not ready (" + why + ")", EndpointLost::Why::broken);
  throw ConnectorError(server + " refused (" + std::to_string(answer.status) + (why.empty() ? "" : ": " + why) +
                       ") see its log.txt");
}

State state_of(HttpAnswer const& answer, bool there) {
  if (there) return State::ready;
  return answer.state == gone ? State::gone : State::pending;
}

}  // namespace

Key EndpointKey::key() const { return Key(endpoint_id.empty() ? object_id : object_id + '@' + endpoint_id); }

EndpointKey EndpointKey::of(Key const& key) {
  auto const at = key.text().rfind('@');
  if (at == std::string::npos) return {key.text()};
  return {key.text().substr(0, at), key.text().substr(at + 1)};
}

struct EndpointConnector::Inside {
  explicit Inside(EndpointOptions const& options) : pool(options) {}
  EndpointPool pool;
  std::atomic<int> parked{0};  // waits that the endpoint holds until the object is there
};

EndpointConnector::EndpointConnector(EndpointOptions options) : options_(validated(std::move(options))) {
  try {
    inside_ = std::make_unique<Inside>(options_);
  } catch (EndpointLost const& lost) {
    throw ConnectorError(lost.what());
  }
}

EndpointConnector::~EndpointConnector() = default;

void EndpointConnector::ensure_open() const {
  if (closed_) throw StoreClosed("the endpoint connector is closed");
}

template <class Operation>
auto EndpointConnector::run(Operation const& operation) const {
  try {
    return inside_->pool.run(EndpointPool::Use::operation, options_.timeout, options_.reconnect, operation);
  } catch (EndpointLost const& lost) {
    ensure_open();
    throw ConnectorError(lost.what());
  }
}

Key EndpointConnector::new_key(KeyHint const&) {
  ensure_open();
  return EndpointKey{make_uuid_key().text(), inside_->pool.uuid()}.key();
}

Key EndpointConnector::put(Buffer object) {
  ensure_open();
  EndpointKey const key{make_uuid_key().text(), inside_->pool.uuid()};
  run([&](HttpConnection& endpoint) {
    auto const answer = endpoint.exchange(
        {.method = HttpRequest::Method::post, .target = "/set" + query_of(key), .body = object.span(), .once = true});
    // There already: an attempt before this one got through, but not its answer.
    if (answer.status != 200 && answer.status != 412) refuse(answer, endpoint.server());
  });
  return key.key();
}

std::optional<Bytes> EndpointConnector::get(Key const& key) {
  return run([&, target = "/get" + query_of(EndpointKey::of(key))](HttpConnection& endpoint) -> std::optional<Bytes> {
    auto answer = endpoint.exchange({.target = target});
    if (answer.status == 404) return std::nullopt;
    if (answer.status != 200) refuse(answer, endpoint.server());
    return std::move(answer.body);
  });
}

bool EndpointConnector::exists(Key const& key) {
  return run([&, target = "/exists" + query_of(EndpointKey::of(key))](HttpConnection& endpoint) {
    auto const answer = endpoint.exchange({.target = target});
    if (answer.status != 200) refuse(answer, endpoint.server());
    return says_exists(answer.body, endpoint.server());
  });
}

void EndpointConnector::evict(Key const& key) {
  run([&, target = "/evict" + query_of(EndpointKey::of(key))](HttpConnection& endpoint) {
    auto const answer = endpoint.exchange({.method = HttpRequest::Method::post, .target = target});
    if (answer.status != 200) refuse(answer, endpoint.server());
  });
}

void EndpointConnector::set(Key const& key, Buffer object) {
  auto const query = query_of(EndpointKey::of(key));
  bool again = false;  // the answer to the first attempt was lost: the object found there may be this one
  auto const outcome = run([&](HttpConnection& endpoint) -> int {
    bool const repeated = std::exchange(again, true);
    if (!endpoint.ours && !repeated) {  // Python's would overwrite
      auto const there = endpoint.exchange({.target = "/exists" + query});
      if (there.status == 200 && says_exists(there.body, endpoint.server())) return 412;
    }
    auto const answer = endpoint.exchange(
        {.method = HttpRequest::Method::post, .target = "/set" + query, .body = object.span(), .once = true});
    if (answer.status != 200 && answer.status != 410 && answer.status != 412) refuse(answer, endpoint.server());
    if (answer.status != 412 || !repeated) return answer.status;
    auto const there = endpoint.exchange({.target = "/get" + query});
    return there.status == 200 && std::ranges::equal(there.body.span(), object.span()) ? 200 : 412;
  });
  if (outcome == 410) throw ObjectNotFound("endpoint key '" + key.text() + "' cannot be set (it was evicted)");
  if (outcome == 412) throw AlreadySet("endpoint key '" + key.text() + "' is set already; the first object stays");
}

/// One look at the endpoint, which may take its time to answer until the object is there. Throws EndpointLost;
/// `waited` becomes true when the endpoint has taken the request.
DeferrableConnector::Received EndpointConnector::look(std::string const& query, Deadline deadline, Want want,
                                                      bool& waited) const {
  auto const left =
      deadline.is_never() ? longest_look + options_.timeout : std::chrono::ceil<milliseconds>(deadline.remaining());
  auto const patience = std::min(left, longest_look);
  auto const limit =
      patience + std::clamp(left - patience, std::min(shortest_look, options_.timeout), options_.timeout);
  HttpRequest request{.target = (want == Want::object ? "/get" : "/exists") + query};
  if (patience.count() > 0) request.target += "&wait=" + std::to_string(patience.count());
  auto& parked = inside_->parked;
  bool counted = false;
  request.parked = [&] {
    waited = true;
    if (!std::exchange(counted, true)) ++parked;
  };
  struct Uncount {
    std::atomic<int>& parked;
    bool& counted;
    ~Uncount() {
      if (counted) --parked;
    }
  };
  return inside_->pool.run(EndpointPool::Use::wait, limit, earlier(deadline, options_.reconnect),
                           [&](HttpConnection& endpoint) -> Received {
                             Uncount const uncount{parked, counted};
                             counted = false;
                             auto answer = endpoint.exchange(request);
                             waited = true;
                             if (answer.status == 404 && want == Want::object) return {state_of(answer, false), {}};
                             if (answer.status != 200) refuse(answer, endpoint.server());
                             if (want == Want::object) return {State::ready, std::move(answer.body)};
                             return {state_of(answer, says_exists(answer.body, endpoint.server())), {}};
                           });
}

/// Looks, and again until the object is there. Once it waits, an endpoint that is away is waited for too.
DeferrableConnector::Received EndpointConnector::await(Key const& key, Deadline deadline, Want want) {
  auto const query = query_of(EndpointKey::of(key));
  Received seen{State::pending, {}};
  for (bool waited = false; !closed_;) {
    auto const begin = Deadline::Clock::now();
    try {
      seen = look(query, deadline, want, waited);
    } catch (EndpointLost const& lost) {
      if (closed_) break;
      if (!waited && !deadline.expired()) throw ConnectorError(lost.what());
    } catch (StoreClosed const&) {
      break;
    }
    if (seen.state != State::pending) return seen;
    if (deadline.expired()) return seen;
    // Answered at once: by a Python endpoint, or one that is being stopped.
    if (Deadline::Clock::now() - begin < options_.poll) inside_->pool.pause(earlier(deadline, begin + options_.poll));
  }
  return {State::broken, {}};
}

State EndpointConnector::wait(Key const& key, Deadline deadline) { return await(key, deadline, Want::state).state; }

DeferrableConnector::Received EndpointConnector::receive(Key const& key, Deadline deadline) {
  return await(key, deadline, Want::object);
}

void EndpointConnector::close() {
  closed_ = true;
  inside_->pool.close();
}

std::string EndpointConnector::endpoint() const { return inside_->pool.uuid(); }

std::string EndpointConnector::report() const {
  return inside_->pool.server() + ": " + std::to_string(inside_->pool.connections()) + " connections, " +
         std::to_string(inside_->parked.load()) + " waits that it will wake\n";
}

}  // namespace proxystore
