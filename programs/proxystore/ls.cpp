#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "listing.hpp"

namespace proxystore::program {
namespace {

constexpr char help[] = "List the objects in the directory of a store: key, size, state, type and shape.";

constexpr char more[] =
    "The store may be of kind parallel-file, file or hdf5, in use, closed, or left by a job that was killed.\n"
    "States: ok; evicted (it takes space until its segment is removed); corrupt (it is not what was put, and\n"
    "the store does not return it). Without --fast every object is read and its checksum compared.\n\n"
    "  proxystore ls /scratch/run7\n"
    "  proxystore ls --json /scratch/run7 | jq '.objects[] | select(.state == \"corrupt\")'\n\n"
    "Exit code 1: something is corrupt.";

struct Options {
  std::string directory;
  bool json = false, fast = false;
};

std::string text_of(std::vector<std::size_t> const& shape) {
  std::string text;
  for (auto const extent : shape) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return "[" + text + "]";
}

void print_table(Listing const& listing) {
  std::size_t width = 3;
  std::uint64_t bytes = 0;
  std::size_t ok = 0;
  for (auto const& item : listing.items) {
    width = std::max(width, item.key.size());
    bytes += item.state == "ok" ? item.bytes : 0;
    ok += item.state == "ok" ? 1 : 0;
  }
  for (auto const& job : listing.jobs) std::printf("%s\n", job.c_str());
  std::printf("%-*s %12s  %-8s %-4s %s\n", static_cast<int>(width), "key", "bytes", "state", "id", "type");
  for (auto const& item : listing.items)
    std::printf("%-*s %12llu  %-8s %-4s %s%s%s\n", static_cast<int>(width), item.key.c_str(),
                static_cast<unsigned long long>(item.bytes), item.state.c_str(), item.what.identifier.c_str(),
                item.what.type.c_str(), item.what.shape ? (" " + text_of(*item.what.shape)).c_str() : "",
                item.problem.c_str());
  std::printf("%s: %zu objects, %llu bytes", listing.kind.c_str(), ok, static_cast<unsigned long long>(bytes));
  if (auto const others = listing.items.size() - ok; others != 0) std::printf("; %zu evicted or corrupt", others);
  std::printf("\n");
}

void print_json(Listing const& listing) {
  auto objects = nlohmann::json::array();
  for (auto const& item : listing.items) {
    nlohmann::json object{{"key", item.key}, {"bytes", item.bytes}, {"state", item.state}, {"file", item.file}};
    if (!item.what.identifier.empty()) object["identifier"] = item.what.identifier;
    if (!item.what.type.empty()) object["type"] = item.what.type;
    if (item.what.shape) object["shape"] = *item.what.shape;
    if (!item.problem.empty()) object["problem"] = item.problem;
    objects.push_back(std::move(object));
  }
  nlohmann::json const all{{"kind", listing.kind}, {"jobs", listing.jobs}, {"objects", std::move(objects)}};
  constexpr auto replace = nlohmann::json::error_handler_t::replace;  // a failure's text may be anything
  std::printf("%s\n", all.dump(2, ' ', false, replace).c_str());
}

int run(Options const& options) {
  auto const listing = list(options.directory, options.fast ? Checks::headers : Checks::all);
  if (options.json) print_json(listing);
  else print_table(listing);
  bool const intact = std::none_of(listing.items.begin(), listing.items.end(),
                                   [](Item const& item) { return item.state == "corrupt"; });
  return intact ? 0 : not_intact;
}

}  // namespace

void add_ls(CLI::App& app, int& exit_code) {
  auto* const ls = app.add_subcommand("ls", help);
  auto const options = std::make_shared<Options>();
  ls->footer(more);
  ls->add_option("DIR", options->directory, "the directory of the store")->required();
  ls->add_flag("--json", options->json, "for programs: one JSON object");
  ls->add_flag("--fast", options->fast, "do not compare checksums (parallel-file)");
  ls->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace proxystore::program
