#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "wire.hpp"

namespace proxystore::endpoint {

/// How many bytes of objects may be on their way in at a time. First come, first served; an object that is larger than
/// all of it comes alone. For one strand.
class Budget : public std::enable_shared_from_this<Budget> {
 public:
  Budget(Strand const& strand, std::size_t limit) : strand_(strand), limit_(limit) {}

  /// Given back when destroyed.
  using Grant = std::shared_ptr<void>;
  /// `granted` runs soon, or when others have given back, unless `who` is gone by then.
  void ask(std::size_t bytes, std::weak_ptr<void> who, std::function<void(Grant)> granted);
  std::size_t in_use() const noexcept { return in_use_; }

 private:
  struct Waiting {
    std::size_t bytes;
    std::weak_ptr<void> who;
    std::function<void(Grant)> granted;
  };

  void serve_soon();
  void serve();
  Grant grant(std::size_t bytes);

  Strand strand_;
  std::size_t const limit_;
  std::size_t in_use_ = 0;
  std::deque<Waiting> waiting_;
};

}  // namespace proxystore::endpoint
