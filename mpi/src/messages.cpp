#include "messages.hpp"

#include <algorithm>
#include <cstring>
#include <thread>

#include <proxystore/error.hpp>

#include "check.hpp"
#include "progress.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr int size_tag = 1;   // 8 bytes: how many follow
constexpr int bytes_tag = 2;  // the message, in parts that an int can count
constexpr std::size_t part = std::size_t{1} << 30U;

}  // namespace

Messages::Messages(MPI_Comm comm) {
  come_together(comm);
  try {
    together(comm, [&] {
      mpi_check(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup");
      mpi_check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
      mpi_check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
      mpi_check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
      static_cast<void>(thread_level());  // throws here, or never
    });
  } catch (Error const&) {
    if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
    throw;
  }
}

void Messages::send(int to, Bytes message) {
  auto& send = sends_.emplace_back(Send{to, std::move(message), 0, {}});
  send.total = send.message.size();
  auto const start = [&](void const* data, std::size_t size, int tag) {
    auto& request = send.requests.emplace_back(MPI_REQUEST_NULL);
    mpi_check(MPI_Isend(data, static_cast<int>(size), MPI_BYTE, to, tag, comm_, &request), "MPI_Isend");
  };
  start(&send.total, sizeof send.total, size_tag);
  for (std::size_t at = 0; at < send.total; at += part)
    start(send.message.data() + at, std::min(part, send.message.size() - at), bytes_tag);
}

void Messages::finish_sends() {
  for (auto send = sends_.begin(); send != sends_.end();) {
    int done = 0;
    mpi_check(MPI_Testall(static_cast<int>(send->requests.size()), send->requests.data(), &done, MPI_STATUSES_IGNORE),
              "MPI_Testall");
    send = done != 0 ? sends_.erase(send) : std::next(send);
  }
}

std::optional<Messages::Received> Messages::poll() {
  finish_sends();
  return receive_part();
}

std::optional<Messages::Received> Messages::receive_part() {
  for (;;) {
    int here = 0;
    MPI_Message handle = MPI_MESSAGE_NULL;
    MPI_Status status;
    mpi_check(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &here, &handle, &status), "MPI_Improbe");
    if (here == 0) return std::nullopt;
    int count = 0;
    mpi_check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
    auto found = std::find_if(arriving_.begin(), arriving_.end(),
                              [&](Arriving const& a) { return a.from == status.MPI_SOURCE; });
    if (found != arriving_.end() && status.MPI_TAG == size_tag) {  // its sender failed within the one before
      arriving_.erase(found);
      found = arriving_.end();
    }
    if (found == arriving_.end()) {
      std::uint64_t total = 0;
      if (count != sizeof total) throw ConnectorError("a message came without its size (not from this library)");
      mpi_check(MPI_Mrecv(&total, count, MPI_BYTE, &handle, MPI_STATUS_IGNORE), "MPI_Mrecv");
      found = arriving_.insert(found, Arriving{status.MPI_SOURCE, Buffer(total), 0});
    } else {
      if (static_cast<std::size_t>(count) > found->message.size() - found->have)
        throw ConnectorError("a message is longer than it said");
      mpi_check(MPI_Mrecv(found->message.data() + found->have, count, MPI_BYTE, &handle, MPI_STATUS_IGNORE),
                "MPI_Mrecv");
      found->have += static_cast<std::size_t>(count);
    }
    if (found->have < found->message.size()) continue;
    Received whole{found->from, std::move(found->message).freeze()};
    arriving_.erase(found);
    return whole;
  }
}

void Messages::give_up(std::optional<int> rank) {
  complete_ = false;
  for (auto send = sends_.begin(); send != sends_.end();) {
    auto const next = std::next(send);
    if (!rank || send->to == *rank) given_up_.splice(given_up_.end(), sends_, send);
    send = next;
  }
}

void Messages::close() {
  if (comm_ == MPI_COMM_NULL) return;
  auto const finish = [this] {
    while (!idle()) {
      finish_sends();
      std::this_thread::yield();
    }
  };
  auto const meet = [this] {
    MPI_Request request = MPI_REQUEST_NULL;
    mpi_check(MPI_Ibarrier(comm_, &request), "MPI_Ibarrier");
    wait_patiently(request, [] { static_cast<void>(move_all()); });
  };
  auto const free = [this] {
    sends_.splice(sends_.end(), given_up_);
    finish_sends();
    if (complete_) mpi_check(MPI_Comm_free(&comm_), "MPI_Comm_free");
    comm_ = MPI_COMM_NULL;
  };
  take_all({finish, meet, free});
}

}  // namespace proxystore::mpi::detail
