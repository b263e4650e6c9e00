/// One connection of bare hiredis. A reply that is an error, or none, ends the program.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <hiredis/hiredis.h>

namespace raw {

class Redis {
 public:
  explicit Redis(int port);

  void set(std::string const& key, std::string const& object);
  void set_new(std::string const& key, std::string const& object);  // SET NX
  std::size_t get(std::string const& key);                          // bytes
  void push(std::string const& list, std::string const& object);
  void pop(std::string const& list);  // blocks
  void remove(std::vector<std::string> const& keys);
  /// Pipelined.
  void set_all(std::vector<std::string> const& keys, std::string const& object);
  std::size_t get_all(std::vector<std::string> const& keys);  // bytes

 private:
  struct Free {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
    void operator()(redisContext* context) const { redisFree(context); }
  };
  using Reply = std::unique_ptr<redisReply, Free>;
  static Reply checked(void* reply);
  Reply next();
  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace raw
