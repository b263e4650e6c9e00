// Network on the threads of the program: it looks at slots of this node, leaves orders, and drives while it waits.
#include "network.hpp"

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

using namespace std::chrono_literals;

/// When to ask the home again.
class Again {
 public:
  bool due() noexcept {
    if (!at_.expired()) return false;
    after_ = std::min<std::chrono::seconds>(2 * after_, 30s);
    at_ = Deadline(after_);
    return true;
  }

 private:
  std::chrono::seconds after_ = 1s;
  Deadline at_ = Deadline(after_);
};

}  // namespace

Network::Network(MPI_Comm comm, Place place, Handoff& handoff, Arena& arena, Directory& directory, Rings& rings,
                 FarWindow* window, NetworkOptions options)
    : comm_(comm),
      place_(std::move(place)),
      handoff_(handoff),
      arena_(arena),
      directory_(directory),
      rings_(rings),
      window_(window),
      options_(options),
      mail_(comm) {
  handoff_.connect(this);
  join_progress(*this);
  if (!options_.thread) return;
  thread_ = std::thread([this] { serve(); });
}

/// The thread that moves while nobody else does. It keeps out of the way of who does, and of a program that calls MPI
/// itself: each time that it wakes up costs them some 10 µs where cores are few.
void Network::serve() {
  OwnThread const own;
  handoff_.count_driving(1);
  Rest rest(Patience{0us, 50us}, 10);
  while (!stop_.load() && !failed_) {
    if (handoff_.drives_elsewhere()) {
      std::this_thread::sleep_for(1ms);
      continue;
    }
    auto const motion = move_all();
    if (motion == Motion::moved) rest.again();
    else if (!rest.briefly(motion == Motion::under_way)) rest.on(nullptr, nullptr, 0, Deadline::never());
  }
  handoff_.count_driving(-1);
}

Network::~Network() {
  end_thread();
  leave_progress(*this);
  try {
    stop_mail();
  } catch (ConnectorError const&) {  // nobody to tell
  }
}

void Network::end_thread() noexcept {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

Name Network::declare(std::uint32_t home) {
  std::lock_guard lock(declared_mutex_);
  return {home, place_.rank, ++declared_[home], 0};
}

std::optional<Handle> Network::here(Name const& name) {
  auto const home = place_.near(name.home);
  if (!home) return std::nullopt;
  if (name.declared()) return directory_.declared(name, *home);
  Slot* const slot = find_slot(handoff_.slab(*home), name.number);
  return slot ? std::optional(Handle{slot, *home, name.generation}) : std::nullopt;
}

Pin Network::mirror(Name const& name) {
  throw_if_failed();
  try {
    return directory_.mirror(name).at;
  } catch (StoreFull const&) {
    if (drop_cached(1) == 0) throw;
    return directory_.mirror(name).at;
  }
}

bool Network::moves(std::uint32_t rank_plus_1) const noexcept {
  auto const number = rank_plus_1 == 0 ? std::nullopt : place_.near(rank_plus_1 - 1);
  return number && handoff_.is_driving(*number);
}

void Network::ask(Pin const& at, Name const& name) {
  at->known = 0;
  at->asker = place_.rank + 1;
  order([this, name, life = at->life.load()] {
    auto out = letter(Kind::ask, name);
    out.number = life;
    mail_.send(name.home, out);
  });
}

State Network::look(Pin const& at, Name const& name) {
  auto state = Handoff::state_of(*at);
  if (state != State::pending) return state;
  auto const asker = at->asker.load();
  bool const promised = at->known.load() != 0 && (asker == place_.rank + 1 || moves(asker));
  if (promised) {
    if (!options_.thread) drive();
    return Handoff::state_of(*at);
  }
  if (auto const seen = read(at, name)) return *seen;
  ask(at, name);
  auto const answered = [&] {
    if ((state = Handoff::state_of(*at)) != State::pending || at->known.load() != 0) return true;
    auto const now = at->asker.load();  // a neighbour may have asked as well, and left
    if (now != place_.rank + 1 && !moves(now)) ask(at, name);
    return false;
  };
  if (!handoff_.drive_until((*at).slot, reply_deadline(), answered))
    no_answer(name.home, "asked for key '" + text_of(name) + "'");
  return state;
}

State Network::await(Pin const& at, Name const& name, Deadline deadline) {
  State state = State::pending;
  Again again;
  auto const settled = [&] {
    if ((state = Handoff::state_of(*at)) != State::pending) return true;
    auto const asker = at->asker.load();
    bool const mine = asker == place_.rank + 1;
    if (mine ? again.due() : !moves(asker)) {
      if (auto const seen = read(at, name); seen && (state = *seen) != State::pending) return true;
      ask(at, name);
    }
    return false;
  };
  handoff_.drive_until((*at).slot, deadline, settled);
  return state == State::pending && handoff_.stopped() ? State::broken : state;
}

Network::Reply Network::set(Name const& name, std::span<std::byte const> object) {
  auto what = letter(Kind::set, name);
  what.has_bytes = 1;
  return ask_to_set(what, object);
}

Network::Reply Network::set(Name const& name, Elsewhere const& bytes) {
  auto what = letter(Kind::set, name);
  what.bytes = bytes;
  return ask_to_set(what, {});
}

Network::Reply Network::ask_to_set(Letter letter, std::span<std::byte const> object) {
  throw_if_failed();
  auto const at = directory_.find(letter.name);  // before: a later one is of those who found it gone meanwhile
  auto const request = ask_home(letter, object);
  if (!answered(request->done))
    no_answer(letter.name.home, "was sent the object of key '" + text_of(letter.name) + "'");
  if (!request->done) return Reply::broken;  // closed here meanwhile
  if (request->reply != Reply::done) return request->reply;
  // Neighbours that wait for it need not hear it from its home.
  if (at && at->asker.load() != 0)  // else the home does not know of it, and would not tell of an evict
    apply(at, letter.name, {State::ready, letter.has_bytes != 0, {object.begin(), object.end()}, letter.bytes, 0});
  return Reply::done;
}

std::shared_ptr<Network::Request> Network::ask_home(Letter letter, std::span<std::byte const> object) {
  auto request = std::make_shared<Request>();
  order([this, letter, request, copy = std::vector<std::byte>(object.begin(), object.end())]() mutable {
    letter.number = ++last_request_;
    requests_.emplace(letter.number, request);
    mail_.send(letter.name.home, letter, {}, copy);
  });
  return request;
}

bool Network::answered(std::atomic<bool> const& done) {
  return handoff_.drive_until(nullptr, reply_deadline(), [&] { return done.load(); });
}

void Network::evict(Name const& name) {
  throw_if_failed();
  auto const request = ask_home(letter(Kind::evict, name), {});
  if (!answered(request->done)) no_answer(name.home, "was told to evict key '" + text_of(name) + "'");
  drop_mirror(name);  // not before: a neighbour would ask the home, and find the object again
}

void Network::forget(Name const& name) noexcept {
  auto const at = directory_.find(name);
  if (at && directory_.remove(name, *at)) handoff_.evict(*at);
}

Network::Fetched Network::fetch(Elsewhere const& bytes, Deadline deadline) {
  if (place_.near(bytes.name.home)) return {{}, here(bytes.name), {}};
  auto at = mirror(bytes.name);
  if (Handoff::state_of(*at) == State::pending) handoff_.publish_elsewhere(*at, bytes);
  std::shared_ptr<Pull> pull;
  auto const begin = [&] {
    std::lock_guard lock(pulls_mutex_);
    auto& known = pulls_[bytes.name];
    if (!known) {
      known = std::make_shared<Pull>();
      known->name = bytes.name;
      known->from = bytes;
      known->at = at.again();
      has_pulls_ = true;
      order([this, known] { start(known); });
    }
    pull = known;
  };
  bool over = false;
  auto const settled = [&] {
    if (pull && pull->state.load() != Pull::under_way) return over = true;
    if (!Handoff::elsewhere(*at)) return over = true;  // here, or gone; ARRIVING is short
    if (pull) return false;
    auto puller = at->puller.load();
    if (puller == 0 || puller == place_.rank + 1 || !moves(puller))
      if (at->puller.compare_exchange_strong(puller, place_.rank + 1)) begin();
    return false;
  };
  handoff_.drive_until((*at).slot, deadline, settled);
  if (!over) return {};
  auto const state = pull ? pull->state.load() : Pull::stored;
  if (state == Pull::kept) return {{}, std::nullopt, pull->bytes};
  if (state == Pull::failed) return {};
  return {std::move(at), std::nullopt, {}};
}

Name Network::name_of(Handle at) const noexcept {
  Slot const& slot = *at.slot;
  if (slot.home != Name::nobody) return {slot.home, slot.maker, slot.number, slot.name_generation};
  return {place_.neighbours[at.home], Name::nobody, slot.index, at.generation};
}

bool Network::is_mirror(Handle at) const noexcept {
  return at.slot->home != Name::nobody && !place_.near(at.slot->home);
}

void Network::settled(Handle at) noexcept {
  auto const name = name_of(at);
  order([this, name] {
    if (name.home == place_.rank) on_settled(name);
    else mail_.send(name.home, letter(Kind::settled, name));
  });
}

void Network::orphaned(Handle at, Elsewhere const& bytes) noexcept {
  if (is_mirror(at)) return;
  order([this, name = bytes.name] {
    if (name.home == place_.rank) evict_here(name);
    else mail_.send(name.home, letter(Kind::evict, name));  // of number 0: the answer is for nobody
  });
}

void Network::order(std::function<void()> work) noexcept {
  try {
    std::lock_guard lock(orders_mutex_);
    orders_.push_back(std::move(work));
    has_orders_ = true;
  } catch (std::exception const& error) {
    fail(error.what());
  }
}

Motion Network::drive() {
  throw_if_failed();
  auto const motion = move_all();
  throw_if_failed();
  return motion;
}

void Network::throw_if_failed() const {
  if (!failed_) return;
  std::lock_guard lock(failure_mutex_);
  throw ConnectorError("rma is out of order (" + failure_ + ")");
}

void Network::no_answer(std::uint32_t rank, std::string const& about) const {
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.reply_timeout).count();
  throw Timeout("rank " + std::to_string(rank) + " " + about + " and has not answered for " + std::to_string(seconds) +
                " s (it may compute without calling the library) open with rma:?progress=thread, or let it call "
                "Store::progress()");
}

std::string Network::report() {
  char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  if (MPI_Get_library_version(version, &length) != MPI_SUCCESS) length = 0;
  std::string library(version, static_cast<std::size_t>(length));
  library.resize(std::min(library.find_first_of(",\n"), library.size()));
  char const* const level = thread_level() == MPI_THREAD_MULTIPLE     ? "MPI_THREAD_MULTIPLE"
                            : thread_level() == MPI_THREAD_SERIALIZED ? "MPI_THREAD_SERIALIZED"
                            : thread_level() == MPI_THREAD_FUNNELED   ? "MPI_THREAD_FUNNELED"
                                                                      : "MPI_THREAD_SINGLE";
  std::lock_guard lock(cached_mutex_);
  return "  network: " + library + ", " + level + ", progress by " +
         (options_.thread ? "a thread" : "calls of the library") + " (rma:?progress=…)\n" +
         "  late consumers of other nodes' objects " + (window_ ? "read them" : "ask") + " (rma:?transfer=…): " +
         options_.found + "\n" +
         "  other nodes' objects pulled by this rank: " + std::to_string(pulled_) +
         ", read: " + std::to_string(read_) + ", copies held: " + std::to_string(cached_.size()) + ", of " + std::to_string(cached_bytes_) +
         " bytes, at most " + std::to_string(options_.cache_bytes) + " (rma:?cache=…)\n" +
         "  parts of them: " + std::to_string(parts_pulled_) + ", bytes of parts: " + std::to_string(parts_bytes_) +
         "\n";
}

}  // namespace proxystore::mpi::detail
