#pragma once

#include <mpi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/mpi/parallel_file.hpp>
#include <proxystore/segments/reader.hpp>
#include <proxystore/segments/writer.hpp>

#include "ledger.hpp"
#include "past.hpp"
#include "rma_connector.hpp"

namespace proxystore::mpi::detail {

/// What all ranks know of the directory.
struct Shared {
  std::string directory;
  bool mapped;         // it belongs to this machine
  bool close_to_open;  // NFS
};

/// Keys, waits and wake-ups are those of an rma store of its own, whose objects are Locators: they fit into a slot, and
/// so reach whoever waits at once. The bytes are in segments.
class ParallelFileConnector final : public DeferrableConnector {
 public:
  ParallelFileConnector(MPI_Comm comm, ParallelFileOptions const& options);  ///< Collective.
  ~ParallelFileConnector() override;

  Buffer allocate(std::size_t bytes) override;
  Buffer stage(std::size_t bytes) override;
  Key put(Buffer object) override;
  std::vector<Key> put_batch(std::vector<Buffer> objects) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  Config config() const override;
  void close() override;
  bool gather_at_close(std::shared_ptr<Gathering> gathering) override {
    return control_->gather_at_close(std::move(gathering));
  }
  std::string whoami() const override { return control_->whoami(); }
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;
  std::unique_ptr<LongWait> wait_long(Key const& key) override;

  void progress() override;

 private:
  class Call;

  void append(std::vector<segments::Writer::Item>& items);
  bool make_room();
  bool sweep(std::size_t most, bool far);
  std::optional<Bytes> fetch(Key const& key, std::string_view name, Bytes const& told);
  void evict_mine(Key const& key, Key const& name);
  void bury(Key const& key);
  void ensure_open() const;
  bool is_mine(Parts const& parts) const noexcept { return parts.session == session_; }

  ParallelFileOptions const options_;
  std::unique_ptr<RmaConnector> const control_;
  std::string const session_;
  Shared const shared_;
  std::uint32_t const rank_;
  std::unique_ptr<segments::Writer> const writer_;
  std::unique_ptr<segments::Reader> const reader_;
  std::unique_ptr<Ledger> const ledger_;
  std::unique_ptr<Past> const past_;
  std::atomic<int> active_{0};
  std::atomic<unsigned> evictions_{0};
  std::atomic<bool> closed_{false};
  std::mutex unburied_mutex_;
  std::vector<std::string> unburied_;  // for whose tombstones there was no room; guarded by unburied_mutex_
};

}  // namespace proxystore::mpi::detail
