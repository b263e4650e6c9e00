#include <proxystore/segments/index.hpp>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include <proxystore/error.hpp>
#include <proxystore/segments/scan.hpp>

namespace proxystore::segments {
namespace {

std::string session_of(std::string_view key) { return std::string(key.substr(0, std::min(key.size(), session_bytes))); }

template <class Visit>
void for_each_name(std::string const& directory, Visit const& visit) {
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error))
    visit(entries->path().filename().string());
  if (error) throw ConnectorError("cannot read '" + directory + "' (" + error.message() + ")");
}

}  // namespace

void Index::list() {
  files_.clear();
  for_each_name(directory_, [&](std::string const& name) {
    if (auto file = FileName::parse(name)) files_.push_back(*std::move(file));
  });
  std::sort(files_.begin(), files_.end(), [](FileName const& a, FileName const& b) {
    return std::tie(a.session, a.rank, a.number) < std::tie(b.session, b.rank, b.number);
  });
}

/// Reads what a file has more than before.
void Index::read(FileName const& file) {
  auto const name = file.text();
  auto& from = read_to_[name];
  auto const scanned = scan(directory_ + '/' + name, from, [&](Found const& found) {
    if (found.kind == Kind::tombstone) {
      graves_.insert(found.key);
      return;
    }
    auto& known = known_[found.key];
    auto const settled = [](State state) { return state == State::complete || state == State::evicted; };
    if (found.state == State::withdrawn || (settled(known.state) && !settled(found.state))) return;
    known.ambiguous = found.state == State::proposed && known.state == State::proposed;
    known.state = found.state;
    known.cut = !found.whole;
    known.entry = {Fate::there, file, {file.rank, 0, file.number, found.offset, found.bytes, found.hash}};
  });
  if (scanned.is_segment) from = scanned.end;
}

/// Those of all sessions: a later job may have evicted what an earlier one wrote.
void Index::read_graves() {
  for (auto const& file : files_)
    if (file.kind == Kind::tombstone) read(file);
}

void Index::read_session(std::string_view session, std::optional<std::uint32_t> rank) {
  for (auto const& file : files_)
    if (file.kind == Kind::object && file.session == session && (!rank || file.rank == *rank)) read(file);
}

std::optional<Entry> Index::look(std::string const& key) const {
  if (graves_.contains(key)) return Entry{Fate::evicted};
  auto const found = known_.find(key);
  if (found == known_.end() || found->second.state == State::withdrawn) return std::nullopt;
  auto const& known = found->second;
  auto entry = known.entry;
  if (known.state == State::evicted) entry.fate = Fate::evicted;
  else if (known.ambiguous) entry.fate = Fate::ambiguous;
  else if (known.cut) entry.fate = Fate::cut;
  return entry;
}

Entry Index::find(std::string_view key, std::optional<std::uint32_t> likely_rank) {
  std::lock_guard const lock(mutex_);
  std::string const text(key);
  if (auto entry = look(text)) return *entry;
  list();
  read_graves();
  auto const session = session_of(key);
  if (likely_rank) read_session(session, likely_rank);
  auto entry = look(text);
  if (!entry) {
    read_session(session, std::nullopt);
    entry = look(text);
  }
  return entry.value_or(Entry{});
}

std::size_t Index::count(std::string const& file) const {
  std::size_t objects = 0;
  for (auto const& [key, known] : known_) {
    auto const entry = known.entry.file.text() == file ? look(key) : std::nullopt;
    objects += entry && entry->fate != Fate::evicted ? 1 : 0;
  }
  return objects;
}

bool Index::bury(std::string const& key) {
  std::lock_guard const lock(mutex_);
  auto const known = known_.find(key);
  bool const fresh = graves_.insert(key).second;
  if (known == known_.end()) return false;
  auto const file = known->second.entry.file.text();
  auto const [left, first] = left_.try_emplace(file, 0);
  if (first) left->second = count(file);
  else if (fresh && left->second > 0) --left->second;
  return left->second == 0;
}

std::size_t Index::objects_in(FileName const& file) {
  std::lock_guard const lock(mutex_);
  list();
  read_graves();
  read(file);
  return count(file.text());
}

std::vector<std::pair<std::string, Entry>> Index::all() {
  std::lock_guard const lock(mutex_);
  list();
  for (auto const& file : files_) read(file);
  std::vector<std::pair<std::string, Entry>> entries;
  for (auto const& [key, known] : known_)
    if (auto entry = look(key)) {
      entry->file = known.entry.file;
      entry->at = known.entry.at;
      entries.emplace_back(key, *std::move(entry));
    }
  std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) {
    auto const place = [](Entry const& e) { return std::tie(e.file.session, e.at.rank, e.at.number, e.at.offset); };
    return place(a.second) < place(b.second);
  });
  return entries;
}

}  // namespace proxystore::segments
