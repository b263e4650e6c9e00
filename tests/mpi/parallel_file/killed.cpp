// A job that is killed at any moment, and one that looks what is left.
//     test_mpi_parallel_file_killed work STORE LOG SEED    until it is killed; each rank writes its number into LOG
//     first test_mpi_parallel_file_killed check STORE LOG...     exits with 0 if all that was announced is there and
//     intact
// What a rank knows it writes into LOG (by one write, which outlives it) before or after it did so:
//     P <process>   M <key>   it made a future     A <key> <seed> <bytes>   an object was announced
//     E <key>       it is about to evict           G <key>                  it has evicted
#include <mpi.h>

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include "../../contract/filling.hpp"

using namespace proxystore;
using namespace std::chrono_literals;

namespace {

class Journal {
 public:
  explicit Journal(char const* path) : fd_(::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  void say(char what, std::string const& text) {
    auto const line = std::string(1, what) + ' ' + text + '\n';
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) MPI_Abort(MPI_COMM_WORLD, 3);
  }

 private:
  int fd_;
};

/// One of the ranks at work: puts, sets for the next rank, waits for what the one before sets, evicts its own and
/// others'.
class Worker {
 public:
  Worker(Store& store, Journal& log, unsigned seed) : store_(store), log_(log) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    random_.seed(seed * 1000 + static_cast<unsigned>(rank_));
  }

  [[noreturn]] void work() {
    for (;;) {
      for (auto i = random_() % 8; i > 0; --i) put_some();
      hand_over();
      if (random_() % 3 == 0) evict_one();
    }
  }

 private:
  std::size_t some_size() {
    constexpr std::array<std::size_t, 6> most{40, 300, 3000, 30'000, 300'000, 2'000'000};
    return random_() % most[std::min(random_() % 9, random_() % 6)];
  }
  Buffer object(std::size_t bytes, unsigned seed) {
    auto& connector = store_.connector();
    Buffer buffer = random_() % 2 == 0 ? connector.allocate(bytes) : Buffer(bytes);
    contract::fill(buffer.span(), seed);
    return buffer;
  }
  void announced(Key const& key, std::size_t seed, std::size_t bytes) {
    log_.say('A', key.text() + ' ' + std::to_string(seed) + ' ' + std::to_string(bytes));
    keys_.push_back(key);
  }
  void put_some() {
    std::vector<Buffer> objects;
    std::vector<unsigned> seeds;
    std::vector<std::size_t> sizes;
    for (auto i = random_() % 4; i < 4; ++i) {
      sizes.push_back(some_size());
      objects.push_back(object(sizes.back(), seeds.emplace_back(random_() % 1'000'000)));
    }
    auto const keys = store_.connector().put_batch(std::move(objects));
    for (std::size_t i = 0; i < keys.size(); ++i) announced(keys[i], seeds[i], sizes[i]);
  }
  void hand_over() {
    struct Message {
      char key[80];
      std::uint64_t seed, bytes;
    } mine{}, other{};
    auto& connector = *store_.connector().deferrable();
    Key const key = connector.new_key({});
    log_.say('M', key.text());
    key.text().copy(mine.key, sizeof mine.key - 1);
    mine.seed = random_() % 1'000'000;
    mine.bytes = some_size();
    MPI_Sendrecv(&mine, sizeof mine, MPI_BYTE, (rank_ + 1) % size_, 0, &other, sizeof other, MPI_BYTE,
                 (rank_ + size_ - 1) % size_, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    connector.set(Key(other.key), object(other.bytes, static_cast<unsigned>(other.seed)));
    auto const received = connector.receive(key, 30s);  // as a consumer sees it
    if (!received.object || !contract::is_filled(received.object->span(), mine.seed)) MPI_Abort(MPI_COMM_WORLD, 4);
    announced(key, mine.seed, mine.bytes);
  }
  void evict_one() {
    auto const i = random_() % keys_.size();
    log_.say('E', keys_[i].text());
    store_.connector().evict(keys_[i]);
    log_.say('G', keys_[i].text());
    keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  Store& store_;
  Journal& log_;
  int rank_ = 0, size_ = 1;
  std::mt19937 random_;
  std::vector<Key> keys_;
};

struct Known {
  std::uint64_t seed = 0, bytes = 0;
  bool announced = false, evicting = false, evicted = false;
};

std::map<std::string, Known> read_logs(char** begin, char** end) {
  std::map<std::string, Known> all;
  for (; begin != end; ++begin) {
    std::ifstream log(*begin);
    for (std::string line; std::getline(log, line);) {
      std::istringstream words(line);
      char what = 0;
      std::string key;
      words >> what >> key;
      if (what == 'P') continue;
      auto& known = all[key];
      if (what == 'A' && words >> known.seed >> known.bytes) known.announced = true;
      if (what == 'E') known.evicting = true;
      if (what == 'G') known.evicted = true;
    }
  }
  return all;
}

/// What is wrong with it; empty: nothing.
std::string judge(DeferrableConnector& connector, Key const& key, Known const& known) {
  std::string found;
  std::optional<Bytes> object;
  try {
    object = connector.get(key);
  } catch (Error const& error) {
    return error.what();
  }
  if (object && known.evicted) return "it is there, and was evicted";
  if (!object && known.announced && !known.evicting) return "it is not there, and was announced";
  if (object && known.announced && (object->size() != known.bytes || !contract::is_filled(object->span(), known.seed)))
    return "it is another object";
  try {
    auto const state = connector.wait(key, 1ms);
    if ((state == State::ready) != object.has_value() || state == State::pending) return "its state is another";
  } catch (BrokenFuture const&) {  // made and not set, or set and not found: all the same here
    if (object) return "it is there, and broken";
  }
  return {};
}

int check(Store& store, char** begin, char** end) {
  int rank = 0, size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::array<long, 4> count{};  // announced and there, evicted, never announced, wrong
  int turn = 0;
  for (auto const& [key, known] : read_logs(begin, end)) {
    if (turn++ % size != rank) continue;
    auto const wrong = judge(*store.connector().deferrable(), Key(key), known);
    ++count[!wrong.empty() ? 3 : known.evicting ? 1 : known.announced ? 0 : 2];
    if (!wrong.empty()) std::printf("WRONG %s: %s\n", key.c_str(), wrong.c_str());
  }
  MPI_Allreduce(MPI_IN_PLACE, count.data(), 4, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0)
    std::printf("%ld intact, %ld evicted, %ld never announced, %ld wrong\n", count[0], count[1], count[2], count[3]);
  return count[3] == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope const mpi(argc, argv);
  std::string const what = argc > 3 ? argv[1] : "";
  auto store =
      Store::open("killed", mpi::connect(MPI_COMM_WORLD, argc > 2 ? argv[2] : "parallel-file:"), {.stall_report = 0s});
  if (what == "check") return check(store, argv + 3, argv + argc);
  if (what != "work" || argc < 5) return 2;
  Journal journal(argv[3]);
  journal.say('P', std::to_string(getpid()));
  Worker(store, journal, static_cast<unsigned>(std::stoul(argv[4]))).work();
}
