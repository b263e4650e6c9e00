#include "plan.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace schedule {
namespace {

using std::chrono::microseconds;

constexpr int most_candidates = 60;
constexpr int most_rings = 3;  // in a schedule: each takes some looks of deadlock_check

class Draw {
 public:
  Draw(std::uint64_t seed, int ranks, Limits limits)
      : random_(seed),
        limits_(limits),
        plan_{seed, ranks, 1 + below(limits.lanes), false, {}, {}},
        closed_(index(ranks)) {
    plan_.rings = plan_.lanes == 1 && one_in(2);
    pause_ = std::array{0, 100, 1000}[index(below(3))];
    evicts_ = std::array{0, 3, 10}[index(below(3))];
  }

  Plan plan() {
    int const early = 5 + below(limits_.steps / 6);
    for (int i = 0; i < early; ++i) make(true);
    while (static_cast<int>(plan_.steps.size()) < limits_.steps) {
      step();
      if (plan_.rings && rings_ < most_rings && below(limits_.steps) < most_rings) ring();
      if (static_cast<int>(plan_.steps.size()) > limits_.steps * 2 / 3 && open() > 1 && below(150) == 0) close();
    }
    while (open() > 0) {
      close();
      for (int i = 0; open() > 0 && i < 20; ++i) step();
    }
    return std::move(plan_);
  }

 private:
  struct Known {
    std::vector<bool> at;  // by rank: has the reference
    bool settled = false;  // it can be waited for from here on in the order
    bool set = false;
    int candidates = 0;
    std::vector<int> waits;     // steps
    bool mail = false;          // carries a reference: set and waited for as planned, nothing else
    std::optional<int> setter;  // where there are rings: who is declared to set it is the only one who does
  };

  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  int open() const { return static_cast<int>(std::count(closed_.begin(), closed_.end(), false)); }
  int open_rank() {
    int rank = below(plan_.ranks);
    while (closed_[index(rank)]) rank = (rank + 1) % plan_.ranks;
    return rank;
  }

  Step& add(Verb verb, int rank, int lane, int future) {
    Step step{};
    step.verb = verb;
    step.rank = rank;
    step.lane = lane;
    step.future = future;
    plan_.steps.push_back(step);
    return plan_.steps.back();
  }
  Step& add(Verb verb, int rank, int future) { return add(verb, rank, below(plan_.lanes), future); }

  int new_future(int maker, Type type, std::optional<int> producer, bool early) {
    plan_.futures.push_back({type, maker, producer, early});
    Known known;
    known.at.assign(index(plan_.ranks), early);
    known.at[index(maker)] = true;
    known.settled = producer && closed_[index(*producer)];
    if (plan_.rings) known.setter = producer;
    known_.push_back(known);
    return static_cast<int>(plan_.futures.size()) - 1;
  }

  void make(bool early) {
    int const maker = open_rank();
    std::optional<int> producer;
    if (one_in(2)) producer = early ? open_rank() : limits_.late_promises ? below(plan_.ranks) : maker;
    auto const future = new_future(maker, static_cast<Type>(below(3)), producer, early);
    if (!early) add(Verb::make, maker, future);
  }

  /// A future that `rank` has, rather a young one; or -1.
  template <class Wanted>
  int pick(int rank, Wanted const& wanted) {
    int const all = static_cast<int>(known_.size());
    int const young = one_in(4) ? all : std::min(all, 30);
    for (int tries = 0; tries < 8; ++tries) {
      int const future = all - 1 - below(young);
      auto const& known = known_[index(future)];
      if (known.at[index(rank)] && !known.mail && wanted(known)) return future;
    }
    return -1;
  }

  /// The borders of what fits into a slot, a buffer, a page, a message.
  std::size_t size() {
    int const kind = below(100);
    if (kind < 55) {
      constexpr std::array borders{0, 1, 8, 47, 48, 49, 63, 64, 65, 100, 128, 256};
      int const border = borders[index(below(borders.size()))];
      return index(std::max(0, border - std::max(0, below(32) - 16)));
    }
    if (kind < 85) return index(below(4096));
    if (kind < 97) return index(16384 - 80 + below(160));
    return index(below(1'000'000));
  }

  void step() {
    int const rank = open_rank();
    int const kind = below(100);
    if (kind < 12) return make(false);
    if (kind < 26) return give(rank);
    if (kind < 46) return set(rank);
    if (kind < 74) return wait(rank);
    if (kind < 80) return glance(rank);
    if (kind < 84) return done(rank);
    if (kind < 84 + evicts_) return evict(rank);
    if (kind == 94) add(Verb::report, rank, -1);
    else if (pause_ != 0) add(Verb::pause, rank, -1).time = microseconds(below(pause_));
  }

  void give(int from) {
    if (open() == 1) return;
    int const to = open_rank();
    int const future = pick(from, [&](Known const& known) { return !known.at[index(to)]; });
    if (future < 0) return;
    if (one_in(3)) return give_by_future(from, to, future);
    add(Verb::send, from, future).peer = to;
    add(Verb::receive, to, future).peer = from;
    known_[index(future)].at[index(to)] = true;
  }

  /// The reference is the object of another future, which all ranks have from the start.
  void give_by_future(int from, int to, int future) {
    int const mail = new_mail(from, Type::reference);
    auto& set = add(Verb::set, from, mail);
    set.carries = future;
    add(Verb::wait, to, mail).carries = future;
    known_[index(future)].at[index(to)] = true;
  }
  int new_mail(int setter, Type type) {
    int const mail = new_future(below(plan_.ranks), type, setter, true);
    known_[index(mail)].mail = true;
    return mail;
  }

  /// The waits for it: else they would look like those of a ring.
  static bool may_end(Known const& known, int rank) { return known.setter.value_or(rank) == rank; }

  void set(int rank) {
    int const future = pick(rank, [&](Known const& known) {
      return may_end(known, rank) && known.candidates < most_candidates && (!known.set || one_in(12));
    });
    if (future < 0) return;
    set_by(rank, future);
    while (one_in(8)) {  // a race
      int const other = open_rank();
      if (auto const& known = known_[index(future)]; known.at[index(other)] && may_end(known, other))
        set_by(other, future);
    }
  }
  void set_by(int rank, int future) {
    auto& known = known_[index(future)];
    auto& step = add(one_in(8) ? Verb::fail : Verb::set, rank, future);
    step.candidate = known.candidates++;
    step.size = size();
    known.set = known.settled = true;
  }

  void wait(int rank) {
    int const future = pick(rank, [](Known const& known) { return known.settled; });
    if (future >= 0) wait_for(rank, below(plan_.lanes), future);
  }
  Step& wait_for(int rank, int lane, int future) {
    known_[index(future)].waits.push_back(static_cast<int>(plan_.steps.size()));
    auto& step = add(Verb::wait, rank, lane, future);
    step.fetch = !one_in(5);
    if (one_in(6)) step.time = microseconds(one_in(2) ? 0 : below(2000));
    return step;
  }
  /// At what need never come, with a deadline.
  void glance(int rank) {
    int const future = pick(rank, [](Known const&) { return true; });
    if (future >= 0) wait_for(rank, below(plan_.lanes), future).time = microseconds(one_in(2) ? 0 : below(2000));
  }
  void done(int rank) {
    int const future = pick(rank, [](Known const&) { return true; });
    if (future >= 0) add(Verb::done, rank, future);
  }

  /// Some of the ranks, each of which waits for the next.
  void ring() {
    ++rings_;
    std::vector<int> ranks;
    for (int rank = 0; rank < plan_.ranks; ++rank)
      if (!closed_[index(rank)]) ranks.push_back(rank);
    std::shuffle(ranks.begin(), ranks.end(), random_);
    ranks.resize(index(1 + below(std::min(5, open()))));
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      int const future = new_mail(ranks[(i + 1) % ranks.size()], Type::integer);
      auto& step = add(Verb::wait, ranks[i], future);
      step.fetch = one_in(2);
      step.in_ring = true;
    }
  }

  void evict(int rank) {
    int const future =
        pick(rank, [&](Known const& known) { return known.set || (may_end(known, rank) && one_in(10)); });
    if (future < 0) return;
    int const lane = below(plan_.lanes);
    if (one_in(2)) hear_of_waits(rank, lane, future);
    add(Verb::evict, rank, lane, future);
    known_[index(future)].settled = true;
  }
  /// Those who waited, if they are few, say so, and then it is evicted: none of them may find it gone.
  void hear_of_waits(int rank, int lane, int future) {
    auto const waits = known_[index(future)].waits;
    if (waits.size() > 8) return;
    for (int const at : waits) {
      Step const waited = plan_.steps[index(at)];
      if (closed_[index(waited.rank)] || (waited.rank == rank && waited.lane == lane)) continue;
      int const mail = new_mail(waited.rank, Type::integer);
      add(Verb::set, waited.rank, waited.lane, mail);
      add(Verb::wait, rank, lane, mail);
    }
  }

  void close() {
    int const rank = open_rank();
    for (int lane = 1; lane < plan_.lanes; ++lane) {
      int const future = one_in(2) ? pick(rank, [](Known const&) { return true; }) : -1;
      if (future < 0) continue;
      auto& step = wait_for(rank, lane, future);
      step.left_behind = true;
      step.time = std::nullopt;
    }
    add(Verb::close, rank, 0, -1);
    closed_[index(rank)] = true;
    for (std::size_t i = 0; i < known_.size(); ++i)
      if (plan_.futures[i].breaker() == rank) known_[i].settled = true;
  }

  std::mt19937_64 random_;
  Limits const limits_;
  Plan plan_;
  std::vector<Known> known_;  // by future
  std::vector<bool> closed_;  // by rank
  int pause_ = 0;
  int evicts_ = 0;
  int rings_ = 0;
};

}  // namespace

Plan make_plan(std::uint64_t seed, int ranks, Limits limits) { return Draw(seed, ranks, limits).plan(); }

std::string describe(Step const& step) {
  static constexpr std::array verbs{"make", "send",  "receive", "set",    "fail", "wait",
                                    "done", "evict", "pause",   "report", "close"};
  std::string text = verbs[static_cast<std::size_t>(step.verb)];
  if (step.future >= 0) text += " future " + std::to_string(step.future);
  if (step.peer >= 0) text += " peer " + std::to_string(step.peer);
  if (step.verb == Verb::set || step.verb == Verb::fail)
    text += " candidate " + std::to_string(step.candidate) + " of " + std::to_string(step.size) + " bytes";
  if (step.carries >= 0) text += " with the reference of " + std::to_string(step.carries);
  if (step.verb == Verb::wait) text += step.fetch ? " for the object" : " until done";
  if (step.time) text += " for " + std::to_string(step.time->count()) + " us";
  if (step.left_behind) text += ", left behind";
  if (step.in_ring) text += ", in a ring";
  return text;
}

std::string names_of(unsigned outcomes) {
  static constexpr std::array<char const*, outcome::count> names{
      "value",    "RemoteError", "ObjectNotFound", "BrokenFuture",  "Timeout",      "done",
      "not done", "AlreadySet",  "UnknownStore",   "DeadlockError", "another error"};
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    if ((outcomes >> i & 1U) != 0) text += (text.empty() ? "" : " or ") + std::string(names[i]);
  return text.empty() ? "nothing" : text;
}

}  // namespace schedule
