/// @file
/// Objects by key in some medium.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <proxystore/array.hpp>
#include <proxystore/connector.hpp>
#include <proxystore/detail/store_core.hpp>
#include <proxystore/future.hpp>
#include <proxystore/owned.hpp>
#include <proxystore/proxy.hpp>
#include <proxystore/serializer.hpp>
#include <proxystore/store_options.hpp>

namespace proxystore {

class Lifetime;

/// How long what is put lives, and where a policy sends it.
struct PutOptions {
  Lifetime* lifetime = nullptr;  ///< evicts the object when it ends; used during the call alone
  Tags tags = {};                ///< for a policy of the connector
};

/// How a proxy of an object that exists is made.
struct ProxyOptions {
  bool evict_on_resolve = false;  ///< the first proxy that resolves elsewhere takes the object out of the store
  bool populate = true;           ///< the proxy handed back is resolved already, with a copy of the object
  Lifetime* lifetime = nullptr;   ///< evicts the object when it ends; not together with evict_on_resolve
  Tags tags = {};                 ///< for a policy of the connector
};

/// How an owner of an object is made.
struct OwnedOptions {
  bool populate = true;  ///< as in ProxyOptions
};

/// Objects by key in some medium. Open by its name in the process's Registry, so that proxies and futures that
/// arrive find it. A resource: one owner, movable; closed by its destructor. Thread-safe.
class PROXYSTORE_EXPORT Store {
 public:
  /// Collective where the connector is. Throws StoreExists, ConfigError, ConnectorError.
  static Store open(std::string name, std::unique_ptr<Connector> connector, StoreOptions options = {});
  /// From text: `local:`, `file:///scratch/run7`. Kinds must be known to the Registry: register_connectors().
  static Store open(std::string name, std::string_view connector, StoreOptions options = {});

  Store(Store&&) noexcept = default;
  Store& operator=(Store&& other) noexcept;
  ~Store();

  /// By which proxies and futures find it.
  std::string const& name() const { return core().name(); }
  /// The medium, lives as long as the store.
  Connector& connector() { return core().connector(); }
  /// What opens this medium elsewhere; every proxy and future carries it.
  Config config() const { return Config::parse(core().info()->connector); }

  /// Memory that the connector can publish without a copy, for an array of `shape`, uninitialised.
  template <class T>
  Array<T> allocate(Shape shape) {
    return Array<T>(std::move(shape), core().connector());
  }

  /// Keeps an object and names it. Moves nothing if it lies in the store's memory (allocate()). Throws StoreFull,
  /// ConnectorError, InvalidArgument for a lifetime that has ended or is another store's.
  template <class T, class V = std::remove_cvref_t<T>>
    requires Serializable<V>
  Key put(T&& object, PutOptions const& options = {}) {
    auto* const lifespan = lifespan_of(options.lifetime);
    Key key = core().put(Serializer<V>::encode(std::forward<T>(object), core().stage()), options.tags);
    if (lifespan) lifespan->keep({key});
    return key;
  }
  /// nullopt if absent. Throws CorruptObject if it is no T, RemoteError if it is a producer's failure.
  template <Serializable T>
  std::optional<T> get(Key const& key) {
    if (auto const object = cached<T>(key)) return *object;
    auto bytes = core().get(key);
    if (!bytes) return std::nullopt;
    if (!core().cache().enabled()) return decode<T>(*bytes);
    return *keep<T>(key, *bytes);
  }
  /// Whether there is an object under that key: a future's, once it is set.
  bool exists(Key const& key) { return core().exists(key); }
  /// Whether this process has the object at hand.
  bool is_cached(Key const& key) const { return core().cache().contains(key); }
  /// Takes the object out; absent: no error. What has been resolved stays with who holds it.
  void evict(Key const& key) { core().evict(key); }

  /// One key for each object, in order; in one step where the medium can.
  template <Serializable T>
  std::vector<Key> put_batch(std::vector<T> const& objects, PutOptions const& options = {}) {
    auto* const lifespan = lifespan_of(options.lifetime);
    std::vector<Buffer> buffers;
    buffers.reserve(objects.size());
    for (auto const& object : objects) buffers.push_back(Serializer<T>::encode(object, core().stage()));
    auto keys = core().put_batch(std::move(buffers), options.tags);
    if (lifespan) lifespan->keep(keys);
    return keys;
  }
  /// In the order of `keys`; absent ones are nullopt. Throws as get().
  template <Serializable T>
  std::vector<std::optional<T>> get_batch(std::vector<Key> const& keys) {
    std::vector<std::optional<T>> objects;
    objects.reserve(keys.size());
    for (auto const& bytes : core().get_batch(keys))
      objects.push_back(bytes ? std::optional<T>(decode<T>(*bytes)) : std::nullopt);
    return objects;
  }

  /// Puts the object and stands for it. `object` is moved into the proxy if it is populated. Throws InvalidArgument for
  /// options that exclude each other.
  template <class T, class V = std::remove_cvref_t<T>>
    requires Serializable<V>
  Proxy<V> proxy(T&& object, ProxyOptions options = {}, detail::Where where = detail::Where::here()) {
    require_one(options.evict_on_resolve, options.lifetime);
    PutOptions const putting{options.lifetime, std::move(options.tags)};
    if (!options.populate) return proxy_of<V>(put(std::forward<T>(object), putting), options, std::move(where));
    auto proxy = proxy_of<V>(put(std::as_const(object), putting), options, std::move(where));
    proxy.target_->hold(std::forward<T>(object));
    return proxy;
  }
  /// One proxy for each object, in order.
  template <Serializable T>
  std::vector<Proxy<T>> proxy_batch(std::vector<T> const& objects, ProxyOptions options = {},
                                    detail::Where where = detail::Where::here()) {
    require_one(options.evict_on_resolve, options.lifetime);
    auto keys = put_batch(objects, {options.lifetime, options.tags});
    std::vector<Proxy<T>> proxies;
    proxies.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      proxies.push_back(proxy_of<T>(std::move(keys[i]), options, where));
      if (options.populate) proxies.back().target_->hold(objects[i]);
    }
    return proxies;
  }
  /// Makes no request: whether there is an object is found out at the first use.
  template <Serializable T>
  Proxy<T> proxy_from_key(Key key, ProxyOptions options = {}, detail::Where where = detail::Where::here()) {
    require_one(options.evict_on_resolve, options.lifetime);
    if (auto* const lifespan = lifespan_of(options.lifetime)) lifespan->keep({key});
    return proxy_of<T>(std::move(key), options, where);
  }
  /// proxy(), in a ProxyLocker.
  template <class T>
  auto locked_proxy(T&& object, ProxyOptions options = {}, detail::Where where = detail::Where::here()) {
    return ProxyLocker(proxy(std::forward<T>(object), options, where));
  }

  /// Puts the object and owns it: it is evicted when the owner is destroyed. `object` is moved into the owner if it is
  /// populated.
  template <class T, class V = std::remove_cvref_t<T>>
    requires Serializable<V>
  OwnedProxy<V> owned_proxy(T&& object, OwnedOptions options = {}, detail::Where where = detail::Where::here()) {
    return OwnedProxy<V>(proxy(std::forward<T>(object), {.populate = options.populate}, where).target_);
  }

  /// A promise of an object that does not exist yet. Throws NotDeferrable, naming the connector, where a key
  /// cannot be made before its object; InvalidArgument for options that exclude each other.
  template <Serializable T>
  Future<T> future(FutureOptions options = {}, detail::Where where = detail::Where::here()) {
    require_one(options.evict_on_resolve, options.lifetime);
    auto* const lifespan = lifespan_of(options.lifetime);
    detail::Reference reference{core().info(), core_->new_key({options.producer, options.size, std::move(options.tags)}),
                                std::move(where), detail::Kind::deferred, options.evict_on_resolve};
    if (lifespan) lifespan->keep({reference.key});
    core_->note_made(reference);
    return Future<T>(std::make_shared<detail::Resolution<T>>(std::move(reference), core_));
  }

  /// Serves other processes for a moment, in a program that computes long without calling the store (mpi::rma on
  /// several nodes). Never blocks.
  void progress() { core().connector().progress(); }
  /// What is open, in which state, and who waits here for what; some lines of text.
  std::string report() { return core().report(); }
  /// A snapshot of what was asked of the connector so far; nullopt unless opened with StoreOptions::metrics.
  std::optional<Metrics> metrics() const { return core().metrics(); }
  /// Collective where the connector is. Idempotent. Waiters get BrokenFuture; resolved proxies keep their objects.
  void close();

 private:
  friend class Lifetime;
  explicit Store(std::shared_ptr<detail::StoreCore> core) noexcept : core_(std::move(core)) {}
  detail::StoreCore& core() const {
    if (!core_) throw InvalidArgument("this store was moved away");
    return *core_;
  }

  /// Throws InvalidArgument for a lifetime that has ended or is another store's. Null: there is none.
  detail::Lifespan* lifespan_of(Lifetime const* lifetime) const {
    return lifetime ? open_lifespan(*lifetime) : nullptr;
  }
  detail::Lifespan* open_lifespan(Lifetime const& lifetime) const;
  static void require_one(bool evict_on_resolve, Lifetime const* lifetime);

  template <class T>
  static T decode(Bytes const& bytes) {
    if (auto failure = wire::decode_failure(bytes)) throw RemoteError(*std::move(failure));
    return Serializer<T>::decode(bytes);
  }
  template <class T>
  std::shared_ptr<T const> cached(Key const& key) {
    return std::static_pointer_cast<T const>(core().cache().find(key, typeid(T)));
  }
  template <class T>
  std::shared_ptr<T const> keep(Key const& key, Bytes const& bytes) {
    auto object = std::make_shared<T const>(decode<T>(bytes));
    core().cache().insert(key, typeid(T), object, bytes.size());
    return object;
  }
  template <class T>
  Proxy<T> proxy_of(Key&& key, ProxyOptions const& options, detail::Where where) {
    detail::Reference reference{core().info(), std::move(key), std::move(where), detail::Kind::object, options.evict_on_resolve};
    return Proxy<T>(std::make_shared<detail::Resolution<T>>(std::move(reference), core_));
  }

  std::shared_ptr<detail::StoreCore> core_;
};

}  // namespace proxystore
