/// What each step of a schedule may come to, from what is known to happen before what: vector clocks over the lanes,
/// with an edge wherever a step cannot end before another has happened. Edges make outcomes certain, and certain
/// outcomes make further edges, so this is done until nothing changes.
#include <algorithm>
#include <bit>

#include "plan.hpp"

namespace schedule {
namespace {

using Clock = std::vector<int>;

void join(Clock& clock, Clock const& other) {
  for (std::size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

class Judge {
 public:
  Judge(Plan& plan, bool strict)
      : plan_(plan),
        strict_(strict),
        steps_(plan.steps.size()),
        futures_(plan.futures.size()),
        closes_(static_cast<std::size_t>(plan.ranks), -1) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      auto const& step = plan.steps[i];
      int const at = static_cast<int>(i);
      if (step.verb == Verb::close) closes_[static_cast<std::size_t>(step.rank)] = at;
      if (step.future < 0) continue;
      auto& future = futures_[static_cast<std::size_t>(step.future)];
      if (step.verb == Verb::set || step.verb == Verb::fail) future.sets.push_back(at);
      if (step.verb == Verb::evict) future.evicts.push_back(at);
    }
  }

  void run() {
    do {
      count_clocks();
      for (std::size_t i = 0; i < plan_.steps.size(); ++i) judge(static_cast<int>(i));
    } while (learn());
  }

 private:
  struct OfStep {
    int count = 0;     // in its lane, from 1
    Clock begin, end;  // known when it begins, and when it has ended
    int cause = -1;    // the step that it cannot end before
  };
  struct OfFuture {
    std::vector<int> sets, evicts;
  };

  Step& step(int at) { return plan_.steps[static_cast<std::size_t>(at)]; }
  std::size_t lane_of(Step const& s) const { return static_cast<std::size_t>(s.rank * plan_.lanes + s.lane); }

  void count_clocks() {
    auto const lanes = static_cast<std::size_t>(plan_.ranks * plan_.lanes);
    std::vector<Clock> now(lanes, Clock(lanes, 0));
    // When a rank has the reference of a future, by future and rank; none: from the start.
    std::vector<std::vector<int>> had(plan_.futures.size(),
                                      std::vector<int>(static_cast<std::size_t>(plan_.ranks), -1));
    std::vector<int> sent(plan_.futures.size() * static_cast<std::size_t>(plan_.ranks), -1);
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      Step const& s = plan_.steps[i];
      int const at = static_cast<int>(i);
      auto const rank = static_cast<std::size_t>(s.rank);
      auto const ranks = static_cast<std::size_t>(plan_.ranks);
      Clock& clock = now[lane_of(s)];
      for (int const used : {s.future, s.verb == Verb::set ? s.carries : -1})
        if (used >= 0)
          if (int const from = had[static_cast<std::size_t>(used)][rank]; from >= 0)
            join(clock, steps_[static_cast<std::size_t>(from)].end);
      if (s.verb == Verb::close)
        for (std::size_t lane = 0; lane < static_cast<std::size_t>(plan_.lanes); ++lane)
          join(clock, now[rank * static_cast<std::size_t>(plan_.lanes) + lane]);

      auto& of = steps_[i];
      of.begin = clock;
      of.count = ++clock[lane_of(s)];
      if (of.cause >= 0) join(clock, steps_[static_cast<std::size_t>(of.cause)].end);
      if (s.verb == Verb::send)
        sent[static_cast<std::size_t>(s.future) * ranks + static_cast<std::size_t>(s.peer)] = at;
      if (s.verb == Verb::receive)
        join(clock, steps_[static_cast<std::size_t>(sent[static_cast<std::size_t>(s.future) * ranks + rank])].end);
      of.end = clock;
      if (s.left_behind) --clock[lane_of(s)];  // the rank does not wait for its end
      if (s.verb == Verb::make || s.verb == Verb::receive) had[static_cast<std::size_t>(s.future)][rank] = at;
      if (s.verb == Verb::wait && s.carries >= 0) had[static_cast<std::size_t>(s.carries)][rank] = at;
    }
  }

  /// `a` has surely ended before `b` begins.
  bool before(int a, int b) {
    auto const lane = lane_of(step(a));
    return a != b && steps_[static_cast<std::size_t>(b)].begin[lane] >= steps_[static_cast<std::size_t>(a)].count;
  }
  bool any_before(std::vector<int> const& steps, int at) {
    return std::any_of(steps.begin(), steps.end(), [&](int x) { return before(x, at); });
  }
  bool any_not_after(int at, std::vector<int> const& steps) {
    return std::any_of(steps.begin(), steps.end(), [&](int x) { return x != at && !before(at, x); });
  }

  bool can_win(OfFuture const& f, int set) { return !any_before(f.sets, set) && !any_before(f.evicts, set); }
  /// The one who was to set it may have closed, with nothing done to it until then.
  bool can_be_broken(OfFuture const& f, int at) {
    int const close =
        closes_[static_cast<std::size_t>(plan_.futures[static_cast<std::size_t>(step(at).future)].breaker())];
    return !before(at, close) && !any_before(f.sets, close) && !any_before(f.evicts, close);
  }

  void judge(int at) {
    Step& s = step(at);
    s.allowed = outcome::done;
    if (s.future < 0) return;
    auto const& f = futures_[static_cast<std::size_t>(s.future)];
    switch (s.verb) {
      case Verb::set:
      case Verb::fail: s.allowed = of_set(f, at); break;
      case Verb::wait: s.allowed = of_wait(f, at); break;
      case Verb::done: s.allowed = of_done(f, at); break;
      default: break;
    }
  }

  unsigned unset(OfFuture const& f, int at) {  // what befalls whoever waits for it or sets it
    unsigned allowed = any_not_after(at, f.evicts) ? outcome::missing : 0;
    if (!any_before(f.evicts, at) && can_be_broken(f, at)) allowed |= outcome::broken;
    return allowed;
  }

  unsigned of_set(OfFuture const& f, int at) {
    unsigned allowed = unset(f, at);
    if (can_win(f, at)) allowed |= outcome::done;
    if (!any_before(f.evicts, at) && any_not_after(at, f.sets)) allowed |= outcome::already;
    return allowed;
  }

  unsigned of_wait(OfFuture const& f, int at) {
    Step& s = step(at);
    if (s.in_ring) return outcome::deadlock;
    unsigned allowed = unset(f, at);
    s.candidates = 0;
    if (!strict_ || !any_before(f.evicts, at))  // a node that has a copy finds it a message longer
      for (int const set : f.sets) {
        if (before(at, set) || !can_win(f, set)) continue;
        s.candidates |= std::uint64_t{1} << static_cast<unsigned>(step(set).candidate);
        allowed |= !s.fetch ? outcome::done : step(set).verb == Verb::fail ? outcome::failure : outcome::value;
      }
    if (s.time && (!strict_ || (!any_before(f.sets, at) && !any_before(f.evicts, at)))) allowed |= outcome::timeout;
    if (s.left_behind) allowed |= outcome::broken | outcome::unknown_store;
    return allowed;
  }

  unsigned of_done(OfFuture const& f, int at) {
    bool const gone = strict_ && any_before(f.evicts, at);
    unsigned allowed = 0;
    for (int const set : f.sets)
      if (!gone && !before(at, set) && can_win(f, set)) allowed |= outcome::done;
    if (!strict_ || !any_before(f.sets, at) || any_not_after(at, f.evicts) || can_be_broken(f, at))
      allowed |= outcome::not_done;
    return allowed;
  }

  /// Waits that can end in one way alone.
  bool learn() {
    bool more = false;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      Step const& s = plan_.steps[i];
      if (s.verb != Verb::wait || s.left_behind || steps_[i].cause >= 0) continue;
      auto const& f = futures_[static_cast<std::size_t>(s.future)];
      if (s.allowed == outcome::missing && f.evicts.size() == 1) steps_[i].cause = f.evicts[0];
      bool const one = s.allowed == outcome::value || s.allowed == outcome::failure || s.allowed == outcome::done;
      if (one && std::popcount(s.candidates) == 1)
        for (int const set : f.sets)
          if (s.candidates == std::uint64_t{1} << static_cast<unsigned>(step(set).candidate)) steps_[i].cause = set;
      more = more || steps_[i].cause >= 0;
    }
    return more;
  }

  Plan& plan_;
  bool const strict_;
  std::vector<OfStep> steps_;
  std::vector<OfFuture> futures_;
  std::vector<int> closes_;  // by rank
};

}  // namespace

void judge(Plan& plan, bool strict) { Judge(plan, strict).run(); }

}  // namespace schedule
