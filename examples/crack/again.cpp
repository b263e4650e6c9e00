// The pictures of a finished run again, from the frames that it kept in its store on disk:
//     crack --store file:/scratch/frames --keep --out first;  mpirun -n 3 crack_again --from first --out again
// Any number of ranks; they take the frames in turn. Neither LAMMPS nor the ranks that simulated are needed.
#include "board.hpp"
#include "physics/deck.hpp"
#include "physics/frame.hpp"
#include "physics/observation.hpp"
#include "pictures/picture.hpp"
#include "pictures/png_file.hpp"
#include "run/options.hpp"
#include "run/together.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/mpi/mpi.hpp>

namespace crack {
namespace {

struct Again {
  std::string from = "crack-out", out = "crack-again", help;

  std::string frames() const { return out + "/frames"; }
};

Again parse(int argc, char** argv) {
  Again again;
  CLI::App app("Makes the pictures of a finished run (crack --keep) again.", "crack_again");
  app.add_option("--from", again.from, "folder that the run made")->capture_default_str();
  app.add_option("--out", again.out, "folder for the pictures")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (CLI::CallForHelp const&) {
    again.help = app.help();
  } catch (CLI::ParseError const& error) {
    throw std::runtime_error(std::string(error.what()) + " (--help lists the options)");
  }
  return again;
}

Saved read_saved(std::string const& folder) {
  Options options;
  options.out = folder;
  auto const text = read_text(options.saved());
  return proxystore::deserialize<Saved>(proxystore::Bytes::copy_of(std::as_bytes(std::span(text))));
}

void draw(Saved const& saved, Deck const& deck, View const& view, std::size_t frame, std::string const& folder) {
  std::vector<Atom> atoms;
  auto const ranks = static_cast<std::size_t>(saved.simulation_ranks);
  for (std::size_t rank = 0; rank < ranks; ++rank) append_block(atoms, saved.blocks[frame * ranks + rank]->span());
  Observation const seen = observe(atoms, deck.model());
  write_png(folder + "/" + frame_file(saved.steps[frame]), draw_frame(view, atoms, seen.energy, saved.steps[frame]));
}

int run_program(MPI_Comm comm, int argc, char** argv) {
  int rank = 0, ranks = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  Again again;
  if (!together(comm, [&] { again = parse(argc, argv); })) return EXIT_FAILURE;
  if (!again.help.empty()) {
    if (rank == 0) std::fputs(again.help.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  Saved saved;
  std::optional<Deck> deck;
  if (!together(comm, [&] {
        saved = read_saved(again.from);
        deck.emplace(saved.deck);
        std::filesystem::create_directories(again.frames());
      }))
    return EXIT_FAILURE;
  std::optional<proxystore::Store> store;
  if (!together(comm, [&] {
        store = proxystore::Store::open("crack", proxystore::mpi::connect(comm, saved.store));
      }))
    return EXIT_FAILURE;
  bool const well = together(comm, [&] {
    View const view(*saved.box);
    for (auto frame = static_cast<std::size_t>(rank); frame < saved.steps.size(); frame += static_cast<std::size_t>(ranks))
      draw(saved, *deck, view, frame, again.frames());
  });
  if (well && rank == 0)
    std::printf("made again: %zu pictures from '%s', in %s\n", saved.steps.size(), saved.store.c_str(),
                again.frames().c_str());
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace crack

int main(int argc, char** argv) try {
  proxystore::mpi::Scope const mpi(argc, argv);
  proxystore::register_connectors();
  return crack::run_program(MPI_COMM_WORLD, argc, argv);
} catch (std::exception const& error) {
  std::fprintf(stderr, "crack_again: %s\n", error.what());
  return EXIT_FAILURE;
}
