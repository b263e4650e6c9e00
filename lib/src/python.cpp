#include <proxystore/python.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <proxystore/config.hpp>
#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>

#include "pickler.hpp"
#include "python_connectors.hpp"
#include "unpickler.hpp"

// In Python a proxy or future holds a factory, and that a key and the config of a store:
//
//     _proxy_trampoline(factory, None, None)  |  Future(factory)
//     factory:  StoreFactory(key, config)  |  PollingStoreFactory(key, config), with a dict as state
//     config:   StoreConfig.model_validate({...}): a plain dict, without the inside of pydantic
namespace proxystore::detail {
namespace {

using pickle::Dict;
using pickle::Node;
using pickle::Pickler;
using pickle::Unpickler;
using pickle::Value;

constexpr std::string_view factories = "proxystore.store.factory", futures = "proxystore.store.future",
                           proxies = "proxystore.proxy";

void write_key(Pickler& out, PythonStore const& store) {
  out.global(store.module, store.key_type);
  out.mark();
  for (auto const& field : store.key) out.text(field);
  out.tuple();
  out.call();
}

void write_config(Pickler& out, std::string const& name, PythonStore const& store) {
  out.global("proxystore.store.config", "StoreConfig.model_validate");
  out.mark();
  Dict const connector{{"kind", store.kind}, {"options", store.options}};
  out.value(Dict{{"name", name}, {"connector", connector}, {"auto_register", true}});
  out.tuple();
  out.call();
}

void write_factory(Pickler& out, Reference const& reference, PythonStore const& store, bool polls,
                   PythonOptions const& options) {
  out.global(factories, polls ? "PollingStoreFactory" : "StoreFactory");
  out.mark();
  write_key(out, store);
  write_config(out, reference.store->name, store);
  out.tuple();
  out.call();
  Dict state{{"evict", reference.evict_on_resolve}};
  if (polls) state.items.emplace_back("_polling_interval", options.polling_interval.count());
  out.value(state);
  out.build();
}

/// The parts of a pickled proxy or future.
class Parts {
 public:
  explicit Parts(Bytes const& pickle) : pickle_(pickle) {}

  Node const& factory(PythonKind expected) const;
  /// `name` in the state of an object, or else argument `position` of the call that made it; null if there is neither.
  Node const* field(Node const& object, std::string_view name, std::optional<std::size_t> position = {}) const;
  Node const& need(Node const* node, std::string_view name) const;
  /// An object's type is that name of that module.
  bool is(Node const& object, std::string_view module, std::string_view name) const;
  [[noreturn]] void refuse(Node const& node, std::string_view wanted) const;

  std::string text(Node const& node, std::string_view what) const;
  std::vector<std::string> key_fields(Node const& key) const;
  /// The dict in a model of pydantic, or a plain one.
  Node const& model(Node const& node) const;
  Node const& of_model(Node const& model, std::string_view name) const { return need(look_up(model, name), name); }
  Dict options(Node const& node) const;
  Node const& type(Node const& object) const { return pickle_.at(object.items[0]); }
  Node const* look_up(Node const& dict, std::string_view name) const;
  void no_code(Node const* node, std::string_view what) const;

 private:
  Value plain(Node const& node) const;

  Unpickler const pickle_;
};

void Parts::refuse(Node const& node, std::string_view wanted) const {
  throw CorruptObject("a pickle holds " + pickle::describe(pickle_, node) + ", not " + std::string(wanted));
}

Node const& Parts::need(Node const* node, std::string_view name) const {
  if (node) return *node;
  throw CorruptObject("a proxy or future of Python has no " + std::string(name));
}

bool Parts::is(Node const& object, std::string_view module, std::string_view name) const {
  return object.kind == Node::Kind::call && type(object).text == module && type(object).name == name;
}

Node const* Parts::look_up(Node const& dict, std::string_view name) const {
  if (dict.kind != Node::Kind::dict) return nullptr;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    auto const& key = pickle_.at(dict.items[i]);
    if (key.kind == Node::Kind::text && key.text == name) return &pickle_.at(dict.items[i + 1]);
  }
  return nullptr;
}

Node const* Parts::field(Node const& object, std::string_view name, std::optional<std::size_t> position) const {
  if (object.items.size() > 2)
    if (auto const* const found = look_up(pickle_.at(object.items[2]), name)) return found;
  auto const& arguments = pickle_.at(object.items[1]).items;
  return position && *position < arguments.size() ? &pickle_.at(arguments[*position]) : nullptr;
}

Node const& Parts::factory(PythonKind expected) const {
  auto const& root = pickle_.root();
  bool const future = expected == PythonKind::future;
  auto const wanted = future ? "a Future of Python ProxyStore" : "a Proxy of Python ProxyStore";
  if (!(future ? is(root, futures, "Future") : is(root, proxies, "_proxy_trampoline"))) refuse(root, wanted);
  auto const& factory = need(field(root, "_factory", 0), "factory");
  if (!is(factory, factories, "StoreFactory") && !is(factory, factories, "PollingStoreFactory"))
    refuse(factory, "a factory of a store");
  if (future) no_code(field(root, "_serializer"), "serializer");
  return factory;
}

std::string Parts::text(Node const& node, std::string_view what) const {
  if (node.kind != Node::Kind::text) refuse(node, what);
  return std::string(node.text);
}

std::vector<std::string> Parts::key_fields(Node const& key) const {
  if (key.kind != Node::Kind::call) refuse(key, "a key");
  std::vector<std::string> fields;
  for (auto const item : pickle_.at(key.items[1]).items) {
    auto const& field = pickle_.at(item);
    fields.push_back(field.kind == Node::Kind::none ? std::string() : text(field, "text of a key"));
  }
  return fields;
}

Node const& Parts::model(Node const& node) const {
  if (node.kind == Node::Kind::dict) return node;
  if (node.kind != Node::Kind::call) refuse(node, "a config");
  return need(field(node, "__dict__", 0), "config");
}

/// What cannot be called here would be needed to read the object.
void Parts::no_code(Node const* node, std::string_view what) const {
  if (!node || node->kind == Node::Kind::none) return;
  throw CorruptObject("a proxy or future of Python has a " + std::string(what) + " of its own, " +
                      pickle::describe(pickle_, *node) + ", which cannot be called here; leave it out");
}

Value Parts::plain(Node const& node) const {
  switch (node.kind) {
    case Node::Kind::text: return node.text;
    case Node::Kind::integer: return node.integer;
    case Node::Kind::boolean: return node.integer != 0;
    case Node::Kind::none: return {};
    default: refuse(node, "a plain option of a connector");
  }
}

Dict Parts::options(Node const& node) const {
  if (node.kind != Node::Kind::dict) refuse(node, "options of a connector");
  Dict options;
  for (std::size_t i = 0; i < node.items.size(); i += 2) {
    auto const& value = pickle_.at(node.items[i + 1]);
    Value read;
    if (value.kind == Node::Kind::list) {
      pickle::List items;
      for (auto const item : value.items) items.push_back(plain(pickle_.at(item)));
      read = std::move(items);
    } else {
      read = plain(value);
    }
    options.items.emplace_back(plain(pickle_.at(node.items[i])), std::move(read));
  }
  return options;
}

/// The store that is open here under that name, if it is on such a connector; else one to be made from the config.
StoreInfo store_of(std::string name, Config const& config) {
  auto const open = Registry::instance().find(name);
  if (!open) return {std::move(name), config.to_string()};
  auto const here = Config::parse(open->info()->connector);
  if (python_kind(here.kind()) == config.kind()) return *open->info();
  throw UnknownStore("a proxy of Python is of store '" + name + "' on " + config.to_string() +
                     ", but the store open here under that name is on " +
                     Config::without_secrets(open->info()->connector) + "; give the two stores different names");
}

}  // namespace

Bytes write_python(Reference const& reference, PythonKind as, PythonOptions const& options) {
  if (!reference.store) throw InvalidArgument("this proxy or future stands for nothing (it names no store)");
  auto const store = python_store(Config::parse(reference.store->connector), reference.key);
  bool const future = as == PythonKind::future;
  Pickler out;
  if (future) out.global(futures, "Future");
  else out.global(proxies, "_proxy_trampoline");
  out.mark();
  write_factory(out, reference, store, future || reference.kind == Kind::deferred, options);
  if (!future) out.none(), out.none();
  out.tuple();
  out.call();
  return Buffer::copy_of(std::move(out).end()).freeze();
}

Reference read_python(Bytes const& pickle, PythonKind expected) {
  Parts const parts(pickle);
  auto const& factory = parts.factory(expected);
  parts.no_code(parts.field(factory, "deserializer"), "deserializer");
  auto const& config = parts.model(parts.need(parts.field(factory, "store_config", 1), "config"));
  for (auto const* code : {"serializer", "deserializer"}) parts.no_code(parts.look_up(config, code), code);
  auto const& connector = parts.model(parts.of_model(config, "connector"));
  auto const info = store_of(parts.text(parts.of_model(config, "name"), "a name of a store"),
                             config_from_python(parts.text(parts.of_model(connector, "kind"), "a kind of connector"),
                                                parts.options(parts.of_model(connector, "options"))));
  auto const& key = parts.need(parts.field(factory, "key", 0), "key");
  auto const fields = parts.key_fields(key);
  Reference reference;
  reference.store = std::make_shared<StoreInfo const>(info);
  auto const& type = parts.type(key);
  reference.key = key_from_python(type.text, type.name, fields, Config::parse(info.connector));
  reference.kind = parts.is(factory, factories, "PollingStoreFactory") ? Kind::deferred : Kind::object;
  auto const* const evict = parts.field(factory, "evict");
  reference.evict_on_resolve = evict && evict->integer != 0;
  return reference;
}

}  // namespace proxystore::detail
