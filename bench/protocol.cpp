// The protocol between nodes, carried to more ranks than there are here: counts of letters, and latencies, by an event
// simulation of what Network does. Assumptions: a letter takes `one_way` from rank to rank, however many are under way
// (no contention in the network); a rank handles or sends one letter at a time, in `handling` each; every rank moves
// messages all the time; 64 ranks a node, of which one asks for each object and the others wait in its memory, woken in
// `wake`. Small objects, inside the letters. The measured figures of one_way and handling are arguments.
//     bench_protocol [one_way_us handling_us wake_us]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <queue>
#include <vector>

namespace {

constexpr std::size_t fan_out = 4, ranks_of_a_node = 64;  // the first as in mpi/src/network_move.cpp

struct Costs {
  double one_way = 5.0, handling = 1.0, wake = 15.0;  // us
};

class Simulation {
 public:
  explicit Simulation(std::size_t nodes, Costs costs) : costs_(costs), free_at_(nodes), handled_(nodes) {}

  /// `then` runs when node `to` has handled the letter that `from` sends when it is free, not before `now`.
  void send(std::size_t from, std::size_t to, double now, std::function<void(double)> then) {
    ++letters_;
    auto const sent = occupy(from, now);
    events_.push({sent + costs_.one_way, to, std::move(then)});
  }
  void run() {
    while (!events_.empty()) {
      auto event = events_.top();
      events_.pop();
      auto const done = occupy(event.node, event.at);
      ++handled_[event.node];
      last_ = std::max(last_, done);
      event.then(done);
    }
  }
  /// To some of the nodes, each with its share of the others to pass it on to (Network::spread).
  void spread(std::size_t from, double now, std::size_t first, std::size_t last) {
    auto const count = last - first, groups = std::min(fan_out, count);
    for (std::size_t i = 0; i < groups; ++i) {
      auto const begin = first + count * i / groups, end = first + count * (i + 1) / groups;
      send(from, begin, now, [this, begin, end](double done) { spread(begin, done, begin + 1, end); });
    }
  }

  std::uint64_t letters() const { return letters_; }
  std::uint64_t most_handled() const { return *std::max_element(handled_.begin(), handled_.end()); }
  double last() const { return last_; }

 private:
  struct Event {
    double at;
    std::size_t node;
    std::function<void(double)> then;
    bool operator<(Event const& other) const { return at > other.at; }
  };
  double occupy(std::size_t node, double from) {
    return free_at_[node] = std::max(free_at_[node], from) + costs_.handling;
  }

  Costs const costs_;
  std::vector<double> free_at_;
  std::vector<std::uint64_t> handled_;
  std::priority_queue<Event> events_;
  std::uint64_t letters_ = 0;
  double last_ = 0;
};

void row(char const* what, std::size_t ranks, std::uint64_t letters, std::uint64_t most, double us) {
  std::printf("%-52s %7zu ranks %9llu letters, at one rank at most %7llu  %12.1f us\n", what, ranks,
              static_cast<unsigned long long>(letters), static_cast<unsigned long long>(most), us);
}

void simulate(std::size_t ranks, Costs const& costs) {
  auto const nodes = std::max<std::size_t>(2, ranks / ranks_of_a_node);
  {
    Simulation tree(nodes, costs);
    tree.spread(0, 0, 1, nodes);
    tree.run();
    row("one future, set, to all that wait (by tree)", ranks, tree.letters(), tree.most_handled(), tree.last() + costs.wake);
  }
  {
    Simulation star(nodes, costs);
    for (std::size_t node = 1; node < nodes; ++node) star.send(0, node, 0, [](double) {});
    star.run();
    row("the same if the home told each node itself", ranks, star.letters(), star.most_handled(), star.last() + costs.wake);
  }
  {
    Simulation asking(nodes, costs);
    for (std::size_t node = 1; node < nodes; ++node)
      asking.send(node, 0, 0, [&asking, node](double now) { asking.send(0, node, now, [](double) {}); });
    asking.run();
    row("all nodes ask one home at once, and are answered", ranks, asking.letters(), asking.most_handled(), asking.last());
  }
  {
    // Each rank waits for the one before it: from node to node a letter, on the node a wake-up.
    Simulation chain(nodes, costs);
    double const on_node = static_cast<double>(ranks_of_a_node - 1) * costs.wake;
    std::function<void(std::size_t, double)> next = [&](std::size_t node, double now) {
      if (node + 1 < nodes) chain.send(node, node + 1, now + on_node, [&next, node](double at) { next(node + 1, at); });
    };
    next(0, 0);
    chain.run();
    row("a chain through all ranks, each sets when it has", ranks, chain.letters(), chain.most_handled(), chain.last() + on_node);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Costs costs;
  double* const given[] = {&costs.one_way, &costs.handling, &costs.wake};
  for (int i = 1; i < argc && i <= 3; ++i) *given[i - 1] = std::atof(argv[i]);
  std::printf("one way %.1f us, handling %.1f us, wake-up %.1f us, %zu ranks a node\n", costs.one_way, costs.handling,
              costs.wake, ranks_of_a_node);
  for (std::size_t const ranks : {1000U, 10000U, 100000U}) simulate(ranks, costs);
  return 0;
}
