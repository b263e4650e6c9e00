#include <proxystore/mpi/detail/collective_core.hpp>

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <proxystore/error.hpp>

#include "array_file.hpp"
#include "box.hpp"
#include "check.hpp"
#include "exchange.hpp"
#include "offer.hpp"
#include "progress.hpp"

namespace proxystore::mpi::detail {
namespace {

/// For consumers. The future may be set, or its store closed: then they know already.
void tell(Future<Layout> const& future, std::exception_ptr const& error) noexcept {
  try {
    future.set_exception(error);
  } catch (std::exception const&) {
  }
}

/// What can be told to other ranks.
[[noreturn]] void throw_as_standard(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const&) {
    throw;
  } catch (...) {
    throw InvalidArgument("a producer failed with what is no std::exception");
  }
}

/// One put of one rank. What it has left in the medium goes with it, unless it came to its end.
class Put {
 public:
  Put(MPI_Comm comm, Future<Layout> const& future, FileOptions const& options, Block const& block)
      : comm_(comm), future_(future), options_(options), block_(block) {}
  Put(Put const&) = delete;
  Put& operator=(Put const&) = delete;
  ~Put() {
    if (!done_) undo();
  }

  void run() {
    agree([&] { offer(); });
    agree([&] { compare(exchange(comm_, serialize(mine_))); });  // up to here nobody has touched a block
    if (options_.directory.empty()) agree([&] { store(); });
    else write_file();
    agree([&] { announce(); });
    done_ = true;
  }

 private:
  /// A step of all ranks.
  void agree(std::function<void()> const& work) const {
    std::exception_ptr mine;
    try {
      come_together(comm_, [&] {
        try {
          work();
        } catch (...) {
          mine = std::current_exception();
          throw_as_standard(mine);
        }
      });
    } catch (std::exception const&) {
      tell_consumers(mine, std::current_exception());
      throw;
    }
  }

  /// Nobody tells before all have taken the step: whoever finds the future set has found another put. And who failed
  /// tells before those who heard of it, so that consumers get the error itself.
  void tell_consumers(std::exception_ptr const& mine, std::exception_ptr const& heard) const noexcept {
    try {
      come_together(comm_, [&] {
        if (mine) tell(future_, mine);
      });
    } catch (std::exception const&) {  // the first error is on its way
    }
    if (rank_ == 0) tell(future_, heard);
  }

  void offer() {
    rank_ = rank_in(comm_);
    if (block_.error) std::rethrow_exception(block_.error);
    if (rank_ == 0 && future_.done())
      throw AlreadySet("the array of future '" + future_.key().text() + "' is set already; the first one stays");
    mine_ = offer_of(future_.key(), options_, block_);
    auto& piece = mine_.array.pieces.front();
    if (!options_.directory.empty()) mine_.file_id = make_uuid_key().text();
    else if (!empty(piece.box)) piece.object = future_.store().new_key({});
  }

  void store() const {
    auto const& key = mine_.piece().object;
    auto& connector = future_.store().connector();
    if (!key.empty()) connector.deferrable()->set(key, block_.encode(connector));
  }

  void compare(std::vector<Bytes> const& of_all) {
    std::vector<Offer> offers;
    for (auto const& bytes : of_all) offers.push_back(deserialize<Offer>(bytes));
    require_whole(offers, static_cast<std::size_t>(rank_));
    layout_ = layout_of(offers);
    auto const file = options_.name + '-' + offers.front().file_id + ".h5";
    draft_ = options_.directory + "/." + file;
    if (!options_.directory.empty()) layout_.file = options_.directory + '/' + file;
  }

  void write_file() {
    std::optional<SharedArrayFile> file;
    agree([&] {
      if (rank_ == 0) make_file();
    });
    agree([&] { file.emplace(comm_, draft_); });
    agree([&] { file->open(layout_); });
    agree([&] { file->write(block_, mine_.piece()); });
    agree([&] { file->close(); });
  }

  void make_file() const {
    std::error_code code;
    std::filesystem::create_directories(options_.directory, code);
    if (code) throw ConnectorError("cannot make directory '" + options_.directory + "' (" + code.message() + ")");
    auto& store = future_.store();
    make_array_file(draft_, layout_, {store.name(), future_.key().text(), store.connector().whoami()});
  }

  void announce() const {
    if (rank_ != 0) return;
    if (!layout_.file.empty()) std::filesystem::rename(draft_, layout_.file);
    future_.set_result(layout_);
  }

  void undo() const noexcept {
    try {
      if (rank_ == 0 && !layout_.file.empty())
        for (auto const& path : {draft_, layout_.file}) unlink(path.c_str());
      if (!mine_.array.pieces.empty() && !mine_.piece().object.empty()) future_.store().evict(mine_.piece().object);
    } catch (std::exception const&) {  // the first error is on its way
    }
  }

  MPI_Comm comm_;
  Future<Layout> const& future_;
  FileOptions const& options_;
  Block const& block_;
  int rank_ = 0;
  Offer mine_;
  Layout layout_;
  std::string draft_;  // the file before it has its name
  bool done_ = false;
};

}  // namespace

FileOptions file_options(std::string directory, std::string name) {
  if (directory.empty()) return {};
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos || name.size() > 200)
    throw InvalidArgument("'" + name + "' cannot be the name of an array in a file (no '/', no '.' in front)");
  if (!has_array_files())
    throw ConfigError(
        "collective arrays cannot be kept in files (this build has no parallel HDF5) leave the directory empty");
  return {std::filesystem::absolute(directory).lexically_normal().string(), std::move(name)};
}

void put(MPI_Comm comm, Future<Layout> const& future, FileOptions const& options, Block const& block) {
  if (comm == MPI_COMM_NULL)
    throw InvalidArgument("an array is put by the ranks of a communicator (this is MPI_COMM_NULL)");
  Put(comm, future, options, block).run();
}

}  // namespace proxystore::mpi::detail
