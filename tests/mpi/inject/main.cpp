// Each MPI function that the library calls fails once, on each rank, at each place where it is called: usage
//   test_mpi_inject [--calls N] [--only FUNCTION] [--level single|serialized|multiple] [--verbose]
// Expected: an error with the function's name at the rank where it failed, or an outcome that is listed below; the
// other rank ends within its time limits; a fresh store works afterwards; and nothing leaks but what is listed below.
#include <mpi.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include <proxystore/error.hpp>
#include <proxystore/mpi/scope.hpp>

#include "inject.hpp"
#include "scenario.hpp"

namespace {

using namespace std::chrono_literals;

/// Failures that nobody is told of, since nothing went wrong for the caller.
constexpr std::array<std::pair<char const*, char const*>, 14> silent{{
    {"MPI_Initialized", "the question is asked again where it matters"},
    {"MPI_Finalized", "not yet, as long as there is anything to ask for"},
    {"MPI_Is_thread_main", "the thread does not move messages this time"},
    {"MPI_Get_library_version", "report() leaves it out"},
    {"MPI_Info_create", "a hint is left out"},
    {"MPI_Info_set", "a hint is left out"},
    {"MPI_Info_free", "a hint stays"},
    {"MPI_Win_allocate_shared", "POSIX shared memory instead"},
    {"MPI_Comm_free", "the destructor of an executor has nobody to tell"},
    {"MPI_Ibarrier", "the same"},
    {"MPI_Test", "the same"},
    {"MPI_Testall", "the same"},
    {"MPI_Improbe", "the same"},
    {"MPI_Allreduce", "the second round of an agreement: if the first one was heard, it was reached"},
}};

/// What may be left behind. `here`: on the rank where the function failed.
bool may_stay(std::string const& function, inject::Live const& left, bool here) {
  using inject::Live;
  auto const is = [&](Live const& what) { return left == what; };
  if (is({})) return true;
  // What is freed by the function itself.
  if (here && function == "MPI_Comm_delete_attr" && is(Live{.attributes = 1})) return true;
  if (here && function == "MPI_Comm_free_keyval" && is({.keyvals = 1})) return true;
  if (here && function == "MPI_Info_free" && is({.infos = 1})) return true;
  // A window that one rank does not have: freeing it is collective.
  if (!here && function == "MPI_Win_allocate_shared") return is({.windows = 1});
  // Nor can one be freed whose epoch has not ended, or whose ranks could not agree that it has.
  if (function == "MPI_Win_unlock_all" || function == "MPI_Allreduce" || function == "MPI_Comm_rank")
    return is({.windows = 1});
  // A store whose network has failed, or whose ranks could not agree to free it, stays until MPI_Finalize.
  constexpr std::array<char const*, 11> moving{"MPI_Ibarrier",   "MPI_Isend",  "MPI_Irecv", "MPI_Improbe",
                                               "MPI_Get_count",  "MPI_Mrecv",  "MPI_Test",  "MPI_Testall",
                                               "MPI_Iallreduce", "MPI_Cancel", "MPI_Wait"};
  bool const stays = std::find(moving.begin(), moving.end(), function) != moving.end();
  Live rest = left;
  rest.requests = rest.messages = 0;
  if (!stays || left.requests > 8 || left.messages > 1) return false;
  // So does the communicator of an executor whose messages have failed, here or there.
  if (rest == Live{.communicators = 1}) return true;
  return rest == Live{.communicators = 2, .windows = left.windows == 0 ? 0 : 1, .attributes = 1};
}

struct Settings {
  std::uint64_t calls = 2;
  std::string only, options;
  int level = MPI_THREAD_MULTIPLE;
  bool verbose = false;
};

Settings settings_of(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    std::string const option = argv[i];
    if (option == "--verbose") settings.verbose = true;
    if (i + 1 == argc) break;
    if (option == "--calls") settings.calls = std::stoull(argv[i + 1]);
    if (option == "--only") settings.only = argv[i + 1];
    if (option == "--options") settings.options = argv[i + 1];
    if (option == "--level")
      settings.level = std::strcmp(argv[i + 1], "multiple") == 0     ? MPI_THREAD_MULTIPLE
                       : std::strcmp(argv[i + 1], "serialized") == 0 ? MPI_THREAD_SERIALIZED
                                                                     : MPI_THREAD_SINGLE;
  }
  return settings;
}

/// Ends the run if one injection takes too long, and says which.
class Watch {
 public:
  explicit Watch(int rank) : thread_([this, rank] { watch(rank); }) {}
  Watch(Watch const&) = delete;
  Watch& operator=(Watch const&) = delete;
  ~Watch() {
    over_ = true;
    thread_.join();
  }
  void next(std::string what, std::chrono::seconds limit) {
    std::lock_guard const lock(mutex_);
    what_ = std::move(what);
    limit_ = limit;
    start_ = std::chrono::steady_clock::now();
  }

 private:
  void watch(int rank) {
    while (!over_) {
      std::this_thread::sleep_for(20ms);
      std::lock_guard const lock(mutex_);
      if (std::chrono::steady_clock::now() - start_ < limit_) continue;
      std::printf("[rank %d] hangs: %s\n", rank, what_.c_str());
      std::fflush(stdout);
      std::this_thread::sleep_for(300ms);  // the other rank says so too
      PMPI_Abort(MPI_COMM_WORLD, 1);
    }
  }

  std::mutex mutex_;
  std::string what_ = "start";
  std::chrono::seconds limit_ = 40s;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<bool> over_{false};
  std::thread thread_;
};

int open_files() { return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})); }

struct Run {
  explicit Run(Settings given) : settings(std::move(given)) {}

  Settings const settings;
  MPI_Comm apart = MPI_COMM_NULL;
  int rank = 0;
  int number = 0, fired = 0, unreached = 0, repeated = 0, failures = 0;
  std::map<std::string, int> left_behind;
  std::string about;

  std::string name() { return "inject" + std::to_string(number++); }
  void complain(std::string const& what) {
    ++failures;
    std::printf("[rank %d] %s: %s\n", rank, about.c_str(), what.c_str());
    std::fflush(stdout);
  }
};

bool names(Outcome const& outcome, std::string const& function) {
  return std::any_of(outcome.errors.begin(), outcome.errors.end(),
                     [&](auto const& error) { return error.find(function) != std::string::npos; });
}

bool may_be_silent(std::string const& function) {
  return std::any_of(silent.begin(), silent.end(), [&](auto const& each) { return function == each.first; });
}

/// Collective.
void expect_fresh(Run& run) {
  auto const outcome = play_shortly(run.apart, run.name());
  for (auto const& error : outcome.errors) run.complain("a fresh store does not work: " + error);
  for (auto const& complaint : outcome.complaints) run.complain("with a fresh store " + complaint);
}

/// Waits that end at a failure by their time limit alone end so after this; and where a busy machine may be the reason,
/// after more.
constexpr auto patience = 400ms, more_patience = 4000ms;

struct Judged {
  bool fired = false;
  bool timed_out = false, wrong = false;  // on either rank
  std::vector<std::string> complaints;
  std::string left;
};

bool on_either(Run const& run, bool here) {
  int value = here ? 1 : 0;
  PMPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MAX, run.apart);
  return value != 0;
}

/// Collective: the nth call at a place fails on rank `where`.
Judged try_one(Run& run, inject::Place const& place, std::uint64_t nth, int where, std::chrono::milliseconds limit) {
  Judged judged;
  auto const before = inject::live();
  auto const files = open_files();
  bool const mine = run.rank == where;
  if (mine) inject::arm(place, nth);
  auto const outcome = play(run.apart, run.name(), run.settings.options, limit);
  judged.fired = on_either(run, mine && inject::disarm());
  judged.timed_out = on_either(run, outcome.timed_out);
  judged.complaints = outcome.complaints;
  if (run.settings.verbose)
    for (auto const& error : outcome.errors)
      std::printf("  [rank %d] %s: %s\n", run.rank, run.about.c_str(), error.c_str());
  bool const silently = !on_either(run, !outcome.errors.empty()) && may_be_silent(place.function);
  // In a destructor it is the other rank alone that hears of it.
  bool const named = on_either(run, names(outcome, place.function));
  if (judged.fired && mine && !silently && !named) {
    std::string text = "no error names the function";
    for (auto const& error : outcome.errors) text += "\n    " + error;
    judged.complaints.push_back(text);
  }
  if (!inject::clean_up()) judged.complaints.push_back("what was begun together was not ended together");
  auto const left = inject::live() - before;
  judged.left = left.text();
  if (!may_stay(place.function, left, mine)) judged.complaints.push_back("left behind " + judged.left);
  auto const more = open_files() - files;
  if (more > (left.windows > 0 ? 2 : 0)) judged.complaints.push_back("left behind " + std::to_string(more) + " files");
  judged.wrong = on_either(run, !judged.complaints.empty());
  return judged;
}

/// Collective. On a busy machine an answer that only comes late looks like one that was lost; but who has more patience
/// gets it.
void inject_one(Run& run, Watch& watch, inject::Place const& place, std::uint64_t nth, int where) {
  char text[200];
  std::snprintf(text, sizeof text, "%s at 0x%zx, call %d, on rank %d", place.function.c_str(),
                static_cast<std::size_t>(place.address), static_cast<int>(nth), where);
  run.about = text;
  watch.next(text, 60s);
  bool const mine = run.rank == where;
  if (run.settings.verbose && mine) std::printf("%s\n", text);
  std::fflush(stdout);
  auto judged = try_one(run, place, nth, where, patience);
  if (judged.wrong && judged.timed_out) {
    ++run.repeated;
    judged = try_one(run, place, nth, where, more_patience);
  }
  (judged.fired ? run.fired : run.unreached) += 1;
  for (auto const& complaint : judged.complaints) run.complain(complaint);
  if (judged.fired && !judged.left.empty())
    ++run.left_behind[place.function + (mine ? " (here)" : " (there)") + ": " + judged.left];
  expect_fresh(run);
}

/// Before and after MPI, on each rank alone.
int check_scope(int argc, char** argv) {
  int failures = 0;
  for (std::string const function : {"MPI_Initialized", "MPI_Finalized", "MPI_Init_thread"}) {
    inject::arm(function);
    try {
      proxystore::mpi::Scope const scope(argc, argv);
      std::printf("no error names %s\n", function.c_str());
      ++failures;
    } catch (proxystore::ConnectorError const& error) {
      if (std::string(error.what()).find(function) == std::string::npos) ++failures;
    }
    inject::disarm();
  }
  return failures;
}

/// The list of what to inject, made on rank `where` by a run without failures.
std::vector<inject::Place> places_of(Run& run) {
  inject::count();
  // Each thread asks this once.
  bool const asks = run.settings.level < MPI_THREAD_SERIALIZED;
  if (asks) inject::arm("MPI_Is_thread_main");
  auto const outcome = play(run.apart, run.name(), run.settings.options, 20s);
  run.about = asks ? "MPI_Is_thread_main" : "nothing";
  if (asks && inject::disarm()) ++run.fired;
  for (auto const& error : outcome.errors) run.complain(error);
  for (auto const& complaint : outcome.complaints) run.complain(complaint);
  auto places = inject::counted();
  if (!run.settings.only.empty())
    std::erase_if(places, [&](auto const& place) { return place.function != run.settings.only; });
  return places;
}

}  // namespace

extern "C" int MPI_Finalize() {
  return inject::fails("MPI_Finalize", __builtin_return_address(0)) ? int{MPI_ERR_OTHER} : PMPI_Finalize();
}

int main(int argc, char** argv) {
  auto const settings = settings_of(argc, argv);
  int failures = check_scope(argc, argv);
  int provided = 0;
  PMPI_Init_thread(&argc, &argv, settings.level, &provided);
  {
    Run run(settings);
    PMPI_Comm_rank(MPI_COMM_WORLD, &run.rank);
    PMPI_Comm_dup(MPI_COMM_WORLD, &run.apart);
    Watch watch(run.rank);
    auto const places = places_of(run);
    for (int where = 0; where < 2; ++where) {
      int count = static_cast<int>(places.size());
      PMPI_Bcast(&count, 1, MPI_INT, where, run.apart);
      for (int i = 0; i < count; ++i) {
        auto const place = run.rank == where ? places[static_cast<std::size_t>(i)] : inject::Place{};
        auto times = std::min(place.calls, settings.calls);
        PMPI_Bcast(&times, 1, MPI_UINT64_T, where, run.apart);
        std::array<char, 64> function{};
        place.function.copy(function.data(), function.size() - 1);
        PMPI_Bcast(function.data(), static_cast<int>(function.size()), MPI_CHAR, where, run.apart);
        for (std::uint64_t nth = 1; nth <= times; ++nth)
          inject_one(run, watch, {function.data(), place.address, place.calls}, nth, where);
      }
    }
    failures += run.failures + (run.fired == 0 ? 1 : 0);
    PMPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, run.apart);
    if (run.rank == 0)
      std::printf("%d failures of MPI functions were injected, %d of them twice; %d calls did not come\n", run.fired,
                  run.repeated, run.unreached);
    for (auto const& [what, times] : run.left_behind)
      std::printf("[rank %d] left behind %d times: %s\n", run.rank, times, what.c_str());
    std::fflush(stdout);
    PMPI_Barrier(run.apart);
    PMPI_Comm_free(&run.apart);
  }
  PMPI_Finalize();
  return failures == 0 ? 0 : 1;
}
