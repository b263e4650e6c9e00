#include "trace_svg.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <unordered_map>
#include <utility>

namespace proxystore::program {
namespace {

constexpr double width = 1200, left = 130, right = 20, top = 62, row = 26, box = 16;

std::string escaped(std::string const& text) {
  std::string out;
  for (char const c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '&') out += "&amp;";
    else out += c;
  }
  return out;
}

template <class... Values>
std::string format(char const* how, Values... values) {
  char text[512];
  std::snprintf(text, sizeof text, how, values...);
  return text;
}

std::string time_text(double us) {
  if (us < 1e3) return format("%.4g µs", us);
  return us < 1e6 ? format("%.4g ms", us / 1e3) : format("%.4g s", us / 1e6);
}

char const* colour_of(Event const& event) {
  if (!event.error.empty() || event.what == "failed") return "#c0392b";
  if (event.waits()) return "#e8a33d";
  if (event.what == "set") return "#2f8f4e";
  return event.what == "put" ? "#7db88f" : "#8d99a6";
}

/// The nice step that gives some eight marks.
double step_of(double span) {
  double step = 1e-3;
  while (step * 80 < span) step *= 10;
  for (double const times : {2.0, 5.0, 10.0})
    if (span / step > 12) step = span / (step * times) <= 12 ? step * times : step;
  return step;
}

class Drawing {
 public:
  explicit Drawing(Traced const& traced) : traced_(traced) {
    for (auto const& event : traced.events) span_ = std::max(span_, event.end);
    if (span_ <= 0) span_ = 1;
    for (auto const process : traced.processes())
      for (auto const& event : traced.events)
        if (event.process == process) rows_.try_emplace({process, event.thread}, rows_.size());
  }

  std::string draw(std::string const& title) {
    double const height = top + static_cast<double>(rows_.size()) * row + 30;
    out_ = format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" )",
                  width, height, width, height);
    out_ += "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    out_ += "<text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"bold\">" + escaped(title) + "</text>\n";
    legend();
    axis(height);
    names();
    for (auto const& event : traced_.events) span(event);
    arrows();
    return out_ + "</svg>\n";
  }

 private:
  double x(double us) const { return left + us / span_ * (width - left - right); }
  double y(Event const& event) const {
    return top + static_cast<double>(rows_.at({event.process, event.thread})) * row + (row - box) / 2;
  }

  void legend() {
    double at = left;
    for (auto const& [colour, text] : {std::pair{"#e8a33d", "waits"},
                                       {"#2f8f4e", "sets"},
                                       {"#7db88f", "puts"},
                                       {"#8d99a6", "evicts"},
                                       {"#c0392b", "fails"}}) {
      out_ += format(
          "<rect x=\"%.0f\" y=\"34\" width=\"12\" height=\"12\" fill=\"%s\"/><text x=\"%.0f\" y=\"44\">%s</text>\n", at,
          colour, at + 16, text);
      at += 75;
    }
  }

  void axis(double height) {
    double const step = step_of(span_);
    for (double at = 0; at <= span_; at += step) {
      out_ += format("<line x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\" stroke=\"#e3e6ea\"/>\n", x(at), top, x(at),
                     height - 24);
      out_ += format("<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\" fill=\"#555\">", x(at), height - 8) +
              time_text(at) + "</text>\n";
    }
  }

  void names() {
    std::int64_t last = -1;
    for (auto const process : traced_.processes())
      for (auto const& [of, number] : rows_) {
        if (of.first != process) continue;
        double const at = top + static_cast<double>(number) * row;
        out_ += format("<line x1=\"0\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\" stroke=\"%s\"/>\n", at, width, at,
                       process == last ? "#f0f1f3" : "#c5cad0");
        if (process != last)
          out_ += format("<text x=\"12\" y=\"%.0f\">", at + row * 0.65) + escaped(traced_.short_name(process)) +
                  "</text>\n";
        last = process;
      }
  }

  void span(Event const& event) {
    if (event.what == "made") return;
    double const wide = std::max(0.7, x(event.end) - x(event.begin));
    out_ += format("<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.0f\" fill=\"%s\">", x(event.begin), y(event),
                   wide, box, colour_of(event));
    out_ += "<title>" +
            escaped(event.what + " " + event.made + " " + event.object + " " + time_text(event.length()) + " " +
                    event.error) +
            "</title></rect>\n";
  }

  void arrows() {
    std::unordered_map<std::string, Event const*> sets;
    for (auto const& event : traced_.events)
      if (event.sets() && event.error.empty()) sets[event.object] = &event;
    for (auto const& event : traced_.events) {
      auto const set = event.waits() ? sets.find(event.object) : sets.end();
      if (set == sets.end() || y(*set->second) == y(event)) continue;
      out_ += format(
          "<line x1=\"%.2f\" y1=\"%.1f\" x2=\"%.2f\" y2=\"%.1f\" stroke=\"#3b5b92\" stroke-width=\"0.7\" "
          "opacity=\"0.55\"/>\n",
          x(set->second->end), y(*set->second) + box / 2, x(event.end), y(event) + box / 2);
    }
  }

  Traced const& traced_;
  double span_ = 0;  // µs
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> rows_;
  std::string out_;
};

}  // namespace

std::string draw(Traced const& traced, std::string const& title) { return Drawing(traced).draw(title); }

}  // namespace proxystore::program
