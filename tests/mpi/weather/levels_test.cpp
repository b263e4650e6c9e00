// At each thread level the library calls MPI from those threads alone from which it may, whatever the program's do.
#include <array>
#include <atomic>
#include <mutex>
#include <string_view>
#include <thread>

#include <inject.hpp>

#include "../world.hpp"

namespace {

using namespace world;

int provided_level() {
  int level = 0;
  MPI_Query_thread(&level);
  return level;
}

/// What any thread may call at any level (MPI-3.1, section 12.4.3).
bool is_free(std::string_view function) {
  static constexpr std::array<std::string_view, 5> free{"MPI_Initialized", "MPI_Finalized", "MPI_Query_thread",
                                                        "MPI_Is_thread_main", "MPI_Get_library_version"};
  return std::find(free.begin(), free.end(), function) != free.end();
}

/// The first call that the level does not allow.
class Referee {
 public:
  static Referee& instance() {
    static Referee referee;
    return referee;
  }
  static void told(char const* function, bool enters) {
    if (!is_free(function)) instance().judge(function, enters);
  }
  std::string verdict() {
    std::lock_guard const lock(mutex_);
    return verdict_;
  }
  std::size_t calls() const { return calls_; }

 private:
  void judge(char const* function, bool enters) {
    if (level_ == MPI_THREAD_MULTIPLE) return;
    std::lock_guard const lock(mutex_);
    auto const me = std::this_thread::get_id();
    ++calls_;
    if (level_ < MPI_THREAD_SERIALIZED && me != main_) object(function, " is called beside the main thread");
    if (enters && inside_ != 0 && me != who_) object(function, " is called while another thread is inside MPI");
    who_ = me;
    inside_ += enters ? 1 : -1;
  }
  void object(char const* function, char const* why) {
    if (verdict_.empty()) verdict_ = std::string(function) + why;
  }

  int const level_ = provided_level();
  std::thread::id const main_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::string verdict_;
  std::thread::id who_;
  int inside_ = 0;
  std::atomic<std::size_t> calls_{0};
};

class Levels : public Ranks {
 protected:
  Levels() {
    (void)Referee::instance();
    inject::watch(Referee::told);
  }
  void TearDown() override {
    Ranks::TearDown();
    store.close();  // serves those who are still leaving
    EXPECT_EQ(Referee::instance().verdict(), "");
    EXPECT_TRUE(provided_level() == MPI_THREAD_MULTIPLE || Referee::instance().calls() > 0) << "nobody was watched";
    inject::watch(nullptr);
  }

  static bool main_thread_alone() { return provided_level() < MPI_THREAD_SERIALIZED; }

  Store store = Store::open("levelled", mpi::rma(MPI_COMM_WORLD, {.capacity = 16 * MiB}));
};

}  // namespace

TEST_F(Levels, LetSeveralThreadsWaitForDifferentFuturesAtOnce) {
  constexpr std::size_t threads = 4, turns = 10;
  using Object = std::vector<double>;
  auto const size_in = [](std::size_t turn) { return turn % 3 == 2 ? std::size_t{20'000} : turn % 3 * 100; };
  std::vector<Future<Object>> futures;
  for (std::size_t i = 0; i < threads * turns; ++i) futures.push_back(store.future<Object>());
  auto const all = gather(futures);
  auto const& next = all[static_cast<std::size_t>((rank + 1) % size)];

  // Each thread sets what a thread of the rank before waits for, and waits for what the next rank made.
  std::atomic<std::size_t> left{threads};
  std::vector<std::thread> working;
  for (std::size_t thread = 0; thread < threads; ++thread)
    working.emplace_back([&, thread] {
      for (std::size_t turn = 0; turn < turns; ++turn) {
        auto const i = thread * turns + turn;
        futures[i].set_result(Object(size_in(turn), double(i)));
        auto const object = next[i].result(patience);
        EXPECT_TRUE(object == Object(size_in(turn), double(i))) << i;
      }
      --left;
    });
  while (main_thread_alone() && left != 0) store.progress();
  for (auto& thread : working) thread.join();
}

TEST_F(Levels, LetAnyThreadAskSetAndEvictAcrossNodes) {
  auto const key = share(std::string(store.put(std::string(100'000, 'x')).text()), 0);
  auto const future = share(store.future<int>(), 0);
  std::atomic<bool> done{false};
  std::thread working([&] {
    EXPECT_TRUE(store.exists(Key(key)));
    EXPECT_EQ(store.get<std::string>(Key(key))->size(), 100'000U);
    if (rank == last) future.set_result(5);
    EXPECT_EQ(future.result(patience), 5);
    done = true;
  });
  while (main_thread_alone() && !done) store.progress();
  working.join();
  meet();
  done = false;
  std::thread evicting([&] {
    if (rank == last) store.evict(Key(key));
    done = true;
  });
  while (main_thread_alone() && !done) store.progress();
  evicting.join();
  meet();
}
