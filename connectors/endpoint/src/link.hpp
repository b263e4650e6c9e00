#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <sys/uio.h>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

namespace proxystore::detail {

/// A TCP connection with blocking calls that time out; a SyncStream of Boost.Beast. For one thread at a time, but
/// shut().
class Link {
 public:
  /// Throws EndpointLost. `timeout`: for connecting, and later without progress.
  Link(std::string const& host, int port, std::chrono::milliseconds timeout);
  ~Link();
  Link(Link const&) = delete;
  Link& operator=(Link const&) = delete;

  /// Makes the call that another thread is in, and all later ones, fail.
  void shut() const noexcept;
  /// How long the next calls may go without progress.
  void limit(std::chrono::milliseconds timeout);
  std::string const& server() const noexcept { return server_; }

  template <class Buffers>
  std::size_t read_some(Buffers const& buffers, boost::system::error_code& error) {
    Parts parts(buffers);
    return read(parts.all, parts.count, error);
  }
  template <class Buffers>
  std::size_t write_some(Buffers const& buffers, boost::system::error_code& error) {
    Parts parts(buffers);
    return write(parts.all, parts.count, error);
  }
  template <class Buffers>
  std::size_t read_some(Buffers const& buffers) {
    return or_throw([&](auto& error) { return read_some(buffers, error); });
  }
  template <class Buffers>
  std::size_t write_some(Buffers const& buffers) {
    return or_throw([&](auto& error) { return write_some(buffers, error); });
  }

 private:
  struct Parts {
    static constexpr std::size_t most = 16;  // what does not fit goes next time
    template <class Buffers>
    explicit Parts(Buffers const& buffers) {
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers) && count < most; ++at)
        add(*at);
    }
    void add(boost::asio::const_buffer part) {
      if (part.size() != 0) all[count++] = {const_cast<void*>(part.data()), part.size()};
    }
    void add(boost::asio::mutable_buffer part) {
      if (part.size() != 0) all[count++] = {part.data(), part.size()};
    }
    iovec all[most];
    std::size_t count = 0;
  };

  template <class Call>
  static std::size_t or_throw(Call const& call) {
    boost::system::error_code error;
    auto const n = call(error);
    if (error) throw boost::system::system_error(error);
    return n;
  }
  std::size_t read(iovec* parts, std::size_t count, boost::system::error_code& error) const;
  std::size_t write(iovec* parts, std::size_t count, boost::system::error_code& error) const;
  void connect(std::string const& host, int port, std::chrono::milliseconds timeout);

  std::string server_;
  int socket_ = -1;
  std::chrono::milliseconds timeout_{0};
};

}  // namespace proxystore::detail
