/// Segments: files into which one process appends objects, and from which any process reads them, also when the one
/// that wrote them was killed. Nothing in a file says what is beyond its last record: a reader finds the records
/// themselves, each of which says what it is and proves it.
///
///     <directory>/<session>.session          made when a job opened the directory; text, for people
///     <directory>/<session>.<rank>.<n>.seg   the n-th segment of a rank of that job: objects
///     <directory>/<session>.<rank>.<n>.gone  what that rank evicted of what others had written: tombstones
///
///     0            128            256                                384 (a multiple of 64)
///     ┌─────────────┬──────────────┬──────────────────┬────────────┬──────────────┬─ ─
///     │ FileHeader  │ RecordHeader │ payload          │ to 64      │ RecordHeader │
///     └─────────────┴──────────────┴──────────────────┴────────────┴──────────────┴─ ─
///
/// A record's header and payload are written once. The last word of the header, its state, is changed in place, by one
/// store of 8 aligned bytes, and only by the rank that wrote it:
///
///     proposed ── this set won ──▶ complete ── evicted ──▶ evicted
///        └─────── another won ───▶ withdrawn
///
/// A header is believed if its checksum is right, which covers where in which file it lies: bytes that were copied
/// from another segment, into an object or over a file, are no records. A payload is believed if its XXH3 is right.
/// What was being written when its writer was killed is a hole of any content, which a reader steps over by 64 bytes.
/// Numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <proxystore/export.hpp>

namespace proxystore::segments {

inline constexpr std::size_t alignment = 64;
inline constexpr std::size_t header_bytes = 128;  ///< of a file, and of a record
inline constexpr std::size_t most_key = 76;       ///< bytes of a key

enum class Kind : std::uint32_t { object = 1, tombstone = 2, filler = 3 };

/// Eight letters each: as far from each other, and from zeros, as words can be.
enum class State : std::uint64_t {
  proposed = 0x6465736f706f7270,   // "proposed"
  complete = 0x6574656c706d6f63,   // "complete"
  evicted = 0x2e64657463697665,    // "evicted."
  withdrawn = 0x6e77726468746977,  // "withdrwn"
};

struct FileHeader {
  char magic[8];  ///< "pxsegm1\n"
  std::uint32_t version, rank;
  std::uint64_t number;
  std::uint64_t salt;  ///< random: seeds the checksums of this file's headers
  char session[36];
  char unused[52];
  std::uint64_t check;
};

struct RecordHeader {
  char magic[4];  ///< "psr1"
  Kind kind;
  std::uint64_t bytes;   ///< of the payload, which follows
  std::uint64_t hash;    ///< XXH3_64bits of the payload
  std::uint64_t offset;  ///< of this header in its file
  std::uint32_t key_bytes;
  char key[most_key];
  std::uint64_t check;  ///< of all before
  State state;
};
static_assert(sizeof(FileHeader) == header_bytes && sizeof(RecordHeader) == header_bytes);
inline constexpr std::size_t state_at = header_bytes - sizeof(State);

/// Bytes that a record takes in its file. REQUIRES: bytes <= most_bytes
constexpr std::uint64_t record_bytes(std::uint64_t bytes) noexcept {
  return header_bytes + (bytes + alignment - 1) / alignment * alignment;
}
inline constexpr std::uint64_t most_bytes = std::uint64_t{1} << 62U;

/// XXH3_64bits.
PROXYSTORE_EXPORT std::uint64_t hash_of(std::span<std::byte const> bytes) noexcept;

PROXYSTORE_EXPORT FileHeader make_file_header(std::string_view session, std::uint32_t rank, std::uint64_t number);
/// nullopt: these are no such header. REQUIRES: bytes.size() >= header_bytes
PROXYSTORE_EXPORT std::optional<FileHeader> read_file_header(std::span<std::byte const> bytes) noexcept;

/// REQUIRES: key.size() <= most_key
PROXYSTORE_EXPORT RecordHeader make_record(std::uint64_t salt, Kind kind, std::string_view key, std::uint64_t bytes,
                                           std::uint64_t hash, std::uint64_t offset, State state) noexcept;
/// nullopt: no record begins there. REQUIRES: bytes.size() >= header_bytes
PROXYSTORE_EXPORT std::optional<RecordHeader> read_record(std::span<std::byte const> bytes, std::uint64_t salt,
                                                          std::uint64_t offset) noexcept;

/// A file by its name.
struct FileName {
  std::string session;
  std::uint32_t rank = 0;
  std::uint64_t number = 0;
  Kind kind = Kind::object;  ///< of its records: tombstones in those that end in .gone

  PROXYSTORE_EXPORT std::string text() const;
  /// nullopt: no such file.
  PROXYSTORE_EXPORT static std::optional<FileName> parse(std::string_view text);
};

inline constexpr std::size_t session_bytes = 36;  ///< a UUID
PROXYSTORE_EXPORT std::string session_file(std::string_view session);
/// In small letters, as sessions are.
PROXYSTORE_EXPORT bool is_uuid(std::string_view text) noexcept;

/// Where an object lies in its session's files: as consumers are told.
struct Locator {
  std::uint32_t rank = 0, reserved = 0;
  std::uint64_t number = 0;  ///< of the rank's segment
  std::uint64_t offset = 0;  ///< of the record
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;
  friend bool operator==(Locator const&, Locator const&) = default;
};
static_assert(sizeof(Locator) == 40);

}  // namespace proxystore::segments
