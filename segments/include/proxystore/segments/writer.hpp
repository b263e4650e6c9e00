#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <proxystore/buffer.hpp>
#include <proxystore/segments/format.hpp>

namespace proxystore::segments {

struct WriterOptions {
  std::string directory = {};  ///< is there
  std::string session;         ///< a UUID that no other job has
  std::uint32_t rank = 0;
  /// Bytes of a file; an object that is larger has one of its own.
  std::size_t segment = std::size_t{256} << 20U;
  /// Bytes that the files of this writer may take. 0: any.
  std::size_t quota = 0;
  /// Small objects are stored through a mapping, and allocate() gives memory of the file: for file systems of this
  /// machine alone (see is_local), which can reserve space.
  bool mapped = false;
  /// append() and bury() return when the data has left this machine (fdatasync).
  bool flushed = false;
  /// So do the names of new files.
  bool durable = false;
  unsigned permissions = 0600;
};

/// Appends the objects of one rank to its segments, and removes those in which none is left. Thread-safe.
/// Errors: StoreFull (no room, quota), ConnectorError. After an error the store is usable, and all else as it was.
class PROXYSTORE_EXPORT Writer {
 public:
  /// Makes no file: the first object does.
  explicit Writer(WriterOptions options);
  Writer(Writer const&) = delete;
  Writer& operator=(Writer const&) = delete;
  ~Writer();

  /// Called when there is no room, before that is an error: true if some came free. Before all else; for its life.
  void when_full(std::function<bool()> make_room);

  /// Memory that append() need not copy, where that is faster; else heap. What is not appended is given back.
  Buffer allocate(std::size_t bytes);

  struct Item {
    std::string_view key;  ///< at most most_key bytes
    Buffer object;
    State state = State::complete;
    Locator at = {};  ///< where it is then
  };
  /// Returns when all of them can be read: by every process of this machine, and with `flushed` by others that open
  /// the file anew. All or none.
  void append(std::span<Item> items);

  /// Changes the state of an object of this writer.
  void mark(Locator const& at, State state);
  /// It will not be looked for again: marks it, or removes the file with the last one.
  void release(Locator const& at, State state);
  /// Says that an object is evicted that another rank has written, or may yet write.
  void bury(std::string_view key);

  /// Gives up the segment in use if nothing is in it that is looked for. False: nothing came free.
  bool reclaim();
  /// Gives back the space that was reserved ahead. append() makes a new segment, should it be called.
  void close();

  struct Usage {
    std::size_t files = 0, objects = 0, bytes = 0;
  };
  Usage usage() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with memory that was not appended
};

}  // namespace proxystore::segments
