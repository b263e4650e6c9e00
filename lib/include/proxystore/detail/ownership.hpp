/// One owner of a stored object and those who borrow it: the core behind OwnedProxy, RefProxy and RefMutProxy.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <proxystore/detail/reference.hpp>
#include <proxystore/detail/store_core.hpp>
#include <proxystore/export.hpp>

namespace proxystore::detail {

class Loan;

/// Evicts its object when the owner and all who borrowed from it are gone. Thread-safe.
///
///     FREE ──lend(shared)────▶ SHARED  × n   ──the last Loan ends──▶ FREE
///     FREE ──lend(exclusive)─▶ EXCLUSIVE     ──its Loan ends───────▶ FREE (with another object if it was updated)
///     FREE ──give_away()─────▶ GIVEN AWAY    (owns nothing any more; evict() leads here too)
class PROXYSTORE_EXPORT Ownership : public std::enable_shared_from_this<Ownership> {
 public:
  enum class Mode { shared, exclusive };

  /// `store`: null for one that arrived; it is found by name when it is needed.
  Ownership(Reference reference, std::shared_ptr<StoreCore> store);
  Ownership(Ownership const&) = delete;
  Ownership& operator=(Ownership const&) = delete;
  ~Ownership();

  bool owns() const;
  /// Counts the objects that it has owned, one after the other. Throws InvalidArgument while it is lent exclusively,
  /// and when it owns nothing.
  std::uint64_t version();
  Reference reference() const;
  std::shared_ptr<StoreCore> store();

  /// Throws InvalidArgument if that is against the rules.
  std::shared_ptr<Loan> lend(Mode mode);
  /// The owner's own change. Throws InvalidArgument while it is lent.
  void update(Buffer object);
  /// What travels in its stead. Throws InvalidArgument while it is lent.
  Reference give_away();
  void evict();  ///< Throws InvalidArgument while it is lent.

 private:
  friend class Loan;

  void require(bool free, std::string_view what);
  void settle();
  void replace(Buffer object);
  void become(Key key);
  StoreCore& located();
  void end(Mode mode) noexcept;

  mutable std::mutex mutex_;
  Reference reference_;
  std::shared_ptr<StoreCore> store_;
  std::optional<Key> promised_;  // what an exclusive loan elsewhere may have set
  std::uint64_t version_ = 0;
  int shared_ = 0;
  bool exclusive_ = false;
  bool owns_ = true;
};

/// Somebody has borrowed, as long as this lives.
class PROXYSTORE_EXPORT Loan {
 public:
  Loan(std::shared_ptr<Ownership> lender, Ownership::Mode mode) noexcept : lender_(std::move(lender)), mode_(mode) {}
  Loan(Loan const&) = delete;
  Loan& operator=(Loan const&) = delete;
  ~Loan() { lender_->end(mode_); }

  Reference reference() const { return lender_->reference(); }
  std::shared_ptr<StoreCore> store() const { return lender_->store(); }
  /// Puts another object in the place of the borrowed one. REQUIRES: exclusive
  void replace(Buffer object);
  /// The key under which a borrower elsewhere may set another object, once; nullopt where the medium makes none.
  /// REQUIRES: exclusive
  std::optional<Key> promise();

 private:
  std::shared_ptr<Ownership> lender_;
  Ownership::Mode mode_;
};

/// Holds the loans of all that is serialized on this thread while it is in scope: who sends borrowed proxies keeps them
/// until the other side has done with them.
class PROXYSTORE_EXPORT LoanCollector {
 public:
  LoanCollector() noexcept;
  LoanCollector(LoanCollector const&) = delete;
  LoanCollector& operator=(LoanCollector const&) = delete;
  ~LoanCollector();

  static void collect(std::shared_ptr<Loan> const& loan);
  std::vector<std::shared_ptr<void const>> take() noexcept { return std::move(loans_); }

 private:
  std::vector<std::shared_ptr<void const>> loans_;
  LoanCollector* outer_;
};

/// The reference of an owner or borrower that arrives. Throws CorruptObject if what was serialized is none of that
/// kind.
template <class Archive>
Reference load_lent(Archive& archive, char kind) {
  char found = 0;
  archive(found);
  if (found != kind) throw CorruptObject("what arrived is no owner or borrowed proxy of the kind that is wanted");
  Reference reference;
  reference.load(archive);
  return reference;
}
/// The update of a mutable loan, elsewhere than at its owner. Throws AlreadySet, NotDeferrable.
PROXYSTORE_EXPORT void set_promised(StoreCore& store, Reference lent, std::optional<Key> const& promised,
                                    Buffer object);
/// Throws InvalidArgument for what another mechanism evicts: under a lifetime, or taken already by evict_on_resolve.
PROXYSTORE_EXPORT void require_ownable(Reference const& reference, StoreCore& store, bool is_resolved);
/// The stored bytes once more, under a key of their own. Waits for them if they are deferred. Throws as a proxy does.
PROXYSTORE_EXPORT Reference copy_object(Reference const& reference, StoreCore& store, Deadline deadline, Where where);

}  // namespace proxystore::detail
