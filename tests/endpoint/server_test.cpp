// The daemon, as other clients see it: Python ProxyStore's, broken ones, slow ones, and one who stops it.
#include "support.hpp"

#include <array>
#include <cstdio>

#include <sys/resource.h>

#include "raw.hpp"

namespace endpoint_test {
namespace {

constexpr auto key = "e2a1d1f6-2bd5-4c0e-9f4f-3c1d1b0c7a55";

std::string body_of(std::string const& answer) {
  auto const at = answer.find("\r\n\r\n");
  return at == answer.npos ? "no body" : answer.substr(at + 4);
}

std::string get(std::string const& target) {
  return "GET " + target +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: python-requests/2.31.0\r\n"
         "Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n";
}
std::string post(std::string const& target, std::string const& rest = "Content-Length: 0\r\n\r\n") {
  return "POST " + target +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: python-requests/2.31.0\r\n"
         "Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n" +
         rest;
}

// What Python ProxyStore 1.0's client (requests 2.31) sends, and what its endpoint answers.
TEST(EndpointServer, AnswersPythonsClient) {
  Daemon const daemon;
  auto const at = "?key="s + key + "&endpoint=" + daemon.uuid();
  Raw const client(daemon.port());  // one connection for all
  auto const said = [&](std::string const& request, std::string const& last) {
    client.say(request);
    return client.hear_until(last);
  };
  EXPECT_THAT(said(get("/endpoint"), "}"), HasSubstr("{\"uuid\": \"" + daemon.uuid() + "\"}"));
  EXPECT_THAT(said(get("/exists" + at), "}"),
              testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("{\"exists\": false}")));
  EXPECT_THAT(said(get("/get" + at), "request key"),
              testing::AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("no data associated with request key")));
  EXPECT_THAT(said(post("/set" + at,
                        "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "6\r\nUS\nabc\r\n3\r\ndef\r\n0\r\n\r\n"),
                   "\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(said(get("/exists" + at), "}"), HasSubstr("{\"exists\": true}"));
  EXPECT_THAT(said(get("/get" + at), "abcdef"),
              testing::AllOf(HasSubstr("application/octet-stream"), testing::EndsWith("US\nabcdef")));
  EXPECT_THAT(said(post("/set" + at, "Transfer-Encoding: chunked\r\n\r\n5\r\nagain\r\n0\r\n\r\n"), "\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(said(get("/get" + at), "again"), testing::EndsWith("again"));
  EXPECT_THAT(said(post("/evict" + at), "\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(said(get("/exists" + at), "}"), HasSubstr("{\"exists\": false}"));
}

struct Exchange {
  std::string request, status, text;
};

TEST(EndpointServer, RefusesInPythonsWords) {
  Daemon const daemon;
  auto const at = "?key="s + key;
  for (auto const& [request, status, text] : std::vector<Exchange>{
           {get("/get"), "400", "request missing key"},
           {get("/exists?endpoint=" + daemon.uuid()), "400", "request missing key"},
           {post("/evict"), "400", "request missing key"},
           {post("/set"), "400", "request missing key"},
           {get("/get" + at + "&endpoint=1234"), "400", "1234 is not a valid UUID4"},
           {post("/set" + at), "400", "received empty payload"},
           {post("/set" + at, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400", "received empty payload"},
           {post("/get" + at), "405", ""},
           {get("/set" + at), "405", ""},
           {"PUT /set HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405", ""},
           {get("/elsewhere"), "404", ""},
           {get("/get" + at + "&wait=soon"), "400", "wait is not a number"},
           {get("/get?key=" + std::string(1025, 'k')), "400", "longer than 1024"}}) {
    auto const answer = ask(daemon.port(), request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + status)) << request;
    EXPECT_THAT(body_of(answer), HasSubstr(text)) << request;
  }
}

TEST(EndpointServer, SurvivesWhatIsNoHttp) {
  Daemon const daemon;
  auto const at = "/set?key="s + key;
  for (auto const& request :
       std::vector<std::string>{"",
                                "\r\n\r\n\r\n",
                                "hello\r\n\r\n",
                                "GET\r\n\r\n",
                                "GET / HTTP/9.9\r\n\r\n",
                                std::string(100, '\0'),
                                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,  // a client of TLS
                                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                "GET / HTTP/1.1\r\nHost\r\n\r\n",
                                "GET / HTTP/1.1\r\n: x\r\n\r\n",
                                "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n",
                                "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n",
                                "GET /get?key=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /get?key=a%0 HTTP/1.1\r\nHost: x\r\n\r\n",
                                "GET /get?&&&===&key HTTP/1.1\r\nHost: x\r\n\r\n",
                                post(at, "Content-Length: -1\r\n\r\n"),
                                post(at, "Content-Length: 99999999999999999999999\r\n\r\nx"),
                                post(at, "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
                                post(at, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                                post(at, "Content-Length: 100\r\n\r\ntoo short"),
                                post(at, "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
                                post(at, "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nabc"),
                                post(at, "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc"),
                                post(at, "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"),
                                post(at, "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n"),
                                post(at, "Transfer-Encoding: gzip\r\n\r\nabc"),
                                post(at, "Content-Length: 18446744073709551615\r\n\r\nabc")}) {
    auto const answer = ask(daemon.port(), request);
    EXPECT_THAT(answer, Not(StartsWith("HTTP/1.1 200"))) << request.substr(0, 200);
    EXPECT_THAT(ask(daemon.port(), get("/get?key="s + key)), StartsWith("HTTP/1.1 404"))
        << "stored by " << request.substr(0, 200);
  }
}

TEST(EndpointServer, SurvivesRequestsThatAreDamagedAnywhere) {
  Daemon const daemon;
  auto const whole = post("/set?key="s + key, "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Raw const cut(daemon.port());
    cut.say(whole.substr(0, i));
    cut.end();
    EXPECT_THAT(cut.hear(), Not(StartsWith("HTTP/1.1 200"))) << i;
    auto damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
    (void)ask(daemon.port(), damaged);
  }
  EXPECT_THAT(ask(daemon.port(), get("/endpoint")), HasSubstr(daemon.uuid()));
}

TEST(EndpointServer, AnswersRequestsThatComeTogetherInOrder) {
  Daemon const daemon;
  auto const at = "?key="s + key;
  auto const heard = ask(daemon.port(), post("/set" + at, "Content-Length: 3\r\n\r\nabc") + get("/get" + at) +
                                            post("/evict" + at) + get("/exists" + at));
  EXPECT_THAT(heard, testing::ContainsRegex("200 OK(.|\r|\n)*abcHTTP/1.1 200(.|\r|\n)*\\{\"exists\": false\\}$"));
}

TEST(EndpointServer, LetsAClientContinueOrNot) {
  Daemon const daemon({"--max-object-size", "1000"});
  auto const at = "/set?key="s + key;
  Raw const client(daemon.port());
  client.say(post(at, "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_THAT(client.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.say("abc");
  EXPECT_THAT(client.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  client.say(post(at, "Content-Length: 3000\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 413"));
}

TEST(EndpointServer, ReadsWhatIsTooLargeToItsEndBeforeItSaysSo) {
  Daemon const daemon({"--max-object-size", "1000000"});
  auto const at = "/set?key="s + key;
  std::string chunked = "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 30; ++i) chunked += "f4240\r\n" + std::string(1'000'000, 'x') + "\r\n";
  for (auto const& body : {chunked + "0\r\n\r\n", "Content-Length: 30000000\r\n\r\n" + std::string(30'000'000, 'x')}) {
    Raw const client(daemon.port());
    EXPECT_TRUE(client.say(post(at, body)));
    EXPECT_THAT(client.hear_until("config.toml"), StartsWith("HTTP/1.1 413"));
    client.say(get("/endpoint"));
    EXPECT_THAT(client.hear_until("}"), HasSubstr(daemon.uuid()));
  }
}

TEST(EndpointServer, ServesOthersWhileSomeAreSlow) {
  Daemon const daemon({"--max-object-size", "200MB"});
  EndpointConnector connector(daemon.options());
  auto const large = EndpointKey::of(connector.put(filled(100'000'000, 1))).object_id;
  std::vector<std::unique_ptr<Raw>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<Raw>(daemon.port()));
    switch (i % 4) {
      case 0: slow.back()->say("GET /end"); break;                                                 // half a head
      case 1: slow.back()->say(post("/set?key="s + key, "Content-Length: 100\r\n\r\nab")); break;  // half a body
      case 2: slow.back()->say(get("/get?key=" + large)); break;                                   // reads nothing
      case 3: break;                                                                               // says nothing
    }
  }
  auto const start = Deadline::Clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(text_of(connector.get(connector.put(buffer_of("x")))), "x");
  EXPECT_LT(Deadline::Clock::now() - start, 20s);
}

TEST(EndpointServer, TakesThousandConnections) {
  Daemon const daemon;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 1500) GTEST_SKIP() << "this machine allows " << limit.rlim_max << " descriptors";
  std::vector<std::unique_ptr<Raw>> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(std::make_unique<Raw>(daemon.port()));
  for (auto const& client : clients) client->say(get("/endpoint"));
  for (auto const& client : clients) EXPECT_THAT(client->hear_until("}"), HasSubstr(daemon.uuid()));
}

TEST(EndpointServer, FinishesRequestsUnderWayBeforeItEnds) {
  Daemon daemon({"--persist"});
  auto const at = "?key="s + key;
  Raw const sends(daemon.port()), waits(daemon.port()), idles(daemon.port());
  waits.say(get("/get?wait=60000&key=never"));
  EXPECT_THAT(waits.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 102"));
  idles.say(get("/"));
  idles.hear_until("\r\n\r\n");
  sends.say(post("/set" + at, "Content-Length: 6\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_THAT(sends.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  sends.say("abc");
  daemon.terminate();
  EXPECT_THAT(waits.hear(), testing::AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("Proxystore-State: pending"),
                                           HasSubstr("Connection: close")));
  EXPECT_EQ(idles.hear(), "");
  EXPECT_THROW(Raw(daemon.port()), std::runtime_error);
  sends.say("def");
  EXPECT_THAT(sends.hear(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(daemon.wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(daemon.folder() + "/daemon.pid"));
  daemon.start();
  EXPECT_EQ(body_of(ask(daemon.port(), get("/get" + at))), "abcdef");
}

TEST(EndpointServer, LosesNothingThatItConfirmedWhenItIsKilled) {
  Daemon daemon({"--persist"});
  EndpointConnector connector(daemon.options());
  std::vector<Key> confirmed;
  std::jthread writer([&] {
    try {
      for (;;) confirmed.push_back(connector.put(filled(20'000, confirmed.size())));
    } catch (Error const&) {
    }
  });
  EndpointConnector watcher(daemon.options());
  auto const last = watcher.new_key({});
  EXPECT_EQ(watcher.wait(last, 300ms), State::pending);
  daemon.kill();
  connector.close();
  writer.join();
  daemon.start();
  EXPECT_GT(confirmed.size(), 0U);
  for (std::size_t i = 0; i < confirmed.size(); ++i) {
    auto const object = watcher.get(confirmed[i]);
    ASSERT_TRUE(object && is_filled(object->span(), i)) << i;
  }
}

TEST(EndpointServer, ListensOnLoopbackUnlessToldOtherwise) {
  Daemon const daemon;
  std::ifstream in("/proc/net/tcp");
  std::string const port = [&] {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), ":%04X", static_cast<unsigned>(daemon.port()));
    return std::string(text.data());
  }();
  std::vector<std::string> listening;
  for (std::string slot, local, remote, state; in >> slot >> local >> remote >> state; std::getline(in, slot))
    if (state == "0A" && local.ends_with(port)) listening.push_back(local);
  EXPECT_THAT(listening, Each(std::string("0100007F") + port));
  EXPECT_EQ(listening.size(), 1U);
}

}  // namespace
}  // namespace endpoint_test
