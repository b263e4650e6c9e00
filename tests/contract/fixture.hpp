/// The connectors under contract, and the small tools of its tests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/proxystore.hpp>

#include "filling.hpp"

namespace contract {

using namespace proxystore;
using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;

struct Case {
  std::string name;  ///< letters, digits and underscores
  std::function<std::unique_ptr<Connector>()> make;
  std::size_t large_object = 100'000'000;  ///< bytes; the medium holds two of them
};

inline std::string name_of_case(testing::TestParamInfo<Case> const& info) { return info.param.name; }

/// Waits that must end by themselves end long before this; then the test fails instead of hanging.
inline constexpr auto patience = 50s;

class EveryConnector : public testing::TestWithParam<Case> {
 protected:
  void TearDown() override {
    if (connector_) connector_->close();
  }

  Connector& connector() { return *connector_; }
  /// For tests that put the connector into a store.
  Store store_over_connector() { return Store::open("contract", std::move(connector_)); }

  std::unique_ptr<Connector> connector_ = GetParam().make();
};

class EveryDeferrableConnector : public EveryConnector {
 protected:
  void SetUp() override {
    if (!connector().deferrable()) GTEST_SKIP() << GetParam().name << " is not deferrable";
  }
  DeferrableConnector& deferrable() { return *connector().deferrable(); }
};

inline Buffer buffer_of(std::string_view text) { return Buffer::copy_of(std::as_bytes(std::span(text))); }

inline std::optional<std::string> text_of(std::optional<Bytes> const& bytes) {
  return bytes ? std::optional(std::string(bytes->text())) : std::nullopt;
}

/// Threads that wait for one key. Each has waited once in vain before the constructor returns.
class Waiters {
 public:
  Waiters(DeferrableConnector& connector, Key const& key, int n) : states_(static_cast<std::size_t>(n)), waiting_(n) {
    for (auto& state : states_)
      threads_.emplace_back([&connector, key, &state, this] {
        state = connector.wait(key, 1ms);
        waiting_.count_down();
        if (state == State::pending) state = connector.wait(key, patience);
      });
    waiting_.wait();
  }

  /// What each saw in the end.
  std::vector<State> join() {
    threads_.clear();
    return states_;
  }

 private:
  std::vector<State> states_;
  std::latch waiting_;
  std::vector<std::jthread> threads_;
};

}  // namespace contract
