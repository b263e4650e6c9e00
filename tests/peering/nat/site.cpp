// One process of the test behind NAT: a relay, or an endpoint that serves what it has and asks for what it is told.
//     nat_site relay PORT TOKEN
//     nat_site endpoint UUID SECRET RELAY TOKEN [ADDRESS OF PEER] -- says "ready" once registered, then obeys lines:
//         set UUID KEY BYTES    get UUID KEY    wait UUID KEY    put KEY BYTES    digest BYTES    path UUID    quit
#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>

#include "../site.hpp"

namespace {

using namespace peering_test;

std::string digest(Bytes const& bytes) {  // FNV-1a: enough to tell patterns apart
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (auto const byte : bytes.span()) hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
  return std::to_string(bytes.size()) + ' ' + std::to_string(hash);
}

void say(std::string const& line) { std::cout << line << std::endl; }

std::string to_line(Reply const& reply) {
  if (reply.status != Reply::Status::ok)
    return "failed " + std::to_string(static_cast<int>(reply.status)) + ' ' + reply.text;
  return "ok " + digest(reply.data);
}

void obey(Site& site, std::string const& line) {
  std::istringstream words(line);
  std::string verb, uuid, key;
  std::size_t size = 0;
  words >> verb >> uuid >> key >> size;
  Deadline const deadline(std::chrono::seconds(20));
  if (verb == "set") return say(to_line(site.answer(uuid, {Op::set, key, pattern(size), deadline})));
  if (verb == "get") return say(to_line(site.answer(uuid, {.op = Op::get, .key = key, .deadline = deadline})));
  if (verb == "wait") return say(to_line(site.answer(uuid, {.op = Op::wait, .key = key, .deadline = deadline})));
  if (verb == "digest") return say("ok " + digest(pattern(std::stoul(uuid))));
  if (verb == "put") {
    site.put(uuid, pattern(std::stoul(key)));
    return say("done");
  }
  if (verb == "path") return say(to_string(site.status(uuid)));
  say("what is " + line + "?");
}

int serve(int count, char** words) {
  Site site(words[2], [&](PeersOptions& options) {
    options.identity = Secret(words[3]);
    options.listen = "0.0.0.0:7000";
    options.relay = RelayAccess{words[4], Secret(words[5])};
    options.connect_timeout = std::chrono::seconds(1);
    if (count > 7) options.known = {{.uuid = words[6], .address = words[7]}};
  });
  if (!site.journal.awaits({"registered at the relay"})) {
    say(site.journal.text());
    return 1;
  }
  say("ready");
  for (std::string line; std::getline(std::cin, line) && line != "quit";) obey(site, line);
  return 0;
}

int relay(char** words) {
  RelayHost const host([&](RelayOptions& options) {
    options.listen = std::string("0.0.0.0:") + words[2];
    options.identity = Secret(words[3]);
  });
  say("ready");
  for (std::string line; std::getline(std::cin, line);) continue;
  return 0;
}

}  // namespace

int main(int count, char** words) {
  std::string const kind = count > 3 ? words[1] : "";
  if (kind == "relay") return relay(words);
  if (kind == "endpoint" && count > 5) return serve(count, words);
  std::fprintf(stderr, "see the head of tests/peering/nat/site.cpp\n");
  return 2;
}
