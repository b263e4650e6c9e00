#include <proxystore/detail/ownership.hpp>

#include <cstring>
#include <string>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore::detail {
namespace {

thread_local LoanCollector* collector = nullptr;

std::string named(Reference const& reference) {
  auto const& store = reference.store ? reference.store->name : std::string();
  return "key '" + reference.key.text() + "' of store '" + store + "'";
}

}  // namespace

Ownership::Ownership(Reference reference, std::shared_ptr<StoreCore> store)
    : reference_(std::move(reference)), store_(std::move(store)) {}

Ownership::~Ownership() {
  if (!owns_) return;
  try {
    auto& store = located();
    store.evict(reference_.key);
    if (promised_) store.evict(*promised_);
  } catch (std::exception const&) {  // the store is closed, or a destructor has nobody to tell
  }
}

StoreCore& Ownership::located() {
  if (!store_) store_ = locate(reference_);
  return *store_;
}

void Ownership::require(bool free, std::string_view what) {
  if (!owns_)
    throw InvalidArgument(
        "this owner owns nothing (it was serialized, which moves what it owned, or evicted) use the owner that it was "
        "moved to");
  if (free) return;
  auto const why = exclusive_ ? std::string("mutably borrowed")
                              : "borrowed " + std::to_string(shared_) + (shared_ == 1 ? " time" : " times");
  throw InvalidArgument(named(reference_) + " cannot be " + std::string(what) + " (it is " + why +
                        ") let the borrowed proxies go first");
}

/// Takes over what a borrower elsewhere has set.
void Ownership::settle() {
  if (!promised_ || exclusive_) return;
  auto& store = located();
  if (store.exists(*promised_)) become(*promised_);
  else store.evict(*promised_);
  promised_.reset();
}

void Ownership::become(Key key) {
  auto const old = std::exchange(reference_.key, std::move(key));
  reference_.kind = Kind::object;
  ++version_;
  located().evict(old);
}

void Ownership::replace(Buffer object) { become(located().put(std::move(object))); }

bool Ownership::owns() const {
  std::lock_guard lock(mutex_);
  return owns_;
}

std::uint64_t Ownership::version() {
  std::lock_guard lock(mutex_);
  require(!exclusive_, "used by its owner");
  settle();
  return version_;
}

Reference Ownership::reference() const {
  std::lock_guard lock(mutex_);
  return reference_;
}

std::shared_ptr<StoreCore> Ownership::store() {
  std::lock_guard lock(mutex_);
  return located().shared_from_this();
}

std::shared_ptr<Loan> Ownership::lend(Mode mode) {
  std::lock_guard lock(mutex_);
  bool const shared = mode == Mode::shared;
  require(!exclusive_ && (shared || shared_ == 0), shared ? "borrowed" : "mutably borrowed");
  settle();
  auto loan = std::make_shared<Loan>(shared_from_this(), mode);
  shared ? static_cast<void>(++shared_) : static_cast<void>(exclusive_ = true);
  return loan;
}

void Ownership::end(Mode mode) noexcept {
  std::lock_guard lock(mutex_);
  mode == Mode::shared ? static_cast<void>(--shared_) : static_cast<void>(exclusive_ = false);
}

void Ownership::update(Buffer object) {
  std::lock_guard lock(mutex_);
  require(!exclusive_ && shared_ == 0, "updated");
  settle();
  replace(std::move(object));
}

Reference Ownership::give_away() {
  std::lock_guard lock(mutex_);
  require(!exclusive_ && shared_ == 0, "moved to another owner");
  settle();
  owns_ = false;
  return reference_;
}

void Ownership::evict() {
  std::lock_guard lock(mutex_);
  require(!exclusive_ && shared_ == 0, "evicted");
  settle();
  located().evict(reference_.key);
  owns_ = false;
}

void Loan::replace(Buffer object) {
  std::lock_guard lock(lender_->mutex_);
  lender_->replace(std::move(object));
}

std::optional<Key> Loan::promise() {
  std::lock_guard lock(lender_->mutex_);
  auto& store = lender_->located();
  if (store.connector().deferrable()) lender_->promised_ = store.new_key({});
  return lender_->promised_;
}

LoanCollector::LoanCollector() noexcept : outer_(std::exchange(collector, this)) {}
LoanCollector::~LoanCollector() { collector = outer_; }

void LoanCollector::collect(std::shared_ptr<Loan> const& loan) {
  if (collector && loan) collector->loans_.push_back(loan);
}

void set_promised(StoreCore& store, Reference lent, std::optional<Key> const& promised, Buffer object) {
  if (!promised || promised->empty())
    throw NotDeferrable(
        named(lent) +
        " cannot be updated from here (its connector makes no keys in advance) update it where its owner is");
  lent.key = *promised;
  try {
    store.set(lent, std::move(object));
  } catch (AlreadySet const&) {
    throw AlreadySet(
        "a mutably borrowed proxy of store '" + store.name() +
        "' was updated already (away from its owner that can be done once) give it back and borrow it again");
  }
}

void require_ownable(Reference const& reference, StoreCore& store, bool is_resolved) {
  if (store.lifespans().hold(reference.key))
    throw InvalidArgument(named(reference) + " cannot be owned (a lifetime evicts it) take one or the other");
  if (reference.evict_on_resolve && is_resolved)
    throw InvalidArgument(named(reference) +
                          " cannot be owned (evict_on_resolve: this proxy has taken it out of the store already)");
}

Reference copy_object(Reference const& reference, StoreCore& store, Deadline deadline, Where where) {
  auto const bytes = store.fetch(reference, deadline);
  Buffer copy = store.stage().allocate(bytes.size());
  if (bytes.size() != 0) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return {store.info(), store.put(std::move(copy)), std::move(where), Kind::object, false};
}

}  // namespace proxystore::detail
