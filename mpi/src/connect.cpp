#include <array>
#include <charconv>
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

/// What a text names: a kind that all ranks open together, with its options, or any other, opened already.
struct Named {
  std::string collective;
  RmaOptions rma;
  ParallelFileOptions parallel_file;
  std::unique_ptr<Connector> connector;
};

Named read(std::string_view text) {
  Named named;
  auto const config = Config::parse(text);
  if (config.kind() == "rma") {
    named.collective = config.kind();
    config.expect_only({"capacity", "prefault", "cache", "progress", "transfer", "reply_timeout"});
    named.rma = rma_options_of(config);
  } else if (config.kind() == "parallel-file") {
    named.collective = config.kind();
    config.expect_only({"segment", "quota", "fsync", "consistency", "verify", "permissions", "capacity", "prefault",
                        "cache", "progress", "transfer", "reply_timeout"});
    named.parallel_file = parallel_file_options_of(config);
  } else {
    named.connector = Registry::instance().connect(config);
  }
  return named;
}

}  // namespace
}  // namespace detail

std::unique_ptr<Connector> connect(MPI_Comm comm, std::string_view text) {
  detail::Named named;
  detail::come_together(comm);
  detail::together(comm, [&] { named = detail::read(text); });
  std::array<int, 2> const mine{named.collective == "rma" ? 1 : 0, named.collective == "parallel-file" ? 1 : 0};
  std::array<int, 2> all{};
  int size = 0;
  detail::together(comm, [&] {
    detail::mpi_check(MPI_Allreduce(mine.data(), all.data(), 2, MPI_INT, MPI_SUM, comm), "MPI_Allreduce");
    detail::mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  });
  for (std::size_t kind = 0; kind < all.size(); ++kind)
    if (all[kind] != 0 && all[kind] != size)
      throw ConfigError(std::string(kind == 0 ? "rma" : "parallel-file") + " was named by " +
                        std::to_string(all[kind]) + " of " + std::to_string(size) +
                        " ranks (it is opened by all ranks together) give every rank the same connector text");
  if (named.collective == "rma") return rma(comm, named.rma);
  if (named.collective == "parallel-file") return parallel_file(comm, std::move(named.parallel_file));
  return std::move(named.connector);
}
}  // namespace proxystore::mpi
