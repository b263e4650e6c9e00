#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
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
#include <proxystore/connectors/redis.hpp>
#include <proxystore/proxystore.hpp>

#include "server.hpp"

namespace redis_test {

using namespace proxystore;
using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

/// Waits that must end by themselves end long before this; then the test fails instead of hanging.
inline constexpr auto patience = 50s;

/// Skips where there is no server to start.
class Redis : public testing::Test {
 protected:
  void SetUp() override {
    if (Server::program().empty()) GTEST_SKIP() << "this machine has no redis-server (Debian: redis-tools)";
    register_connectors();
  }
};

inline Buffer buffer_of(std::string_view text) { return Buffer::copy_of(std::as_bytes(std::span(text))); }

inline Buffer filled(std::size_t size) {
  Buffer buffer(size);
  std::fill(buffer.span().begin(), buffer.span().end(), std::byte{7});
  return buffer;
}

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

/// Returns when `n` keys are waited for, and the server has been told so.
inline void until_waited_for(RedisConnector const& connector, int n) {
  auto const state = std::to_string(n) + " keys waited for (woken by the server)";
  while (connector.report().find(state) == std::string::npos) std::this_thread::yield();
}

}  // namespace redis_test
