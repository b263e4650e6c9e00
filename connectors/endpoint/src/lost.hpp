#pragma once

#include <stdexcept>
#include <string>

namespace proxystore::detail {

/// The connection is of no more use, or there is none. Stays inside: callers of the connector see a ConnectorError.
class EndpointLost final : public std::runtime_error {
 public:
  enum class Why { broken, timed_out };
  EndpointLost(std::string const& text, Why why) : std::runtime_error(text), why_(why) {}
  /// It is there but does not answer: trying again at once would only double the time.
  bool timed_out() const noexcept { return why_ == Why::timed_out; }

 private:
  Why why_;
};

}  // namespace proxystore::detail
