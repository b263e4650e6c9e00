#include "past.hpp"

#include <unistd.h>

#include <proxystore/error.hpp>

#include "name.hpp"

namespace proxystore::mpi::detail {

using segments::Fate;

std::optional<Parts> parts_of(Key const& key) noexcept {
  std::string_view const text = key.text();
  constexpr auto session = segments::session_bytes;
  if (text.size() <= session + 1 || text.size() > segments::most_key || text[session] != '.' ||
      !segments::is_uuid(text.substr(0, session)))
    return std::nullopt;
  return Parts{text.substr(0, session), text.substr(session + 1)};
}

Key key_of(std::string_view session, std::string_view name) {
  std::string text;
  text.reserve(session.size() + 1 + name.size());
  return Key(text.append(session).append(1, '.').append(name));
}

segments::Entry Past::find(Key const& key) {
  auto const parts = parts_of(key);
  auto const name = parts ? parse_name(parts->name) : std::nullopt;
  if (!name) return {};
  return index_.find(key.text(), name->home);
}

std::optional<Bytes> Past::get(Key const& key) {
  auto const entry = find(key);
  auto const where = [&] { return directory_ + '/' + entry.file.text(); };
  switch (entry.fate) {
    case Fate::there: return reader_.read(entry.file, entry.at, key.text());
    case Fate::cut:
      throw CorruptObject("object '" + key.text() + "' is not intact (" + where() + " ends before it does; its " +
                          "machine has crashed, or the disk was full) open with fsync=yes to be safe from that");
    case Fate::ambiguous:
      throw CorruptObject("object '" + key.text() + "' is not one (two ranks were setting it when their job was " +
                          "killed, the last of them in " + where() + ") evict it");
    case Fate::evicted:
    case Fate::absent: break;
  }
  return std::nullopt;
}

State Past::state(Key const& key) {
  auto const fate = find(key).fate;
  if (is_there(fate)) return State::ready;
  auto const parts = parts_of(key);
  auto const session = fate == Fate::absent && parts ? segments::describe_session(directory_, parts->session) : "";
  if (session.empty()) return State::gone;
  throw BrokenFuture("future '" + key.text() + "' of an earlier job will never be set (" + session +
                     "; it was not set by then, or was evicted) run that job to its end");
}

void Past::refuse(Key const& key) {
  auto const what = "key '" + key.text() + "' of an earlier job cannot be set";
  if (state(key) == State::ready) throw AlreadySet(what + " (it is set already; the first object stays)");
  throw ObjectNotFound(what + " (it was evicted, or made by another store)");
}

void Past::evict(Key const& key) {
  auto const entry = find(key);
  if (!is_there(entry.fate)) return;
  writer_.bury(key.text());
  bool const last = index_.bury(key.text());
  if (last) return remove_if_empty(entry.file);
  std::lock_guard const lock(mutex_);
  touched_.insert(entry.file.text());
}

void Past::remove_if_empty(segments::FileName const& file) {
  if (index_.objects_in(file) != 0) return;
  ::unlink((directory_ + '/' + file.text()).c_str());
  reader_.forget_removed();
}

void Past::clean_up() {
  std::lock_guard const lock(mutex_);
  for (auto const& text : touched_)
    if (auto const file = segments::FileName::parse(text)) remove_if_empty(*file);
  touched_.clear();
}

}  // namespace proxystore::mpi::detail
