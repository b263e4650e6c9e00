#include "run/options.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <stdexcept>

#include <CLI/CLI.hpp>

namespace crack {

std::string frame_file(std::int64_t step) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "frame_%06lld.png", static_cast<long long>(step));
  return name.data();
}

bool is_frame_file(std::string const& name) {
  constexpr std::size_t before = 6, after = 4;  // "frame_" and ".png"
  return name.size() > before + after && name.starts_with("frame_") && name.ends_with(".png") &&
         std::all_of(name.begin() + before, name.end() - after, [](unsigned char c) { return std::isdigit(c) != 0; });
}

Options parse_options(int argc, char** argv) {
  Options options;
  options.deck = CRACK_DECK;
  CLI::App app("LAMMPS runs a deck on some ranks; the others analyse and draw its frames as they come.", "crack");
  app.option_defaults()->take_last();  // scripts/demo names a folder, and its user perhaps another
  app.add_option("--deck", options.deck, "LAMMPS input deck")->capture_default_str();
  app.add_option("--out", options.out, "folder for what it makes")->capture_default_str();
  app.add_option("--store", options.store, "the connector that carries the frames")->capture_default_str();
  app.add_option("--every", options.every, "steps from frame to frame")->capture_default_str();
  app.add_flag("--keep", options.keep, "leave the frames in the store, for crack_again");
  auto const* simulation_ranks =
      app.add_option("--sim-ranks", options.simulation_ranks, "ranks that simulate (default: half)");
  try {
    app.parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    options.help = app.help();
  } catch (CLI::ParseError const& error) {
    throw std::runtime_error(std::string(error.what()) + " (--help lists the options)");
  }
  if (options.every < 1) throw std::runtime_error("--every needs a number of steps, at least 1");
  if (simulation_ranks->count() > 0 && options.simulation_ranks < 1)
    throw std::runtime_error("--sim-ranks needs a number of ranks, at least 1");
  return options;
}

}  // namespace crack
