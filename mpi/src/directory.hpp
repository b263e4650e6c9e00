#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "arena.hpp"
#include "handoff.hpp"
#include "name.hpp"

namespace proxystore::mpi::detail {

/// Holds a slot for as long as it is looked at: it is not used again meanwhile.
class Pin {
 public:
  Pin() noexcept = default;
  /// Takes over a reference that was counted already.
  Pin(Handoff& handoff, Handle at) noexcept : handoff_(&handoff), at_(at) {}
  Pin(Pin&& other) noexcept : handoff_(std::exchange(other.handoff_, nullptr)), at_(other.at_) {}
  Pin& operator=(Pin other) noexcept {
    std::swap(handoff_, other.handoff_);
    std::swap(at_, other.at_);
    return *this;
  }
  ~Pin() {
    if (handoff_) handoff_->unview(at_);
  }
  /// Another one of the same slot.
  Pin again() const noexcept {
    at_.slot->refs.fetch_add(1);
    return {*handoff_, at_};
  }
  explicit operator bool() const noexcept { return handoff_ != nullptr; }
  Handle operator*() const noexcept { return at_; }
  Slot* operator->() const noexcept { return at_.slot; }

 private:
  Handoff* handoff_ = nullptr;
  Handle at_{};
};

/// The slots of a node that are found by name: mirrors of objects whose home is on another node, and declared objects
/// whose home is here. A hash table in the slab of the node's first rank, under one lock that all ranks of the node
/// share. Thread-safe. Every member throws nothing but StoreFull.
class Directory {
 public:
  /// `mine`: this rank's number on the node. The first rank makes the table; the others must come later.
  Directory(std::vector<std::span<std::byte>> slabs, Arena& arena, Handoff& handoff, std::uint32_t mine);

  Pin find(Name const& name) noexcept;
  /// A mirror, new and pending if there was none.
  struct Mirror {
    Pin at;
    bool fresh;
  };
  Mirror mirror(Name const& name);
  /// A declared object whose home, rank `home` of this node, makes it at first touch; nullopt if it was evicted.
  /// All that its maker named before come into being too, so that a count not beyond the last is never new.
  std::optional<Handle> declared(Name const& name, std::uint32_t home);
  /// Returns when nobody is in the middle of making a declared object: those made later see that their home has closed.
  void settle() noexcept;
  /// Takes it out; the slot lives on while it is referred to. False if it was not in.
  bool remove(Name const& name, Handle at) noexcept;

 private:
  struct Table;
  class Lock;

  Table& table() const noexcept;
  Slot* slot_of(std::uint64_t reference) const noexcept;
  std::atomic<std::uint64_t>& bucket(Name const& name) const noexcept;
  Handle look(Name const& name) const noexcept;
  Handle insert(Name const& name, int producer);

  std::vector<std::span<std::byte>> const slabs_;
  Arena& arena_;
  Handoff& handoff_;
  std::uint32_t const mine_;
};

}  // namespace proxystore::mpi::detail
