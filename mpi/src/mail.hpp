#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include <proxystore/buffer.hpp>

#include "handoff.hpp"
#include "name.hpp"

namespace proxystore::mpi::detail {

/// What ranks say to each other about one object.
enum class Kind : std::uint8_t {
  ask = 1,      // to the home: what is its state? and tell me when that changes
  state,        // from the home, or passed on: the state, with a small object inside
  set,          // to the home: the object, or where it lies
  set_done,     // to the setter: the outcome
  evict,        // to the home
  evicted,      // to who evicted: nobody finds it at the home any more
  invalidate,   // to those that hold a copy: evicted
  settled,      // to the home, from a neighbour that set, evicted or broke its slot: tell those who asked
  pull,         // to who has the bytes: send them on this tag
  pull_failed,  // the bytes, or the part, are not there
  pull_part,    // to the home: send this part of the object, inside if it is small, else on this tag
  part,         // a small part
  probe         // to the producer that the sender waits for: in which round of which ring?
};
inline constexpr std::uint8_t last_kind = static_cast<std::uint8_t>(Kind::probe);

struct Letter {
  static constexpr std::uint32_t magic_number = 0x70786d31;  // "pxm1"

  std::uint32_t magic = magic_number;
  Kind kind{};
  State state{};               // of kind state
  std::uint8_t outcome = 0;    // of kind set_done; of kind probe, the round
  std::uint8_t has_bytes = 0;  // the object follows
  std::uint32_t node = 0;      // of the sender, as its first rank
  std::uint32_t ranks = 0;     // how many numbers follow: those to pass it on to
  Name name;
  Elsewhere bytes;  // of kinds state and set, where the object is not inside
  /// Of a request or a probe, or a tag. Of kinds ask and state, the mirror that is asked for or answered (Slot::life),
  /// ask in its low half, state in its high one with the declared producer + 1 below.
  std::uint64_t number = 0;
  std::uint64_t size = 0;  // bytes of the letter as a whole
};

/// Letters and bodies on a duplicate of a communicator. A letter is a message that fits MPI's eager protocols, or
/// several where its list of ranks is long; a body is an object of any size, sent from where it lies and received to
/// where it shall lie. A receive for the next letter is posted always, so that a letter is seen in the same call of MPI
/// that takes it from the network. Never blocks. Not synchronised: one thread at a time. Throws ConnectorError with the
/// name of the MPI function that failed.
class Mail {
 public:
  /// Bytes of an object that go inside a letter: with its head below the eager limits of the common MPIs (4 KiB).
  static constexpr std::size_t most_inside = 3840;
  /// Bytes of a letter that go as one message; a longer letter goes as several, the last of which may be shorter.
  static constexpr std::size_t letter_part = sizeof(Letter) + most_inside;

  explicit Mail(MPI_Comm comm);  ///< Keeps `comm`; its error handler must return.
  Mail(Mail const&) = delete;
  Mail& operator=(Mail const&) = delete;
  ~Mail();

  void send(std::uint32_t to, Letter letter, std::span<std::uint32_t const> ranks = {},
            std::span<std::byte const> object = {});

  struct Received {
    std::uint32_t from;
    Letter letter;
    std::vector<std::uint32_t> ranks;
    std::vector<std::byte> object;
  };
  /// Throws CorruptObject for what is no letter.
  std::optional<Received> receive();
  /// Takes back the receive for a next letter, which does not come. Nothing is received any more.
  void stop();

  /// Another for every body that is under way to this rank.
  int new_tag() noexcept;
  void send_body(std::uint32_t to, int tag, Bytes body);

  /// A body under way to this rank.
  class Arrival {
   public:
    bool done();
    void cancel() noexcept;

   private:
    friend class Mail;
    std::vector<MPI_Request> requests_;
  };
  /// `memory` stays valid until the arrival is done or cancelled.
  Arrival receive_body(std::uint32_t from, int tag, std::span<std::byte> memory);

  /// Finishes what was sent; true if something was.
  bool finish_sends();
  bool has_bodies() const noexcept { return !bodies_.empty(); }
  bool idle() const noexcept { return letters_.empty() && bodies_.empty(); }
  std::uint64_t sent() const noexcept { return sent_; }  ///< letters

 private:
  struct Body {
    Bytes bytes;
    std::vector<MPI_Request> requests;
  };

  void send_part(std::uint32_t to, std::vector<std::byte> part);
  std::optional<Received> take(std::uint32_t from, std::span<std::byte const> part);

  MPI_Comm comm_;
  int last_tag_;
  int next_tag_;
  bool stopped_ = false;
  std::unique_ptr<std::byte[]> next_;  // a part of a letter that may come
  MPI_Request next_request_ = MPI_REQUEST_NULL;
  std::unordered_map<std::uint32_t, std::vector<std::byte>> parts_;  // of letters that are not whole yet, by sender
  std::uint64_t sent_ = 0;
  std::list<std::vector<std::byte>> letters_;  // being sent
  std::vector<MPI_Request> letter_requests_;   // of each, in the same order
  std::list<Body> bodies_;
};

}  // namespace proxystore::mpi::detail
