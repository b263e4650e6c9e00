/// @file
/// Connector kinds and open stores by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/detail/store_core.hpp>
#include <proxystore/export.hpp>

namespace proxystore {

/// The one process-wide object: connector kinds by name, and the open stores by name, because a proxy that
/// arrives from elsewhere has no other way to find its store. Thread-safe. Nothing registers itself: see
/// register_connectors().
class PROXYSTORE_EXPORT Registry {
 public:
  /// Opens a connector. Throws ConfigError.
  using Factory = std::function<std::unique_ptr<Connector>(Config const&)>;
  /// Whether connectors of a kind can name an object before it exists.
  enum class Deferral { no, yes };
  using Parts = std::map<std::string, std::unique_ptr<Connector>>;
  /// A kind whose connectors stand over others, which may have to be opened in another way than by connect().
  struct Assembly {
    std::function<std::map<std::string, Config>(Config const&)> parts;  ///< by name
    /// Takes what is open already, if nothing can fail any more; opens the rest.
    std::function<std::unique_ptr<Connector>(Config const&, Parts& open)> build;
  };

  /// That of the process.
  static Registry& instance();

  /// Adds or replaces a kind.
  void add_kind(std::string const& kind, Deferral deferral, Factory factory);
  void add_kind(std::string const& kind, Deferral deferral, Assembly assembly);
  /// Throws ConfigError for an unknown kind, naming the known ones.
  std::unique_ptr<Connector> connect(Config const& config) const;
  /// The connectors that one of `config` stands over; none if it stands alone.
  std::map<std::string, Config> parts(Config const& config) const;
  /// connect(), with some parts open already. If it throws, `open` is as it was.
  std::unique_ptr<Connector> assemble(Config const& config, Parts& open) const;
  /// All that are known.
  std::vector<std::string> kinds() const;
  /// Those on which Store::future() works.
  std::vector<std::string> deferrable_kinds() const;

  /// Names of the stores open in this process.
  std::vector<std::string> stores() const;
  /// Closes the stores that were opened here because a proxy arrived, and forgets them.
  void close_arrived();

  void add(std::shared_ptr<detail::StoreCore> const& store);  ///< Throws StoreExists.
  void remove(detail::StoreCore const& store) noexcept;
  std::shared_ptr<detail::StoreCore> find(std::string const& name) const;  ///< Null if not open.
  /// find(), or a store rebuilt from `info`, which stays open until close_arrived(). Throws UnknownStore.
  std::shared_ptr<detail::StoreCore> find_or_open(detail::StoreInfo const& info);

 private:
  struct Entry {
    Deferral deferral;
    Factory factory;
    Assembly assembly;
  };
  Registry() = default;
  std::optional<Entry> entry(std::string const& kind) const;

  mutable std::mutex mutex_;
  std::map<std::string, Entry> kinds_;
  std::map<std::string, std::weak_ptr<detail::StoreCore>> stores_;
  std::vector<std::shared_ptr<detail::StoreCore>> arrived_;
};

}  // namespace proxystore
