#include "inject.hpp"

#include <dlfcn.h>
#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace inject {
namespace {

using Where = std::pair<std::string, std::uintptr_t>;

struct Late {
  std::vector<std::byte> sent, received;
  MPI_Request request = MPI_REQUEST_NULL;
};

struct All {
  std::mutex mutex;
  std::map<Where, std::uint64_t> calls;
  Where armed;  // an address of 0 is any
  std::uint64_t nth = 0;
  bool fired = false;
  Live live;
  std::list<Late> late;
  std::vector<MPI_Comm> kept_back;

  static All& instance() {
    static All all;
    return all;
  }
};

std::atomic<Watcher> watcher{nullptr};

std::uintptr_t within_library(void* address) {
  Dl_info info{};
  auto const at = reinterpret_cast<std::uintptr_t>(address);
  return dladdr(address, &info) != 0 ? at - reinterpret_cast<std::uintptr_t>(info.dli_fbase) : at;
}

}  // namespace

bool fails(char const* function, void* caller) {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  Where const where(function, within_library(caller));
  auto const calls = ++all.calls[where];
  if (all.fired || all.armed.first != function) return false;
  if (all.armed.second != 0 && (all.armed.second != where.second || calls != all.nth)) return false;
  all.fired = true;
  return true;
}

void watch(Watcher told) { watcher = told; }

void tell(char const* function, bool enters) {
  if (auto const told = watcher.load()) told(function, enters);
}

void change(int Live::*what, int by) {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  all.live.*what += by;
}

Late& new_late(void const* data, std::size_t bytes) {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  auto& late = all.late.emplace_back();
  auto const* const begin = static_cast<std::byte const*>(data);
  late.sent.assign(begin, begin + bytes);
  late.received.resize(bytes);
  return late;
}

int start_late_reduction(void const* data, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  int size = 0;
  PMPI_Type_size(type, &size);
  auto& late = new_late(data, static_cast<std::size_t>(size) * static_cast<std::size_t>(count));
  PMPI_Iallreduce(late.sent.data(), late.received.data(), count, type, op, comm, &late.request);
  return MPI_ERR_OTHER;
}

int start_late_barrier(MPI_Comm comm) {
  PMPI_Ibarrier(comm, &new_late(nullptr, 0).request);
  return MPI_ERR_OTHER;
}

void keep_back(MPI_Comm comm) {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  all.kept_back.push_back(comm);
}

void count() {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  all.calls.clear();
}

std::vector<Place> counted() {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  std::vector<Place> places;
  for (auto const& [where, calls] : all.calls) places.push_back({where.first, where.second, calls});
  return places;
}

void arm(Place const& place, std::uint64_t nth) {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  all.calls.clear();
  all.armed = {place.function, place.address};
  all.nth = nth;
  all.fired = false;
}

void arm(std::string const& function) { arm({function, 0, 0}, 0); }

bool disarm() {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  all.armed = {};
  return std::exchange(all.fired, false);
}

Live live() {
  auto& all = All::instance();
  std::lock_guard const lock(all.mutex);
  return all.live;
}

Live operator-(Live a, Live const& b) noexcept {
  for (auto const part : {&Live::communicators, &Live::windows, &Live::requests, &Live::messages, &Live::keyvals,
                          &Live::attributes, &Live::infos})
    a.*part -= b.*part;
  return a;
}

std::string Live::text() const {
  std::string text;
  auto const add = [&](int count, char const* what) {
    if (count != 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(communicators, "communicators");
  add(windows, "windows");
  add(requests, "requests");
  add(messages, "messages");
  add(keyvals, "keyvals");
  add(attributes, "attributes");
  add(infos, "infos");
  return text;
}

bool finish_late() {
  using namespace std::chrono_literals;
  auto& all = All::instance();
  auto const until = std::chrono::steady_clock::now() + 5s;
  for (auto& late : all.late)
    for (int done = 0; done == 0;) {
      PMPI_Test(&late.request, &done, MPI_STATUS_IGNORE);
      if (done == 0) std::this_thread::sleep_for(100us);
      if (std::chrono::steady_clock::now() > until) return false;
    }
  all.late.clear();
  return true;
}

bool clean_up() {
  auto& all = All::instance();
  bool const finished = finish_late();
  for (auto& comm : all.kept_back) PMPI_Comm_free(&comm);
  all.kept_back.clear();
  return finished;
}

}  // namespace inject
