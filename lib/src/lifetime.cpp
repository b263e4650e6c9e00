#include <proxystore/lifetime.hpp>

#include <utility>

#include <proxystore/error.hpp>

namespace proxystore {

std::shared_ptr<detail::Lifespan> Lifetime::made_for(Store& store) {
  store.core().ensure_open();
  return store.core().lifespans().make(store.core().weak_from_this());
}

std::shared_ptr<detail::Lifespan> Lifetime::of_process(Store& store) {
  store.core().ensure_open();
  return store.core().lifespans().of_process(store.core().weak_from_this());
}

Lifetime& Lifetime::operator=(Lifetime&& other) noexcept {
  Lifetime old(std::move(*this));
  lifespan_ = std::move(other.lifespan_);
  ends_ = other.ends_;
  return *this;
}

Lifetime::~Lifetime() {
  if (!lifespan_ || ends_ == Ends::otherwise) return;
  try {
    lifespan_->end();
  } catch (std::exception const&) {  // a destructor has nobody to tell
  }
}

detail::Lifespan& Lifetime::lifespan() const {
  if (!lifespan_) throw InvalidArgument("this lifetime was moved away");
  return *lifespan_;
}

detail::Lifespan& Lifetime::open_on(detail::StoreCore const& store) const {
  lifespan().require_open();
  if (!lifespan_->is_of(store))
    throw InvalidArgument("a lifetime cannot evict from store '" + store.name() + "' (it was made for another store)");
  return *lifespan_;
}

void Lifetime::add(Key const& key) { lifespan().add(key); }

void Lifetime::add(detail::ResolutionBase const& object) {
  auto const& reference = object.reference();
  if (reference.evict_on_resolve)
    throw InvalidArgument("key '" + reference.key.text() +
                          "' cannot be put under a lifetime (it is evicted on resolve) choose one of the two");
  open_on(object.store()).add(reference.key);
}

void Lifetime::close() { lifespan().end(); }
bool Lifetime::done() const { return lifespan().ended(); }

LeaseLifetime::LeaseLifetime(Store& store, std::chrono::nanoseconds length)
    : Lifetime(made_for(store), Ends::otherwise), expiry_(length) {
  lifespan().end_at(expiry_);
}

void LeaseLifetime::extend(std::chrono::nanoseconds more) {
  if (expiry_.time() < Deadline::Clock::time_point()) return end_at(expiry_);  // has ended long ago, and is told so
  auto const most = Deadline::never().time() - expiry_.time();
  end_at(more < most ? Deadline(expiry_.time() + more) : Deadline::never());
}

void LeaseLifetime::end_at(Deadline expiry) {
  lifespan().end_at(expiry);
  expiry_ = expiry;
}

StaticLifetime::StaticLifetime(Store& store) : Lifetime(of_process(store), Ends::otherwise) {}

}  // namespace proxystore
