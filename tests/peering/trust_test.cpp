/// Who is let in, and who is not.
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <openssl/ssl.h>

#include <proxystore/error.hpp>

#include "authority.hpp"
#include "site.hpp"

namespace {

using namespace peering_test;
using Status = Reply::Status;
using testing::HasSubstr;

Request exists(std::string key = "key") {
  return {.op = Op::exists, .key = std::move(key), .deadline = Deadline(patience)};
}

auto with(Identity const& identity) {
  return [identity](PeersOptions& options) { options.identity = identity; };
}

/// `here` dials `there`, and is refused by one of them.
void expect_refused(Site& here, Site& there, std::vector<std::string> const& logged_there) {
  here.knows(there);
  auto const reply = here.answer(there.uuid(), exists());
  EXPECT_EQ(reply.status, Status::unreachable) << reply.text;
  EXPECT_THAT(reply.text, HasSubstr(there.uuid()));
  if (!logged_there.empty()) {
    EXPECT_TRUE(there.journal.awaits(logged_there)) << there.journal.text();
  }
}

TEST(Trust, TwoThatShareASecretAreLinked) {
  Site a(anna), b(bert);
  a.knows(b);
  EXPECT_EQ(a.answer(bert, exists()).status, Status::absent);
  EXPECT_TRUE(b.linked(anna));
  EXPECT_EQ(b.answer(anna, exists()).status, Status::absent) << "over the same link, without an address";
}

TEST(Trust, TwoWithCertificatesOfOneAuthorityAreLinked) {
  Authority authority;
  Site a(anna, with(authority.sign_for(anna))), b(bert, with(authority.sign_for(bert)));
  a.knows(b);
  EXPECT_EQ(a.answer(bert, exists()).status, Status::absent);
  EXPECT_EQ(b.answer(anna, exists()).status, Status::absent);
}

TEST(Trust, ACommonNameIsEnoughWhereThereIsNoUri) {
  Authority authority;
  Site a(anna, with(authority.sign({.common_name = anna}))), b(bert, with(authority.sign({.common_name = bert})));
  a.knows(b);
  EXPECT_EQ(a.answer(bert, exists()).status, Status::absent);
}

TEST(Trust, AnotherSecretIsRefusedAndLogged) {
  Site a(anna, with(secret('x'))), b(bert);
  expect_refused(a, b, {"warning", "refused a peer from 127.0.0.1:"});
  EXPECT_FALSE(b.journal.has("linked with"));
}

TEST(Trust, TheCertificateOfAnotherAuthorityIsRefused) {
  Authority ours, theirs;
  auto files = theirs.sign_for(anna);
  files.ca = ours.folder() / "ca.pem";  // so that it believes bert
  Site a(anna, with(files)), b(bert, with(ours.sign_for(bert)));
  expect_refused(a, b, {"warning", "refused a peer", "certificate verify failed"});
}

TEST(Trust, TheCertificateOfAServerIsLookedAtToo) {
  Authority ours, theirs;
  auto files = theirs.sign_for(bert);
  files.ca = ours.folder() / "ca.pem";
  Site a(anna, with(ours.sign_for(anna))), b(bert, with(files));
  expect_refused(a, b, {"warning", "refused a peer"});
  EXPECT_TRUE(a.journal.awaits({"warning", bert, "certificate verify failed"})) << a.journal.text();
}

TEST(Trust, AnExpiredCertificateIsRefused) {
  Authority authority;
  auto const expired = authority.sign({.uri = "urn:uuid:" + anna, .from = -2h, .until = -1h});
  Site a(anna, with(expired)), b(bert, with(authority.sign_for(bert)));
  expect_refused(a, b, {"warning", "refused a peer", "certificate verify failed"});
}

TEST(Trust, AValidPeerMayNotClaimTheUuidOfAnother) {
  Authority authority;
  Site a(carl, with(authority.sign_for(anna))), b(bert, with(authority.sign_for(bert)));
  expect_refused(a, b, {"warning", "refused a peer", "does not name " + carl});
  EXPECT_TRUE(a.journal.awaits({"it refused: its certificate does not name " + carl})) << a.journal.text();
}

TEST(Trust, ACommonNameDoesNotCountBesideAUri) {
  Authority authority;
  Site a(carl, with(authority.sign({.uri = "urn:uuid:" + anna, .common_name = carl})));
  Site b(bert, with(authority.sign_for(bert)));
  expect_refused(a, b, {"warning", "refused a peer", "does not name " + carl});
}

TEST(Trust, WhoDialsFindsOutThatItIsAnother) {
  Authority authority;
  Site a(anna, with(authority.sign_for(anna))), b(bert, with(authority.sign_for(bert)));
  a.knows(carl, b.address());
  auto const reply = a.answer(carl, exists());
  EXPECT_EQ(reply.status, Status::unreachable);
  EXPECT_THAT(reply.text, HasSubstr("does not name " + carl));
}

TEST(Trust, ASecretIsForOneEndpointAtOneAddress) {
  Site a(anna), b(bert);
  a.knows(carl, b.address());
  EXPECT_EQ(a.answer(carl, exists()).status, Status::unreachable);
  EXPECT_TRUE(b.journal.awaits({"refused a peer"}));
}

TEST(Trust, WithASecretOfItsOwnAPeerCannotBeAnother) {
  auto const knows_two = [](PeersOptions& options) {
    options.known = {{.uuid = anna, .secret = secret('a')}, {.uuid = carl, .secret = secret('c')}};
  };
  Site b(bert, knows_two);
  auto const dials_with = [&](Secret const& own) {
    return
        [&b, own](PeersOptions& options) { options.known = {{.uuid = bert, .address = b.address(), .secret = own}}; };
  };
  Site a(anna, dials_with(secret('a')));
  EXPECT_EQ(a.answer(bert, exists()).status, Status::absent);
  Site impostor(carl, dials_with(secret('a')));
  EXPECT_EQ(impostor.answer(bert, exists()).status, Status::unreachable);
  Site shared(carl, dials_with(secret('s')));  // the secret that all others share
  EXPECT_EQ(shared.answer(bert, exists()).status, Status::unreachable);
  EXPECT_TRUE(b.journal.awaits({"warning", "refused a peer"}));
}

TEST(Trust, AStrangerIsRefusedWhereOnlyKnownPeersMayCome) {
  Site b(bert, [](PeersOptions& options) {
    options.admit = PeersOptions::Admit::known;
    options.known = {{.uuid = carl}};
  });
  Site a(anna), c(carl);
  expect_refused(a, b, {"warning", "refused a peer", "endpoint " + anna + " is not known here"});
  c.knows(b);
  EXPECT_EQ(c.answer(bert, exists()).status, Status::absent);
}

TEST(Trust, AnEndpointDoesNotTalkToItsOwnUuid) {
  Site a(anna), again(anna);
  a.knows(again);
  EXPECT_EQ(a.answer(anna, exists()).status, Status::error);
}

// ---- what speaks another language

std::uint16_t port_of(Site& site) { return site.peers().port(); }

TEST(Trust, APlainClientIsRefusedAndLogged) {
  Site b(bert);
  auto const heard = talk(port_of(b), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_NE(heard, "silence");
  EXPECT_THAT(heard, testing::Not(HasSubstr("HTTP")));
  EXPECT_TRUE(b.journal.awaits({"warning", "refused a peer from 127.0.0.1:"}));
}

TEST(Trust, AClientThatSaysNothingIsSentAwayInTime) {
  Site b(bert, [](PeersOptions& options) { options.connect_timeout = 100ms; });
  EXPECT_EQ(talk(port_of(b), ""), "");
  EXPECT_TRUE(b.journal.awaits({"warning", "refused a peer", "too long"}));
}

/// Connects with at most `version` of TLS; what came of it.
std::string tls_client(std::uint16_t port, int version) {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> const context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  std::unique_ptr<BIO, decltype(&BIO_free_all)> const connection(BIO_new_ssl_connect(context.get()), BIO_free_all);
  BIO_set_conn_hostname(connection.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  if (BIO_do_connect(connection.get()) <= 0 || BIO_do_handshake(connection.get()) <= 0) return "refused";
  char byte = 0;
  return BIO_read(connection.get(), &byte, 1) <= 0 ? "refused" : "let in";  // the server has the last word in TLS 1.3
}

TEST(Trust, AnOlderTlsIsRefused) {
  Authority authority;
  Site b(bert, with(authority.sign_for(bert)));
  EXPECT_EQ(tls_client(port_of(b), TLS1_2_VERSION), "refused");
  EXPECT_TRUE(b.journal.awaits({"warning", "refused a peer", "unsupported protocol"})) << b.journal.text();
}

TEST(Trust, AClientWithoutACertificateIsRefused) {
  Authority authority;
  Site b(bert, with(authority.sign_for(bert)));
  EXPECT_EQ(tls_client(port_of(b), TLS1_3_VERSION), "refused");
  EXPECT_TRUE(b.journal.awaits({"warning", "refused a peer", "peer did not return a certificate"})) << b.journal.text();
}

TEST(Trust, WithASecretAloneThereIsNothingForATlsClient) {
  Site b(bert);
  EXPECT_EQ(tls_client(port_of(b), TLS1_3_VERSION), "refused");
  EXPECT_TRUE(b.journal.awaits({"warning", "refused a peer"}));
}

// ---- secrets and files

std::string error_of(std::function<void()> const& call) {
  try {
    call();
  } catch (ConfigError const& error) {
    return error.what();
  }
  return "no error";
}

TEST(Trust, ASecretComesFromAFileThatNobodyElseReads) {
  Authority const folder;
  auto const path = folder.folder() / "secret";
  std::ofstream(path) << secret('f').text() << "\nanother line\n";
  chmod(path.c_str(), 0640);
  EXPECT_THAT(error_of([&] { Secret::from_file(path); }), HasSubstr("chmod 600"));
  chmod(path.c_str(), 0600);
  EXPECT_EQ(Secret::from_file(path).text(), secret('f').text());
  EXPECT_THAT(error_of([&] { Secret::from_file(folder.folder() / "none"); }), HasSubstr("No such file"));
}

TEST(Trust, ASecretComesFromTheEnvironment) {
  setenv("PEERING_TEST_SECRET", secret('e').text().data(), 1);
  EXPECT_EQ(Secret::from_environment("PEERING_TEST_SECRET").text(), secret('e').text());
  unsetenv("PEERING_TEST_SECRET");
  EXPECT_THAT(error_of([] { Secret::from_environment("PEERING_TEST_SECRET"); }), HasSubstr("PEERING_TEST_SECRET"));
}

TEST(Trust, ASecretThatCanBeGuessedIsRefusedAndNotShown) {
  auto const error = error_of([] { Secret("password123"); });
  EXPECT_THAT(error, HasSubstr("too short"));
  EXPECT_THAT(error, testing::Not(HasSubstr("password123")));
  EXPECT_NE(Secret::random().text(), Secret::random().text());
}

TEST(Trust, BadFilesAndAddressesAreConfigErrors) {
  Authority authority, other;
  auto const open = [](Identity const& identity, std::string const& listen = "") {
    Site(anna, [&](PeersOptions& options) {
      options.identity = identity;
      options.listen = listen;
    });
  };
  auto files = authority.sign_for(anna);
  auto const good = files;
  files.key = other.sign_for(anna).key;
  EXPECT_THAT(error_of([&] { open(files); }), HasSubstr("key"));
  files = good;
  files.ca = "/nowhere/ca.pem";
  EXPECT_THAT(error_of([&] { open(files); }), HasSubstr("/nowhere/ca.pem"));
  chmod(good.key.c_str(), 0644);
  EXPECT_THAT(error_of([&] { open(good); }), HasSubstr("chmod 600"));
  for (auto const* address : {"nonsense", ":1", "host:", "host:99999", "host:1x", "::1:80"})
    EXPECT_THAT(error_of([&] { open(secret('s'), address); }), HasSubstr("is no address")) << address;
  EXPECT_THAT(error_of([] { Site("no uuid"); }), HasSubstr("is no UUID"));
}

}  // namespace
