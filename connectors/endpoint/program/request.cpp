#include "request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "names.hpp"

namespace proxystore::detail {
namespace {

struct Route {
  std::string_view path, method;
  Asked::What what;
};

constexpr std::array<Route, 7> routes{{{"/", "GET", Asked::What::home},
                                       {"/endpoint", "GET", Asked::What::endpoint},
                                       {"/peers", "GET", Asked::What::peers},
                                       {"/exists", "GET", Asked::What::exists},
                                       {"/get", "GET", Asked::What::get},
                                       {"/set", "POST", Asked::What::set},
                                       {"/evict", "POST", Asked::What::evict}}};

constexpr std::size_t longest_key = 1024;
constexpr long longest_wait = 60'000;  // ms; who waits longer asks again

/// The first value of a parameter; nullopt if there is none, or one that is broken.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    auto const item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), item.size() + 1));
    auto const equals = std::min(item.find('='), item.size());
    if (url_decode(item.substr(0, equals)) == name) return url_decode(item.substr(std::min(item.size(), equals + 1)));
  }
  return std::nullopt;
}

}  // namespace

std::variant<Asked, Refusal> understand(std::string_view method, std::string_view target) {
  auto const path = target.substr(0, target.find('?'));
  auto const query = target.substr(std::min(target.size(), path.size() + 1));
  auto const route = std::find_if(routes.begin(), routes.end(), [&](Route const& r) { return r.path == path; });
  if (route == routes.end()) return Refusal{404, "there is no such route"};
  if (route->method != method) return Refusal{405, "this route takes " + std::string(route->method)};
  Asked asked{route->what};
  if (asked.what < Asked::What::exists) return asked;
  auto const key = parameter(query, "key");
  if (!key) return Refusal{400, "request missing key"};
  if (key->size() > longest_key) return Refusal{400, "the key is longer than 1024 bytes"};
  asked.key = *key;
  if (auto const endpoint = parameter(query, "endpoint")) {
    auto const uuid = uuid_of(*endpoint);
    if (!uuid) return Refusal{400, *endpoint + " is not a valid UUID4"};
    asked.endpoint = *uuid;
  }
  if (auto const wait = parameter(query, "wait")) {
    long ms = 0;
    auto const [rest, error] = std::from_chars(wait->data(), wait->data() + wait->size(), ms);
    if (error != std::errc() || rest != wait->data() + wait->size() || ms < 0)
      return Refusal{400, "wait is not a number of milliseconds"};
    asked.wait = std::chrono::milliseconds(std::min(ms, longest_wait));
  }
  return asked;
}

}  // namespace proxystore::detail
