// Network: a late consumer reads an object of another node by itself, where the window can, without asking its home.
#include <array>
#include <cstddef>
#include <cstring>

#include <proxystore/error.hpp>

#include "check.hpp"
#include "network.hpp"
#include "part.hpp"

namespace proxystore::mpi::detail {

/// The first two lines of a slot, as they lie in memory.
struct Network::Image {
  std::uint64_t offset;  // of the slot, in the slab of its home
  alignas(64) std::array<std::byte, offsetof(Slot, next)> bytes;

  std::uint64_t at(std::size_t place) const noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + place, sizeof value);
    return value;
  }
  std::uint64_t word() const noexcept { return at(offsetof(Slot, word)); }
  std::uint64_t size() const noexcept { return at(offsetof(Slot, size)); }
  std::uint64_t payload(std::size_t i) const noexcept { return at(offsetof(Slot, payload) + 8 * i); }
  std::span<std::byte const> inside() const noexcept {
    return std::span(bytes).subspan(offsetof(Slot, payload), static_cast<std::size_t>(size()));
  }
};

/// A number that stays as it is once it is not 0.
std::uint64_t Network::read_constant(std::uint32_t rank, std::uint64_t offset) {
  {
    std::lock_guard lock(constants_mutex_);
    auto const known = constants_.find({rank, offset});
    if (known != constants_.end()) return known->second;
  }
  std::uint64_t value = 0;
  window_->read(rank, offset, std::as_writable_bytes(std::span(&value, 1)));
  std::lock_guard lock(constants_mutex_);
  if (value != 0) constants_.emplace(std::pair(rank, offset), value);
  return value;
}

/// The rank of the same node as `home` that has this number on it; nullopt if that cannot be told from here.
std::optional<std::uint32_t> Network::rank_near(std::uint32_t home, std::uint64_t number) {
  auto const place_of = [this](std::uint32_t rank) { return read_constant(rank, offsetof(SlabHeader, place)); };
  auto const there = SlabHeader::Place::from(place_of(home));
  auto const rank = home - there.number + number;  // where the ranks of a node follow each other
  if (rank >= place_.size) return std::nullopt;
  auto const found = SlabHeader::Place::from(place_of(static_cast<std::uint32_t>(rank)));
  if (found.node_plus_1 != there.node_plus_1 || found.number != number) return std::nullopt;
  return static_cast<std::uint32_t>(rank);
}

/// nullopt: it cannot be read from here.
std::optional<Network::Image> Network::read_slot(Name const& name) {
  if (!window_ || name.declared()) return std::nullopt;
  auto const mpi = try_enter_mpi();
  if (!mpi) return std::nullopt;
  auto const [page, index] = place_of_slot(name.number);
  if (page >= SlabHeader::max_pages) return std::nullopt;
  auto const pages = read_constant(name.home, offsetof(SlabHeader, pages) + 8 * page);
  if (pages == 0) return std::nullopt;
  Image slot{pages + index * sizeof(Slot), {}};
  window_->read(name.home, slot.offset, slot.bytes);
  return slot;
}

bool Network::is_unchanged(Name const& name, Image const& slot) {
  std::uint64_t word = 0;
  window_->read(name.home, slot.offset + offsetof(Slot, word), std::as_writable_bytes(std::span(&word, 1)));
  return word == slot.word();
}

/// The state of `name` as it stands in the memory of its home, which does not learn of this. An object that is there
/// comes into the mirror. nullopt: it cannot be read, so that the home has to be asked.
std::optional<State> Network::read(Pin const& at, Name const& name) {
  auto const mpi = try_enter_mpi();
  auto const slot = mpi ? read_slot(name) : std::nullopt;
  if (!slot) return std::nullopt;
  if (generation_of(slot->word()) != name.generation) return gone_there(name);
  switch (phase_of(slot->word())) {
    case Phase::pending: return State::pending;
    case Phase::ready: break;
    case Phase::free:
    case Phase::gone: return gone_there(name);
    case Phase::elsewhere:
    case Phase::arriving:
    case Phase::broken: return std::nullopt;
  }
  try {
    if (slot->size() <= Slot::inline_bytes) {
      if (!is_unchanged(name, *slot)) return std::nullopt;
      handoff_.publish_inline(*at, slot->inside());
    } else if (!read_block(at, name, *slot)) {
      return std::nullopt;
    }
  } catch (StoreFull const&) {
    return std::nullopt;
  }
  ++read_;
  remember(name, *at, slot->size());
  ask(at, name);  // it does not wait for the answer: the home is to tell when the object is evicted
  return State::ready;
}

std::optional<State> Network::gone_there(Name const& name) {
  drop_mirror(name);
  return State::gone;
}

/// In whose slab the object lies; nullopt if that cannot be told from here, or the slot makes no sense.
std::optional<std::uint32_t> Network::owner_of(Name const& name, Image const& slot) {
  auto const owner = rank_near(name.home, slot.payload(0));
  auto const slab = owner ? read_constant(*owner, offsetof(SlabHeader, bytes)) : 0;
  return slot.size() > slab || slot.payload(1) > slab - slot.size() ? std::nullopt : owner;
}

/// The bytes are those of the object if its slot is unchanged after they were read: an eviction changes the slot before
/// the memory is used again.
bool Network::read_block(Pin const& at, Name const& name, Image const& slot) {
  auto const owner = owner_of(name, slot);
  auto const size = static_cast<std::size_t>(slot.size());
  if (!owner) return false;
  auto* const block = make_room(size);
  if (!block) return false;
  bool published = false;
  try {
    window_->read(*owner, slot.payload(1), {block, size});
    published = is_unchanged(name, slot) &&
                handoff_.publish_block(*at, place_.mine, arena_.offset_of(block), size) == Handoff::Outcome::done;
  } catch (Error const&) {
    arena_.free(block);
    throw;
  }
  if (!published) arena_.free(block);
  return published;
}

/// As read_block(), the rows of a part. nullopt: its home has to be asked.
std::optional<Bytes> Network::read_part(Name const& name, ObjectPart const& part) {
  auto const mpi = try_enter_mpi();
  auto const slot = mpi ? read_slot(name) : std::nullopt;
  if (!slot || slot->word() != word_of(name.generation, Phase::ready) || slot->size() != part.object)
    return std::nullopt;
  auto const owner = owner_of(name, *slot);
  if (!owner) return std::nullopt;
  Buffer out(part.size());
  std::vector<FarWindow::Row> rows;
  auto to = out.span();
  for_each_row(part, [&](std::size_t at) {
    rows.push_back({slot->payload(1) + at, to.first(part.row)});
    to = to.subspan(part.row);
  });
  window_->read_rows(*owner, rows);
  return is_unchanged(name, *slot) ? std::optional(std::move(out).freeze()) : std::nullopt;
}

}  // namespace proxystore::mpi::detail
