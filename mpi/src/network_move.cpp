// Network inside move(): orders, letters and pulls, one thread at a time.
#include "network.hpp"

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr std::size_t fan_out = 4;  // to how many a rank passes a state on

/// What a letter's list of numbers says; on_state and on_invalidate pass it on.
template <class Asker>
std::vector<Asker> read_askers(std::vector<std::uint32_t> const& numbers) {
  if (numbers.size() % 2 != 0) throw CorruptObject("a letter's list of ranks ends within an entry");
  std::vector<Asker> out;
  for (std::size_t i = 0; i < numbers.size(); i += 2) out.push_back({numbers[i], numbers[i + 1]});
  return out;
}

std::vector<std::byte> copy(std::span<std::byte const> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Motion Network::move() noexcept {
  std::unique_lock lock(moving_, std::try_to_lock);
  if (!lock || failed_) return Motion::none;
  try {
    return move_once();
  } catch (std::exception const& error) {
    fail(error.what());
    return Motion::moved;
  }
}

void Network::fail(char const* why) noexcept {
  std::lock_guard lock(failure_mutex_);
  if (failed_) return;
  failure_ = why;
  failed_ = true;
}

/// What was ordered, then one letter: whoever waits for it looks before the next.
Motion Network::move_once() {
  constexpr unsigned between_sends = 16;  // MPI moves them by itself; this only gives their memory back
  bool moved = has_orders_.exchange(false);
  if (moved) {
    std::vector<std::function<void()>> orders;
    {
      std::lock_guard lock(orders_mutex_);
      orders.swap(orders_);
    }
    for (auto const& order : orders) order();
  }
  if (mail_.has_bodies() || ++moves_ % between_sends == 0) moved |= mail_.finish_sends();
  if (has_pulls_) moved |= finish_pulls();
  if (!parts_.empty()) moved |= finish_parts();
  if (auto received = mail_.receive()) {
    try {
      handle(*std::move(received));
    } catch (StoreFull const&) {  // for a slot: who waits asks again, who wants an answer hears that none came
    }
    return Motion::moved;
  }
  bool const under_way = has_pulls_ || !parts_.empty() || mail_.has_bodies();
  return moved ? Motion::moved : under_way ? Motion::under_way : Motion::none;
}

void Network::handle(Mail::Received received) {
  auto const& letter = received.letter;
  ++letters_handled_;
  switch (letter.kind) {
    case Kind::ask: return on_ask(received.from, letter);
    case Kind::state: return on_state(received);
    case Kind::set: return on_set(received.from, letter, received.object);
    case Kind::set_done:
    case Kind::evicted: return on_answer(letter);
    case Kind::evict: return on_evict(received.from, letter);
    case Kind::invalidate: return on_invalidate(letter.name, read_askers<Asker>(received.ranks));
    case Kind::settled: return on_settled(letter.name);
    case Kind::pull: return on_pull(received.from, letter);
    case Kind::pull_failed: return on_pull_failed(received.from, letter);
    case Kind::pull_part: return on_pull_part(received);
    case Kind::part: return on_part(received);
    case Kind::probe: {
      auto const text = std::as_bytes(std::span(received.object));
      return on_probe(letter, {reinterpret_cast<char const*>(text.data()), text.size()});
    }
  }
}

Letter Network::letter(Kind kind, Name const& name) const noexcept {
  Letter out;
  out.kind = kind;
  out.node = place_.node();
  out.name = name;
  return out;
}

// ---- At the home ----

void Network::on_ask(std::uint32_t from, Letter const& asked) {
  auto const& name = asked.name;
  Asker const asker{from, static_cast<std::uint32_t>(asked.number)};
  auto const at = here(name);
  if (at && Handoff::watch(*at) == State::pending) {
    watches_[name].waiting.insert(asker);
    Snapshot pending;
    pending.state = State::pending;
    if (auto const producer = at->slot->producer.load(); producer >= 0)
      pending.producer_plus_1 = place_.neighbours[static_cast<std::size_t>(producer)] + 1;
    return send_state({asker}, name, pending);
  }
  auto const what = snapshot(at, name);
  if (what.state == State::ready) watches_[name].holders.insert(from);
  send_state({asker}, name, what);
}

void Network::on_settled(Name const& name) {
  auto const found = watches_.find(name);
  if (found == watches_.end()) return;
  auto const what = snapshot(here(name), name);
  if (what.state == State::pending) return;
  auto& watch = found->second;
  std::vector<Asker> const waiting(watch.waiting.begin(), watch.waiting.end());
  watch.waiting.clear();
  send_state(waiting, name, what);
  if (what.state == State::ready) {
    for (auto const& asker : waiting) watch.holders.insert(asker.rank);
    return;
  }
  auto const holders = std::move(watch.holders);
  watches_.erase(found);
  invalidate(holders, name);
}

Network::Snapshot Network::snapshot(std::optional<Handle> at, Name const& name) {
  Snapshot what;
  while (at) {
    what.state = Handoff::state_of(*at);
    if (what.state != State::ready) break;
    if (auto const bytes = Handoff::elsewhere(*at)) {
      what.bytes = *bytes;
      break;
    }
    auto const view = handoff_.view(*at);
    if (!view) continue;  // ARRIVING, or evicted between
    what.inside = view->large.size() <= Mail::most_inside;
    if (!view->large.data()) {
      what.object = copy(view->small.span());
      break;
    }
    if (what.inside) what.object = copy(view->large);
    else what.bytes = {place_.rank, name, view->large.size()};
    handoff_.unview(*at);
    break;
  }
  return what;
}

void Network::send_state(std::vector<Asker> const& to, Name const& name, Snapshot const& what) {
  auto out = letter(Kind::state, name);
  out.state = what.state;
  out.has_bytes = what.inside ? 1 : 0;
  out.bytes = what.bytes;
  out.number = what.producer_plus_1;
  spread(out, to, what.object);
}

/// To some of the ranks, each with its share of the others to pass it on to.
void Network::spread(Letter letter, std::vector<Asker> const& to, std::span<std::byte const> object) {
  auto const groups = std::min(fan_out, to.size());
  for (std::size_t i = 0; i < groups; ++i) {
    auto const first = to.size() * i / groups, last = to.size() * (i + 1) / groups;
    std::vector<std::uint32_t> others;
    for (auto next = first + 1; next < last; ++next) others.insert(others.end(), {to[next].rank, to[next].life});
    letter.number = (letter.number & UINT32_MAX) | std::uint64_t{to[first].life} << 32U;
    mail_.send(to[first].rank, letter, others, object);
  }
}

void Network::invalidate(std::unordered_set<std::uint32_t> const& holders, Name const& name) {
  std::vector<Asker> to;
  for (auto const rank : holders) to.push_back({rank, 0});
  spread(letter(Kind::invalidate, name), to, {});
}

void Network::on_set(std::uint32_t from, Letter const& asked, std::span<std::byte const> object) {
  auto done = letter(Kind::set_done, asked.name);
  done.number = asked.number;
  auto reply = Reply::gone;
  try {
    if (auto const at = here(asked.name))
      reply = static_cast<Reply>(asked.has_bytes != 0 ? publish(*at, object)
                                                      : handoff_.publish_elsewhere(*at, asked.bytes));
  } catch (StoreFull const&) {
    reply = Reply::full;
  }
  done.outcome = static_cast<std::uint8_t>(reply);
  mail_.send(from, done);
}

/// Throws StoreFull.
Handoff::Outcome Network::publish(Handle at, std::span<std::byte const> object) {
  static_assert(static_cast<int>(Reply::done) == static_cast<int>(Handoff::Outcome::done) &&
                static_cast<int>(Reply::already_set) == static_cast<int>(Handoff::Outcome::already_set) &&
                static_cast<int>(Reply::gone) == static_cast<int>(Handoff::Outcome::gone) &&
                static_cast<int>(Reply::broken) == static_cast<int>(Handoff::Outcome::broken));
  if (object.size() <= Slot::inline_bytes) return handoff_.publish_inline(at, object);
  if (auto const outcome = Handoff::look(at); outcome != Handoff::Outcome::done) return outcome;
  auto* const block = make_room(object.size());
  if (!block) throw StoreFull("no room");
  std::copy(object.begin(), object.end(), block);
  auto const outcome = handoff_.publish_block(at, place_.mine, arena_.offset_of(block), object.size());
  if (outcome != Handoff::Outcome::done) arena_.free(block);
  return outcome;
}

void Network::on_evict(std::uint32_t from, Letter const& asked) {
  evict_here(asked.name);
  auto done = letter(Kind::evicted, asked.name);
  done.number = asked.number;
  mail_.send(from, done);
}

void Network::evict_here(Name const& name) {
  auto const at = here(name);
  if (!at) return;
  if (name.declared()) directory_.remove(name, *at);
  handoff_.evict(*at);
}

// ---- At a rank that asked ----

void Network::on_state(Mail::Received const& received) {
  auto const& letter = received.letter;
  auto const life = static_cast<std::uint32_t>(letter.number >> 32U);
  Snapshot what{letter.state, letter.has_bytes != 0, received.object, letter.bytes, 0};
  if (what.state == State::pending) {
    auto const at = directory_.find(letter.name);
    if (!at || at->life.load() != life || at->asker.load() != place_.rank + 1) return;
    at->producer_told = static_cast<std::uint32_t>(letter.number);
    at->known = 1;
    return;
  }
  if (auto const at = directory_.find(letter.name); at && (what.state != State::ready || at->life.load() == life))
    apply(at, letter.name, what);
  if (received.ranks.empty()) return;
  // A node that pulls passes the bytes on as well.
  if (what.state == State::ready && !what.inside) what.bytes.source = place_.rank;
  send_state(read_askers<Asker>(received.ranks), letter.name, what);
}

/// What the home says, into the mirror. A mirror that is settled already stays so, unless the object is gone.
void Network::apply(Pin const& at, Name const& name, Snapshot const& what) {
  switch (what.state) {
    case State::pending: return;
    case State::broken: return handoff_.break_slot(*at);
    case State::gone: return drop_mirror(name);
    case State::ready: break;
  }
  try {
    auto const outcome = what.inside ? publish(*at, what.object) : handoff_.publish_elsewhere(*at, what.bytes);
    if (outcome == Handoff::Outcome::done) remember(name, *at, what.object.size());
  } catch (StoreFull const&) {  // its bytes are pulled to where they are looked at
    Elsewhere const bytes{name.home, name, what.object.size()};
    handoff_.publish_elsewhere(*at, bytes);
  }
}

void Network::drop_mirror(Name const& name) noexcept {
  forget_copy(name);
  auto const at = directory_.find(name);
  if (!at) return;
  at->verdict = 1;
  if (directory_.remove(name, *at)) handoff_.evict(*at);
}

void Network::on_invalidate(Name const& name, std::vector<Asker> const& pass_on) {
  drop_mirror(name);
  spread(letter(Kind::invalidate, name), pass_on, {});
  auto const found = watches_.find(name);  // nodes that pulled from here
  if (found == watches_.end() || place_.near(name.home)) return;
  auto const holders = std::move(found->second.holders);
  watches_.erase(found);
  invalidate(holders, name);
}

void Network::on_answer(Letter const& letter) {
  auto const found = requests_.find(letter.number);
  if (found == requests_.end()) return;
  if (letter.outcome > static_cast<std::uint8_t>(Reply::full)) throw CorruptObject("a reply names no outcome");
  found->second->reply = static_cast<Reply>(letter.outcome);
  found->second->done = true;
  requests_.erase(found);
}

// ---- The end ----

bool Network::quiet() {
  std::lock_guard moving(moving_);
  mail_.finish_sends();
  std::lock_guard pulls(pulls_mutex_);
  return !has_orders_ && mail_.idle() && pulls_.empty() && parts_.empty();
}

/// Until `done` or the deadline, serving the others meanwhile. A network that has failed serves nobody.
void Network::serve_until(Deadline deadline, std::function<bool()> const& done) {
  using namespace std::chrono_literals;
  Rest rest(Patience{0us, 100us});
  while (!deadline.expired()) {
    auto const motion = move_all();
    if (done()) return;
    if (motion == Motion::moved) rest.again();
    else if (!rest.briefly(motion == Motion::under_way)) rest.on(nullptr, nullptr, 0, deadline);
  }
}

/// Until `request`, which `code` comes with, is done. What fails becomes the failure of this network.
void Network::finish(int code, MPI_Request& request, char const* function) {
  bool again = true;
  auto const test = [&] {
    auto const mpi = enter_mpi();
    int done = 0;
    int const outcome = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (outcome == MPI_SUCCESS || request == MPI_REQUEST_NULL || !std::exchange(again, false))
      mpi_check(outcome, "MPI_Test");
    else fail("MPI_Test failed");
    return done != 0;
  };
  try {
    mpi_check(code, function);
    serve_until(Deadline::never(), test);
  } catch (std::exception const& error) {
    fail(error.what());
  }
}

/// Everybody is here and only answers: nothing is under way when all that was sent was received, and that twice. Then
/// one round more, for a rank that could not hear the others. Where a network has failed it says so, and all leave off.
void Network::close() {
  using namespace std::chrono_literals;
  end_thread();
  MPI_Request request = MPI_REQUEST_NULL;
  finish(MPI_Ibarrier(comm_, &request), request, "MPI_Ibarrier");
  bool agreed = false;
  for (std::uint64_t before = UINT64_MAX;;) {
    bool const told = failed_;
    std::uint64_t const busy = !told && !settle(10ms) ? 1 : 0;
    std::uint64_t const mine[] = {mail_.sent(), letters_handled_, busy, told ? std::uint64_t{1} : 0};
    std::uint64_t all[] = {0, 0, 0, 0};
    finish(MPI_Iallreduce(mine, all, 4, MPI_UINT64_T, MPI_SUM, comm_, &request), request, "MPI_Iallreduce");
    if (all[3] != 0) fail("it has failed on another rank");
    if (told || all[3] != 0 || agreed) break;
    agreed = all[1] >= all[0] && all[0] == before && all[2] == 0;
    before = all[0];
  }
  leave_progress(*this);
  take_all({[this] { throw_if_failed(); }, [this] { stop_mail(); }});
}

/// A receive that stays posted would take letters of another communicator that MPI gives the same number; so this one
/// stays too.
void Network::stop_mail() {
  auto const mpi = enter_mpi();
  try {
    mail_.stop();
  } catch (ConnectorError const& error) {
    fail(error.what());
    throw;
  }
}

/// True if nothing is under way from here, or soon.
bool Network::settle(Deadline deadline) {
  bool done = false;
  try {
    serve_until(deadline, [&] { return done = quiet(); });
  } catch (std::exception const& error) {
    fail(error.what());
  }
  return done;
}

}  // namespace proxystore::mpi::detail
