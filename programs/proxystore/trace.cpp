#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include <proxystore/error.hpp>

#include "commands.hpp"
#include "trace_events.hpp"
#include "trace_svg.hpp"
#include "trace_waits.hpp"

namespace proxystore::program {
namespace {

constexpr char help[] =
    "Tells from a trace who waited for what, and who was late.\n\n"
    "A trace is what a job leaves that was run with PROXYSTORE_TRACE=file.json (or StoreOptions::trace); "
    "ui.perfetto.dev\n"
    "opens it too. `waited` adds up all waiters of a future, or all waits of a process; `late` is the time from the\n"
    "first wait for a future until it was set; `kept others` is how long others waited for what a process had not "
    "set.\n";

constexpr char examples[] =
    "  PROXYSTORE_TRACE=run.json mpirun -n 4 ./simulation\n"
    "  proxystore trace run.json --top 20 --svg run.svg";

struct Options {
  std::string file, svg;
  std::size_t top = 10;
};

std::string ms(double us) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", us / 1e3);
  return text;
}

void print_futures(Traced const& traced, Waits const& waits, std::size_t top) {
  auto const shown = std::min(top, waits.futures.size());
  std::printf("Futures and objects, the longest waited for first (%zu of %zu; ms)\n", shown, waits.futures.size());
  std::printf("%12s %12s  %-12s %12s  %-12s %8s %12s  %-24s %s\n", "waited", "longest", "by", "late", "set by",
              "waiters", "bytes", "made at", "key");
  for (std::size_t i = 0; i < shown; ++i) {
    auto const& each = waits.futures[i];
    std::printf("%12s %12s  %-12s %12s  %-12s %8zu %12llu  %-24s %s\n", ms(each.total).c_str(),
                ms(each.longest).c_str(), traced.short_name(each.longest_by).c_str(), ms(each.late).c_str(),
                each.setter == 0 ? "-" : traced.short_name(each.setter).c_str(), each.waiters,
                static_cast<unsigned long long>(each.bytes), each.made.empty() ? "-" : each.made.c_str(),
                each.object.c_str());
  }
}

void print_processes(Traced const& traced, Waits const& waits) {
  std::printf("\nProcesses (ms)\n%-28s %12s %8s %12s %8s %10s\n", "", "waited", "waits", "kept others", "sets",
              "of them late");
  for (auto const& each : waits.processes)
    std::printf("%-28s %12s %8zu %12s %8zu %10zu\n", traced.name.at(each.process).c_str(), ms(each.waited).c_str(),
                each.waits, ms(each.caused).c_str(), each.sets, each.late_sets);
  for (auto const& [process, remark] : traced.remark)
    std::printf("%s: %s\n", traced.short_name(process).c_str(), remark.c_str());
}

void write(std::string const& path, std::string const& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw ConnectorError("the picture '" + path + "' cannot be written");
}

int run(Options const& options) {
  auto const traced = read_trace(options.file);
  auto const waits = waits_of(traced);
  print_futures(traced, waits, options.top);
  print_processes(traced, waits);
  if (!options.svg.empty()) write(options.svg, draw(traced, options.file.substr(options.file.rfind('/') + 1)));
  return 0;
}

}  // namespace

void add_trace(CLI::App& app, int& exit_code) {
  auto* const trace = app.add_subcommand("trace", "tell who waited for what from a trace");
  auto const options = std::make_shared<Options>();
  trace->description(help);
  trace->footer(examples);
  trace->add_option("FILE", options->file, "the trace")->required();
  trace->add_option("--top", options->top, "futures to tell of");
  trace->add_option("--svg", options->svg, "draw the timeline to this file");
  trace->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace proxystore::program
