#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/proxystore.hpp>

#include "../contract/filling.hpp"
#include "daemon.hpp"

namespace endpoint_test {

using namespace proxystore;
using namespace std::chrono_literals;
using namespace std::string_literals;
using contract::filled;
using contract::is_filled;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Waits that must end by themselves end long before this; then the test fails instead of hanging.
inline constexpr auto patience = 50s;

inline Buffer buffer_of(std::string_view text) { return Buffer::copy_of(std::as_bytes(std::span(text))); }

inline std::optional<std::string> text_of(std::optional<Bytes> const& bytes) {
  return bytes ? std::optional(std::string(bytes->text())) : std::nullopt;
}

/// The text of the error that `call` throws; a failure if it throws none, or another type.
template <class E, class Call>
std::string error_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (E const& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// Returns when the endpoint holds `n` waits of this connector.
inline void until_waited_for(EndpointConnector const& connector, int n) {
  auto const state = " " + std::to_string(n) + " waits";
  while (connector.report().find(state) == std::string::npos) std::this_thread::yield();
}

}  // namespace endpoint_test
