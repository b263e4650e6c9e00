// Bytes that nobody of the library has sent or stored: an error that says so, on the rank that meets them; no crash.
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <mutex>

#include "../world.hpp"
#include "mail.hpp"
#include "slot.hpp"

namespace {

using namespace world;

/// What this program sees of the library's doings with MPI, being its MPI_.
struct Seen {
  MPI_Comm last_duplicate = MPI_COMM_NULL;
  std::vector<std::byte> last_letter;
  std::vector<std::byte*> slabs;  // of the ranks of this node, with the last window
  std::mutex mutex;

  static Seen& instance() {
    static Seen seen;
    return seen;
  }
};

}  // namespace

extern "C" {

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm* copy) {
  int const code = PMPI_Comm_dup(comm, copy);
  Seen::instance().last_duplicate = *copy;
  return code;
}

int MPI_Isend(void const* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request* request) {
  auto& seen = Seen::instance();
  std::lock_guard const lock(seen.mutex);
  auto const* const bytes = static_cast<std::byte const*>(data);
  if (comm == seen.last_duplicate && tag == 0) seen.last_letter.assign(bytes, bytes + count);
  return PMPI_Isend(data, count, type, to, tag, comm, request);
}

int MPI_Win_shared_query(MPI_Win window, int rank, MPI_Aint* size, int* unit, void* base) {
  auto& slabs = Seen::instance().slabs;
  if (rank == 0) slabs.clear();
  int const code = PMPI_Win_shared_query(window, rank, size, unit, base);
  auto const address = reinterpret_cast<std::uintptr_t>(*static_cast<void**>(base));
  slabs.push_back(reinterpret_cast<std::byte*>((address + 4095) / 4096 * 4096));
  return code;
}

}  // extern "C"

namespace {

class Corrupt : public Ranks {
 protected:
  Store store = Store::open("corrupted", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB, .reply_timeout = 3s}));
  DeferrableConnector& connector = *store.connector().deferrable();

  bool has_network() { return store.report().find("network:") != std::string::npos; }

  /// A letter as the library sends it: rank `last` asks rank 0 for something.
  std::vector<std::byte> letter_of_last() {
    auto const future = share(store.future<int>(), 0);
    if (rank == last) {
      EXPECT_THROW(future.wait(20ms), Timeout);
    }
    meet();
    auto& seen = Seen::instance();
    std::lock_guard const lock(seen.mutex);
    return seen.last_letter;
  }
  void send(std::vector<std::byte> const& letter) {
    PMPI_Send(letter.data(), static_cast<int>(letter.size()), MPI_BYTE, 0, 0, Seen::instance().last_duplicate);
  }
  static std::vector<std::byte> with(std::vector<std::byte> letter, std::size_t at, int value) {
    letter.at(at) = std::byte(value);
    return letter;
  }
  /// Serves until the error comes.
  std::string failure() {
    return error_of<ConnectorError>([&] {
      for (Deadline const end(patience); !end.expired();) store.progress();
    });
  }
};

/// Letters go between nodes.
using CorruptLetter = Corrupt;
/// One node's memory.
class CorruptMemory : public Corrupt {
 protected:
  /// Of rank 0, as this rank maps it.
  mpi::detail::SlabHeader& header() {
    return *reinterpret_cast<mpi::detail::SlabHeader*>(Seen::instance().slabs.at(0));
  }
  /// Of the first key that rank 0 made.
  mpi::detail::Slot& first_slot() {
    return *reinterpret_cast<mpi::detail::Slot*>(Seen::instance().slabs.at(0) + header().pages[0]);
  }
  template <class T>
  static std::uint64_t& word(T& of) {
    static_assert(sizeof of == sizeof(std::uint64_t));
    return reinterpret_cast<std::uint64_t&>(of);
  }
  /// What rank `last` says to a call for an object of rank 0, while `value` is written over a word.
  template <class Call>
  void expect_said(std::uint64_t& word, std::uint64_t value, std::string const& text, Call const& call) {
    auto const right = word;
    meet();
    if (rank == 0) word = value;
    meet();
    if (rank == last) {
      EXPECT_THAT(error_of<CorruptObject>(call), HasSubstr(text)) << value;
    }
    meet();
    if (rank == 0) word = right;
    meet();
  }
};

}  // namespace

TEST_F(CorruptLetter, IsAnErrorThatNamesItsSender) {
  if (!has_network()) GTEST_SKIP() << "one node sends no letters";
  auto letter = letter_of_last();
  if (rank == last) {
    letter.resize(10);
    send(letter);
  }
  if (rank == 0) {
    auto const text = failure();
    EXPECT_THAT(text, HasSubstr("rank " + std::to_string(last) + " cannot be read"));
    EXPECT_THAT(
        error_of<ConnectorError>([&] { (void)store.put(1), (void)store.future<int>({.producer = last}).wait(1s); }),
        HasSubstr("out of order"));
  }
  meet();
  EXPECT_THROW(store.close(), ConnectorError) << "all are told";
}

TEST_F(CorruptLetter, IsSurvivedOfEveryKindAndWhicheverByteIsWrong) {
  if (!has_network()) GTEST_SKIP() << "one node sends no letters";
  constexpr std::size_t kind_at = 4, in_one_store = 24;  // the first that is noticed is the last that the store reads
  constexpr int kinds = 12;
  auto head = letter_of_last();
  store.close();
  auto const bytes = share(head.size(), last);
  for (int kind = 1; kind <= kinds; ++kind)
    for (auto first = kind_at + 1; first < bytes; first += in_one_store) {
      auto fresh = Store::open("corrupted", mpi::rma(MPI_COMM_WORLD, {.capacity = 1 * MiB, .reply_timeout = 1s}));
      if (rank == last) {
        head[kind_at] = std::byte(kind);
        for (auto i = first; i < std::min(first + in_one_store, bytes); ++i) send(with(head, i, 0x7f));
      }
      meet();
      try {
        for (int i = 0; i < 50; ++i) fresh.progress();
        fresh.close();
      } catch (Error const&) {  // one of ours, whichever
      }
    }
}

/// As of a home that passes a state on to very many nodes.
TEST_F(CorruptLetter, ThatIsLongComesInPartsAndIsReadAsOne) {
  if (!has_network()) GTEST_SKIP() << "one node sends no letters";
  using mpi::detail::Letter;
  using mpi::detail::Mail;
  constexpr std::uint32_t ranks = 2000;
  auto const future = share(store.future<int>(), 0);
  if (rank == last) {
    EXPECT_THROW(future.wait(20ms), Timeout);
  }
  meet();
  if (rank == last) {
    std::vector<std::byte> letter;
    {
      auto& seen = Seen::instance();
      std::lock_guard const lock(seen.mutex);
      letter = seen.last_letter;
    }
    Letter head;
    std::memcpy(static_cast<void*>(&head), letter.data(), sizeof head);
    head.kind = mpi::detail::Kind::evict;  // as this can be seen
    head.ranks = ranks;
    head.size = sizeof head + ranks * sizeof(std::uint32_t);
    letter.resize(head.size);
    std::memcpy(letter.data(), static_cast<void const*>(&head), sizeof head);
    for (std::size_t at = 0; at < letter.size(); at += Mail::letter_part) {
      auto const end = std::min(at + Mail::letter_part, letter.size());
      send({letter.begin() + static_cast<std::ptrdiff_t>(at), letter.begin() + static_cast<std::ptrdiff_t>(end)});
    }
  }
  if (rank == 0) {
    EXPECT_THROW(future.wait(patience), ObjectNotFound);
  }
  meet();
  store.close();
}

TEST_F(CorruptLetter, IsAnErrorWhereItsPartsAreMoreThanItSays) {
  if (!has_network()) GTEST_SKIP() << "one node sends no letters";
  auto letter = letter_of_last();
  if (rank == last) {
    auto const bytes = static_cast<std::uint64_t>(mpi::detail::Mail::letter_part + 8);
    letter.resize(mpi::detail::Mail::letter_part);
    std::memcpy(letter.data() + offsetof(mpi::detail::Letter, size), &bytes, sizeof bytes);
    send(letter);
    send(std::vector<std::byte>(9));
  }
  if (rank == 0) {
    EXPECT_THAT(failure(), HasSubstr("longer than it says"));
  }
  meet();
  EXPECT_THROW(store.close(), ConnectorError) << "all are told";
}

TEST_F(CorruptMemory, IsAnErrorWhereASlotIsWrittenOver) {
  if (has_network()) GTEST_SKIP() << "its node has one rank";
  Key const key(share(std::string(store.put(std::string(1000, 'x')).text()), 0));
  auto& slot = first_slot();
  auto const get = [&] { (void)store.get<std::string>(key); };
  for (auto const wrong : {std::uint64_t{1} << 40U, std::uint64_t{2 * MiB}, UINT64_MAX}) {
    expect_said(word(slot.size), wrong, "beyond its slab", get);
    expect_said(word(slot.payload[0]), wrong, "beyond its slab", get);  // owner
    expect_said(word(slot.payload[1]), wrong, "beyond its slab", get);  // offset
  }
  EXPECT_EQ(store.get<std::string>(key)->size(), 1000U) << "what was right again is found";
}

TEST_F(CorruptMemory, IsAnErrorWhereTheHeaderIsWrittenOver) {
  if (has_network()) GTEST_SKIP() << "its node has one rank";
  Key const key(share(std::string(store.put(std::string(1000, 'x')).text()), 0));
  auto const get = [&] { (void)store.get<std::string>(key); };
  auto const wait = [&] { (void)connector.wait(key, 1s); };
  for (auto const wrong : {std::uint64_t{1} << 40U, std::uint64_t{2 * MiB}, UINT64_MAX, std::uint64_t{1}}) {
    expect_said(word(header().pages[0]), wrong, "header", get);
    expect_said(word(header().pages[0]), wrong, "header", wait);
  }
  auto const magic = header().magic;
  if (rank == 0) header().magic = 0;
  expect_said(word(header().pages[0]), 0, "header", get);  // as after a memset
  if (rank == 0) header().magic = magic;
  meet();
  EXPECT_EQ(store.get<std::string>(key)->size(), 1000U) << "what was right again is found";
}
