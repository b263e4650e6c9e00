#include "channel.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>

namespace proxystore::endpoint {
namespace {

/// Far below what AES-GCM allows under one key (2^24.5 full records, RFC 8446 5.5).
constexpr std::uint64_t key_limit = std::uint64_t{64} << 30U;
/// Of bytes in the kernel that are not on the wire yet.
constexpr int unsent_limit = 128 << 10;

// ---- OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a broken connection would end the process.

int descriptor_of(BIO* bio) { return *static_cast<int*>(BIO_get_data(bio)); }

int retry(BIO* bio, ssize_t count, void (*set_retry)(BIO*)) {
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) set_retry(bio);
  return static_cast<int>(count);
}

int bio_write(BIO* bio, char const* data, int size) {
  return retry(bio, send(descriptor_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL),
               [](BIO* b) { BIO_set_retry_write(b); });
}

int bio_read(BIO* bio, char* data, int size) {
  auto const count = recv(descriptor_of(bio), data, static_cast<std::size_t>(size), 0);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return retry(bio, count, [](BIO* b) { BIO_set_retry_read(b); });
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

int bio_destroy(BIO* bio) {
  delete static_cast<int*>(BIO_get_data(bio));
  return 1;
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "proxystore socket");
    if (!made) throw std::bad_alloc();
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_destroy(made, bio_destroy);
    return made;
  }();
  return method;
}

BIO* new_bio(int descriptor) {
  BIO* const bio = BIO_new(socket_method());
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio, new int(descriptor));
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

void tune(boost::asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_limit, sizeof unsent_limit);
}

std::string address_of(boost::asio::ip::tcp::socket const& socket) {
  boost::system::error_code failed;
  auto const end = socket.remote_endpoint(failed);
  if (failed) return "a connection that is gone";
  auto const host = end.address().to_string();
  return (end.address().is_v6() ? "[" + host + "]" : host) + ':' + std::to_string(end.port());
}

Channel::Channel(boost::asio::ip::tcp::socket socket, Tls::End end)
    : socket_(std::move(socket)),
      address_(address_of(socket_)),
      session_(std::move(end.session)),
      ssl_(std::move(end.ssl)) {
  socket_.non_blocking(true);
  tune(socket_);
  BIO* const bio = new_bio(socket_.native_handle());
  SSL_set_bio(ssl_.get(), bio, bio);
}

bool Channel::handshake() {
  ERR_clear_error();
  errno = 0;
  int const result = SSL_do_handshake(ssl_.get());
  return moved(result, 1, "the handshake") == 1;
}

std::size_t Channel::read(std::span<std::byte> target) {
  std::size_t count = 0;
  ERR_clear_error();
  errno = 0;
  int const result = SSL_read_ex(ssl_.get(), target.data(), target.size(), &count);
  return moved(result, count, "reading");
}

std::size_t Channel::write(std::span<std::byte const> source) {
  std::size_t count = 0;
  ERR_clear_error();
  errno = 0;
  int const result = SSL_write_ex(ssl_.get(), source.data(), source.size(), &count);
  count = moved(result, count, "writing");
  with_this_key_ += count;
  if (with_this_key_ > key_limit && SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1) with_this_key_ = 0;
  return count;
}

std::size_t Channel::moved(int result, std::size_t count, char const* verb) {
  wants_write_ = false;
  if (result > 0) return count;
  int const cause = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_WANT_WRITE: wants_write_ = true; return 0;
    case SSL_ERROR_ZERO_RETURN: throw Lost("closed by the other side");
    case SSL_ERROR_SYSCALL:
      throw Lost(cause == 0 ? "closed by the other side" : std::generic_category().message(cause));
    default: break;
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    throw Lost("closed by the other side");
  }
  throw Refused(std::string(verb) + " failed: " + tls_errors());
}

void Channel::end_writing() noexcept {
  if (std::exchange(ended_, true)) return;
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void Channel::close() noexcept {
  end_writing();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace proxystore::endpoint
