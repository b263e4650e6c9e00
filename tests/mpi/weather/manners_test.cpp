// What a store leaves as it found it: MPI's objects, the handlers of signals, the standard streams.
#include <fcntl.h>
#include <unistd.h>
#include <csignal>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include <inject.hpp>

#include "../world.hpp"

namespace {

using namespace world;

/// Keeps what this process prints, while it lives.
class Captured {
 public:
  Captured() : file_(std::tmpfile()), out_(dup(1)), err_(dup(2)) {
    std::fflush(nullptr);
    dup2(fileno(file_), 1);
    dup2(fileno(file_), 2);
  }
  Captured(Captured const&) = delete;
  Captured& operator=(Captured const&) = delete;
  ~Captured() { (void)end(); }
  std::string end() {
    if (!file_) return {};
    std::fflush(nullptr);
    dup2(out_, 1);
    dup2(err_, 2);
    ::close(out_);
    ::close(err_);
    std::string text(4096, '\0');
    std::rewind(file_);
    text.resize(std::fread(text.data(), 1, text.size(), file_));
    std::fclose(std::exchange(file_, nullptr));
    return text;
  }

 private:
  std::FILE* file_;
  int out_, err_;
};

/// What happens at each signal, as text.
std::string handlers() {
  std::string text;
  for (int number = 1; number < SIGRTMAX; ++number) {
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) != 0) continue;
    text += std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler)) + "/" +
            std::to_string(action.sa_flags) + " ";
  }
  return text;
}

class Manners : public Ranks {
 protected:
  static void SetUpTestSuite() { handlers_at_first = handlers(); }  // before the first store of all
  static inline std::string handlers_at_first;

  /// When nothing is under way any more, which the stores that stay open finish by themselves: between nodes such a
  /// store has one receive posted, for the next letter.
  static inject::Live live() {
    Deadline const end(patience);
    for (;; std::this_thread::yield()) {
      auto const now = inject::live();
      if ((now.requests == open_stores && now.messages == 0) || end.expired()) return now;
    }
  }
  static inline int open_stores = 0;  // over several nodes
  /// Opens, does a little of everything, with some errors in it, and closes.
  void use_a_store() {
    auto store = Store::open("well mannered", mpi::rma(MPI_COMM_WORLD, {.capacity = 4 * MiB}));
    open_stores = store.report().find("network:") != std::string::npos ? 1 : 0;  // that of the board
    auto const first = share(store.future<std::string>(), 0), never = share(store.future<std::string>(), last);
    auto const key = share(std::string(store.put(std::string(500'000, 'x')).text()), last);
    if (rank == last) first.set_result(std::string(100'000, 'y'));
    EXPECT_EQ(first.result(patience).size(), 100'000U);
    EXPECT_THROW(never.wait(10ms), Timeout);
    EXPECT_EQ(store.get<std::string>(Key(key))->size(), 500'000U);
    EXPECT_THROW((void)store.put(std::string(8 * MiB, 'z')), StoreFull);
    meet();
    if (rank == 0) store.evict(Key(key));
    meet();
    mpi::Executor ranks(MPI_COMM_WORLD);
    (void)ranks.client();
    store.close();
  }
};

}  // namespace

TEST_F(Manners, NothingOfMpiStaysAfterClosing) {
  use_a_store();  // what MPI and the library make once
  auto const before = live();
  for (int i = 0; i < 2; ++i) use_a_store();
  auto const left = live() - before;
  EXPECT_EQ(left, inject::Live{}) << left.text();
}

TEST_F(Manners, NothingIsPrintedAndNoSignalHandled) {
  Captured captured;
  use_a_store();
  EXPECT_EQ(captured.end(), "");
  EXPECT_EQ(handlers(), handlers_at_first);
}
