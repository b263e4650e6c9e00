// Network inside move(): large objects on their way, and the copies of them that this rank holds for its node.
#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

#include "network.hpp"

namespace proxystore::mpi::detail {

void Network::on_pull(std::uint32_t from, Letter const& asked) {
  auto const& name = asked.name;
  auto const tag = static_cast<int>(asked.number);
  if (place_.near(name.home)) {
    auto const at = here(name);
    if (!at || Handoff::watch(*at) != State::ready) return refuse(from, tag, name);
    watches_[name].holders.insert(from);
    return send_body(from, tag, *at) ? void() : refuse(from, tag, name);
  }
  auto const at = directory_.find(name);
  if (!at) return refuse(from, tag, name);
  watches_[name].holders.insert(from);
  if (send_body(from, tag, *at)) return;
  auto const bytes = Handoff::elsewhere(*at);
  if (!bytes || bytes->source == place_.rank || bytes->source == from) return refuse(from, tag, name);
  std::shared_ptr<Pull> pull;
  bool fresh = false;
  {
    std::lock_guard lock(pulls_mutex_);
    auto& known = pulls_[name];
    fresh = !known;
    if (fresh) known = std::make_shared<Pull>();
    pull = known;
  }
  has_pulls_ = true;
  pull->relays.emplace_back(from, tag);
  if (!fresh) return;
  pull->name = name;
  pull->from = *bytes;
  pull->at = at.again();
  at->puller = place_.rank + 1;
  start(pull);
}

/// The bytes that it pulls do not come from here.
void Network::refuse(std::uint32_t to, int tag, Name const& name) {
  auto failed = letter(Kind::pull_failed, name);
  failed.number = static_cast<std::uint64_t>(tag);
  mail_.send(to, failed);
}

/// A view of them that is held; nullopt: they are not here.
std::optional<Bytes> Network::bytes_at(Handle at) {
  auto view = handoff_.view(at);
  if (!view || !view->large.data()) return view ? std::optional(std::move(view->small)) : std::nullopt;
  auto const unview = [this, at](void const*) { handoff_.unview(at); };
  return Bytes(view->large, std::shared_ptr<void const>(view->large.data(), unview));
}

/// False: they are not here to send.
bool Network::send_body(std::uint32_t to, int tag, Handle at) {
  auto bytes = bytes_at(at);
  if (bytes) mail_.send_body(to, tag, *std::move(bytes));
  return bytes.has_value();
}

void Network::start(std::shared_ptr<Pull> const& pull) {
  auto const size = static_cast<std::size_t>(pull->from.size);
  std::span<std::byte> memory;
  if (size > Slot::inline_bytes && (pull->block = make_room(size))) {
    memory = {pull->block, size};
  } else {
    pull->own = Buffer(std::max(size, Buffer::inline_capacity + 1));
    memory = pull->own.span().first(size);
  }
  pull->tag = mail_.new_tag();
  pull->arrival = mail_.receive_body(pull->from.source, pull->tag, memory);
  auto asked = letter(Kind::pull, pull->name);
  asked.number = static_cast<std::uint64_t>(pull->tag);
  mail_.send(pull->from.source, asked);
}

bool Network::finish_pulls() {
  std::vector<std::shared_ptr<Pull>> arrived;
  {
    std::lock_guard lock(pulls_mutex_);
    for (auto pull = pulls_.begin(); pull != pulls_.end();) {
      bool const here = pull->second->tag != 0 && pull->second->arrival.done();
      if (here) arrived.push_back(std::move(pull->second));
      pull = here ? pulls_.erase(pull) : std::next(pull);
    }
    has_pulls_ = !pulls_.empty();
  }
  for (auto const& pull : arrived) finish(*pull);
  return !arrived.empty();
}

void Network::finish(Pull& pull) {
  ++pulled_;
  auto const size = static_cast<std::size_t>(pull.from.size);
  auto state = Pull::stored;
  if (!pull.block) {
    auto const view = pull.own.span().first(size);
    pull.bytes = Bytes(view, std::make_shared<Buffer>(std::move(pull.own)));
    state = Pull::kept;
    for (auto const& [rank, tag] : pull.relays) mail_.send_body(rank, tag, pull.bytes);
  } else {
    if (handoff_.bring_here(*pull.at, place_.mine, arena_.offset_of(pull.block), size))
      remember(pull.name, *pull.at, size);
    else arena_.free(pull.block);  // a neighbour was faster, or it was evicted
    for (auto const& [rank, tag] : pull.relays)
      if (!send_body(rank, tag, *pull.at)) refuse(rank, tag, pull.name);
  }
  pull.at->puller = 0;
  pull.state = state;
}

void Network::on_pull_failed(std::uint32_t from, Letter const& letter) {
  if (auto const portion = take_part(from, letter.number)) {
    portion->arrival_.cancel();
    portion->state_ = Portion::failed;
    return;
  }
  std::shared_ptr<Pull> pull;
  {
    std::lock_guard lock(pulls_mutex_);
    auto const found = pulls_.find(letter.name);
    if (found == pulls_.end() || found->second->tag != static_cast<int>(letter.number) ||
        found->second->from.source != from)
      return;
    pull = std::move(found->second);
    pulls_.erase(found);
  }
  pull->arrival.cancel();
  if (pull->block) arena_.free(pull->block);
  auto failed = letter;
  for (auto const& [rank, tag] : pull->relays) {
    failed.number = static_cast<std::uint64_t>(tag);
    mail_.send(rank, failed);
  }
  pull->at->puller = 0;
  pull->state = Pull::failed;
}

// ---- Copies of other nodes' objects ----

/// Null if there is none, even without the copies that nobody looks at.
std::byte* Network::make_room(std::size_t bytes) noexcept {
  try {
    return arena_.allocate(bytes);
  } catch (StoreFull const&) {
  }
  if (drop_cached(bytes) == 0) return nullptr;
  try {
    return arena_.allocate(bytes);
  } catch (StoreFull const&) {
    return nullptr;
  }
}

void Network::remember(Name const& name, Handle at, std::uint64_t bytes) {
  constexpr std::size_t most_mirrors = 65536;
  bool full = false;
  {
    std::lock_guard lock(cached_mutex_);
    auto const last = cached_.insert(cached_.end(), {name, at, bytes});
    auto const [entry, fresh] = cached_at_.try_emplace(name, last);
    if (!fresh) {  // of an earlier mirror
      cached_bytes_ -= entry->second->bytes;
      cached_.erase(entry->second);
      entry->second = last;
    }
    cached_bytes_ += bytes;
    full = cached_bytes_ > options_.cache_bytes || cached_.size() > most_mirrors;
  }
  if (full) drop_cached(std::max<std::uint64_t>(bytes, 1));
}

/// Its mirror is gone, by what its home says.
void Network::forget_copy(Name const& name) noexcept {
  std::lock_guard lock(cached_mutex_);
  auto const found = cached_at_.find(name);
  if (found == cached_at_.end()) return;
  cached_bytes_ -= found->second->bytes;
  cached_.erase(found->second);
  cached_at_.erase(found);
}

/// The oldest that nobody looks at, until `wanted` bytes are free, or at least one. Returns how many.
std::uint64_t Network::drop_cached(std::uint64_t wanted) noexcept {
  std::lock_guard lock(cached_mutex_);
  std::uint64_t freed = 0;
  for (auto left = cached_.size(); left > 0 && freed < wanted; --left) {
    auto const entry = cached_.front();
    auto const at = directory_.find(entry.name);
    bool const same = at && (*at).slot == entry.at.slot && (*at).generation == entry.at.generation;
    if (same && (Handoff::state_of(*at) == State::pending || at->refs.load() > 2)) {  // the directory's and ours
      cached_.splice(cached_.end(), cached_, cached_.begin());
      continue;
    }
    if (same && directory_.remove(entry.name, *at)) handoff_.evict(*at);
    cached_.pop_front();
    cached_at_.erase(entry.name);
    cached_bytes_ -= entry.bytes;
    freed += std::max<std::uint64_t>(entry.bytes, 1);
  }
  return freed;
}

}  // namespace proxystore::mpi::detail
