#include "session.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

#include <proxystore/error.hpp>
#include <proxystore/version.hpp>

namespace proxystore::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t read_size = 65536;  // without that much reserved, Beast reads in pieces of 1.5 KiB
constexpr std::uint32_t longest_head = 16384;
constexpr std::size_t longest_linger = 1U << 20U;
constexpr auto server_name = "proxystore-endpoint/" PROXYSTORE_VERSION;
constexpr auto bytes_type = "application/octet-stream", json_type = "application/json";

char const* name_of(State state) { return state == State::ready ? "ready" : state == State::gone ? "gone" : "pending"; }

}  // namespace

Session::Session(Socket socket, Service& service, std::function<void()> ended)
    : stream_(std::move(socket)), service_(service), ended_(std::move(ended)), timer_(stream_.get_executor()) {
  buffer_.reserve(read_size);
  Error ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Session::begin() {
  post([this] { next(); });
}

void Session::turn_away() {
  post([this] {
    keep_ = false;
    answer({.status = 503, .text = "the endpoint has too many connections"});
  });
}

void Session::stop() {
  post([this] {
    if (idle_) return close();
    if (cancel_ && cancel_()) on_looked(nullptr, {});
  });
}

void Session::close() {
  Error ignored;
  timer_.cancel();
  stream_.socket().shutdown(Socket::shutdown_both, ignored);
  stream_.close();
}

void Session::next() {
  if (service_.stopping) return close();
  if (buffer_.size() != 0) return read_head();
  idle_ = true;
  stream_.expires_after(service_.options.idle);
  stream_.async_read_some(buffer_.prepare(read_size), mine([this](Error error, std::size_t n) {
                            idle_ = false;
                            if (error) return close();
                            buffer_.commit(n);
                            read_head();
                          }));
}

void Session::read_head() {
  parser_.emplace();
  parser_->header_limit(longest_head);
  parser_->body_limit(boost::none);  // max_object_size, when it is known what for
  asked_ = {};
  refusal_.reset();
  object_ = {};
  stream_.expires_after(service_.options.header);
  http::async_read_header(stream_, buffer_, *parser_, mine([this](Error error, std::size_t) { on_head(error); }));
}

void Session::refuse_head(Error error) {
  keep_ = false;
  bool const malformed = error.category() == http::make_error_code(http::error::bad_method).category();
  if (!malformed || error == http::error::end_of_stream || error == http::error::partial_message) return close();
  auto const status = error == http::error::header_limit ? 431U : 400U;
  answer({.status = status, .text = "the request is no HTTP that is understood here (" + error.message() + ")"});
}

void Session::on_head(Error error) {
  if (error) return refuse_head(error);
  auto const& head = parser_->get();
  keep_ = head.keep_alive();
  auto understood = understand({head.method_string().data(), head.method_string().size()},
                               {head.target().data(), head.target().size()});
  if (auto* const refused = std::get_if<Refusal>(&understood)) refusal_ = Answer{refused->status, refused->text};
  else asked_ = std::get<Asked>(std::move(understood));
  rule_ = head[http::field::if_none_match] == "*" ? Rule::once : Rule::overwrite;
  if (!beast::iequals(head[http::field::expect], "100-continue")) return read_body();
  if (parser_->content_length() && too_large(*parser_->content_length()) && refusal_) {
    keep_ = false;  // whether the body comes all the same is up to the client
    return answer(std::move(*refusal_));
  }
  auto const text = std::make_shared<std::string>("HTTP/1.1 100 Continue\r\n\r\n");
  asio::async_write(stream_, asio::buffer(*text), mine([this, text](Error failed, std::size_t) {
                      if (failed) return close();
                      read_body();
                    }));
}

/// Bodies that are not wanted are read all the same: a client that is sending one does not see the answer.
void Session::read_body() {
  auto const length = parser_->content_length();
  if (!length && !parser_->chunked()) return serve();
  if (!length) return read_chunks();
  left_ = *length;
  if (too_large(left_)) return discard_announced();
  try {
    object_ = Arriving(left_);
  } catch (std::bad_alloc const&) {
    refusal_ = Answer{507, "the endpoint has no memory for the object"};
    return discard_announced();
  }
  auto const here = std::min<std::size_t>(left_, buffer_.size());
  object_.append({static_cast<std::byte const*>(buffer_.data().data()), here});
  buffer_.consume(here);
  left_ -= here;
  read_announced();
}

/// Also for requests that have been refused, or that have no use for a body.
bool Session::too_large(std::uint64_t size) {
  if (refusal_) return true;
  auto const most = service_.config.max_object_size;
  if (asked_.what == Asked::What::set && size <= most) return false;
  if (asked_.what != Asked::What::set) return size != 0;
  refusal_ =
      Answer{413, "an object may have " + std::to_string(most) + " bytes here; see max_object_size in config.toml"};
  return true;
}

void Session::read_announced() {
  if (left_ == 0) return serve();
  auto const room = object_.room(left_).first(left_);
  stream_.expires_after(service_.options.progress);
  stream_.async_read_some(asio::buffer(room.data(), room.size()), mine([this](Error error, std::size_t n) {
                            if (error) return close();
                            object_.take(n);
                            left_ -= n;
                            read_announced();
                          }));
}

void Session::discard_announced() {
  auto const here = std::min<std::size_t>(left_, buffer_.size());
  buffer_.consume(here);
  left_ -= here;
  if (left_ == 0) return serve();
  stream_.expires_after(service_.options.progress);
  stream_.async_read_some(buffer_.prepare(read_size), mine([this](Error error, std::size_t n) {
                            if (error) return close();
                            buffer_.commit(n);
                            discard_announced();
                          }));
}

void Session::read_chunks() {
  if (parser_->is_done()) return serve();
  std::span<std::byte> room;
  try {
    if (too_large(object_.size())) object_ = {};
    room = object_.room(read_size);
  } catch (std::bad_alloc const&) {
    refusal_ = Answer{507, "the endpoint has no memory for the object"};
    object_ = {};
    room = object_.room(read_size);
  }
  auto& body = parser_->get().body();
  body.data = room.data();
  body.size = room.size();
  body.more = true;
  stream_.expires_after(service_.options.progress);
  http::async_read_some(stream_, buffer_, *parser_, mine([this, size = room.size()](Error error, std::size_t) {
                          if (error && error != http::error::need_buffer) return refuse_head(error);
                          object_.take(size - parser_->get().body().size);
                          read_chunks();
                        }));
}

void Session::serve() {
  stream_.expires_never();
  if (!refusal_ && parser_->chunked()) too_large(object_.size());
  if (refusal_) return answer(std::move(*refusal_));
  switch (asked_.what) {
    case Asked::What::home: return answer({});
    case Asked::What::endpoint:
      return answer({.text = "{\"uuid\": \"" + service_.config.uuid + "\"}", .type = json_type});
    case Asked::What::exists:
    case Asked::What::get: return look();
    case Asked::What::set: return set();
    case Asked::What::evict: return evict();
    case Asked::What::peers: return report();
  }
}

std::string const* Session::far() const {
  bool const other = !asked_.endpoint.empty() && asked_.endpoint != service_.config.uuid;
  return other && service_.remotes ? &asked_.endpoint : nullptr;
}

void Session::set() {
  if (object_.size() == 0 && rule_ == Rule::overwrite) return answer({.status = 400, .text = "received empty payload"});
  auto stored = mine([this](std::exception_ptr failed, Stored how) {
    post([this, failed, how] {
      if (failed) return fail(failed);
      if (how == Stored::done) return answer({});
      bool const evicted = how == Stored::evicted;
      answer({.status = evicted ? 410U : 412U,
              .text = evicted ? "the key was evicted" : "the key is set already",
              .state = name_of(evicted ? State::gone : State::ready)});
    });
  });
  auto object = std::move(object_).freeze();
  if (auto const* const uuid = far())
    service_.remotes->set(*uuid, asked_.key, std::move(object), rule_, std::move(stored));
  else service_.objects.set(asked_.key, std::move(object), rule_, std::move(stored));
}

void Session::evict() {
  auto evicted =
      mine([this](std::exception_ptr failed) { post([this, failed] { failed ? fail(failed) : answer({}); }); });
  if (auto const* const uuid = far()) service_.remotes->evict(*uuid, asked_.key, std::move(evicted));
  else service_.objects.evict(asked_.key, std::move(evicted));
}

void Session::report() {
  if (!service_.remotes) return answer({.text = "this endpoint has no peers\n"});
  service_.remotes->report(
      mine([this](std::string text) { post([this, text = std::move(text)] { answer({.text = text}); }); }));
}

void Session::look() {
  auto const want = asked_.what == Asked::What::get ? Want::object : Want::state;
  parked_ = Parked::no;
  if (asked_.wait.count() != 0) return wait(want);
  auto looked = mine([this](std::exception_ptr failed, Looked seen) {
    post([this, failed, seen = std::move(seen)]() mutable { on_looked(failed, std::move(seen)); });
  });
  if (auto const* const uuid = far())
    service_.remotes->look(*uuid, asked_.key, want, Deadline::immediate(), std::move(looked));
  else service_.objects.look(asked_.key, want, std::move(looked));
}

void Session::wait(Want want) {
  auto const looked = [this](std::exception_ptr failed, Looked seen) {
    post([this, failed, seen = std::move(seen)]() mutable { on_looked(failed, std::move(seen)); });
  };
  if (auto const* const uuid = far()) {
    auto const ended = std::make_shared<std::atomic<bool>>(false);
    cancel_ = [ended] { return !ended->exchange(true); };
    service_.remotes->look(*uuid, asked_.key, want, asked_.wait,
                           mine([ended, looked](std::exception_ptr failed, Looked seen) {
                             if (!ended->exchange(true)) looked(failed, std::move(seen));
                           }));
    return on_parked();
  }
  auto const ticket =
      service_.objects.wait(asked_.key, want, mine([this] { post([this] { on_parked(); }); }), mine(looked));
  cancel_ = [this, ticket] { return service_.objects.cancel(ticket); };
}

void Session::on_looked(std::exception_ptr const& failed, Looked looked) {
  cancel_ = nullptr;
  timer_.cancel();
  if (parked_ == Parked::told) stream_.socket().cancel();  // watch_for_end()
  if (failed) return fail(failed);
  Answer what{.state = name_of(looked.state)};
  bool const ready = looked.state == State::ready;
  if (asked_.what == Asked::What::exists) {
    what.text = ready ? "{\"exists\": true}" : "{\"exists\": false}";
    what.type = json_type;
  } else if (ready) {
    what.object = std::move(looked.object);
    what.type = bytes_type;
  } else {
    what.status = 404;
    what.text = "no data associated with request key";
  }
  if (parked_ == Parked::telling) waiting_answer_ = std::move(what);
  else answer(std::move(what));
}

/// Tells the client so, in an interim answer, and watches for the deadline and for its going away.
void Session::on_parked() {
  if (!cancel_) return;  // answered meanwhile
  if (service_.stopping && cancel_()) return on_looked(nullptr, {});
  parked_ = Parked::telling;
  wait_for(asked_.wait);
  static std::string const text = "HTTP/1.1 102 Processing\r\n\r\n";
  stream_.expires_after(service_.options.progress);
  asio::async_write(stream_, asio::buffer(text), mine([this](Error error, std::size_t) {
                      parked_ = Parked::told;
                      stream_.expires_never();
                      if (error) {
                        if (cancel_) cancel_();
                        return close();
                      }
                      if (waiting_answer_) return answer(*std::exchange(waiting_answer_, std::nullopt));
                      if (cancel_) watch_for_end();
                    }));
}

void Session::wait_for(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait(mine([this](Error error) {
    if (!error && cancel_ && cancel_()) on_looked(nullptr, {});
  }));
}

void Session::watch_for_end() {
  stream_.socket().async_wait(Socket::wait_read, mine([this](Error error) {
                                if (error || !cancel_) return;
                                char one = 0;
                                auto const n = recv(stream_.socket().native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
                                if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
                                  return;  // the next request, ahead of time
                                if (cancel_()) cancel_ = nullptr;
                                close();
                              }));
}

void Session::fail(std::exception_ptr const& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (PeerError const& error) {
    service_.log(Level::warning, error.what());
    answer({.status = error.status(), .text = error.what()});
  } catch (StoreFull const& error) {
    service_.log(Level::warning, error.what());
    answer({.status = 507, .text = error.what()});
  } catch (std::bad_alloc const&) {
    answer({.status = 507, .text = "the endpoint has no memory for the object"});
  } catch (std::exception const& error) {
    service_.log(Level::error, error.what());
    answer({.status = 500, .text = error.what()});
  }
}

void Session::answer(Answer what) {
  given_ = std::move(what);
  bool const object = given_.type == bytes_type;
  auto const* const data = object ? reinterpret_cast<char const*>(given_.object.data()) : given_.text.data();
  response_.emplace(http::status(given_.status), 11);
  response_->set(http::field::server, server_name);
  if (!given_.type.empty()) response_->set(http::field::content_type, given_.type);
  else if (!given_.text.empty()) response_->set(http::field::content_type, "text/plain; charset=utf-8");
  if (!given_.state.empty()) response_->set("Proxystore-State", given_.state);
  response_->body() = {data, object ? given_.object.size() : given_.text.size()};
  response_->content_length(response_->body().size());
  response_->keep_alive(keep_ && !service_.stopping);
  serializer_.emplace(*response_);
  write_more();
}

void Session::write_more() {
  stream_.expires_after(service_.options.progress);
  http::async_write_some(stream_, *serializer_, mine([this](Error error, std::size_t) {
                           if (error) return close();
                           if (!serializer_->is_done()) return write_more();
                           bool const keep = response_->keep_alive();
                           serializer_.reset();
                           given_ = {};  // an object may be large, and the next request late
                           if (keep) next();
                           else linger();
                         }));
}

/// The client reads the answer to its end before the connection is reset by what it may still be sending.
void Session::linger() {
  Error ignored;
  stream_.socket().shutdown(Socket::shutdown_send, ignored);
  stream_.expires_after(std::chrono::seconds(2));
  left_ = longest_linger;
  discard_until_end();
}

void Session::discard_until_end() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(read_size), mine([this](Error error, std::size_t n) {
                            left_ -= std::min<std::uint64_t>(left_, n);
                            if (error || left_ == 0) return close();
                            discard_until_end();
                          }));
}

}  // namespace proxystore::detail
