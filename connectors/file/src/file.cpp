#include <proxystore/connectors/file.hpp>

#include <charconv>
#include <filesystem>
#include <utility>

#include <proxystore/error.hpp>

#include "draft.hpp"
#include "folder.hpp"
#include "mapping.hpp"
#include "watch.hpp"

namespace proxystore {
namespace {

using file::Name;

constexpr std::chrono::milliseconds shortest_poll(1);

std::string absolute(std::string const& directory) {
  if (directory.empty())
    throw ConfigError("a file store needs a directory (none was named) write for example file:///scratch/run7");
  auto path = std::filesystem::absolute(directory).lexically_normal();
  return (path.has_filename() || path == path.root_path() ? path : path.parent_path()).string();
}

/// file:///a/b and file:/a/b alike, after RFC 8089; file:a/b is relative.
std::string directory_in(std::string const& location) {
  if (!location.starts_with("//")) return location;
  auto const path = location.find('/', 2);
  auto const host = location.substr(2, path - 2);
  if (path != std::string::npos && (host.empty() || host == "localhost")) return location.substr(path);
  throw ConfigError("file:" + location + " names the host '" + host + "' (files are reached by path alone) write " +
                    "file:///path or file:relative/path");
}

unsigned mode_in(std::string const& text) {
  unsigned mode = 0;
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error == std::errc() && rest == text.data() + text.size()) return mode;
  throw ConfigError("option permissions=" + text + " is not understood; write octal digits, for example 0640");
}

std::string octal(unsigned mode) {
  char digits[16] = "0";
  return {digits, std::to_chars(digits + 1, digits + sizeof digits, mode, 8).ptr};
}

FileOptions checked(FileOptions options) {
  if ((options.permissions & ~0666U) != 0 || (options.permissions & 0600U) != 0600U)
    throw ConfigError("option permissions=" + octal(options.permissions) +
                      " cannot be (the owner reads and writes, nobody executes) write for example 0600 or 0664");
  if (options.poll < shortest_poll) throw ConfigError("option poll is too short (it is at least 1ms)");
  return options;
}

std::string nanoseconds(std::chrono::nanoseconds time) { return std::to_string(time.count()) + "ns"; }

[[noreturn]] void throw_gone(Key const& key) {
  throw ObjectNotFound("file key '" + key.text() + "' cannot be set (it was evicted, or is no key of a file store)");
}

}  // namespace

FileConnector::FileConnector(std::string const& directory, FileOptions options)
    : options_(checked(options)),
      folder_(std::make_unique<file::Folder>(absolute(directory), options_.permissions)),
      watch_(std::make_unique<file::Watch>(*folder_, options_.poll)) {}

FileConnector::~FileConnector() = default;

void FileConnector::ensure_open() const {
  if (closed_.load(std::memory_order_acquire)) throw StoreClosed("the file connector on " + folder_->path() + " is closed");
}

Buffer FileConnector::allocate(std::size_t bytes) {
  if (bytes >= file::worth_mapping && !folder_->is_shared() && !closed_)
    if (auto memory = file::allocate(*folder_, bytes, this)) return *std::move(memory);
  return Buffer(bytes);
}

Buffer FileConnector::stage(std::size_t bytes) { return bytes < file::worth_filling ? Buffer(bytes) : allocate(bytes); }

Key FileConnector::put(Buffer object) {
  std::vector<Buffer> objects;
  objects.push_back(std::move(object));
  return std::move(put_batch(std::move(objects)).front());
}

std::vector<Key> FileConnector::put_batch(std::vector<Buffer> objects) {
  ensure_open();
  std::vector<Name> names;
  names.reserve(objects.size());
  try {
    for (auto& object : objects) {
      file::Draft draft(*folder_, std::move(object), this, options_.fsync);
      draft.move_to(names.emplace_back(Name::fresh_put()));
    }
    if (options_.fsync) folder_->sync();
    for (auto const& name : names) folder_->mark(name);
    if (options_.fsync) folder_->sync();
  } catch (...) {
    for (auto const& name : names) folder_->withdraw(name);
    throw;
  }
  std::vector<Key> keys;
  keys.reserve(names.size());
  for (auto const& name : names) keys.emplace_back(name.object());
  return keys;
}

Key FileConnector::new_key(KeyHint const&) {
  ensure_open();
  return make_uuid_key();
}

void FileConnector::set(Key const& key, Buffer object) {
  ensure_open();
  auto const name = Name::of(key);
  if (!name) throw_gone(key);
  if (folder_->look(*name) != State::pending) refuse(*name);  // before writing in vain
  file::Draft draft(*folder_, std::move(object), this, options_.fsync);
  if (!draft.claim(*name)) refuse(*name);
  try {
    if (options_.fsync) folder_->sync();
    folder_->mark(*name);  // nothing if it has been evicted since: then it was set, and evicted
    if (options_.fsync) folder_->sync();
  } catch (...) {
    folder_->withdraw(*name);
    throw;
  }
}

/// Of a key that somebody else has set or evicted, or began to.
void FileConnector::refuse(file::Name const& name) const {
  Key const key(name.object());
  if (folder_->look(name) == State::gone) throw_gone(key);
  folder_->finish(name);
  throw AlreadySet("file key '" + key.text() + "' is set already, or is being set; the first object stays (file " +
                   folder_->path() + '/' + key.text() + ')');
}

std::optional<Bytes> FileConnector::get(Key const& key) {
  ensure_open();
  auto const name = Name::of(key);
  if (!name) return std::nullopt;
  auto opened = folder_->open(*name);
  if (!opened) {
    folder_->refresh();
    opened = folder_->open(*name);
  }
  return opened ? file::content_of(*folder_, std::move(opened), *name) : std::nullopt;
}

bool FileConnector::exists(Key const& key) {
  ensure_open();
  auto const name = Name::of(key);
  if (!name) return false;
  if (folder_->look(*name) == State::ready) return true;
  return folder_->refresh() && folder_->look(*name) == State::ready;
}

void FileConnector::evict(Key const& key) {
  ensure_open();
  if (auto const name = Name::of(key)) folder_->evict(*name);
}

State FileConnector::wait(Key const& key, Deadline deadline) {
  auto const name = Name::of(key);
  if (closed_.load(std::memory_order_acquire)) return State::broken;
  return name ? watch_->wait(*name, deadline) : State::gone;
}

Config FileConnector::config() const {
  FileOptions const usual;
  Config config("file", "//" + folder_->path());
  if (options_.fsync) config.set("fsync", "yes");
  if (options_.permissions != usual.permissions) config.set("permissions", octal(options_.permissions));
  if (options_.poll != usual.poll) config.set("poll", nanoseconds(options_.poll));
  return config;
}

void FileConnector::close() {
  if (closed_.exchange(true)) return;
  watch_->close();
  if (options_.clear) folder_->clear();
}

std::string FileConnector::report() const {
  std::size_t objects = 0, unfinished = 0;
  folder_->for_each_name([&](std::string_view name) {
    objects += name.ends_with(Name::marker_suffix) ? 1 : 0;
    unfinished += file::is_temporary(name) ? 1 : 0;
  });
  return "file: " + std::to_string(objects) + " objects in " + folder_->path() +
         (folder_->is_shared() ? ", perhaps over a network" : "") + ", " + std::to_string(unfinished) +
         " unfinished files\n";
}

void FileConnector::add_kind(Registry& registry) {
  registry.add_kind("file", Registry::Deferral::yes, [](Config const& config) -> std::unique_ptr<Connector> {
    config.expect_only({"fsync", "permissions", "clear", "poll"});
    FileOptions options;
    options.fsync = config.flag("fsync").value_or(options.fsync);
    options.clear = config.flag("clear").value_or(options.clear);
    options.poll = config.duration("poll").value_or(options.poll);
    if (auto const mode = config.text("permissions")) options.permissions = mode_in(*mode);
    return std::make_unique<FileConnector>(directory_in(config.location()), options);
  });
}

}  // namespace proxystore
