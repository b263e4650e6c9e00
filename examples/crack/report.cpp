#include "job.hpp"
#include "pictures/sheet.hpp"
#include "pictures/timeline.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>

namespace crack {

namespace {

struct Findings {
  std::vector<Thermo> thermo;
  std::vector<Image> thumbnails;
  std::vector<Png> movie;
};

Findings gather_findings(Job const& job, Run& run) {
  Findings all;
  for (std::size_t frame = 0; frame < job.layout.frames; ++frame) {
    auto const span = run.recorder.span(Activity::collect, frame);
    auto& finding = run.proxies.findings[frame];
    all.thermo.push_back(finding->thermo);
    all.thumbnails.push_back(finding->thumbnail);
    all.movie.push_back(finding->movie_picture);
    run.store.evict(finding.key());
    finding = {};
    ++run.collected;
    show_progress(run, job.steps.back());
  }
  return all;
}

std::vector<Event> gather_events(Job const& job, Run& run) {
  std::vector<Event> all = run.recorder.events();
  for (int rank = 1; rank < job.layout.ranks; ++rank) {
    std::vector<Event> const& events = *run.proxies.events[static_cast<std::size_t>(rank)];
    all.insert(all.end(), events.begin(), events.end());
  }
  return all;
}

void write_text(std::string const& path, std::string const& text) { write_file(path, Png(text.begin(), text.end())); }

void write_pictures(Job const& job, Findings const& findings, std::vector<Event> const& events) {
  std::string const& out = job.options.out;
  write_png(out + "/sheet.png", contact_sheet(findings.thumbnails, job.steps));
  write_file(out + "/movie.png", animate(findings.movie, 12));
  Scene const scene = draw_timeline(events, job.layout.ranks, job.layout.simulation_ranks);
  write_text(out + "/timeline.svg", to_svg(scene));
  write_png(out + "/timeline.png", to_image(scene));
}

void save(Job const& job, Run const& run) {
  Proxies const proxies = proxies_of(run.futures);
  Saved const saved{job.options.store,           read_text(job.options.deck), job.steps,
                    job.layout.simulation_ranks, proxies.box,                 proxies.blocks};
  proxystore::Bytes const bytes = proxystore::serialize(saved);
  write_text(job.options.saved(), std::string(bytes.text()));
}

void tell(Job const& job, Overlap const& overlap) {
  double const percent =
      overlap.analysis_seconds > 0.0 ? 100.0 * overlap.while_simulating / overlap.analysis_seconds : 0.0;
  std::printf("overlap: %.2f s of %.2f s of analysis (%.0f %%) ran while the simulation was running (%.2f s)\n",
              overlap.while_simulating, overlap.analysis_seconds, percent, overlap.simulation_seconds);
  char const* const out = job.options.out.c_str();
  std::printf("  frames    %s/frames/ (%zu pictures)\n", out, job.layout.frames);
  std::printf("  sheet     %s/sheet.png\n", out);
  std::printf("  movie     %s/movie.png (animated PNG: open it in a browser)\n", out);
  std::printf("  thermo    %s/thermo.csv\n", out);
  std::printf("  timeline  %s/timeline.svg, %s/timeline.png\n", out, out);
  std::fflush(stdout);
}

void check_thermo(Job const& job, std::vector<Thermo> const& ours) {
  auto const lammps = read_thermo(job.options.log());
  write_csv(job.options.out + "/thermo.csv", ours, lammps);
  Agreement const worst = compare(ours, lammps);
  std::printf(
      "thermo agrees: %zu steps, largest relative deviation %.1e (temperature) and %.1e (potential energy), "
      "tolerance %.0e\n",
      worst.steps, worst.temperature, worst.potential_energy, thermo_tolerance);
}

}  // namespace

void show_progress(Run& run, std::int64_t step) {
  if (!run.progress) return;
  auto const& findings = run.futures.findings;
  auto const still_out = findings.begin() + static_cast<std::ptrdiff_t>(run.collected);
  auto const done = std::count_if(still_out, findings.end(), [](auto const& finding) { return finding.done(); });
  run.progress->show(step, run.collected + static_cast<std::size_t>(done));
}

void report(Job const& job, Run& run) {
  Findings const findings = gather_findings(job, run);
  run.progress.reset();
  std::vector<Event> const events = gather_events(job, run);
  write_pictures(job, findings, events);
  check_thermo(job, findings.thermo);
  if (job.options.keep) save(job, run);
  tell(job, overlap(events));
}

}  // namespace crack
