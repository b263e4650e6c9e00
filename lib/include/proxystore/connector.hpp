/// @file
/// The contract between the library and a medium.
///
/// 1. A connector keeps bytes under keys that it makes; an object is written once and read often.
/// 2. Every member may be called from several threads at once.
/// 3. After close() the members that touch objects or keys throw StoreClosed, but wait(): it returns
///    State::broken, to those who wait already and to those who come. config() and whoami() still answer.
/// 4. Connectors contain no timers, no retries beyond their medium's own and no metrics; decorators do that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/config.hpp>
#include <proxystore/deadline.hpp>
#include <proxystore/export.hpp>
#include <proxystore/key.hpp>

namespace proxystore {

class DeferrableConnector;

/// What each process has to say when those that share a medium close together, heard by the first of them. No member
/// throws.
class PROXYSTORE_EXPORT Gathering {
 public:
  virtual ~Gathering() = default;
  /// On the first process, before all else: what it adds to its clock.
  virtual std::chrono::nanoseconds open() = 0;
  /// On each, once. `shift`: what to add to this process's steady clock, so that the times of all mean the same.
  virtual Bytes say(std::chrono::nanoseconds shift) = 0;
  /// On the first, for each, itself included.
  virtual void hear(Bytes const& said) = 0;
  /// On the first, at the end.
  virtual void close() = 0;

 protected:
  Gathering() = default;
  Gathering(Gathering const&) = delete;
  Gathering& operator=(Gathering const&) = delete;
};

/// What a policy may go by besides the size of an object; see MultiConnector. Other connectors take no notice.
struct Tags {
  std::vector<std::string> subset = {};    ///< all of these must be among the policy's subset_tags
  std::vector<std::string> superset = {};  ///< all of the policy's superset_tags must be among these

  bool empty() const noexcept { return subset.empty() && superset.empty(); }
};

/// A box of bytes in an object: rows that lie apart by strides, as a region does in an array in C order.
struct PROXYSTORE_EXPORT ObjectPart {
  /// One axis of the box.
  struct Axis {
    std::size_t count;   ///< of rows, or of what the axes after this one make of them
    std::size_t stride;  ///< from one to the next, in bytes
    friend bool operator==(Axis const&, Axis const&) = default;
  };
  Key key;                 ///< of the object
  std::size_t object = 0;  ///< bytes of the whole object
  std::size_t begin = 0;   ///< where in it the first row begins
  std::size_t row = 0;     ///< bytes that follow each other
  std::vector<Axis> axes;  ///< slowest first; none: one row

  /// Of all rows. REQUIRES: fits()
  std::size_t size() const noexcept;
  /// Within the object, and no larger than it. False for what cannot be told in a std::size_t.
  bool fits() const noexcept;
};

/// What came of a part: the rows one after the other, or the whole object.
struct PartBytes {
  Bytes bytes;  ///< as many as the part, or as the object
  bool whole;   ///< the object
};
/// Called with the index of each part as it comes; nullopt: absent.
using PartVisitor = std::function<void(std::size_t, std::optional<PartBytes>)>;

/// The driver of a medium: bytes by key, written once and read often. A resource. See the head of this file for the
/// rules, and tests/contract for the same as a test suite.
class PROXYSTORE_EXPORT Connector : public Allocator {
 public:
  virtual ~Connector() = default;

  /// Memory for an object that is copied into it and put at once. The default is allocate(); another, where it costs more to
  /// fill the medium's own memory than to have the medium copy.
  virtual Buffer stage(std::size_t bytes) { return allocate(bytes); }

  /// Keeps the object under a new key. Throws StoreFull, ConnectorError; then nothing is kept.
  virtual Key put(Buffer object) = 0;
  /// put(), where a policy goes by tags. The default takes no notice of them.
  virtual Key put_tagged(Buffer object, Tags const& tags);
  /// nullopt: absent (never put, not yet set, or evicted).
  virtual std::optional<Bytes> get(Key const& key) = 0;
  /// Whether get() would find it: not before it is set.
  virtual bool exists(Key const& key) = 0;
  /// Absent: no error. Bytes handed out by get() stay valid while they are held.
  virtual void evict(Key const& key) = 0;

  /// One key per object, in order. The defaults loop.
  virtual std::vector<Key> put_batch(std::vector<Buffer> objects);
  /// In the order of `keys`; what is absent is nullopt.
  virtual std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys);
  /// Parts of objects, each visited once, in any order, on the thread that calls; what is visited need not be held
  /// until all have come. A connector that has to move an object moves no more of it than its part, unless that costs
  /// more; an object of another size than the part says comes whole. What `visit` throws ends the call. The default
  /// gets each object, one after the other. REQUIRES: all parts fit()
  virtual void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit);

  /// Enough to rebuild the connector in another process, or to say that this cannot be done there.
  virtual Config config() const = 0;
  /// Idempotent; wakes all waiters of this process.
  virtual void close() = 0;

  /// Told once, before all else, by a store that opens over it: its name, for media that keep where objects come from.
  virtual void opened_as(std::string const& store) { static_cast<void>(store); }
  /// Told once, after opened_as(). True: close() is collective, and will gather. False, the default: each process for
  /// itself.
  virtual bool gather_at_close(std::shared_ptr<Gathering> gathering) {
    static_cast<void>(gathering);
    return false;
  }
  /// This connector if it can name an object before it exists, else null. Asked, never cast.
  virtual DeferrableConnector* deferrable() noexcept { return nullptr; }
  /// True where get() costs no more than a look into a cache: the store then keeps none.
  virtual bool reads_in_place() const noexcept { return false; }
  /// Who this process is in the medium's terms, for messages: "rank 3 of 8 on node7".
  virtual std::string whoami() const;
  /// Moves what is under way, in media that work only while they are called. Never blocks.
  virtual void progress() {}
  /// State of the medium in a few lines, for Store::report(). Empty: nothing to say.
  virtual std::string report() const { return {}; }

 protected:
  Connector() = default;
  Connector(Connector const&) = delete;
  Connector& operator=(Connector const&) = delete;
};

/// What wait() saw. A producer's failure is an object too (see detail/wire.hpp): it counts as ready.
enum class State : std::uint8_t {
  pending,  ///< not set when the deadline came
  ready,    ///< get() will find it, unless it is evicted meanwhile
  gone,     ///< evicted
  broken,   ///< will never be set: the store was closed here, or its owner is gone
};

/// A wait that has lasted, made known to the other processes while this lives.
class PROXYSTORE_EXPORT LongWait {
 public:
  virtual ~LongWait() = default;
  /// Looks for a ring of processes that wait for each other, this wait among theirs. In words, the same for each; nullopt:
  /// none is known yet. To be called every second or so, on the thread that waits.
  virtual std::optional<std::string> look() = 0;
  /// What is known without a look: for a wait that has ended without an object, perhaps since others have given up.
  virtual std::optional<std::string> ring() = 0;

 protected:
  LongWait() = default;
  LongWait(LongWait const&) = delete;
  LongWait& operator=(LongWait const&) = delete;
};

/// What is known of an object when its key is made. A medium may take no notice.
struct KeyHint {
  std::optional<int> producer = std::nullopt;      ///< the rank that will set the object, where the medium has ranks
  std::optional<std::size_t> size = std::nullopt;  ///< about how many bytes it will have, where a policy goes by that
  Tags tags = {};
};

/// A connector that can name an object before it exists, and wait for it: what Store::future() needs.
class PROXYSTORE_EXPORT DeferrableConnector : public Connector {
 public:
  /// A key without an object. Makes no request where the medium allows it.
  virtual Key new_key(KeyHint const& hint) = 0;
  /// Once per key; a second time throws AlreadySet and the first object stays. ObjectNotFound if the
  /// key was evicted before; BrokenFuture if it was broken.
  virtual void set(Key const& key, Buffer object) = 0;
  /// Blocks until the key is set, evicted or broken, or `deadline` has come. Pushed where the medium can.
  virtual State wait(Key const& key, Deadline deadline) = 0;

  /// What receive() saw.
  struct Received {
    State state;                  ///< as wait() says
    std::optional<Bytes> object;  ///< nullopt unless ready, and if it was evicted meanwhile
  };
  /// wait(), then get(): in one step where the medium can. The default makes both calls.
  virtual Received receive(Key const& key, Deadline deadline);
  /// Called by a thread that has waited for `key` for a while and goes on to wait. Null: this medium does not know who
  /// was to set it. The default is null.
  virtual std::unique_ptr<LongWait> wait_long(Key const& key);

  DeferrableConnector* deferrable() noexcept override { return this; }
};

}  // namespace proxystore
