#include <proxystore/registry.hpp>

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore {
namespace {

std::string list(std::vector<std::string> const& names) {
  std::string out;
  for (auto const& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

}  // namespace

Registry& Registry::instance() {
  static auto* registry = new Registry;  // never destroyed: stores in static objects may outlive any order
  return *registry;
}

void Registry::add_kind(std::string const& kind, Deferral deferral, Factory factory) {
  std::lock_guard lock(mutex_);
  kinds_[kind] = {deferral, std::move(factory), {}};
}

void Registry::add_kind(std::string const& kind, Deferral deferral, Assembly assembly) {
  auto alone = [build = assembly.build](Config const& config) {
    Parts none;
    return build(config, none);
  };
  std::lock_guard lock(mutex_);
  kinds_[kind] = {deferral, std::move(alone), std::move(assembly)};
}

std::optional<Registry::Entry> Registry::entry(std::string const& kind) const {
  std::lock_guard lock(mutex_);
  auto const found = kinds_.find(kind);
  return found == kinds_.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, Config> Registry::parts(Config const& config) const {
  auto const known = entry(config.kind());
  return known && known->assembly.parts ? known->assembly.parts(config) : std::map<std::string, Config>();
}

std::unique_ptr<Connector> Registry::assemble(Config const& config, Parts& open) const {
  auto const known = entry(config.kind());
  return known && known->assembly.build ? known->assembly.build(config, open) : connect(config);
}

std::unique_ptr<Connector> Registry::connect(Config const& config) const {
  auto const known = entry(config.kind());
  if (!known)
    throw ConfigError("connector kind '" + config.kind() + "' is unknown (known: " + list(kinds()) +
                      ") call proxystore::register_connectors() first, or for MPI open it with mpi::connect");
  return known->factory(config);
}

std::vector<std::string> Registry::kinds() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (auto const& [kind, entry] : kinds_) names.push_back(kind);
  return names;
}

std::vector<std::string> Registry::deferrable_kinds() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (auto const& [kind, entry] : kinds_)
    if (entry.deferral == Deferral::yes) names.push_back(kind);
  return names;
}

std::vector<std::string> Registry::stores() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (auto const& [name, store] : stores_)
    if (!store.expired()) names.push_back(name);
  return names;
}

void Registry::close_arrived() {
  std::vector<std::shared_ptr<detail::StoreCore>> arrived;
  {
    std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
  }
  for (auto const& store : arrived) store->close();
}

void Registry::add(std::shared_ptr<detail::StoreCore> const& store) {
  std::lock_guard lock(mutex_);
  auto& entry = stores_[store->name()];
  if (!entry.expired())
    throw StoreExists("store '" + store->name() + "' is open in this process already; close it or choose another name");
  entry = store;
}

void Registry::remove(detail::StoreCore const& store) noexcept {
  std::shared_ptr<detail::StoreCore> open;  // released after the lock: it may be the last owner
  std::lock_guard lock(mutex_);
  auto const found = stores_.find(store.name());
  if (found == stores_.end()) return;
  open = found->second.lock();
  if (!open || open.get() == &store) stores_.erase(found);
}

std::shared_ptr<detail::StoreCore> Registry::find(std::string const& name) const {
  std::lock_guard lock(mutex_);
  auto const found = stores_.find(name);
  return found == stores_.end() ? nullptr : found->second.lock();
}

std::shared_ptr<detail::StoreCore> Registry::find_or_open(detail::StoreInfo const& info) {
  if (auto store = find(info.name)) {
    if (store->info()->connector == info.connector) return store;
    throw UnknownStore("a proxy of store '" + info.name + "' on " + Config::without_secrets(info.connector) +
                       " arrived, but the store open here under that name is on " +
                       Config::without_secrets(store->info()->connector) + "; give the two stores different names");
  }
  std::shared_ptr<detail::StoreCore> store;
  try {
    store = std::make_shared<detail::StoreCore>(info.name, connect(Config::parse(info.connector)), StoreOptions{});
    add(store);
  } catch (StoreExists const&) {  // another thread opened it meanwhile
    return find_or_open(info);
  } catch (Error const& error) {
    throw UnknownStore("a proxy of store '" + info.name + "' arrived, which is not open here and cannot be opened (" +
                       error.what() + ") open store '" + info.name + "' in this process before using the proxy");
  }
  std::lock_guard lock(mutex_);
  arrived_.push_back(store);
  return store;
}

}  // namespace proxystore
