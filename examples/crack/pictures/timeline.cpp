#include "pictures/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

namespace crack {

namespace {

struct Style {
  char const* name;
  Color color;
};

constexpr std::array<Style, activity_count> styles{{{"simulate", {0.22F, 0.42F, 0.69F}},
                                                    {"publish", {1.00F, 0.88F, 0.40F}},
                                                    {"wait for a frame", {0.17F, 0.18F, 0.22F}},
                                                    {"analyse", {0.93F, 0.42F, 0.36F}},
                                                    {"draw", {0.60F, 0.25F, 0.55F}},
                                                    {"collect", {0.22F, 0.60F, 0.53F}}}};
constexpr Color background{0.043F, 0.047F, 0.063F};
constexpr Color ink{0.78F, 0.80F, 0.84F};
constexpr Color faint{0.30F, 0.32F, 0.37F};

constexpr double scene_width = 1600.0;
constexpr double label_width = 190.0;
constexpr double right_margin = 40.0;
constexpr double top = 64.0;
constexpr double row_height = 44.0;
constexpr double bar_height = 28.0;
constexpr double bottom = 96.0;
constexpr double publish_width = 2.0;
constexpr double thinnest_bar = 1.5;
constexpr double shortest_wait = 1e-4;  // seconds; what is shorter found its frame there

Style const& style(Activity activity) { return styles[static_cast<std::size_t>(activity)]; }

bool of_simulation(Event const& event) {
  return event.activity == Activity::simulate || event.activity == Activity::publish;
}

bool of_analysis(Event const& event) { return event.activity == Activity::analyse || event.activity == Activity::draw; }

std::string format(char const* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string describe(Event const& event) {
  std::string text = std::string(style(event.activity).name) + ", frame " + std::to_string(event.frame);
  if (event.activity == Activity::wait || event.activity == Activity::publish)
    text += ", block " + std::to_string(event.block);
  return text + ", " + format("%.3f ms", 1e3 * (event.end - event.begin));
}

// Seconds and ranks to pixels.
struct Axes {
  double begin = 0.0, end = 1.0;
  double x(double time) const {
    return label_width + (time - begin) / (end - begin) * (scene_width - label_width - right_margin);
  }
  static double y(int rank) { return top + row_height * rank; }
};

Axes axes_of(std::vector<Event> const& events) {
  Axes axes{1e300, -1e300};
  for (Event const& event : events) {
    axes.begin = std::min(axes.begin, event.begin);
    axes.end = std::max(axes.end, event.end);
  }
  return axes;
}

void draw_time_axis(Scene& scene, Axes const& axes, double y) {
  double const span = axes.end - axes.begin;
  double const power = std::pow(10.0, std::floor(std::log10(span)));
  double const step = span / power < 2.0 ? 0.2 * power : span / power < 5.0 ? 0.5 * power : power;
  for (int i = 0; i * step <= span; ++i) {
    double const t = i * step, x = axes.x(axes.begin + t);
    scene.lines.push_back({{x, top - 8.0}, {x, y}, 1.0, faint, 0.5, ""});
    scene.texts.push_back({{x, y + 18.0}, 10.0, ink, format("%g s", t), Anchor::middle});
  }
}

void draw_legend(Scene& scene, double y) {
  double x = label_width;
  for (Style const& entry : styles) {
    scene.rectangles.push_back({{x, y - 12.0}, 14.0, 14.0, entry.color, ""});
    scene.texts.push_back({{x + 22.0, y}, 11.0, ink, entry.name});
    x += 50.0 + text_width(11.0, entry.name);
  }
  scene.lines.push_back({{x, y - 12.0}, {x + 22.0, y + 2.0}, 1.4, style(Activity::publish).color, 0.9, ""});
  scene.texts.push_back({{x + 30.0, y}, 11.0, ink, "this publish ended that wait"});
}

void draw_labels(Scene& scene, int ranks, int simulation_ranks) {
  for (int rank = 0; rank < ranks; ++rank)
    scene.texts.push_back({{label_width - 16.0, Axes::y(rank) + 0.5 * bar_height + 5.0},
                           11.0,
                           ink,
                           "rank " + std::to_string(rank) + (rank < simulation_ranks ? " simulates" : " analyses"),
                           Anchor::right});
}

void draw_bar(Scene& scene, Axes const& axes, Event const& event) {
  double const width = std::max(axes.x(event.end) - axes.x(event.begin), thinnest_bar);
  scene.rectangles.push_back(
      {{axes.x(event.begin), Axes::y(event.rank)}, width, bar_height, style(event.activity).color, describe(event)});
}

void draw_publish(Scene& scene, Axes const& axes, Event const& event) {
  scene.rectangles.push_back({{axes.x(event.end) - 0.5 * publish_width, Axes::y(event.rank) - 3.0},
                              publish_width,
                              bar_height + 6.0,
                              style(event.activity).color,
                              describe(event)});
}

void draw_bars(Scene& scene, Axes const& axes, std::vector<Event> const& events) {
  for (Event const& event : events)
    if (event.activity != Activity::publish && event.activity != Activity::analyse) draw_bar(scene, axes, event);
  for (Event const& event : events) {  // short, so above the others
    if (event.activity == Activity::publish) draw_publish(scene, axes, event);
    if (event.activity == Activity::analyse) draw_bar(scene, axes, event);
  }
}

void draw_wakes(Scene& scene, Axes const& axes, std::vector<Event> const& events) {
  std::map<std::pair<int, int>, Event const*> publishes;
  for (Event const& event : events)
    if (event.activity == Activity::publish) publishes[{event.frame, event.block}] = &event;
  for (Event const& wait : events) {
    if (wait.activity != Activity::wait || wait.end - wait.begin < shortest_wait) continue;
    auto const found = publishes.find({wait.frame, wait.block});
    if (found == publishes.end() || found->second->end < wait.begin) continue;
    Event const& publish = *found->second;
    scene.lines.push_back({{axes.x(publish.end), Axes::y(publish.rank) + bar_height + 3.0},
                           {axes.x(wait.end), Axes::y(wait.rank)},
                           1.2,
                           style(Activity::publish).color,
                           0.65,
                           "frame " + std::to_string(wait.frame) + ", block " + std::to_string(wait.block) +
                               ": the wait ended " + format("%.3f ms", 1e3 * (wait.end - publish.begin)) +
                               " after its publish began"});
  }
}

}  // namespace

Overlap overlap(std::vector<Event> const& events) {
  Overlap result;
  double begin = 1e300, end = -1e300;
  for (Event const& event : events)
    if (of_simulation(event)) {
      begin = std::min(begin, event.begin);
      end = std::max(end, event.end);
    }
  for (Event const& event : events)
    if (of_analysis(event)) {
      result.analysis_seconds += event.end - event.begin;
      result.while_simulating += std::max(0.0, std::min(event.end, end) - event.begin);
    }
  result.simulation_seconds = std::max(0.0, end - begin);
  return result;
}

Scene draw_timeline(std::vector<Event> const& events, int ranks, int simulation_ranks) {
  Scene scene;
  scene.width = scene_width;
  scene.height = top + row_height * ranks + bottom;
  scene.background = background;
  Axes const axes = axes_of(events);
  double const below = Axes::y(ranks);

  scene.texts.push_back({{label_width, 34.0}, 14.0, ink, "which rank computed, waited and published when"});
  draw_time_axis(scene, axes, below);
  draw_labels(scene, ranks, simulation_ranks);
  draw_bars(scene, axes, events);
  draw_wakes(scene, axes, events);
  draw_legend(scene, below + 60.0);
  return scene;
}

}  // namespace crack
