/// @file
/// Several connectors as one, by policies.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

/// Which objects a member of a MultiConnector takes. All have to hold.
struct MultiPolicy {
  int priority = 0;  ///< the highest that takes an object gets it; of equal ones, that with the narrower range of sizes
  std::size_t min_size = 0;                                        ///< bytes of the object as it is stored
  std::size_t max_size = std::numeric_limits<std::size_t>::max();  ///< the same
  std::vector<std::string> subset_tags = {};                       ///< all subset tags of a put must be among these
  std::vector<std::string> superset_tags = {};  ///< all of these must be among the superset tags of a put
  /// Regular expression (ECMAScript) that the whole name of this host must match. Elsewhere the member is dormant: it
  /// is not opened, and nothing is put there or read from there. Empty: all hosts.
  std::string hosts = {};
};

/// The members of a MultiConnector.
struct PROXYSTORE_EXPORT MultiOptions {
  /// One of the connectors: by its config, or open already.
  struct Member {
    std::string name;  ///< letters, digits, - and _; not "spill"
    MultiPolicy policy = {};
    Config config = {};                              ///< opened through the Registry, where not dormant
    std::unique_ptr<Connector> connector = nullptr;  ///< or open already, for all hosts
  };
  std::vector<Member> members = {};
  /// Where an object goes that a member has no room for (StoreFull): to the first of these that has, and whose policy
  /// allows its size. Empty: nowhere, StoreFull is thrown.
  std::vector<std::string> spill = {};

  MultiOptions& add(std::string name, std::string_view text, MultiPolicy policy = {});
  MultiOptions& add(std::string name, std::unique_ptr<Connector> connector, MultiPolicy policy = {});
};

/// Several connectors as one: each object goes where the policies send it, and is read wherever it lies.
///
/// Deferrable if a member is. A key without an object is made by the first member that is deferrable and allows the
/// tags and size of the hint; without a size, of equal priority that with the widest range. If the object turns out to
/// be too large for that member's policy, or for its room while there is a spill, it goes where another put would have
/// gone, and a reference to it takes its place (48 bytes at most for rma, redis and file, so that it fits into a slot
/// of a full rma store): who waits is woken as ever and follows it. A smaller object than the policy wants stays.
///
/// A key names its member and is read by it alone, whatever the policies; that of a dormant one is a ConnectorError,
/// as is an object that no policy takes. Members are opened and closed in the order of their names.
class PROXYSTORE_EXPORT MultiConnector final : public DeferrableConnector {
 public:
  /// Throws ConfigError, and what opening the members throws.
  explicit MultiConnector(MultiOptions options);
  ~MultiConnector() override;

  /// Memory of the member that an object of this size without tags would go to; heap if that is full.
  Buffer allocate(std::size_t bytes) override;
  Buffer stage(std::size_t bytes) override;
  Key put(Buffer object) override;
  Key put_tagged(Buffer object, Tags const& tags) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  /// An evict that meets a set of the same key may leave what that set has spilt.
  void evict(Key const& key) override;
  std::vector<Key> put_batch(std::vector<Buffer> objects) override;
  std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys) override;
  void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) override;
  /// Of members with `hosts` the config as it was given, since it must be the same on all of them; of others their own.
  Config config() const override;
  void close() override;
  void opened_as(std::string const& store) override;
  /// By the first member that is closed collectively.
  bool gather_at_close(std::shared_ptr<Gathering> gathering) override;
  bool reads_in_place() const noexcept override;
  /// As the member of the highest priority says.
  std::string whoami() const override;
  void progress() override;
  std::string report() const override;

  DeferrableConnector* deferrable() noexcept override;
  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;
  std::unique_ptr<LongWait> wait_long(Key const& key) override;

  /// Kind `multi`. Each member is an option of its name, the members of its policy and its own options follow after a
  /// dot, as in
  ///
  ///     multi:?near=rma:&near.capacity=1GiB&near.max=64MiB&far=file:///scratch/run7&spill=far
  ///
  /// Of a policy: `priority`, `min`, `max`, `hosts`, and `subset_tags` and `superset_tags`, separated by commas.
  /// With an rma or parallel-file member, mpi::connect() opens it.
  static void add_kind(Registry& registry);

 private:
  using Member = MultiOptions::Member;
  struct Place;

  void ensure_open() const;
  Member const* choose(std::size_t size, Tags const& tags) const;
  Member const& chosen(std::size_t size, Tags const& tags) const;
  [[noreturn]] void throw_nobody(std::string const& what) const;
  std::optional<Place> find(Key const& key) const;
  Buffer memory_of_member(std::size_t bytes, Buffer (Connector::*take)(std::size_t));
  Key put_into(Member const& first, Buffer object);
  std::optional<Key> spill(Member const& full, Buffer const& object);
  std::optional<Key> set_here(Place const& place, Buffer object);
  static void withdraw(Place const& place);
  std::optional<Place> referred(Bytes const& object) const;
  std::optional<Bytes> follow(Place const& place, std::optional<Bytes> object) const;

  std::vector<Member> members_;       // by name
  std::vector<Member const*> order_;  // those that are not dormant, first choice first
  std::vector<Member const*> spill_;  // those that are not dormant
  std::vector<std::string> spill_names_;
  bool refers_ = false;  // there may be references
  std::atomic<bool> closed_{false};
};

}  // namespace proxystore
