#include "trace_waits.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace proxystore::program {
namespace {

struct Life {
  Event const* set = nullptr;
  std::string made;
  std::vector<Event const*> waits;
};

std::unordered_map<std::string, Life> lives_of(Traced const& traced) {
  std::unordered_map<std::string, Life> lives;
  for (auto const& event : traced.events) {
    auto& life = lives[event.object];
    if (life.made.empty()) life.made = event.made;
    if (event.sets() && event.error.empty()) life.set = &event;
    if (event.waits()) life.waits.push_back(&event);
  }
  return lives;
}

Waited of_future(std::string const& object, Life const& life) {
  Waited out{.object = object, .made = life.made, .waiters = life.waits.size()};
  for (auto const* wait : life.waits) {
    out.total += wait->length();
    out.bytes = std::max(out.bytes, wait->bytes);
    if (wait->length() < out.longest) continue;
    out.longest = wait->length();
    out.longest_by = wait->process;
  }
  if (!life.set) return out;
  out.setter = life.set->process;
  out.bytes = std::max(out.bytes, life.set->bytes);
  out.late = std::max(0.0, life.set->end - life.waits.front()->begin);
  return out;
}

}  // namespace

Waits waits_of(Traced const& traced) {
  Waits out;
  std::map<std::int64_t, OfProcess> processes;
  for (auto const process : traced.processes()) processes[process].process = process;
  for (auto const& [object, life] : lives_of(traced)) {
    if (life.set) ++processes[life.set->process].sets;
    bool late = false;
    for (auto const* wait : life.waits) {
      auto& of = processes[wait->process];
      of.process = wait->process;
      of.waited += wait->length();
      ++of.waits;
      if (!life.set || wait->begin >= life.set->end) continue;
      processes[life.set->process].caused += std::min(wait->end, life.set->end) - wait->begin;
      late = true;
    }
    if (late) ++processes[life.set->process].late_sets;
    if (!life.waits.empty()) out.futures.push_back(of_future(object, life));
  }
  std::sort(out.futures.begin(), out.futures.end(),
            [](auto const& a, auto const& b) { return a.total != b.total ? a.total > b.total : a.object < b.object; });
  for (auto const process : traced.processes()) out.processes.push_back(processes.at(process));
  return out;
}

}  // namespace proxystore::program
