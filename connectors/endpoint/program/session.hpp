/// One connection of a client. Included by server.cpp and session.cpp alone.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "memory.hpp"
#include "remotes.hpp"
#include "request.hpp"
#include "server.hpp"

namespace proxystore::detail {

/// What all sessions share. Lives longer than they.
struct Service {
  EndpointConfig const& config;
  ServerOptions const& options;
  Objects& objects;
  ServerLog& log;
  Remotes* remotes = nullptr;  // null: keys of other endpoints are looked for here, as Python's does without a relay
  std::atomic<bool> stopping{false};
};

/// Reads a request, answers it, and reads the next:
///
///     next ─▶ read_head ─▶ (read_announced | read_chunks | nothing) ─▶ serve ─▶ answer ─▶ next, or linger and end
///                                                                       │  ▲
///                                                                       ▼  │ the object, the deadline, a stop
///                                                                      parked
///
/// All of it happens on the strand of its socket; answers of Objects and Remotes are posted there.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  Session(Socket socket, Service& service, std::function<void()> ended);
  ~Session() { ended_(); }
  Session(Session const&) = delete;
  Session& operator=(Session const&) = delete;

  void begin();
  /// The connection is one too many: says so and ends.
  void turn_away();
  /// Ends between two requests, at once if it waits for one. From any thread.
  void stop();

 private:
  using Error = boost::beast::error_code;
  struct Answer {
    unsigned status = 200;
    std::string text = {};
    std::string type = {};
    std::string state = {};  // of the object
    Bytes object = {};       // in place of text
  };

  void next();
  void read_head();
  void on_head(Error error);
  void refuse_head(Error error);
  void read_body();
  void read_announced();
  void read_chunks();
  void discard_announced();
  bool too_large(std::uint64_t size);
  /// The endpoint that has the object, if it is not this one.
  std::string const* far() const;
  void serve();
  void set();
  void evict();
  void report();
  void look();
  void wait(Want want);
  void on_looked(std::exception_ptr const& failed, Looked looked);
  void on_parked();
  void watch_for_end();
  void wait_for(std::chrono::milliseconds time);
  void fail(std::exception_ptr const& failed);
  void answer(Answer what);
  void write_more();
  void linger();
  void discard_until_end();
  void close();

  /// Makes `handle` a handler on the strand that keeps the session alive.
  template <class Handle>
  auto mine(Handle handle) {
    return [self = shared_from_this(), handle = std::move(handle)](auto&&... arguments) mutable {
      handle(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  template <class Handle>
  void post(Handle handle) {
    boost::asio::post(stream_.get_executor(), mine(std::move(handle)));
  }

  boost::beast::tcp_stream stream_;
  Service& service_;
  std::function<void()> const ended_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer timer_;

  using Body = boost::beast::http::buffer_body;
  std::optional<boost::beast::http::request_parser<Body>> parser_;
  Asked asked_;
  std::optional<Answer> refusal_;  // to be given when the body has been read
  Arriving object_;
  std::uint64_t left_ = 0;  // of an announced body
  Rule rule_ = Rule::overwrite;

  enum class Parked { no, telling, told };
  Parked parked_ = Parked::no;
  std::optional<Answer> waiting_answer_;  // until the client has been told that it is parked
  std::function<bool()> cancel_;          // ends the wait; false if it has ended
  bool idle_ = false, keep_ = false;

  using Response = boost::beast::http::response<boost::beast::http::span_body<char const>>;
  std::optional<Response> response_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::span_body<char const>>> serializer_;
  Answer given_;  // what response_ points into
};

}  // namespace proxystore::detail
