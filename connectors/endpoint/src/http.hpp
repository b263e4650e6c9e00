/// The HTTP of a client, by Boost.Beast, which stays behind http.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <proxystore/buffer.hpp>

namespace proxystore::detail {

struct HttpRequest {
  enum class Method { get, post };
  Method method = Method::get;
  std::string target = "/";
  std::span<std::byte const> body = {};
  bool once = false;                  ///< POST /set: only if there is no object yet
  std::function<void()> parked = {};  ///< called when the endpoint has begun to wait for the object
};

struct HttpAnswer {
  int status = 0;
  std::string state = {};  ///< of the object: ready, pending or gone; empty from a Python endpoint
  bool ours = false;       ///< it is this project's endpoint that answers
  Bytes body = {};
};

/// A connection to an endpoint, kept alive. For one thread at a time, but shut().
class HttpConnection {
 public:
  /// Throws EndpointLost.
  HttpConnection(std::string const& host, int port, std::chrono::milliseconds timeout);
  ~HttpConnection();
  HttpConnection(HttpConnection const&) = delete;
  HttpConnection& operator=(HttpConnection const&) = delete;

  /// An object is read straight into the memory of the answer. Throws EndpointLost.
  HttpAnswer exchange(HttpRequest const& request);

  void limit(std::chrono::milliseconds timeout);
  void shut() const noexcept;
  /// False once it can only be closed: an answer is due, or the endpoint is to close it.
  bool at_rest() const noexcept;
  std::string const& server() const noexcept;

  /// What the endpoint said of itself when the connection was made.
  std::string uuid = {};
  bool ours = false;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// Connects and asks the endpoint who it is. Throws EndpointLost, ConnectorError if it is no endpoint.
std::unique_ptr<HttpConnection> connect_to_endpoint(std::string const& host, int port,
                                                    std::chrono::milliseconds timeout);

/// {"exists": true}. Throws ConnectorError if the text says nothing of that.
bool says_exists(Bytes const& json, std::string const& server);

}  // namespace proxystore::detail
