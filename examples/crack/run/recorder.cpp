#include "run/recorder.hpp"

#include <chrono>

namespace crack {

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

Recorder::Span::Span(Recorder& recorder, Activity activity, std::size_t frame, std::size_t block)
    : recorder_(recorder),
      event_{activity, recorder.rank_, static_cast<std::int32_t>(frame), static_cast<std::int32_t>(block), now(), 0.0} {
}

Recorder::Span::~Span() {
  event_.end = now();
  recorder_.events_.push_back(event_);
}

void Recorder::since_last(Activity activity, std::size_t frame) {
  double const begin = events_.empty() ? begin_ : events_.back().end;
  events_.push_back({activity, rank_, static_cast<std::int32_t>(frame), -1, begin, now()});
}

}  // namespace crack
