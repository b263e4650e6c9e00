/// Answers as Python ProxyStore 1.0's endpoint does, for machines that cannot run it. Written after what that answered
/// to the same requests over a bare socket, served by `peer.py serve` (Quart 0.18 under uvicorn 0.17): objects in
/// chunks of 1 000 000 bytes, nothing about their state, no waiting, no first that wins.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace endpoint_test {

class StandIn {
 public:
  StandIn() : StandIn(std::string("?")) {}
  /// Answers everything with these bytes, and closes.
  explicit StandIn(std::string fixed);
  ~StandIn();
  StandIn(StandIn const&) = delete;
  StandIn& operator=(StandIn const&) = delete;
  int port() const noexcept { return port_; }

 private:
  struct Request {
    std::string route, key, body;
  };
  void accept_all();
  void serve(int client);
  bool read(int client, std::string& buffer, Request& request) const;
  std::string answer(Request const& request);

  std::string const fixed_;
  int listener_ = -1, port_ = 0;
  std::mutex mutex_;  // of what follows
  std::map<std::string, std::string> objects_;
  std::vector<int> clients_;
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;
};

}  // namespace endpoint_test
