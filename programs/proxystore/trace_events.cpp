#include "trace_events.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <nlohmann/json.hpp>

#include <proxystore/error.hpp>

namespace proxystore::program {
namespace {

using nlohmann::json;

void read_meta(json const& event, Traced& traced) {
  auto const process = event.at("pid").get<std::int64_t>();
  auto const name = event.at("name").get<std::string>();
  if (name == "process_name") traced.name[process] = event.at("args").at("name").get<std::string>();
  if (name == "process_labels") traced.remark[process] = event.at("args").at("labels").get<std::string>();
}

Event read_event(json const& event) {
  auto const& args = event.at("args");
  Event out;
  out.what = event.at("name").get<std::string>();
  out.process = event.at("pid").get<std::int64_t>();
  out.thread = event.at("tid").get<std::int64_t>();
  out.begin = event.at("ts").get<double>();
  out.end = out.begin + event.value("dur", 0.0);
  out.object = args.at("store").get<std::string>() + "/" + args.at("key").get<std::string>();
  out.made = args.at("made").get<std::string>();
  out.bytes = args.at("bytes").get<std::uint64_t>();
  out.error = args.value("error", "");
  return out;
}

int rank_of(std::string const& name) {
  int rank = 0;
  return std::sscanf(name.c_str(), "rank %d of", &rank) == 1 ? rank : 1 << 30;
}

}  // namespace

std::string Traced::short_name(std::int64_t process) const {
  auto const found = name.find(process);
  if (found == name.end()) return "process " + std::to_string(process);
  auto const of = found->second.find(" of ");
  return found->second.starts_with("rank ") && of != std::string::npos ? found->second.substr(0, of) : found->second;
}

std::vector<std::int64_t> Traced::processes() const {
  std::vector<std::int64_t> all;
  for (auto const& [process, _] : name) all.push_back(process);
  std::stable_sort(all.begin(), all.end(), [&](auto a, auto b) { return rank_of(name.at(a)) < rank_of(name.at(b)); });
  return all;
}

Traced read_trace(std::string const& path) {
  Traced traced;
  try {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw InvalidArgument("the trace '" + path + "' cannot be read (no such file?)");
    auto const file = json::parse(in);
    static_cast<void>(file.at("otherData").at("proxystore"));
    for (auto const& event : file.at("traceEvents")) {
      auto const phase = event.at("ph").get<std::string>();
      if (phase == "M") read_meta(event, traced);
      if (phase == "X" || phase == "i") traced.events.push_back(read_event(event));
    }
  } catch (json::exception const& error) {
    throw InvalidArgument("'" + path + "' is no trace of proxystore (" + error.what() +
                          ") name a file that PROXYSTORE_TRACE wrote");
  }
  auto& events = traced.events;
  std::stable_sort(events.begin(), events.end(), [](auto const& a, auto const& b) { return a.begin < b.begin; });
  double const start = events.empty() ? 0 : events.front().begin;
  for (auto& event : events) event.begin -= start, event.end -= start;
  return traced;
}

}  // namespace proxystore::program
