#pragma once

#include <mpi.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "arena.hpp"
#include "directory.hpp"
#include "far_window.hpp"
#include "handoff.hpp"
#include "mail.hpp"
#include "place.hpp"
#include "progress.hpp"
#include "rings.hpp"

namespace proxystore::mpi::detail {

struct NetworkOptions {
  std::chrono::nanoseconds reply_timeout;
  std::size_t cache_bytes;  // of objects pulled to this node by this rank
  bool thread;
  std::string found;  // what was found out of the window, for report()
};

/// Objects whose home is on another node: the protocol between nodes.
///
/// The *home* of an object keeps, in its own memory, who asked for it (one rank of each node) and who holds a copy.
///
///   A consumer ASKs the home once and waits on the mirror in its node's memory. The home answers with the STATE: what
///   it is now, and again when it settles, with a small object inside. Ranks that asked are told by tree: a letter
///   carries the list of those to whom its receiver passes it on.
///   The bytes of a large object stay where they were set; STATE names the rank that has them, and a node PULLs them
///   when one of its ranks looks at the object, into its own slab, once.
///   Of an object that lies at its home a rank may PULL a PART, into its process. No mirror knows of it, and no watch.
///   A producer whose object has its home elsewhere SETs it there and waits for the outcome.
///   An EVICT goes to the home, which answers EVICTED and INVALIDATEs the copies: nodes that have one find the object a
///   little longer.
///   A rank that settles a watched slot of a neighbour tells the home that it is SETTLED.
///
/// All that is sent is sent, and all that arrives is handled, inside move(): app threads leave orders. A rank that
/// waits moves; the answer to a question comes when the rank that is asked moves.
///
/// Who asked for a mirror may stop waiting while a neighbour still waits: the neighbour sees that nobody on the node
/// that asked is driving, and asks itself. It also asks again, after 1 s, 2 s, 4 s … 30 s, which mends whatever was
/// lost.
class Network final : public Beyond, private Movable {
 public:
  /// Collective. Keeps `comm` (its error handler must return) but does not free it. `window`: for late consumers to read
  /// objects by themselves; null: they ask.
  Network(MPI_Comm comm, Place place, Handoff& handoff, Arena& arena, Directory& directory, Rings& rings,
          FarWindow* window, NetworkOptions options);
  Network(Network const&) = delete;
  Network& operator=(Network const&) = delete;
  ~Network();

  /// A key whose home is `home`, a rank of another node that is not asked.
  Name declare(std::uint32_t home);
  /// The slot of an object whose home is on this node. May make it (Directory::declared).
  std::optional<Handle> here(Name const& name);

  // Objects whose home is on another node. All throw Timeout when the home does not answer for reply_timeout, and
  // ConnectorError when the network has failed.

  Pin mirror(Name const& name);
  /// What the home says now, unless it has promised to tell.
  State look(Pin const& at, Name const& name);
  State await(Pin const& at, Name const& name, Deadline deadline);
  /// GONE because it was evicted, and not for want of room on this node.
  static bool final(Pin const& at) noexcept { return at->verdict.load() != 0; }

  enum class Reply : std::uint8_t { done, already_set, gone, broken, full };
  /// The object inside, or where it lies.
  Reply set(Name const& name, std::span<std::byte const> object);
  Reply set(Name const& name, Elsewhere const& bytes);
  /// Returns when the home has evicted it. Copies on other nodes are dropped a message later.
  void evict(Name const& name);
  /// Drops this node's mirror, so that the next one asks the home again.
  void forget(Name const& name) noexcept;
  /// Copies of other nodes' objects in this rank's slab, the oldest that nobody looks at, until some `wanted` bytes are
  /// free. False if there are none.
  bool drop_copies(std::size_t wanted) noexcept { return drop_cached(wanted) != 0; }

  /// Bytes that lie elsewhere, brought to this node: a slot to view, or, where its memory is full, bytes of this
  /// process. Neither: they are gone, or the deadline came.
  struct Fetched {
    Pin at;
    std::optional<Handle> near;
    Bytes bytes;
  };
  Fetched fetch(Elsewhere const& bytes, Deadline deadline);

  /// A part of an object on its way to this process. Shared with what moves, so that who waits may leave.
  class Portion {
   public:
    enum State { under_way, arrived, failed };  // failed: its home does not have it, or not as the part says
    State state() const noexcept { return state_.load(); }
    /// Row after row. REQUIRES: arrived
    Bytes bytes() const noexcept { return bytes_; }

   private:
    friend class Network;
    Name name_;
    std::size_t size_ = 0;
    Buffer own_;
    Bytes bytes_;  // what is in `own_`, when it has arrived
    int tag_ = 0;
    Mail::Arrival arrival_;
    std::atomic<State> state_{under_way};
  };
  /// That it is worth moving alone: much of the object is left, and this node has no copy of it.
  bool is_worth(ObjectPart const& part, Name const& name);
  /// Asks its home and does not wait, or reads it where the window can. REQUIRES: a home on another node; it fits
  std::shared_ptr<Portion> pull_part(Name const& name, ObjectPart const& part);
  /// False: the deadline came. Or this rank closes, and it may be under way still.
  bool await(Portion const& portion, Deadline deadline);

  /// This rank, which waits, looks for a ring (see Rings). REQUIRES: Rings::begin()
  void probe();

  void settled(Handle at) noexcept override;
  void orphaned(Handle at, Elsewhere const& bytes) noexcept override;
  Motion drive() override;

  /// Collective. Every rank has come, and nothing is under way any more; or one of them has failed, and what is under
  /// way stays so: then all throw. REQUIRES: this rank sets and waits no more.
  void close();
  bool has_failed() const noexcept { return failed_; }
  std::string report();

 private:
  struct Request {
    std::atomic<bool> done{false};
    Reply reply{};
  };
  struct Pull {
    Name name;
    Elsewhere from;
    Pin at;
    std::byte* block = nullptr;  // in this rank's slab
    Buffer own;                  // or, where that is full, of this process
    Bytes bytes;                 // what is in `own`, when it has arrived
    int tag = 0;
    Mail::Arrival arrival;
    std::vector<std::pair<std::uint32_t, int>> relays;  // ranks that want it from here, and their tags
    enum State { under_way, stored, kept, failed };     // stored: in the slot; kept: in `bytes`
    std::atomic<State> state{under_way};
  };
  /// Who is told, and which mirror it has asked for: an answer to an earlier one is not for a later.
  struct Asker {
    std::uint32_t rank, life;
    friend auto operator<=>(Asker const&, Asker const&) = default;
  };
  struct Watch {
    std::set<Asker> waiting;  // of a node one, or those that took over from it
    std::unordered_set<std::uint32_t> holders;
  };
  struct Snapshot {
    State state = State::gone;
    bool inside = false;
    std::vector<std::byte> object;
    Elsewhere bytes;
    std::uint32_t producer_plus_1 = 0;  // of one that is pending; 0: none was declared
  };
  struct Cached {
    Name name;
    Handle at;
    std::uint64_t bytes;
  };

  void serve();
  void end_thread() noexcept override;

  // On the threads of the program.
  void order(std::function<void()> work) noexcept;
  bool answered(std::atomic<bool> const& done);
  std::shared_ptr<Request> ask_home(Letter letter, std::span<std::byte const> object);
  Reply ask_to_set(Letter letter, std::span<std::byte const> object);
  void ask(Pin const& at, Name const& name);
  bool moves(std::uint32_t rank_plus_1) const noexcept;
  Deadline reply_deadline() const { return Deadline(options_.reply_timeout); }
  [[noreturn]] void no_answer(std::uint32_t rank, std::string const& about) const;
  void throw_if_failed() const;
  Name name_of(Handle at) const noexcept;
  bool is_mirror(Handle at) const noexcept;
  void drop_mirror(Name const& name) noexcept;
  struct Image;
  std::optional<Image> read_slot(Name const& name);
  bool is_unchanged(Name const& name, Image const& slot);
  std::optional<State> read(Pin const& at, Name const& name);
  std::optional<Bytes> read_part(Name const& name, ObjectPart const& part);
  bool read_block(Pin const& at, Name const& name, Image const& slot);
  std::optional<std::uint32_t> owner_of(Name const& name, Image const& slot);
  std::uint64_t read_constant(std::uint32_t rank, std::uint64_t offset);
  std::optional<std::uint32_t> rank_near(std::uint32_t home, std::uint64_t number);
  std::optional<State> gone_there(Name const& name);

  // Inside move().
  Motion move() noexcept override;
  Motion move_once();
  void fail(char const* why) noexcept;
  void handle(Mail::Received letter);
  void on_ask(std::uint32_t from, Letter const& letter);
  void on_state(Mail::Received const& letter);
  void on_set(std::uint32_t from, Letter const& letter, std::span<std::byte const> object);
  void on_answer(Letter const& letter);  // set_done and evicted
  void on_evict(std::uint32_t from, Letter const& letter);
  void evict_here(Name const& name);
  void on_invalidate(Name const& name, std::vector<Asker> const& pass_on);
  void on_settled(Name const& name);
  void on_pull(std::uint32_t from, Letter const& letter);
  void on_pull_failed(std::uint32_t from, Letter const& letter);
  void on_pull_part(Mail::Received const& received);
  void on_part(Mail::Received const& received);
  void on_probe(Letter probe, std::string text);
  void pass_on_probe(Letter const& probe, std::string const& text, std::uint32_t to);
  Letter letter(Kind kind, Name const& name) const noexcept;
  Snapshot snapshot(std::optional<Handle> at, Name const& name);
  void apply(Pin const& at, Name const& name, Snapshot const& what);
  void spread(Letter letter, std::vector<Asker> const& to, std::span<std::byte const> object);
  void invalidate(std::unordered_set<std::uint32_t> const& holders, Name const& name);
  void send_state(std::vector<Asker> const& to, Name const& name, Snapshot const& what);
  Handoff::Outcome publish(Handle at, std::span<std::byte const> object);
  void start(std::shared_ptr<Pull> const& pull);
  bool finish_pulls();
  void start(std::shared_ptr<Portion> const& portion, ObjectPart const& part);
  bool finish_parts();
  void finish(Portion& portion);
  void arrive(Portion& portion, Bytes bytes);
  std::shared_ptr<Portion> take_part(std::uint32_t from, std::uint64_t tag);
  void finish(Pull& pull);
  void refuse(std::uint32_t to, int tag, Name const& name);
  std::optional<Bytes> bytes_at(Handle at);
  std::optional<Bytes> packed(ObjectPart const& part, std::span<std::byte const> object);
  bool send_body(std::uint32_t to, int tag, Handle at);
  std::byte* make_room(std::size_t bytes) noexcept;
  void remember(Name const& name, Handle at, std::uint64_t bytes);
  void forget_copy(Name const& name) noexcept;
  std::uint64_t drop_cached(std::uint64_t wanted) noexcept;
  bool quiet();
  bool settle(Deadline deadline);
  void serve_until(Deadline deadline, std::function<bool()> const& done);
  void finish(int code, MPI_Request& request, char const* function);
  void stop_mail();

  MPI_Comm const comm_;
  Place const place_;
  Handoff& handoff_;
  Arena& arena_;
  Directory& directory_;
  Rings& rings_;
  FarWindow* const window_;
  NetworkOptions const options_;

  std::mutex orders_mutex_;
  std::vector<std::function<void()>> orders_;
  std::atomic<bool> has_orders_{false};
  std::mutex declared_mutex_;
  std::unordered_map<std::uint32_t, std::uint64_t> declared_;  // by home: how many this rank made
  std::mutex pulls_mutex_;
  std::unordered_map<Name, std::shared_ptr<Pull>, NameHash> pulls_;
  std::atomic<bool> has_pulls_{false};
  std::mutex cached_mutex_;
  std::list<Cached> cached_;  // mirrors that this rank filled, oldest first
  std::unordered_map<Name, std::list<Cached>::iterator, NameHash> cached_at_;
  std::uint64_t cached_bytes_ = 0;
  std::atomic<std::uint64_t> pulled_{0};
  std::atomic<std::uint64_t> parts_pulled_{0}, parts_bytes_{0};
  std::atomic<std::uint64_t> packed_bytes_{0};  // of parts on their way to others
  std::atomic<std::uint64_t> read_{0};  // by this rank from other nodes' memory
  std::mutex constants_mutex_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> constants_;  // by rank and offset; as many as it read

  std::mutex moving_;  // guards what follows
  Mail mail_;
  std::unordered_map<Name, Watch, NameHash> watches_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Request>> requests_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Portion>> parts_;  // by tag, that of no pull
  std::uint64_t last_request_ = 0;
  std::uint64_t letters_handled_ = 0;
  unsigned moves_ = 0;
  std::uint64_t last_probe_ = 0;
  std::uint64_t probed_wait_ = 0;  // what this rank waited for when it sent that one
  struct Seen {
    std::uint64_t probe, wait;
  };
  std::unordered_map<std::uint32_t, Seen> probes_seen_;  // by who sent them, during the wait of this rank

  std::atomic<bool> failed_{false};
  mutable std::mutex failure_mutex_;
  std::string failure_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace proxystore::mpi::detail
