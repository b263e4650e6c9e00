#include "options.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <regex>
#include <set>
#include <string_view>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore::multi {
namespace {

constexpr std::string_view spill_option = "spill";
constexpr std::array<std::string_view, 6> policy_options{"priority",    "min",           "max",
                                                         "subset_tags", "superset_tags", "hosts"};

bool is_of_policy(std::string_view option) {
  return std::find(policy_options.begin(), policy_options.end(), option) != policy_options.end();
}

bool is_name(std::string_view name) {
  auto const known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name != spill_option && std::all_of(name.begin(), name.end(), known);
}

std::vector<std::string> list_in(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    auto const item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

std::string text_of(std::vector<std::string> const& items) {
  std::string text;
  for (auto const& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

int priority_in(std::string const& option, std::string const& text) {
  int value = 0;
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size())
    throw ConfigError("option " + option + "=" + text + " is not understood; write a whole number, for example 10");
  return value;
}

MultiPolicy policy_of(Config const& config, std::string const& member) {
  MultiPolicy policy;
  auto const of = [&](char const* option) { return member + '.' + option; };
  if (auto const text = config.text(of("priority"))) policy.priority = priority_in(of("priority"), *text);
  policy.min_size = config.size(of("min")).value_or(policy.min_size);
  policy.max_size = config.size(of("max")).value_or(policy.max_size);
  policy.subset_tags = list_in(config.text(of("subset_tags")).value_or(""));
  policy.superset_tags = list_in(config.text(of("superset_tags")).value_or(""));
  policy.hosts = config.text(of("hosts")).value_or("");
  return policy;
}

void write(MultiPolicy const& policy, std::string const& member, Config& config) {
  MultiPolicy const usual;
  auto const set = [&](char const* option, std::string const& text) { config.set(member + '.' + option, text); };
  if (policy.priority != usual.priority) set("priority", std::to_string(policy.priority));
  if (policy.min_size != usual.min_size) set("min", std::to_string(policy.min_size));
  if (policy.max_size != usual.max_size) set("max", std::to_string(policy.max_size));
  if (!policy.subset_tags.empty()) set("subset_tags", text_of(policy.subset_tags));
  if (!policy.superset_tags.empty()) set("superset_tags", text_of(policy.superset_tags));
  if (!policy.hosts.empty()) set("hosts", policy.hosts);
}

/// Its options each by its own, unless one would be taken for the policy's.
void write(Config const& connector, std::string const& member, Config& config) {
  auto const& options = connector.options();
  if (std::any_of(options.begin(), options.end(), [](auto const& option) { return is_of_policy(option.first); }))
    return config.set(member, connector.to_string()), void();
  config.set(member, Config(connector.kind(), connector.location()).to_string());
  for (auto const& [option, value] : options) config.set(member + '.' + option, value);
}

void validate_member(MultiOptions::Member const& member) {
  auto const& policy = member.policy;
  auto const what = "connector '" + member.name + "' of a multi store ";
  if (!is_name(member.name))
    throw ConfigError(what +
                      "cannot be called so (the name has letters, digits, - and _, and is not 'spill') rename it");
  if (policy.min_size > policy.max_size)
    throw ConfigError(what + "takes objects of no size (min " + std::to_string(policy.min_size) + " is more than max " +
                      std::to_string(policy.max_size) + ") correct one of them");
  for (auto const* tags : {&policy.subset_tags, &policy.superset_tags})
    if (std::any_of(tags->begin(), tags->end(),
                    [](auto const& tag) { return tag.find(',') != tag.npos || tag.empty(); }))
      throw ConfigError(what + "has a tag that is empty or holds a comma; tags are separated by commas");
  if (member.config.kind().empty() && !member.connector) throw ConfigError(what + "is none (it has no text) name one");
  if (member.config.kind().empty()) refuse_hosts(member);
  static_cast<void>(is_for_this_host(policy));
}

}  // namespace

MultiOptions options_of(Config const& config) {
  if (!config.location().empty())
    throw ConfigError("multi:" + Config::without_secrets(config.location()) +
                      " is not understood (a multi store has no location) write multi:?name=connector&…");
  std::map<std::string, MultiOptions::Member> members;
  for (auto const& [option, text] : config.options())
    if (option != spill_option && option.find('.') == option.npos)
      members[option] = {option, policy_of(config, option), Config::parse(text), nullptr};
  for (auto const& [option, text] : config.options()) {
    auto const dot = option.find('.');
    if (dot == option.npos) continue;
    auto const member = members.find(option.substr(0, dot));
    if (member == members.end())
      throw ConfigError("option " + option + " of a multi store belongs to no connector; name one: " +
                        option.substr(0, dot) + "=file:///scratch");
    auto const own = option.substr(dot + 1);
    if (is_of_policy(own)) continue;
    if (member->second.config.text(own)) throw ConfigError("option " + option + " of a multi store is given twice");
    member->second.config.set(own, text);
  }
  MultiOptions options;
  for (auto& [name, member] : members) options.members.push_back(std::move(member));
  options.spill = list_in(config.text(std::string(spill_option)).value_or(""));
  return options;
}

Config config_of(std::vector<MultiOptions::Member> const& members, std::vector<std::string> const& spill) {
  Config config("multi");
  for (auto const& member : members) {
    bool const as_given = !member.connector || !member.policy.hosts.empty();
    write(as_given ? member.config : member.connector->config(), member.name, config);
    write(member.policy, member.name, config);
  }
  if (!spill.empty()) config.set(std::string(spill_option), text_of(spill));
  return config;
}

void validate(MultiOptions const& options) {
  if (options.members.empty())
    throw ConfigError(
        "a multi store needs connectors (it names none) write for example "
        "multi:?small=redis://host&small.max=64KiB&large=file:///scratch");
  std::set<std::string> names;
  for (auto const& member : options.members) {
    validate_member(member);
    if (!names.insert(member.name).second)
      throw ConfigError("a multi store has two connectors called '" + member.name + "'; rename one");
  }
  for (auto const& name : options.spill)
    if (!names.contains(name))
      throw ConfigError("a multi store cannot spill to '" + name + "' (it has no connector of that name)");
}

bool is_for_this_host(MultiPolicy const& policy) {
  if (policy.hosts.empty()) return true;
  char host[256] = {};
  static_cast<void>(gethostname(host, sizeof host - 1));
  try {
    return std::regex_match(host, std::regex(policy.hosts));
  } catch (std::regex_error const& error) {
    throw ConfigError("hosts=" + policy.hosts + " is no regular expression (" + error.what() +
                      ") write for example node[0-9]+|login");
  }
}

void refuse_hosts(MultiOptions::Member const& member) {
  if (member.policy.hosts.empty()) return;
  throw ConfigError("connector '" + member.name + "' of a multi store cannot be dormant on some hosts (it is opened " +
                    "by all together, or is open already) leave " + member.name + ".hosts out");
}

void open(std::vector<MultiOptions::Member>& members, Registry::Parts const& but) {
  for (auto& member : members)
    if (!member.connector && !but.contains(member.name) && is_for_this_host(member.policy))
      member.connector = Registry::instance().connect(member.config);
}

}  // namespace proxystore::multi

namespace proxystore {

using multi::options_of;

MultiOptions& MultiOptions::add(std::string name, std::string_view text, MultiPolicy policy) {
  members.push_back({std::move(name), std::move(policy), Config::parse(text), nullptr});
  return *this;
}

MultiOptions& MultiOptions::add(std::string name, std::unique_ptr<Connector> connector, MultiPolicy policy) {
  if (!connector) throw InvalidArgument("connector '" + name + "' of a multi store is null");
  members.push_back({std::move(name), std::move(policy), {}, std::move(connector)});
  return *this;
}

void MultiConnector::add_kind(Registry& registry) {
  Registry::Assembly assembly;
  assembly.parts = [](Config const& config) {
    std::map<std::string, Config> parts;
    for (auto& member : options_of(config).members) parts.emplace(member.name, std::move(member.config));
    return parts;
  };
  assembly.build = [](Config const& config, Registry::Parts& opened) -> std::unique_ptr<Connector> {
    auto options = options_of(config);
    multi::validate(options);
    for (auto const& member : options.members)
      if (opened.contains(member.name)) multi::refuse_hosts(member);
    multi::open(options.members, opened);
    for (auto& member : options.members)
      if (auto const part = opened.find(member.name); part != opened.end()) member.connector = std::move(part->second);
    return std::make_unique<MultiConnector>(std::move(options));
  };
  registry.add_kind("multi", Registry::Deferral::yes, std::move(assembly));
}

}  // namespace proxystore
