#include "http.hpp"

#include <algorithm>
#include <new>
#include <sstream>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <boost/property_tree/json_parser.hpp>

#include <proxystore/error.hpp>

#include "link.hpp"
#include "lost.hpp"
#include "memory.hpp"
#include "names.hpp"

namespace proxystore::detail {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t read_size = 65536;  // without that much reserved, Beast reads in pieces of 1.5 KiB
constexpr std::size_t longest_json = 4096;
constexpr auto product = "proxystore-endpoint/";

using Request = http::request<http::span_body<char const>>;
using Parser = http::response_parser<http::buffer_body>;

Request message_of(HttpRequest const& request, std::string const& host) {
  bool const post = request.method == HttpRequest::Method::post;
  Request message{post ? http::verb::post : http::verb::get, request.target, 11};
  message.set(http::field::host, host);
  if (request.once) message.set(http::field::if_none_match, "*");
  if (!post) return message;
  message.set(http::field::content_type, "application/octet-stream");
  message.body() = {reinterpret_cast<char const*>(request.body.data()), request.body.size()};
  message.content_length(request.body.size());
  return message;
}

}  // namespace

struct HttpConnection::Inside {
  Inside(std::string const& to, int port, std::chrono::milliseconds timeout)
      : link(to, port, timeout), host(to + ":" + std::to_string(port)) {
    buffer.reserve(read_size);
  }

  void check(error_code error) const {
    if (!error) return;
    if (error == boost::asio::error::timed_out)
      throw EndpointLost(link.server() + " did not answer in time (see timeout=)", EndpointLost::Why::timed_out);
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == boost::asio::error::eof)
      throw EndpointLost(link.server() + " closed the connection", EndpointLost::Why::broken);
    if (error.category() == http::make_error_code(http::error::bad_version).category())
      throw EndpointLost(link.server() + " does not speak HTTP (" + error.message() + ") check host and port",
                         EndpointLost::Why::timed_out);
    throw EndpointLost("no connection to " + link.server() + " (" + error.message() + ")", EndpointLost::Why::broken);
  }

  HttpAnswer read(HttpRequest const& request);
  Bytes read_body(Parser& parser);
  void read_announced(Arriving& object, std::size_t size);
  void read_chunks(Arriving& object, Parser& parser);

  Link link;
  std::string host;
  beast::flat_buffer buffer;
  bool due = false, last = false;
};

void HttpConnection::Inside::read_announced(Arriving& object, std::size_t size) {
  auto const here = std::min(size, buffer.size());
  object.append({static_cast<std::byte const*>(buffer.data().data()), here});
  buffer.consume(here);
  error_code error;
  while (object.size() < size) {
    auto const room = object.room(size - object.size()).first(size - object.size());
    object.take(link.read_some(boost::asio::buffer(room.data(), room.size()), error));
    check(error);
  }
}

void HttpConnection::Inside::read_chunks(Arriving& object, Parser& parser) {
  error_code error;
  while (!parser.is_done()) {
    auto const room = object.room(read_size);
    parser.get().body().data = room.data();
    parser.get().body().size = room.size();
    parser.get().body().more = true;
    http::read_some(link, buffer, parser, error);
    if (error == http::error::need_buffer) error = {};
    check(error);
    object.take(room.size() - parser.get().body().size);
  }
}

Bytes HttpConnection::Inside::read_body(Parser& parser) {
  try {
    auto const size = parser.content_length();
    Arriving object(size ? static_cast<std::size_t>(*size) : 0);
    if (size) read_announced(object, static_cast<std::size_t>(*size));
    else read_chunks(object, parser);
    return std::move(object).freeze();
  } catch (std::bad_alloc const&) {
    throw ConnectorError(link.server() + " sends an object for which there is no memory here");
  }
}

HttpAnswer HttpConnection::Inside::read(HttpRequest const& request) {
  for (;;) {
    Parser parser;
    parser.body_limit(boost::none);
    error_code error;
    http::read_header(link, buffer, parser, error);
    check(error);
    auto const& head = parser.get();
    if (head.result_int() / 100 == 1) {
      if (request.parked) request.parked();
      continue;
    }
    HttpAnswer answer;
    answer.status = static_cast<int>(head.result_int());
    answer.state = std::string(head["Proxystore-State"]);
    answer.ours = head[http::field::server].starts_with(product);
    last = !head.keep_alive();
    answer.body = read_body(parser);
    return answer;
  }
}

HttpConnection::HttpConnection(std::string const& host, int port, std::chrono::milliseconds timeout)
    : inside_(std::make_unique<Inside>(host, port, timeout)) {}

HttpConnection::~HttpConnection() = default;

HttpAnswer HttpConnection::exchange(HttpRequest const& request) {
  inside_->due = true;
  auto const message = message_of(request, inside_->host);
  http::request_serializer<http::span_body<char const>> serializer(message);
  error_code sending;
  http::write(inside_->link, serializer, sending);
  if (sending == boost::asio::error::timed_out) inside_->check(sending);
  try {  // also where sending failed: an endpoint that closes has perhaps said why
    auto answer = inside_->read(request);
    inside_->due = static_cast<bool>(sending);
    return answer;
  } catch (EndpointLost const&) {
    inside_->check(sending);
    throw;
  }
}

void HttpConnection::limit(std::chrono::milliseconds timeout) { inside_->link.limit(timeout); }
void HttpConnection::shut() const noexcept { inside_->link.shut(); }
bool HttpConnection::at_rest() const noexcept { return !inside_->due && !inside_->last; }
std::string const& HttpConnection::server() const noexcept { return inside_->link.server(); }

namespace {

std::string json_value(Bytes const& json, char const* name, std::string const& server) {
  try {
    if (json.size() > longest_json) throw std::length_error("too long");
    std::istringstream in{std::string(json.text())};
    boost::property_tree::ptree tree;
    boost::property_tree::read_json(in, tree);
    return tree.get<std::string>(name);
  } catch (std::exception const&) {
    throw ConnectorError(server + " answered without '" + name +
                         "' (it is no ProxyStore endpoint) check host and port");
  }
}

}  // namespace

std::unique_ptr<HttpConnection> connect_to_endpoint(std::string const& host, int port,
                                                    std::chrono::milliseconds timeout) {
  auto connection = std::make_unique<HttpConnection>(host, port, timeout);
  auto const answer = connection->exchange({.target = "/endpoint"});
  auto const uuid = uuid_of(json_value(answer.body, "uuid", connection->server()));
  if (answer.status != 200 || !uuid)
    throw ConnectorError(connection->server() +
                         " answered without a UUID (it is no ProxyStore endpoint) check host and port");
  connection->uuid = *uuid;
  connection->ours = answer.ours;
  return connection;
}

bool says_exists(Bytes const& json, std::string const& server) { return json_value(json, "exists", server) == "true"; }

}  // namespace proxystore::detail
