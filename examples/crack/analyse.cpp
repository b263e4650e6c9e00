#include "job.hpp"
#include "physics/observation.hpp"
#include "pictures/picture.hpp"

namespace crack {

namespace {

constexpr std::size_t movie_shrink = 2;
constexpr std::size_t thumbnail_shrink = 3;

class Analyst {
 public:
  Analyst(Job const& job, Run& run) : job_(job), run_(run) {}

  void frame(std::size_t frame) {
    std::vector<Atom> const atoms = take(frame);
    Observation const seen = observe_frame(atoms, frame);
    auto const span = run_.recorder.span(Activity::draw, frame);
    View const view(*run_.proxies.box);
    Image const picture = draw_frame(view, atoms, seen.energy, job_.steps[frame]);
    write_png(job_.options.frames() + "/" + frame_file(job_.steps[frame]), picture);
    run_.futures.findings[frame].set_result(Finding{{job_.steps[frame], seen.temperature, seen.potential_energy},
                                                    shrink(without_caption(picture), thumbnail_shrink),
                                                    encode_png(coarsen(shrink(picture, movie_shrink)))});
  }

 private:
  // The atoms of a frame, from the blocks of all simulation ranks; its memory goes back to them.
  std::vector<Atom> take(std::size_t frame) {
    std::vector<Atom> atoms;
    for (int rank = 0; rank < job_.layout.simulation_ranks; ++rank) {
      auto& block = run_.proxies.blocks[job_.layout.block(frame, rank)];
      {
        auto const span = run_.recorder.span(Activity::wait, frame, static_cast<std::size_t>(rank));
        block.resolve();
      }
      append_block(atoms, block->span());
      if (!job_.options.keep) run_.store.evict(block.key());
      block = {};
    }
    return atoms;
  }

  Observation observe_frame(std::vector<Atom> const& atoms, std::size_t frame) {
    auto const span = run_.recorder.span(Activity::analyse, frame);
    return observe(atoms, job_.deck.model());
  }

  Job const& job_;
  Run& run_;
};

}  // namespace

void analyse(Job const& job, Run& run) {
  Analyst analyst(job, run);
  std::size_t next = 0;
  try {
    for (; next < job.layout.frames; ++next)
      if (job.layout.analyst(next) == job.rank) analyst.frame(next);
  } catch (...) {
    for (; next < job.layout.frames; ++next)
      if (job.layout.analyst(next) == job.rank)
        give_up(run.store, run.futures.findings[next], std::current_exception());
    throw;
  }
}

}  // namespace crack
