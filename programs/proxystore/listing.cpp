#include "listing.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>
#include <proxystore/segments/index.hpp>
#include <proxystore/segments/reader.hpp>

namespace proxystore::program {
namespace {

namespace fs = std::filesystem;
using segments::Fate;

constexpr char marker[] = ".ready", dataset[] = "object.h5";

std::string state_of(Fate fate) { return fate == Fate::there ? "ok" : fate == Fate::evicted ? "evicted" : "corrupt"; }

Item item_of(std::string const& key, segments::Entry const& entry, segments::Reader& reader) {
  Item item{.key = key, .bytes = entry.at.bytes, .state = state_of(entry.fate), .file = entry.file.text()};
  if (entry.fate == Fate::cut) item.problem = "its file ends before it does";
  if (entry.fate == Fate::ambiguous) item.problem = "two ranks were setting it when their job was killed";
  if (entry.fate != Fate::there) return item;
  try {
    auto const object = reader.read(entry.file, entry.at, key);
    if (!object) item.state = "evicted";  // while we look
    else item.what = segments::describe(*object);
  } catch (CorruptObject const& error) {
    item.state = "corrupt";
    item.problem = error.what();
  }
  return item;
}

Listing list_segments(std::string const& directory, Checks checks) {
  Listing listing{.kind = "parallel-file"};
  segments::Reader reader({.directory = directory,
                           .mapped = segments::is_local(directory),
                           .reopened = !segments::is_local(directory),
                           .verified = checks == Checks::all});
  for (auto const& [key, entry] : segments::Index(directory).all())
    listing.items.push_back(item_of(key, entry, reader));
  for (auto const& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".session")
      listing.jobs.push_back(segments::describe_session(directory, entry.path().stem().string()));
  std::sort(listing.jobs.begin(), listing.jobs.end());
  return listing;
}

/// Keys whose objects a connector of that kind gives.
Listing list_through(std::string const& kind, std::string const& directory, std::set<std::string> const& keys,
                     std::string const& suffix) {
  Listing listing{.kind = kind};
  register_connectors();
  auto const kinds = Registry::instance().kinds();
  std::unique_ptr<Connector> connector;
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end())
    connector = Registry::instance().connect(Config(kind, directory));
  for (auto const& key : keys) {
    Item item{.key = key, .state = "ok", .file = key + suffix};
    std::error_code error;
    item.bytes = fs::file_size(fs::path(directory) / item.file, error);
    if (error) continue;  // it has gone meanwhile
    try {
      if (auto const object = connector ? connector->get(Key(key)) : std::nullopt) {
        item.bytes = object->size();
        item.what = segments::describe(*object);
      }
    } catch (CorruptObject const& corrupt) {
      item.state = "corrupt";
      item.problem = corrupt.what();
    }
    listing.items.push_back(std::move(item));
  }
  return listing;
}

}  // namespace

Listing list(std::string const& directory, Checks checks) {
  std::error_code error;
  if (!fs::is_directory(directory, error))
    throw InvalidArgument("'" + directory + "' is no directory" + (error ? " (" + error.message() + ")" : ""));
  if (segments::has_segments(directory)) return list_segments(directory, checks);
  std::set<std::string> files, datasets;
  for (auto const& entry : fs::directory_iterator(directory)) {
    auto const name = entry.path().filename().string();
    auto const stem = entry.path().stem().string();
    if (segments::is_uuid(stem) && entry.path().extension() == marker &&
        fs::exists(fs::path(directory) / entry.path().stem()))
      files.insert(stem);
    if (name.front() != '.' && fs::exists(entry.path() / dataset, error)) datasets.insert(name);
  }
  if (!files.empty()) return list_through("file", directory, files, "");
  if (!datasets.empty()) return list_through("hdf5", directory, datasets, std::string("/") + dataset);
  throw InvalidArgument("'" + directory + "' holds no store (neither segments, nor <key>.ready, nor <key>/object.h5) " +
                        "name the directory of a parallel-file:, file: or hdf5: store");
}

}  // namespace proxystore::program
