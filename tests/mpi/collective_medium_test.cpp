// What is special to one medium of collective arrays: room for it, rights in it, and who else reads it.
#include "collective.hpp"

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

#include <sys/stat.h>

namespace {

using namespace world;
using testing::AllOf;

std::string output_of(std::string const& command) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), pclose);
  std::string output;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) output += static_cast<char>(c);
  return output;
}

class InMemory : public Collective {};
class InAFile : public Collective {};

TEST_P(InMemory, LackOfRoomOnOneRankFailsAll) {
  auto small = Store::open("small", mpi::rma(MPI_COMM_WORLD, {.capacity = MiB}));
  auto const number = static_cast<std::size_t>(rank);
  auto const put = [&](mpi::CollectiveFuture<Cell> const& made, std::size_t large) {
    Shape const shape{static_cast<std::size_t>(size) - 1 + large};
    Array<Cell> block(Shape{rank == last ? large : 1});
    std::iota(block.begin(), block.end(), static_cast<Cell>(number));
    made.put(MPI_COMM_WORLD, std::move(block), {shape, {number}});
  };
  auto const made = share(rank == 0 ? mpi::collective_future<Cell>(small) : mpi::CollectiveFuture<Cell>(), 0);
  if (rank == last) {
    EXPECT_THROW(put(made, MiB), StoreFull);
  } else {
    EXPECT_THAT(error_of<ConnectorError>([&] { put(made, MiB); }), HasSubstr("capacity"));
  }
  EXPECT_THAT(error_of<RemoteError>([&] { (void)made.proxy().region({0}, {1}, patience); }), HasSubstr("capacity"));
  auto const next = share(rank == 0 ? mpi::collective_future<Cell>(small) : mpi::CollectiveFuture<Cell>(), 0);
  put(next, 1000);
  auto const all = next.proxy().region({0}, next.proxy().shape(), patience);
  EXPECT_EQ(wrong_cells(all, all.shape(), {0}, 0), 0U) << "the store goes on";
  meet();
}

TEST_P(InMemory, OneBlockOfThisNodeIsReadInPlace) {
  auto const made = future<Cell>();
  put_rows(made, 3);
  auto const mine = row_of(made.proxy(), rank);
  EXPECT_TRUE(mine.is_view());
  EXPECT_EQ(wrong_cells(mine, {static_cast<std::size_t>(size), 4}, {static_cast<std::size_t>(rank), 0}, 3), 0U);
}

TEST_P(InMemory, ARankThatLeavesBreaksTheFuture) {
  auto leaving = Store::open("leaving", mpi::rma(MPI_COMM_WORLD, {.capacity = MiB}));
  auto const made = share(
      rank == last ? mpi::collective_future<Cell>(leaving, {.producer = last}) : mpi::CollectiveFuture<Cell>(), last);
  if (rank == last) {
    leaving.close();
  } else {
    EXPECT_THROW((void)made.proxy().region({0}, {1}, patience), BrokenFuture);
  }
}

/// While it lives, this process has no rights but everybody's.
class AsAnyUser {
 public:
  AsAnyUser() : user_(geteuid()) {
    if (user_ == 0 && seteuid(65534) != 0) std::abort();
  }
  ~AsAnyUser() {
    if (user_ == 0 && seteuid(0) != 0) std::abort();
  }
  AsAnyUser(AsAnyUser const&) = delete;
  AsAnyUser& operator=(AsAnyUser const&) = delete;

 private:
  uid_t user_;
};

TEST_P(InAFile, LackOfRightsIsToldToAll) {
  auto const made = future<Cell>();
  if (rank == 0) chmod(options.directory.c_str(), 0555);
  meet();
  {
    AsAnyUser const any;
    auto const text = error_of<ConnectorError>([&] { put_rows(made, 1); });
    EXPECT_THAT(text, AllOf(HasSubstr(options.directory), HasSubstr("ermission denied")));
  }
  EXPECT_THAT(error_of<RemoteError>([&] { (void)row_of(made.proxy(), 0); }), HasSubstr("ermission denied"));
  meet();
  if (rank == 0) chmod(options.directory.c_str(), 0755);
  meet();
  auto const next = future<Cell>();
  put_rows(next, 1);
  EXPECT_EQ(files(), 1U);
}

TEST_P(InAFile, ADirectoryThatIsNoneIsToldToAll) {
  auto const file = options.directory + "/file";
  if (rank == 0) std::ofstream(file) << "text";
  meet();
  options.directory = file;
  auto const made = future<Cell>();
  EXPECT_THAT(error_of<ConnectorError>([&] { put_rows(made, 1); }), HasSubstr(file));
  EXPECT_THROW((void)row_of(made.proxy(), 0), RemoteError);
  options.directory = std::filesystem::path(file).parent_path();
}

// With a small file system at TMPDIR (see CMakeLists.txt).
TEST_P(InAFile, AFullDiskIsToldToAllAndLeavesNothing) {
  auto const room = std::filesystem::space(options.directory).available;
  meet();
  if (room > 64 * MiB) GTEST_SKIP() << "the disk is not small";
  auto const large = future<Cell>();
  Shape const shape{static_cast<std::size_t>(size), room / sizeof(Cell) / static_cast<std::size_t>(size) + 1000};
  auto const put = [&](mpi::CollectiveFuture<Cell> const& made, Shape const& whole) {
    Array<Cell> block({1, whole[1]});
    std::fill(block.begin(), block.end(), Cell{rank});
    made.put(MPI_COMM_WORLD, block, {whole, {static_cast<std::size_t>(rank), 0}});
  };
  if (rank == 0) {
    EXPECT_THAT(error_of<StoreFull>([&] { put(large, shape); }), HasSubstr(options.directory));
  } else {
    EXPECT_THROW(put(large, shape), ConnectorError);
  }
  EXPECT_THROW((void)large.proxy().region({0, 0}, {1, 1}, patience), RemoteError);
  meet();
  EXPECT_EQ(files(), 0U);
  auto const next = future<Cell>();
  put(next, {static_cast<std::size_t>(size), 100});
  EXPECT_EQ(next.proxy().region({static_cast<std::size_t>(last), 99}, {1, 1}, patience)[0], last);
}

TEST_P(InAFile, IsWhatH5dumpAndH5pyRead) {
  options.name = "rows";
  auto const made = future<Cell>();
  put_rows(made, 5);
  auto const path = made.proxy().file(patience);
  meet();
  if (rank != 0) return;
  EXPECT_THAT(std::filesystem::path(path).filename().string(), testing::MatchesRegex("rows-[-0-9a-f]+\\.h5"));
  if (output_of("h5dump --version").find("h5dump: Version") == std::string::npos) GTEST_SKIP() << "h5dump is not here";
  EXPECT_THAT(output_of("h5dump " + path),
              AllOf(HasSubstr("DATASET \"rows\""), HasSubstr("H5T_STD_I64LE"), HasSubstr("(0,0): 5, 6, 7, 8"),
                    HasSubstr("( " + std::to_string(size) + ", 4 )"), HasSubstr("ATTRIBUTE \"store\"")));
  auto const python = "/usr/bin/python3 -c \"import h5py; d = h5py.File('" + path +
                      "')['rows']; print(d.dtype.str, d.shape, d[()].sum(), d.attrs['store'])\"";
  if (!output_of("/usr/bin/python3 -c 'import h5py'").empty()) GTEST_SKIP() << "h5py is not here";
  auto const cells = 4 * size;
  EXPECT_THAT(output_of(python), HasSubstr("<i8 (" + std::to_string(size) + ", 4) " +
                                           std::to_string(5 * cells + cells * (cells - 1) / 2)));
}

TEST_P(InAFile, AFileThatWasDamagedOrTakenAwayIsNotRead) {
  auto const made = future<Cell>();
  put_rows(made, 5);
  auto const path = made.proxy().file(patience);
  meet();
  if (rank == 0) std::filesystem::resize_file(path, 300);
  meet();
  EXPECT_THAT(error_of<CorruptObject>([&] { (void)row_of(made.proxy(), 0); }), HasSubstr(path));
  meet();
  if (rank == 0) std::filesystem::remove(path);
  meet();
  EXPECT_THAT(error_of<ObjectNotFound>([&] { (void)row_of(made.proxy(), 0); }), HasSubstr(path));
}

TEST_P(InAFile, ANameThatIsNoFilesIsRefused) {
  for (std::string const name : {"", ".hidden", "a/b"})
    EXPECT_THROW((void)mpi::collective_future<Cell>(store, {.directory = options.directory, .name = name}),
                 InvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Arrays, InMemory, testing::Values(Medium::memory), [](auto const&) { return "OfRma"; });
INSTANTIATE_TEST_SUITE_P(Arrays, InAFile, testing::Values(Medium::file), [](auto const&) { return "OfHdf5"; });

}  // namespace
