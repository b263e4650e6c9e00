#include "budget.hpp"

#include <boost/asio/post.hpp>

namespace proxystore::endpoint {

void Budget::ask(std::size_t bytes, std::weak_ptr<void> who, std::function<void(Grant)> granted) {
  waiting_.push_back({bytes, std::move(who), std::move(granted)});
  serve_soon();
}

void Budget::serve_soon() {
  boost::asio::post(strand_, [self = shared_from_this()] { self->serve(); });
}

void Budget::serve() {
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    bool const wanted = !next.who.expired();
    if (wanted && in_use_ != 0 && (in_use_ > limit_ || next.bytes > limit_ - in_use_)) return;
    auto const first = std::move(next);
    waiting_.pop_front();
    if (wanted) first.granted(grant(first.bytes));
  }
}

Budget::Grant Budget::grant(std::size_t bytes) {
  in_use_ += bytes;
  return {nullptr, [self = shared_from_this(), bytes](void*) {
            boost::asio::post(self->strand_, [self, bytes] {
              self->in_use_ -= bytes;
              self->serve();
            });
          }};
}

}  // namespace proxystore::endpoint
