#include "play.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

#include <proxystore/mpi/mpi.hpp>

namespace schedule {
namespace {

using namespace proxystore;
using namespace std::chrono_literals;

using Octets = Array<unsigned char>;
constexpr int nobody = -1;
constexpr int beyond = 1 << 20;  // any candidate
constexpr std::size_t most_kept = 20;

/// Calls `use` with a null pointer to the type of the future's object.
template <class Use>
auto with_type(Type type, Use const& use) {
  switch (type) {
    case Type::integer: return use(static_cast<int*>(nullptr));
    case Type::text: return use(static_cast<std::string*>(nullptr));
    case Type::array: return use(static_cast<Octets*>(nullptr));
    case Type::reference: break;
  }
  return use(static_cast<Bytes*>(nullptr));
}

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27U) * 0x94d049bb133111ebU;
  return x ^ x >> 31U;
}
std::uint64_t word_of(std::uint64_t seed, int future, int candidate) {
  return mixed(mixed(seed) + static_cast<std::uint64_t>(future) * 1024 + static_cast<std::uint64_t>(candidate));
}

template <class Char>
void fill(Char* at, std::size_t size, std::uint64_t word) {
  for (std::size_t i = 0; i < size; i += sizeof word, word = mixed(word + 1))
    std::memcpy(at + i, &word, std::min(sizeof word, size - i));
}
template <class Char>
bool is_filled(Char const* at, std::size_t size, std::uint64_t word) {
  for (std::size_t i = 0; i < size; i += sizeof word, word = mixed(word + 1))
    if (std::memcmp(at + i, &word, std::min(sizeof word, size - i)) != 0) return false;
  return true;
}

std::string failure_text(int future, int candidate) {
  return "future " + std::to_string(future) + " failed by candidate " + std::to_string(candidate);
}

template <class T>
Bytes new_reference(Store& store, std::optional<int> producer) {
  return serialize(store.future<T>({.producer = producer}));
}

}  // namespace

Player::Player(Plan const& plan, Store store, MPI_Comm comm)
    : plan_(plan),
      store_(std::move(store)),
      comm_(comm),
      lanes_(static_cast<std::size_t>(plan.lanes)),
      at_(std::make_unique<std::atomic<std::size_t>[]>(static_cast<std::size_t>(plan.lanes))),
      winner_(plan.futures.size(), nobody),
      least_seen_(plan.futures.size(), beyond),
      most_seen_(plan.futures.size(), nobody) {
  MPI_Comm_rank(comm, &rank_);
  for (auto const& step : plan.steps)
    if (step.rank == rank_) lanes_[static_cast<std::size_t>(step.lane)].push_back(step);

  std::map<int, std::string> mine;
  for (int i = 0; i < static_cast<int>(plan.futures.size()); ++i) {
    auto const& future = plan.futures[static_cast<std::size_t>(i)];
    if (!future.early || future.maker != rank_) continue;
    make(i);
    mine[i] = std::string(references_[i].text());
  }
  Bytes const packed = serialize(mine);
  for (int root = 0; root < plan.ranks; ++root) {
    auto size = static_cast<int>(packed.size());
    MPI_Bcast(&size, 1, MPI_INT, root, comm);
    Buffer message(static_cast<std::size_t>(size));
    if (root == rank_) std::memcpy(message.data(), packed.data(), packed.size());
    MPI_Bcast(message.data(), size, MPI_BYTE, root, comm);
    for (auto const& [i, text] : deserialize<std::map<int, std::string>>(std::move(message).freeze()))
      references_[i] = Bytes::copy_of(text);
  }
}

void Player::play() {
  std::vector<std::thread> others;
  for (int i = 1; i < plan_.lanes; ++i) others.emplace_back([this, i] { lane(i); });
  for (auto const& step : lanes_[0]) {
    for (std::size_t i = 1; step.verb == Verb::close && i < lanes_.size(); ++i) {
      bool const left_behind = !lanes_[i].empty() && lanes_[i].back().left_behind;  // ends when we close, or before
      while (at_[i] + (left_behind ? 1 : 0) < lanes_[i].size()) serve(), std::this_thread::sleep_for(10us);
    }
    play(step);
    ++at_[0];
  }
  for (auto& other : others) other.join();
  MPI_Waitall(static_cast<int>(sending_.size()), sending_.data(), MPI_STATUSES_IGNORE);
  for (auto const& [array, word] : kept_)  // views of what was evicted, and of a store that is closed
    if (!is_filled(array.data(), array.size(), word)) complain("a view that was kept has changed");
  kept_.clear();
}

/// Others, who may wait for an answer, where the store has no thread for that.
void Player::serve() noexcept {
  try {
    store_.progress();
  } catch (Error const&) {  // closed, by another lane
  }
}

void Player::lane(int lane) {
  auto const i = static_cast<std::size_t>(lane);
  for (auto const& step : lanes_[i]) {
    play(step);
    ++at_[i];
  }
}

void Player::play(Step const& step) {
  std::string what;
  unsigned came = outcome::other;
  try {
    came = try_to(step);
  } catch (RemoteError const& error) {
    came = outcome::failure;
    bool known = false;
    for (int i = 0; i < 64; ++i)
      known = known || ((step.candidates >> static_cast<unsigned>(i) & 1U) != 0 &&
                        error.failure().message == failure_text(step.future, i));
    if (!known) complain(step, "a failure of somebody else: " + error.failure().message);
    what = error.what();
  } catch (Error const& error) {
    what = error.what();
    switch (error.code()) {
      case Errc::not_found: came = outcome::missing; break;
      case Errc::broken_future: came = outcome::broken; break;
      case Errc::timeout: came = outcome::timeout; break;
      case Errc::already_set: came = outcome::already; break;
      case Errc::unknown_store: came = outcome::unknown_store; break;
      case Errc::deadlock: came = outcome::deadlock; break;
      default: break;
    }
  } catch (std::exception const& error) {
    what = error.what();
  }
  if ((came & step.allowed) == 0)
    complain(step, names_of(came) + (what.empty() ? "" : " (" + what + ")") + ", not " + names_of(step.allowed));
  if (step.verb == Verb::wait) ++tally_[static_cast<std::size_t>(std::countr_zero(came))];
  ++progress_;
}

unsigned Player::try_to(Step const& step) {
  switch (step.verb) {
    case Verb::make: make(step.future); break;
    case Verb::send: send(step); break;
    case Verb::receive: receive(step); break;
    case Verb::set: set(step); break;
    case Verb::fail: fail(step); break;
    case Verb::wait: return wait(step);
    case Verb::done:
      return with_type(plan_.futures[static_cast<std::size_t>(step.future)].type, [&]<class T>(T*) {
        return deserialize<proxystore::Future<T>>(reference(step.future)).done() ? outcome::done : outcome::not_done;
      });
    case Verb::evict:
      with_type(plan_.futures[static_cast<std::size_t>(step.future)].type,
                [&]<class T>(T*) { store_.evict(deserialize<proxystore::Future<T>>(reference(step.future)).key()); });
      break;
    case Verb::pause: std::this_thread::sleep_for(*step.time); break;
    case Verb::report: static_cast<void>(store_.report()); break;
    case Verb::close: store_.close(); break;
  }
  return outcome::done;
}

unsigned Player::wait(Step const& step) {
  Deadline const deadline = step.time ? Deadline(*step.time) : Deadline::never();
  return with_type(plan_.futures[static_cast<std::size_t>(step.future)].type, [&]<class T>(T*) {
    auto const future = deserialize<proxystore::Future<T>>(reference(step.future));
    if (!step.fetch) {
      future.wait(deadline);
      return outcome::done;
    }
    check(step, future.result(deadline));
    return outcome::value;
  });
}

template <class T>
void Player::check(Step const& step, T const& object) {
  if constexpr (std::is_same_v<T, Bytes>) {
    return learn(step.carries, Bytes::copy_of(object.span()));
  } else {
    // It tells whose it is: the one candidate, among those that are allowed, with this content.
    for (auto const& set : plan_.steps) {
      if (set.future != step.future || set.verb != Verb::set) continue;
      if ((step.candidates >> static_cast<unsigned>(set.candidate) & 1U) == 0) continue;
      auto const word = word_of(plan_.seed, set.future, set.candidate);
      bool right = false;
      if constexpr (std::is_same_v<T, int>) right = object == static_cast<int>(word);
      else right = object.size() == set.size && is_filled(object.data(), object.size(), word);
      if (!right) continue;
      std::lock_guard lock(mutex_);
      auto const i = static_cast<std::size_t>(step.future);
      bool const empty = !std::is_same_v<T, int> && set.size < 2;  // two may set the same
      if (!empty) {
        least_seen_[i] = std::min(least_seen_[i], set.candidate);
        most_seen_[i] = std::max(most_seen_[i], set.candidate);
      }
      if constexpr (std::is_same_v<T, Octets>)
        if (kept_.size() < most_kept) kept_.emplace_back(object, word);
      return;
    }
    complain(step, "a value of nobody who may have set it");
  }
}

void Player::set(Step const& step) {
  auto const word = word_of(plan_.seed, step.future, step.candidate);
  with_type(plan_.futures[static_cast<std::size_t>(step.future)].type, [&]<class T>(T*) {
    auto const future = deserialize<proxystore::Future<T>>(reference(step.future));
    if constexpr (std::is_same_v<T, int>) {
      future.set_result(static_cast<int>(word));
    } else if constexpr (std::is_same_v<T, Bytes>) {
      future.set_result(reference(step.carries));
    } else if constexpr (std::is_same_v<T, std::string>) {
      std::string text(step.size, ' ');
      fill(text.data(), text.size(), word);
      future.set_result(text);
    } else {
      auto array = step.candidate % 2 == 0 ? store_.allocate<unsigned char>({step.size}) : Octets(Shape{step.size});
      fill(array.data(), array.size(), word);
      future.set_result(std::move(array));
    }
  });
  std::lock_guard lock(mutex_);
  winner_[static_cast<std::size_t>(step.future)] = step.candidate;
}

void Player::fail(Step const& step) {
  with_type(plan_.futures[static_cast<std::size_t>(step.future)].type, [&]<class T>(T*) {
    deserialize<proxystore::Future<T>>(reference(step.future))
        .set_exception(std::runtime_error(failure_text(step.future, step.candidate)));
  });
  std::lock_guard lock(mutex_);
  winner_[static_cast<std::size_t>(step.future)] = step.candidate;
}

void Player::make(int future) {
  auto const& made = plan_.futures[static_cast<std::size_t>(future)];
  learn(future, with_type(made.type, [&]<class T>(T*) { return new_reference<T>(store_, made.producer); }));
}

void Player::send(Step const& step) {
  Bytes const message = reference(step.future);
  MPI_Request request = MPI_REQUEST_NULL;
  std::lock_guard lock(mutex_);
  sent_.emplace_back(message.text());
  MPI_Isend(sent_.back().data(), static_cast<int>(message.size()), MPI_BYTE, step.peer, step.future, comm_, &request);
  sending_.push_back(request);
}

void Player::receive(Step const& step) {
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Status status;
  for (int found = 0;;) {
    MPI_Improbe(step.peer, step.future, comm_, &found, &message, &status);
    if (found != 0) break;
    serve();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  Buffer buffer(static_cast<std::size_t>(size));
  MPI_Mrecv(buffer.data(), size, MPI_BYTE, &message, MPI_STATUS_IGNORE);
  learn(step.future, std::move(buffer).freeze());
}

void Player::learn(int future, Bytes reference) {
  std::lock_guard lock(mutex_);
  references_[future] = std::move(reference);
  learned_.notify_all();
}

Bytes Player::reference(int future) {
  std::unique_lock lock(mutex_);
  while (!learned_.wait_for(lock, 1ms, [&] { return references_.count(future) != 0; })) {
    lock.unlock();
    serve();
    lock.lock();
  }
  return references_[future];
}

void Player::complain(Step const& step, std::string const& text) {
  complain("lane " + std::to_string(step.lane) + ": " + describe(step) + ": " + text);
}

void Player::complain(std::string const& text) {
  ++complaints_;
  std::printf("FAILED seed %llu on %d ranks: rank %d: %s\n", static_cast<unsigned long long>(plan_.seed), plan_.ranks,
              rank_, text.c_str());
  std::fflush(stdout);  // at once: others may be stuck for it
}

int Player::compare() {
  auto const count = static_cast<int>(winner_.size());
  std::vector<int> winners(winner_.size());
  for (std::size_t i = 0; i < winner_.size(); ++i) winners[i] = winner_[i] == nobody ? 0 : 1;
  MPI_Allreduce(MPI_IN_PLACE, winners.data(), count, MPI_INT, MPI_SUM, comm_);
  MPI_Allreduce(MPI_IN_PLACE, winner_.data(), count, MPI_INT, MPI_MAX, comm_);
  MPI_Allreduce(MPI_IN_PLACE, least_seen_.data(), count, MPI_INT, MPI_MIN, comm_);
  MPI_Allreduce(MPI_IN_PLACE, most_seen_.data(), count, MPI_INT, MPI_MAX, comm_);
  for (std::size_t i = 0; rank_ == 0 && i < winner_.size(); ++i) {
    bool const seen = most_seen_[i] != nobody;
    if (winners[i] <= 1 && (!seen || (least_seen_[i] == winner_[i] && most_seen_[i] == winner_[i]))) continue;
    complain("future " + std::to_string(i) + " was set on " + std::to_string(winners[i]) + " ranks, by candidate " +
             std::to_string(winner_[i]) + " on one; seen: from " + std::to_string(least_seen_[i]) + " to " +
             std::to_string(most_seen_[i]));
  }
  int all = complaints_;
  MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_SUM, comm_);
  return all;
}

std::string Player::report() {
  std::string text = "rank " + std::to_string(rank_) + "\n";
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    std::size_t const at = at_[i];
    text += "  lane " + std::to_string(i) + ": " +
            (at < lanes_[i].size() ? describe(lanes_[i][at]) : std::string("ended")) + "\n";
  }
  return text + store_.report();
}

}  // namespace schedule
