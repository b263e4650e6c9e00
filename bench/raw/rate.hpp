/// Many small messages under way, as a tuned MPI program keeps them.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace raw {

/// Rank 0 sends 8 bytes `messages` times to rank 1, `at_a_time` of them under way.
class Stream {
 public:
  Stream(int messages, int at_a_time)
      : messages_(messages),
        values_(static_cast<std::size_t>(at_a_time), 1),
        requests_(values_.size(), MPI_REQUEST_NULL) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  }
  void run() {
    int const at_a_time = static_cast<int>(requests_.size());
    for (int done = 0; done < messages_; done += at_a_time) {
      int const count = std::min(at_a_time, messages_ - done);
      for (int i = 0; i < count; ++i) start(static_cast<std::size_t>(i));
      MPI_Waitall(count, requests_.data(), MPI_STATUSES_IGNORE);
    }
  }

 private:
  void start(std::size_t i) {
    if (rank_ == 0) MPI_Isend(&values_[i], 1, MPI_INT64_T, 1, 0, MPI_COMM_WORLD, &requests_[i]);
    else MPI_Irecv(&values_[i], 1, MPI_INT64_T, 0, 0, MPI_COMM_WORLD, &requests_[i]);
  }
  int const messages_;
  int rank_ = 0;
  std::vector<std::int64_t> values_;
  std::vector<MPI_Request> requests_;
};

}  // namespace raw
