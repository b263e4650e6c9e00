// A chain of tasks of which each begins long before its input is there: the task pipelining of the ProxyFutures paper,
// n = 8 tasks of s = 1 s that hand 10 MB from one to the next, and of which a part f needs no input. Beside the ideal,
// (1 - f) n s + f s; and again with s = 20 ms, where the library itself shows.
//     mpirun -n 9 bench_pipelining rma|file|redis [DIRECTORY]
// All tasks are submitted at once, each to a rank of its own. The work of a task is to make 10 MB of 10 MB, which
// counts as part of its time, and to sleep for the rest: two cores are enough for nine ranks.
#include <proxystore/connectors/file.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mpi.hpp"
#include "raw/posix.hpp"
#ifdef PROXYSTORE_HAVE_REDIS
#include "raw/redis.hpp"
#include "server.hpp"
#endif

using namespace proxystore;

namespace {

using Block = Array<double>;

constexpr int tasks = 8;
constexpr std::size_t elements = 10'000'000 / sizeof(double);

struct Share {  // of a task's time, in seconds
  double start_up, work;
};
struct Chain {
  double f, s;
  Share of_task() const { return {f * s, (1 - f) * s}; }
  double ideal() const { return (1 - f) * tasks * s + f * s; }
};

Store& store_of_this_rank(Store* store = nullptr) {
  static Store* open = nullptr;
  if (store) open = store;
  return *open;
}

void work_until(bench::Clock::time_point end) { std::this_thread::sleep_until(end); }
bench::Clock::time_point after(bench::Clock::time_point start, double seconds) {
  return start + std::chrono::duration_cast<bench::Clock::duration>(std::chrono::duration<double>(seconds));
}

void make(std::span<double const> in, std::span<double> out) {
  for (std::size_t i = 0; i < elements; ++i) out[i] = in[i] + 1;
}

void task(Proxy<Block> const& input, Future<Block> const& output, double start_up, double work) {
  work_until(after(bench::Clock::now(), start_up));
  auto const in = input->span();
  auto const start = bench::Clock::now();
  auto block = store_of_this_rank().allocate<double>({elements});
  make(in, block.span());
  work_until(after(start, work));
  output.set_result(std::move(block));
}

/// From the first submission until the last task has set its output; seconds, on rank 0.
double makespan(mpi::Client const& submit, Share const& share) {
  auto& store = store_of_this_rank();
  Block nothing({elements});
  std::fill(nothing.begin(), nothing.end(), 0.0);
  auto input = store.proxy(std::move(nothing), {.evict_on_resolve = true, .populate = false});
  std::vector<Future<Block>> outputs;
  for (int i = 0; i < tasks; ++i) outputs.push_back(store.future<Block>({.evict_on_resolve = true}));
  std::vector<mpi::Task<void>> running;
  auto const start = bench::Clock::now();
  for (int i = 0; i < tasks; ++i) {
    running.push_back(submit.on(i + 1).run<&task>(input, outputs[i], share.start_up, share.work));
    input = outputs[i].proxy();
  }
  outputs.back().wait();
  auto const took = bench::seconds_since(start);
  for (auto const& each : running) each.result();
  auto const result = outputs.back().result().span();
  bench::require(result.front() == tasks && result.back() == tasks, "the chain did not make what it should");
  return took;
}

/// Ranks that serve for one run.
class Workers {
 public:
  void prepare() { executor_.emplace(MPI_COMM_WORLD); }
  double run(Share const& share) {
    auto const submit = executor_->client();
    return submit ? makespan(*submit, share) : 0;
  }
  void clean() { executor_.reset(); }

 private:
  std::optional<mpi::Executor> executor_;
};

bench::Way way_of(Chain const& chain) {
  auto const workers = std::make_shared<Workers>();
  return {.run = {[=] { return workers->run(chain.of_task()); }},
          .prepare = [=] { workers->prepare(); },
          .clean = [=] { workers->clean(); }};
}

/// Where the blocks lie, and how rank 0 hands one on by bare calls.
struct Medium {
  std::string name;
  std::unique_ptr<Connector> connector;
  std::function<void()> hand_on = {};
};

void add_chains(bench::Program& program, std::string const& medium) {
  double const second = program.smoke() ? 0.02 : 1;
  for (int tenths = 0; tenths < 20; ++tenths) {
    bool const slow = tenths < 10;
    Chain const chain{tenths % 10 / 10.0, slow ? second : 0.02};
    auto const s = slow ? ", s = 1 s" : ", s = 20 ms";
    program.add({.name = "8 tasks over " + medium + s + ", f = 0." + std::to_string(tenths % 10),
                 .ours = way_of(chain),
                 .twin = {{[=] { return chain.ideal(); }}},
                 .unit = slow ? "s" : "ms",
                 .aim = bench::ratio(slow ? 1.01 : 1.05),
                 .repetitions = slow ? 1 : 9,
                 .point = {"pipelining", medium + s, chain.f}});
  }
}

/// What of a task the medium takes: tasks that only make 10 MB of 10 MB, beside the same by bare calls in one process.
void add_hand_over(bench::Program& program, Medium const& medium) {
  auto const block = std::make_shared<std::vector<double>>(elements);
  program.add({.name = "10 MB made of 10 MB and handed on over " + medium.name,
               .ours = way_of({0, 0}),
               .twin = {{[=, hand_on = medium.hand_on] {
                 for (int i = 0; bench::rank() == 0 && i < tasks; ++i) {
                   std::vector<double> next(elements);
                   make(*block, next);
                   if (hand_on) hand_on();
                 }
               }}},
               .unit = "ms",
               .each = tasks,
               .repetitions = 21});
}

int run(bench::Program& program, Medium medium) {
  auto store = Store::open("pipelining", std::move(medium.connector));
  store_of_this_rank(&store);
  add_chains(program, medium.name);
  add_hand_over(program, medium);
  return program.run();
}

int over_files(bench::Program& program, std::filesystem::path const& parent) {
  auto const directory = mpi::broadcast(MPI_COMM_WORLD, 0, (parent / ("pipelining" + make_uuid_key().text())).string());
  auto const path = directory + ".bare";
  auto const bytes = std::make_shared<std::vector<double>>(elements);
  auto const status = run(program, {"file", std::make_unique<FileConnector>(directory), [=] {
                                      raw::write_file(path, bytes->data(), elements * sizeof(double));
                                      raw::read_file(path, bytes->data(), elements * sizeof(double));
                                      raw::remove_file(path);
                                    }});
  MPI_Barrier(MPI_COMM_WORLD);
  if (bench::rank() == 0) std::filesystem::remove_all(directory);
  return status;
}

int cannot(char const* why, int status) {
  if (bench::rank() == 0) std::fprintf(stderr, "bench_pipelining: %s\n", why);
  return status;
}

#ifdef PROXYSTORE_HAVE_REDIS
int over_redis(bench::Program& program) {
  if (redis_test::Server::program().empty())
    return cannot("this machine has no redis-server (Debian: redis-tools)", 77);
  std::unique_ptr<redis_test::Server> server;
  if (bench::rank() == 0) server = std::make_unique<redis_test::Server>(redis_test::ServerOptions{.tcp = true});
  RedisOptions options;
  options.port = mpi::broadcast(MPI_COMM_WORLD, 0, server ? server->port() : 0);
  auto const bare = std::make_shared<raw::Redis>(options.port);
  std::string const object(elements * sizeof(double), 'x');
  auto const status = run(program, {"redis", std::make_unique<RedisConnector>(options), [=] {
                                      bare->set("bare", object);
                                      bench::require(bare->get("bare") == object.size(), "GET has lost bytes");
                                    }});
  MPI_Barrier(MPI_COMM_WORLD);
  return status;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("pipelining", argc, argv, bench::world());
  std::string_view const medium = argc > 1 ? argv[1] : "";
  if (bench::ranks() <= tasks) return cannot("nine ranks are needed: mpirun -n 9 bench_pipelining rma|file|redis", 2);
  if (medium == "rma") return run(program, {"rma", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{64} << 20U})});
  if (medium == "file") return over_files(program, argc > 2 ? argv[2] : std::filesystem::temp_directory_path());
#ifdef PROXYSTORE_HAVE_REDIS
  if (medium == "redis") return over_redis(program);
#endif
  return cannot("rma, file or redis?", 2);
}
