/// Signs certificates for a test, in a folder of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "peer/identity.hpp"

namespace peering_test {

struct Subject {
  std::string uri = {};  ///< subject alternative name
  std::string common_name = {};
  std::chrono::seconds from = std::chrono::hours(-1), until = std::chrono::hours(1);  ///< from now
};

class Authority {
 public:
  Authority();
  ~Authority();
  Authority(Authority const&) = delete;
  Authority& operator=(Authority const&) = delete;

  proxystore::endpoint::Certificates sign(Subject const& subject);
  proxystore::endpoint::Certificates sign_for(std::string const& uuid) { return sign({.uri = "urn:uuid:" + uuid}); }
  std::filesystem::path const& folder() const noexcept { return folder_; }

 private:
  struct State;
  std::filesystem::path folder_;
  std::unique_ptr<State> state_;
  int signed_ = 0;
};

}  // namespace peering_test
