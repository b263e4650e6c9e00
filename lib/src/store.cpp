#include <proxystore/store.hpp>

#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/lifetime.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

Store Store::open(std::string name, std::unique_ptr<Connector> connector, StoreOptions options) {
  if (!connector) throw InvalidArgument("store '" + name + "' needs a connector, this one is null");
  if (name.empty()) throw InvalidArgument("a store needs a name, by which proxies find it");
  auto core = std::make_shared<detail::StoreCore>(std::move(name), std::move(connector), std::move(options));
  Registry::instance().add(core);
  return Store(std::move(core));
}

Store Store::open(std::string name, std::string_view connector, StoreOptions options) {
  return open(std::move(name), Registry::instance().connect(Config::parse(connector)), std::move(options));
}

Store& Store::operator=(Store&& other) noexcept {
  Store old(std::move(core_));
  core_ = std::move(other.core_);
  return *this;
}

Store::~Store() {
  if (!core_) return;
  try {
    core_->close();
  } catch (std::exception const&) {  // a destructor has nobody to tell; call close() to hear of it
  }
}

void Store::close() { core().close(); }

detail::Lifespan* Store::open_lifespan(Lifetime const& lifetime) const { return &lifetime.open_on(core()); }

void Store::require_one(bool evict_on_resolve, Lifetime const* lifetime) {
  if (evict_on_resolve && lifetime)
    throw InvalidArgument(
        "an object cannot be evicted both on resolve and by a lifetime (each would take it from the other) choose one "
        "of the two options");
}

}  // namespace proxystore
