/// The connectors that there are on both sides, as each names them. Texts alone: no connector is needed here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/config.hpp>
#include <proxystore/key.hpp>
#include <proxystore/pickle.hpp>

namespace proxystore::detail {

/// A key and what rebuilds its connector in Python.
struct PythonStore {
  std::string_view module;  ///< of connector and key
  std::string_view key_type;
  std::vector<std::string> key;
  std::string_view kind;  ///< as ConnectorConfig takes it
  pickle::Dict options;
};
/// Throws ConfigError for a connector, or an option of it, that Python has not.
PythonStore python_store(Config const& config, Key const& key);

/// The same here. Throws UnknownStore, CorruptObject.
Config config_from_python(std::string const& kind, pickle::Dict const& options);
/// `own`: of the store that it will be looked up in. Throws CorruptObject.
Key key_from_python(std::string_view module, std::string_view type, std::vector<std::string> const& fields,
                    Config const& own);
/// What Python calls a kind that there is on both sides; empty if there is none.
std::string_view python_kind(std::string_view kind);

}  // namespace proxystore::detail
