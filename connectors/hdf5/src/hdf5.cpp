#include <proxystore/connectors/hdf5.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/h5/file.hpp>

#include "object_file.hpp"
#include "place.hpp"
#include "watch.hpp"

namespace proxystore {
namespace {

/// As the launchers of Open MPI, MPICH and its kin, PMIx and Slurm tell it.
std::optional<int> rank_from_launcher() {
  for (auto const* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"}) {
    std::string_view const text = std::getenv(name) ? std::getenv(name) : "";
    int rank = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), rank);
    if (error == std::errc() && end == text.data() + text.size() && rank >= 0) return rank;
  }
  return std::nullopt;
}

/// Absolute, since a proxy may arrive in a process that works elsewhere. The text `hdf5:///run7` means /run7.
std::filesystem::path whole(std::filesystem::path const& directory) {
  if (directory.empty()) throw ConfigError("connector hdf5 needs a directory; write for example hdf5:/scratch/run7");
  return std::filesystem::absolute(directory).lexically_normal();
}

/// Removes what was written so far, unless it was announced.
class Unfinished {
 public:
  explicit Unfinished(std::string path) : path_(std::move(path)) {}
  ~Unfinished() { unlink(path_.c_str()); }
  Unfinished(Unfinished const&) = delete;
  Unfinished& operator=(Unfinished const&) = delete;

 private:
  std::string path_;
};

}  // namespace

struct Hdf5Connector::Parts {
  explicit Parts(std::string root) : place(std::move(root)) {}
  void write(Key const& key, hdf5::Draft const& draft, bool sync) const;

  hdf5::Place place;
  hdf5::Watch watch;
  std::optional<int> const rank = rank_from_launcher();
  std::atomic<bool> closed{false};
};

void Hdf5Connector::Parts::write(Key const& key, hdf5::Draft const& draft, bool sync) const {
  auto const path = place.draft(key);
  Unfinished const unfinished(path);
  auto file = h5::File::create(path);
  if (!file) throw ObjectNotFound("hdf5 key '" + key.text() + "' cannot be set (it was evicted)");
  draft.write(*file);
  if (sync) file->sync();
  file->close();
  place.publish(key, path);
  if (sync) h5::sync_directory(place.directory(key));
}

Hdf5Connector::Hdf5Connector(std::filesystem::path directory, Hdf5Options options)
    : directory_(whole(directory)), options_(options) {
  hdf5::require({options_.compression, options_.checksum});
  parts_ = std::make_unique<Parts>(directory_.string());
}

Hdf5Connector::~Hdf5Connector() = default;

void Hdf5Connector::ensure_open() const {
  if (parts_->closed) throw StoreClosed("the hdf5 connector is closed");
}

Key Hdf5Connector::new_key(KeyHint const&) {
  ensure_open();
  return parts_->place.make();
}

Key Hdf5Connector::put(Buffer object) {
  Key key = new_key({});
  try {
    set(key, std::move(object));
  } catch (...) {  // nobody has this key
    parts_->place.remove(key);
    throw;
  }
  return key;
}

void Hdf5Connector::set(Key const& key, Buffer object) {
  ensure_open();
  auto const& place = parts_->place;
  switch (place.look(key)) {
    case State::ready: throw AlreadySet("hdf5 key '" + key.text() + "' is set already; the first object stays");
    case State::gone:
      throw ObjectNotFound("hdf5 key '" + key.text() + "' cannot be set (it was evicted, or made by another store)");
    default: break;
  }
  auto const draft = hdf5::draft(std::move(object).freeze(), {store_, key.text(), whoami(), parts_->rank},
                                 {options_.compression, options_.checksum});
  parts_->write(key, draft, options_.sync);
  if (options_.sync) h5::sync_directory(directory_.string());
}

std::optional<Bytes> Hdf5Connector::get(Key const& key) {
  ensure_open();
  auto const& place = parts_->place;
  if (place.look(key) != State::ready) return std::nullopt;
  auto const path = place.object(key);
  auto const file = h5::File::open(path);
  if (!file) return std::nullopt;
  try {
    return hdf5::read_object(*file, path);
  } catch (CorruptObject const&) {
    if (place.look(key) != State::ready) return std::nullopt;  // evicted while it was read
    throw;
  }
}

bool Hdf5Connector::exists(Key const& key) {
  ensure_open();
  return parts_->place.look(key) == State::ready;
}

void Hdf5Connector::evict(Key const& key) {
  ensure_open();
  parts_->place.remove(key);
}

State Hdf5Connector::wait(Key const& key, Deadline deadline) {
  auto const& place = parts_->place;
  return parts_->watch.wait(place.directory(key), deadline, [&] { return place.look(key); });
}

Config Hdf5Connector::config() const {
  Config config("hdf5", directory_.string());
  if (options_.compression != 0) config.set("compression", std::to_string(options_.compression));
  if (options_.checksum) config.set("checksum", "yes");
  if (options_.sync) config.set("sync", "yes");
  return config;
}

void Hdf5Connector::close() {
  parts_->closed = true;
  parts_->watch.close();
}

std::string Hdf5Connector::report() const { return "hdf5: files of " + hdf5::version() + " in " + directory_.string() + "\n"; }

void Hdf5Connector::add_kind(Registry& registry) {
  registry.add_kind("hdf5", Registry::Deferral::yes, [](Config const& config) -> std::unique_ptr<Connector> {
    config.expect_only({"compression", "checksum", "sync"});
    Hdf5Options options;
    options.compression = static_cast<int>(std::min<std::size_t>(config.size("compression").value_or(0), 100));
    options.checksum = config.flag("checksum").value_or(options.checksum);
    options.sync = config.flag("sync").value_or(options.sync);
    return std::make_unique<Hdf5Connector>(config.location(), options);
  });
}

}  // namespace proxystore
