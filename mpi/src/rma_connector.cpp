#include "rma_connector.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>

#include "check.hpp"

namespace proxystore::mpi {
namespace detail {
namespace {

/// Gives a view back when the last Bytes that share it are gone.
struct Unview {
  std::shared_ptr<Segment> segment;
  Handle at;
  void operator()(void const*) const noexcept {
    if (!segment->unmapped.load()) segment->handoff.unview(at);
    segment->views.fetch_sub(1);
  }
};

/// Owns a block of this rank's slab until it is published.
class Unpublished {
 public:
  Unpublished(std::shared_ptr<Segment> segment, std::byte* block) noexcept
      : segment_(std::move(segment)), block_(block) {
    segment_->views.fetch_add(1);
  }
  Unpublished(Unpublished const&) = delete;
  Unpublished& operator=(Unpublished const&) = delete;
  ~Unpublished() {
    if (block_ && !segment_->unmapped.load()) segment_->arena->free(block_);
    segment_->views.fetch_sub(1);
  }
  std::byte* release() noexcept { return std::exchange(block_, nullptr); }

 private:
  std::shared_ptr<Segment> segment_;
  std::byte* block_;
};

void append(std::string& text, std::uint64_t number) {
  std::array<char, 16> digits;  // 13 at most, in base 36
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 36).ptr;
  text.append(digits.data(), end);
}

/// home.slot.generation: mostly short enough for a std::string without allocation.
std::string key_text(Handle at) {
  std::string text;
  append(text, at.home);
  append(text += '.', at.slot->index);
  append(text += '.', at.generation);
  return text;
}

std::optional<std::array<std::uint64_t, 3>> parse_key(std::string_view text) noexcept {
  std::array<std::uint64_t, 3> part{};
  std::size_t at = 0, digits = 0;
  for (char const c : text) {
    if (c == '.') {
      if (digits == 0 || ++at == part.size()) return std::nullopt;
      digits = 0;
      continue;
    }
    unsigned const digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10U : 36U;
    if (digit == 36 || ++digits > 12) return std::nullopt;  // 12 digits of base 36 are less than 2^63
    part[at] = part[at] * 36 + digit;
  }
  if (at + 1 != part.size() || digits == 0 || part[2] == 0 || part[2] >> generation_bits != 0) return std::nullopt;
  return part;
}

extern "C" int close_segment(MPI_Comm, int, void* attribute, void*) {
  std::unique_ptr<std::shared_ptr<Segment>> const segment(static_cast<std::shared_ptr<Segment>*>(attribute));
  (*segment)->unmapped = true;
  try {
    (*segment)->close();
  } catch (std::exception const&) {
    return MPI_ERR_OTHER;
  }
  return MPI_SUCCESS;
}

}  // namespace

/// A call in flight: close() waits for it, and none begins after.
class RmaConnector::Call {
 public:
  explicit Call(Segment& segment) : segment_(segment) {
    segment_.active.fetch_add(1);
    if (!segment_.closed.load()) return;
    segment_.active.fetch_sub(1);
    throw StoreClosed("the rma connector is closed");
  }
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;
  ~Call() { segment_.active.fetch_sub(1); }

 private:
  Segment& segment_;
};

RmaConnector::RmaConnector(MPI_Comm comm, RmaOptions const& options)
    : segment_(std::make_shared<Segment>(comm, options)) {
  close_at_finalize();
}

/// MPI_Finalize deletes the attributes of MPI_COMM_SELF first of all (MPI-4.0 section 11.2.4), newest first.
void RmaConnector::close_at_finalize() {
  mpi_check(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, close_segment, &keyval_, nullptr), "MPI_Comm_create_keyval");
  auto held = std::make_unique<std::shared_ptr<Segment>>(segment_);
  mpi_check(MPI_Comm_set_attr(MPI_COMM_SELF, keyval_, held.get()), "MPI_Comm_set_attr");
  static_cast<void>(held.release());
}

RmaConnector::~RmaConnector() {
  try {
    close();
  } catch (std::exception const&) {  // nobody to tell
  }
}

void RmaConnector::close() {
  if (keyval_ == MPI_KEYVAL_INVALID) return;
  int finalized = 0;
  MPI_Finalized(&finalized);
  int keyval = std::exchange(keyval_, MPI_KEYVAL_INVALID);
  if (finalized != 0) return;
  segment_->close();
  // With views held somewhere the window stays, and the attribute, until MPI_Finalize.
  if (segment_->freed()) mpi_check(MPI_Comm_delete_attr(MPI_COMM_SELF, keyval), "MPI_Comm_delete_attr");
  mpi_check(MPI_Comm_free_keyval(&keyval), "MPI_Comm_free_keyval");
}

std::optional<Handle> RmaConnector::find(Key const& key) const noexcept {
  auto const part = parse_key(key.text());
  if (!part || (*part)[0] >= static_cast<std::uint64_t>(segment_->size)) return std::nullopt;
  auto const [home, index, generation] = *part;
  Slot* const slot = find_slot(segment_->window.slab(static_cast<int>(home)), index);
  if (!slot) return std::nullopt;
  return Handle{slot, static_cast<std::uint32_t>(home), generation};
}

Handle RmaConnector::make(int producer) {
  Slot& slot = segment_->arena->new_slot(producer);
  return {&slot, static_cast<std::uint32_t>(segment_->rank), generation_of(slot.word.load(std::memory_order_relaxed))};
}

Buffer RmaConnector::allocate(std::size_t bytes) {
  if (bytes <= Buffer::inline_capacity) return Buffer(bytes);
  Call const call(*segment_);
  auto* const block = segment_->arena->allocate(bytes);
  try {
    return {{block, bytes}, std::make_shared<Unpublished>(segment_, block), segment_.get()};
  } catch (std::bad_alloc const&) {
    segment_->arena->free(block);
    throw;
  }
}

Key RmaConnector::new_key(KeyHint hint) {
  Call const call(*segment_);
  if (hint.producer && (*hint.producer < 0 || *hint.producer >= segment_->size))
    throw InvalidArgument("rank " + std::to_string(*hint.producer) + " cannot be a producer (the communicator has " +
                          std::to_string(segment_->size) + " ranks)");
  return Key(key_text(make(hint.producer.value_or(-1))));
}

Key RmaConnector::put(Buffer object) {
  Call const call(*segment_);
  auto const at = make(segment_->rank);
  Key key(key_text(at));
  try {
    publish(at, key, std::move(object));
  } catch (StoreFull const&) {
    segment_->handoff.evict(at);
    throw;
  }
  return key;
}

void RmaConnector::set(Key const& key, Buffer object) {
  Call const call(*segment_);
  auto const at = find(key);
  if (!at) refuse(Handoff::Outcome::gone, key);
  publish(*at, key, std::move(object));
}

void RmaConnector::publish(Handle at, Key const& key, Buffer object) {
  auto& handoff = segment_->handoff;
  if (object.size() <= Slot::inline_bytes) {
    auto const outcome = handoff.publish_inline(at, object.span());
    if (outcome != Handoff::Outcome::done) refuse(outcome, key);
    return;
  }
  if (auto const outcome = Handoff::look(at); outcome != Handoff::Outcome::done) refuse(outcome, key);
  if (object.arena() != segment_.get()) {
    Buffer own = allocate(std::max(object.size(), Buffer::inline_capacity + 1));
    std::memcpy(own.data(), object.data(), object.size());
    auto const size = object.size();
    object = Buffer({own.data(), size}, own.owner(), own.arena());
  }
  auto& unpublished = *static_cast<Unpublished*>(object.owner().get());
  auto const offset = segment_->arena->offset_of(object.data());
  auto const outcome =
      handoff.publish_block(at, static_cast<std::uint32_t>(segment_->rank), offset, object.size());
  if (outcome != Handoff::Outcome::done) refuse(outcome, key);
  unpublished.release();
}

void RmaConnector::refuse(Handoff::Outcome outcome, Key const& key) const {
  auto const what = "rma key '" + key.text() + "' cannot be set by " + whoami();
  switch (outcome) {
    case Handoff::Outcome::already_set: throw AlreadySet(what + " (it is set already; the first object stays)");
    case Handoff::Outcome::broken:
      throw BrokenFuture(what + " (it was broken when the rank that made it, or its producer, closed the store)");
    case Handoff::Outcome::gone:
    case Handoff::Outcome::done: break;
  }
  throw ObjectNotFound(what + " (it was evicted, or made by another store)");
}

std::optional<Bytes> RmaConnector::get(Key const& key) {
  Call const call(*segment_);
  auto const at = find(key);
  return at ? view(*at) : std::nullopt;
}

std::optional<Bytes> RmaConnector::view(Handle at) {
  auto view = segment_->handoff.view(at);
  if (!view) return std::nullopt;
  if (!view->large.data()) return std::move(view->small);
  segment_->views.fetch_add(1);
  return Bytes(view->large, std::shared_ptr<void const>(view->large.data(), Unview{segment_, at}));
}

bool RmaConnector::exists(Key const& key) {
  Call const call(*segment_);
  auto const at = find(key);
  return at && Handoff::ready(*at);
}

void RmaConnector::evict(Key const& key) {
  Call const call(*segment_);
  if (auto const at = find(key)) segment_->handoff.evict(*at);
}

template <class Wait>
State RmaConnector::wait_open(Wait const& wait) {
  segment_->active.fetch_add(1);
  struct Leave {
    Segment& segment;
    ~Leave() { segment.active.fetch_sub(1); }
  } const leave{*segment_};
  return segment_->closed.load() ? State::broken : wait();
}

State RmaConnector::wait(Key const& key, Deadline deadline) {
  return wait_open([&] {
    auto const at = find(key);
    return at ? segment_->handoff.wait(*at, deadline) : State::gone;
  });
}

RmaConnector::Received RmaConnector::receive(Key const& key, Deadline deadline) {
  Received received{State::gone, std::nullopt};
  received.state = wait_open([&] {
    auto const at = find(key);
    if (!at) return State::gone;
    auto const state = segment_->handoff.wait(*at, deadline);
    if (state == State::ready) received.object = view(*at);
    return state;
  });
  return received;
}

Config RmaConnector::config() const { return Config("rma").set("session", segment_->session); }

std::string RmaConnector::whoami() const {
  return "rank " + std::to_string(segment_->rank) + " of " + std::to_string(segment_->size) + " on " + segment_->host;
}

std::string RmaConnector::report() const {
  auto const who = "rma: " + whoami() + ", shared memory of one node";
  try {
    Call const call(*segment_);
    auto const usage = segment_->arena->usage();
    return who + "\n  memory of this rank: capacity " + std::to_string(usage.capacity) +
           " bytes (rma:?capacity=…), in use " + std::to_string(usage.in_use) + ", largest free block " +
           std::to_string(usage.largest_free) + "\n  slots: " + std::to_string(usage.slots - usage.free_slots) +
           " in use of " + std::to_string(usage.slots) + ", views held here: " +
           std::to_string(segment_->views.load()) + "\n";
  } catch (StoreClosed const&) {  // the memory may be gone
    return who + ", closed\n";
  }
}

}  // namespace detail

std::unique_ptr<Connector> rma(MPI_Comm comm, RmaOptions options) {
  Registry::instance().add_kind("rma", Registry::Deferral::yes, [](Config const&) -> std::unique_ptr<Connector> {
    throw ConfigError("an rma store can only be opened collectively, by all ranks of a communicator: mpi::rma(comm)");
  });
  return std::make_unique<detail::RmaConnector>(comm, options);
}

std::unique_ptr<Connector> connect(MPI_Comm comm, std::string_view text) {
  std::unique_ptr<Connector> connector;
  RmaOptions options;
  bool collective = false;
  detail::together(comm, [&] {
    auto const config = Config::parse(text);
    collective = config.kind() == "rma";
    if (!collective) {
      connector = Registry::instance().connect(config);
      return;
    }
    config.expect_only({"capacity", "prefault"});
    options = {config.size("capacity").value_or(0), config.flag("prefault").value_or(false)};
  });
  int const mine = collective ? 1 : 0;
  int all = 0, size = 0;
  detail::mpi_check(MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, comm), "MPI_Allreduce");
  detail::mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  if (all != 0 && all != size)
    throw ConfigError("rma was named by " + std::to_string(all) + " of " + std::to_string(size) +
                      " ranks (it is opened by all ranks together) give every rank the same connector text");
  return collective ? rma(comm, options) : std::move(connector);
}

}  // namespace proxystore::mpi
