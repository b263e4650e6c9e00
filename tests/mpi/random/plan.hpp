/// A random schedule for all ranks, drawn from a seed: every rank draws the same one, and plays its part of it.
///
/// The steps have one global order. Each lane (a thread of a rank) plays its own in that order, and a step that blocks
/// waits for steps before it alone. So the first step that is not done can always be done: no schedule deadlocks, and
/// a rank that hangs has found an error. Beyond that the lanes run freely, and most waits begin before the set.
/// In half of the schedules with one lane for each rank some of them wait for each other now and then, for what nobody
/// sets, in steps that follow each other in the order: when all before them are done, all of them are in the ring.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace schedule {

enum class Verb {
  make,     // a future
  send,     // its reference, by message, to `peer`
  receive,  // the reference, from `peer`
  set,      // with the value of `candidate`, or with the reference of future `carries`
  fail,     // set_exception
  wait,     // for it, to the deadline if there is one; with `fetch`, for its object
  done,     // is it?
  evict,
  pause,   // for `time`
  report,  // Store::report()
  close,   // the store: the last step of a rank, when its other lanes have ended
};

/// What a step may come to; a step's `allowed` is a set of these.
namespace outcome {
constexpr unsigned value = 1, failure = 2, missing = 4, broken = 8, timeout = 16, done = 32, not_done = 64,
                   already = 128, unknown_store = 256, deadlock = 512, other = 1024;
inline constexpr std::size_t count = 11;
}  // namespace outcome

enum class Type { integer, text, array, reference };

struct Future {
  Type type;
  int maker;
  std::optional<int> producer;  // declared
  bool early;                   // every rank has its reference from the start
  int breaker() const { return producer.value_or(maker); }
};

struct Step {
  Verb verb;
  int rank;
  int lane;
  int future = -1;
  int peer = -1;
  int candidate = 0;     // counts the sets of a future
  std::size_t size = 0;  // of the value set
  int carries = -1;
  bool fetch = true;
  bool left_behind = false;  // a wait that may still go on when its own rank closes
  bool in_ring = false;      // a wait of a rank that others wait for, in a ring
  std::optional<std::chrono::microseconds> time;
  unsigned allowed = 0;
  std::uint64_t candidates = 0;  // whose values a wait may give, one bit each
};

struct Plan {
  std::uint64_t seed;
  int ranks;
  int lanes;
  bool rings;
  std::vector<Future> futures;
  std::vector<Step> steps;
};

struct Limits {
  int steps;
  int lanes;           // at most, of a rank
  bool late_promises;  // a future may be made when its producer has closed
};

/// The schedule, judged.
Plan make_plan(std::uint64_t seed, int ranks, Limits limits);

/// The model: fills in what each step may come to. `strict`: all ranks are on one
/// node, where a wait for what is settled already never times out and an eviction takes effect at once.
void judge(Plan& plan, bool strict);

std::string describe(Step const& step);
std::string names_of(unsigned outcomes);

}  // namespace schedule
