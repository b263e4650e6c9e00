#pragma once

#include <cstdint>
#include <vector>

namespace crack {

enum class Activity : std::int32_t { simulate, publish, wait, analyse, draw, collect };
constexpr int activity_count = 6;

// Seconds since the epoch of the system clock, which all ranks share as well as their hosts' clocks agree.
double now();

// What a rank did from `begin` to `end`. A wait and the publish that ends it have the same frame and block.
struct Event {
  Activity activity{};
  std::int32_t rank = 0;
  std::int32_t frame = -1;
  std::int32_t block = -1;
  double begin = 0.0, end = 0.0;
};

class Recorder {
 public:
  explicit Recorder(int rank) : rank_(rank) {}

  // Records from its making to its end.
  class Span {
   public:
    Span(Recorder& recorder, Activity activity, std::size_t frame, std::size_t block);
    ~Span();
    Span(Span const&) = delete;
    Span& operator=(Span const&) = delete;

   private:
    Recorder& recorder_;
    Event event_;
  };

  [[nodiscard]] Span span(Activity activity, std::size_t frame, std::size_t block = 0) {
    return Span(*this, activity, frame, block);
  }
  // From the end of the last event until now.
  void since_last(Activity activity, std::size_t frame);

  std::vector<Event> const& events() const { return events_; }

 private:
  int rank_;
  double begin_ = now();
  std::vector<Event> events_;
};

}  // namespace crack
