#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/mpi/parallel_file.hpp>
#include <proxystore/mpi/rma.hpp>
#include <proxystore/registry.hpp>

#include "check.hpp"
#include "rma_connector.hpp"

namespace proxystore::mpi {
namespace detail {

RmaOptions rma_options_of(Config const& config) {
  RmaOptions options;
  options.capacity = config.size("capacity").value_or(0);
  options.prefault = config.flag("prefault").value_or(false);
  options.cache = config.size("cache").value_or(0);
  options.reply_timeout = config.duration("reply_timeout").value_or(options.reply_timeout);
  auto const progress = config.text("progress").value_or("auto");
  if (progress == "calls") options.progress = RmaOptions::Progress::calls;
  else if (progress == "thread") options.progress = RmaOptions::Progress::thread;
  else if (progress != "auto")
    throw ConfigError("rma option progress cannot be '" + progress + "' (auto, calls, thread)");
  auto const transfer = config.text("transfer").value_or("auto");
  if (transfer == "messages") options.transfer = RmaOptions::Transfer::messages;
  else if (transfer == "rma") options.transfer = RmaOptions::Transfer::rma;
  else if (transfer != "auto")
    throw ConfigError("rma option transfer cannot be '" + transfer + "' (auto, messages, rma)");
  return options;
}

namespace {

using Consistency = ParallelFileOptions::Consistency;

Consistency consistency_in(std::string const& text) {
  if (text == "auto") return Consistency::automatic;
  if (text == "posix") return Consistency::posix;
  if (text == "close_to_open") return Consistency::close_to_open;
  throw ConfigError("parallel-file option consistency cannot be '" + text + "' (auto, posix, close_to_open)");
}

unsigned mode_in(std::string const& text) {
  unsigned mode = 0;
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error == std::errc() && rest == text.data() + text.size()) return mode;
  throw ConfigError("option permissions=" + text + " is not understood; write octal digits, for example 0640");
}

/// parallel-file:///a/b and parallel-file:/a/b alike, after RFC 8089; parallel-file:a/b is relative.
std::string directory_in(std::string const& location) {
  if (!location.starts_with("//")) return location;
  if (location.starts_with("///")) return location.substr(2);
  throw ConfigError("parallel-file:" + location + " names a host (files are reached by path alone) write " +
                    "parallel-file:/path or parallel-file:relative/path");
}

ParallelFileOptions parallel_file_options_of(Config const& config) {
  ParallelFileOptions options;
  options.directory = directory_in(config.location());
  options.segment = config.size("segment").value_or(options.segment);
  options.quota = config.size("quota").value_or(0);
  options.fsync = config.flag("fsync").value_or(false);
  options.verify = config.flag("verify").value_or(true);
  if (auto const text = config.text("consistency")) options.consistency = consistency_in(*text);
  if (auto const mode = config.text("permissions")) options.permissions = mode_in(*mode);
  auto const capacity = options.control.capacity;
  options.control = rma_options_of(config);
  if (options.control.capacity == 0) options.control.capacity = capacity;
  return options;
}

/// A connector that all ranks open together.
struct Collective {
  std::string kind;
  RmaOptions rma;
  ParallelFileOptions parallel_file;
};

/// nullopt: each rank opens it alone.
std::optional<Collective> collective_in(Config const& config) {
  Collective named{config.kind(), {}, {}};
  if (named.kind == "rma") {
    config.expect_only({"capacity", "prefault", "cache", "progress", "transfer", "reply_timeout"});
    named.rma = rma_options_of(config);
  } else if (named.kind == "parallel-file") {
    config.expect_only({"segment", "quota", "fsync", "consistency", "verify", "permissions", "capacity", "prefault",
                        "cache", "progress", "transfer", "reply_timeout"});
    named.parallel_file = parallel_file_options_of(config);
  } else {
    return std::nullopt;
  }
  return named;
}

std::unique_ptr<Connector> open(MPI_Comm comm, Collective const& named) {
  return named.kind == "rma" ? rma(comm, named.rma) : parallel_file(comm, named.parallel_file);
}

/// What a text names: a connector that all ranks open together, several such with others over them, or any other,
/// opened already.
struct Named {
  Config config;
  std::map<std::string, Collective> parts;  // by their names; one that stands alone under ""
  std::unique_ptr<Connector> connector;
};

/// The registry does not know the kinds that need a communicator.
void require_known(std::string const& kind) {
  auto known = Registry::instance().kinds();
  if (std::find(known.begin(), known.end(), kind) != known.end()) return;
  known.insert(known.end(), {"parallel-file", "rma"});
  std::sort(known.begin(), known.end());
  std::string list;
  for (auto const& name : known) list += (list.empty() ? "" : ", ") + name;
  throw ConfigError("connector kind '" + kind + "' is unknown (known: " + list +
                    ") correct it, or call proxystore::register_connectors() first");
}

Named read(std::string_view text) {
  Named named;
  named.config = Config::parse(text);
  if (auto whole = collective_in(named.config)) named.parts.emplace("", *std::move(whole));
  for (auto const& [name, config] : Registry::instance().parts(named.config))
    if (auto part = collective_in(config)) named.parts.emplace(name, *std::move(part));
  if (!named.parts.empty()) return named;
  require_known(named.config.kind());
  named.connector = Registry::instance().connect(named.config);
  return named;
}

/// How many of a kind a rank names, and whether others stand over them, has to be the same on all.
void agree(MPI_Comm comm, Named const& named) {
  std::array<int, 6> mine{};  // and the same negative, for the most
  for (auto const& [name, part] : named.parts) {
    ++mine[part.kind == "rma" ? 0 : 1];
    if (!name.empty()) mine[2] = 1;
  }
  for (std::size_t i = 0; i < 3; ++i) mine[i + 3] = -mine[i];
  together(comm,
           [&] { mpi_check(MPI_Allreduce(MPI_IN_PLACE, mine.data(), 6, MPI_INT, MPI_MIN, comm), "MPI_Allreduce"); });
  for (std::size_t i = 0; i < 3; ++i)
    if (mine[i] != -mine[i + 3])
      throw ConfigError(std::string(i == 1 ? "parallel-file" : "rma") +
                        " was not named by all ranks alike (it is opened "
                        "by all ranks together) give every rank the same connector text");
}

/// A connector over others, some of which all ranks open together.
std::unique_ptr<Connector> assemble(MPI_Comm comm, Named const& named) {
  Registry::Parts opened;
  std::unique_ptr<Connector> connector;
  try {
    for (auto const& [name, part] : named.parts) opened[name] = open(comm, part);
    together(comm, [&] { connector = Registry::instance().assemble(named.config, opened); });
  } catch (Error const&) {  // closing is collective: in the same order on all ranks
    if (connector) connector->close();
    for (auto const& [name, part] : opened)
      if (part) part->close();
    throw;
  }
  return connector;
}

}  // namespace
}  // namespace detail

std::unique_ptr<Connector> connect(MPI_Comm comm, std::string_view text) {
  detail::Named named;
  detail::come_together(comm);
  detail::together(comm, [&] { named = detail::read(text); });
  detail::agree(comm, named);
  if (named.parts.empty()) return std::move(named.connector);
  auto const& [name, first] = *named.parts.begin();
  return name.empty() ? detail::open(comm, first) : detail::assemble(comm, named);
}
}  // namespace proxystore::mpi
