#pragma once

#include <proxystore/detail/trace.hpp>

#include "ticks.hpp"

namespace proxystore::detail {

/// Records from its construction to its destruction.
class TraceSpan {
 public:
  TraceSpan(Trace& trace, Trace::What what, Key const& key, Where const& made) noexcept
      : trace_(trace), what_(what), key_(key), made_(made), begin_(Ticks::now()) {}
  TraceSpan(TraceSpan const&) = delete;
  TraceSpan& operator=(TraceSpan const&) = delete;
  ~TraceSpan() { trace_.record(what_, key_, made_, begin_, Ticks::now(), bytes, error); }

  std::size_t bytes = 0;
  int error = 0;  // an Errc

 private:
  Trace& trace_;
  Trace::What what_;
  Key const& key_;
  Where const& made_;
  std::int64_t begin_;
};

}  // namespace proxystore::detail
