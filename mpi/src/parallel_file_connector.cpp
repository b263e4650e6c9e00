#include "parallel_file_connector.hpp"

#include <sched.h>
#include <cstring>
#include <limits>
#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>

#include "check.hpp"
#include "open_directory.hpp"

namespace proxystore::mpi {
namespace detail {
namespace {

using segments::Locator;
using segments::Writer;
using Written = segments::State;

static_assert(sizeof(Locator) <= Slot::inline_bytes, "a consumer that is woken has it");

constexpr std::size_t looked_at_in_a_turn = 2;    // of the ledger, at each object that is written
constexpr unsigned evictions_between_looks = 64;  // at which of the files that are open here were removed

Buffer told(Locator const& at) { return Buffer::copy_of(std::as_bytes(std::span(&at, 1))); }

Locator heard(Bytes const& bytes, Key const& key) {
  Locator at;
  if (bytes.size() != sizeof at) throw CorruptObject("the place of object '" + key.text() + "' is not one");
  std::memcpy(&at, bytes.data(), sizeof at);
  return at;
}

segments::WriterOptions writer_options(ParallelFileOptions const& options, Shared const& shared,
                                       std::string const& session, std::uint32_t rank) {
  return {.directory = shared.directory,
          .session = session,
          .rank = rank,
          .segment = options.segment,
          .quota = options.quota,
          .mapped = shared.mapped,
          .flushed = options.fsync || shared.close_to_open,
          .durable = options.fsync,
          .permissions = options.permissions};
}

segments::ReaderOptions reader_options(ParallelFileOptions const& options, Shared const& shared) {
  return {.directory = shared.directory,
          .mapped = shared.mapped,
          .reopened = shared.close_to_open,
          .verified = options.verify,
          .map_bytes = options.segment};
}

}  // namespace

/// A call in flight that uses the files: close() waits for it, and none begins after.
class ParallelFileConnector::Call {
 public:
  explicit Call(ParallelFileConnector& self) : self_(self) {
    self_.active_.fetch_add(1);
    try {
      self_.ensure_open();
    } catch (...) {
      self_.active_.fetch_sub(1);
      throw;
    }
  }
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;
  ~Call() { self_.active_.fetch_sub(1); }

 private:
  ParallelFileConnector& self_;
};

ParallelFileConnector::ParallelFileConnector(MPI_Comm comm, ParallelFileOptions const& options)
    : options_(checked(comm, options)),
      control_(std::make_unique<RmaConnector>(comm, options_.control)),
      session_(control_->session()),
      shared_(open_directory(comm, options_, session_, control_->whoami())),
      rank_(control_->rank()),
      writer_(std::make_unique<Writer>(writer_options(options_, shared_, session_, rank_))),
      reader_(std::make_unique<segments::Reader>(reader_options(options_, shared_))),
      ledger_(std::make_unique<Ledger>(*writer_)),
      past_(std::make_unique<Past>(shared_.directory, *reader_, *writer_)) {
  writer_->when_full([this] { return make_room(); });
}

ParallelFileConnector::~ParallelFileConnector() {
  try {
    close();
  } catch (std::exception const&) {  // nobody to tell
  }
}

void ParallelFileConnector::ensure_open() const {
  if (closed_.load()) throw StoreClosed("the parallel-file connector on " + shared_.directory + " is closed");
}

void ParallelFileConnector::close() {
  if (closed_.exchange(true)) return;
  while (active_.load() != 0) sched_yield();
  take_all({[this] { static_cast<void>(make_room()); }, [this] { past_->clean_up(); }, [this] { control_->close(); },
            [this] { writer_->close(); }});
}

/// Removes what is evicted. False: nothing came free.
bool ParallelFileConnector::make_room() {
  bool const released = sweep(std::numeric_limits<std::size_t>::max(), true);
  return writer_->reclaim() || released;
}

/// With `far`, homes on other nodes are asked too, until one does not answer.
bool ParallelFileConnector::sweep(std::size_t most, bool far) {
  return ledger_->sweep(most, [&](std::string const& name) {
    Key const key(name);
    if (!far && !control_->is_near(key)) return false;
    try {
      return !control_->exists(key);
    } catch (Error const&) {  // it closes, or the network has failed: stays
      far = false;
      return false;
    }
  }) != 0;
}

Buffer ParallelFileConnector::allocate(std::size_t bytes) {
  Call const call(*this);
  return writer_->allocate(bytes);
}

/// As in the file connector, which says why.
Buffer ParallelFileConnector::stage(std::size_t bytes) {
  constexpr std::size_t worth_filling = std::size_t{32} << 20U;
  return bytes < worth_filling ? Buffer(bytes) : allocate(bytes);
}

/// All or none.
void ParallelFileConnector::append(std::vector<Writer::Item>& items) {
  static_cast<void>(sweep(looked_at_in_a_turn, false));
  writer_->append(items);
}

Key ParallelFileConnector::new_key(KeyHint const& hint) {
  Call const call(*this);
  return key_of(session_, control_->new_key(hint).text());
}

Key ParallelFileConnector::put(Buffer object) {
  std::vector<Buffer> objects;
  objects.push_back(std::move(object));
  return std::move(put_batch(std::move(objects)).front());
}

/// Nobody knows the keys yet, so nobody else can set them.
std::vector<Key> ParallelFileConnector::put_batch(std::vector<Buffer> objects) {
  Call const call(*this);
  std::vector<Key> names, keys;
  std::vector<Writer::Item> items;
  keys.reserve(objects.size());  // items have views of them
  auto const forget = [&] {
    for (auto const& item : items) static_cast<void>(ledger_->release(item.at, Written::withdrawn));
    for (auto const& name : names) control_->evict(name);
  };
  try {
    for (auto& object : objects) {
      keys.push_back(key_of(session_, names.emplace_back(control_->new_key({})).text()));
      items.push_back({keys.back().text(), std::move(object), Written::complete});
    }
    append(items);
    for (std::size_t i = 0; i < items.size(); ++i) ledger_->add(items[i].at, names[i].text());
    for (std::size_t i = 0; i < items.size(); ++i) {
      control_->set(names[i], told(items[i].at));
      ledger_->confirm(items[i].at, Written::complete);
    }
  } catch (...) {
    forget();
    throw;
  }
  return keys;
}

void ParallelFileConnector::set(Key const& key, Buffer object) {
  Call const call(*this);
  auto const parts = parts_of(key);
  auto const what = "parallel-file key '" + key.text() + "' cannot be set by " + whoami();
  if (!parts) throw ObjectNotFound(what + " (it was made by another store)");
  if (!is_mine(*parts)) past_->refuse(key);
  Key const name{std::string(parts->name)};
  std::vector<Writer::Item> items;
  // Not if its home did not answer: then somebody may have heard of it.
  auto const withdraw = [&] {
    for (auto const& item : items) static_cast<void>(ledger_->release(item.at, Written::withdrawn));
  };
  try {
    // Not written in vain, as far as can be told without asking another node.
    if (control_->is_near(name) && control_->wait(name, Deadline::immediate()) != State::pending)
      return control_->set(name, Buffer());
    items.push_back({key.text(), std::move(object), Written::proposed});
    append(items);
    ledger_->add(items[0].at, name.text());
    control_->set(name, told(items[0].at));
  } catch (StoreFull const&) {
    withdraw();
    throw;
  } catch (AlreadySet const&) {
    withdraw();
    throw AlreadySet(what + " (it is set already; the first object stays)");
  } catch (ObjectNotFound const&) {
    withdraw();
    throw ObjectNotFound(what + " (it was evicted, or made by another store)");
  } catch (BrokenFuture const&) {
    withdraw();
    throw BrokenFuture(what + " (it was broken when the rank that made it, or its producer, closed the store)");
  }
  ledger_->confirm(items[0].at, Written::proposed);
}

/// The object at the place that its slot tells of. nullopt: it was evicted since, and its file removed.
std::optional<Bytes> ParallelFileConnector::fetch(Key const& key, std::string_view name, Bytes const& told) {
  auto const at = heard(told, key);
  segments::FileName const file{session_, at.rank, at.number};
  if (auto object = reader_->read(file, at, key.text())) return object;
  if (!control_->exists(Key(std::string(name)))) return std::nullopt;
  throw CorruptObject("object '" + key.text() + "' is lost (its file " + shared_.directory + '/' + file.text() +
                      " was removed by somebody else, or does not reach this host)");
}

std::optional<Bytes> ParallelFileConnector::get(Key const& key) {
  Call const call(*this);
  auto const parts = parts_of(key);
  if (!parts) return std::nullopt;
  if (!is_mine(*parts)) return past_->get(key);
  auto const told = control_->get(Key(std::string(parts->name)));
  return told ? fetch(key, parts->name, *told) : std::nullopt;
}

bool ParallelFileConnector::exists(Key const& key) {
  Call const call(*this);
  auto const parts = parts_of(key);
  if (!parts) return false;
  return is_mine(*parts) ? control_->exists(Key(std::string(parts->name))) : past_->exists(key);
}

void ParallelFileConnector::evict(Key const& key) {
  Call const call(*this);
  auto const parts = parts_of(key);
  if (!parts) return;
  if (is_mine(*parts)) evict_mine(key, Key(std::string(parts->name)));
  else past_->evict(key);
  if (evictions_.fetch_add(1) % evictions_between_looks == 0) reader_->forget_removed();
}

/// First on disk, then in the slot: a later job does not find what this one was told is gone.
void ParallelFileConnector::evict_mine(Key const& key, Key const& name) {
  auto told = control_->get(name);
  auto const state = told ? State::ready : control_->wait(name, Deadline::immediate());
  if (state == State::gone) return;
  if (!told && state == State::ready) told = control_->get(name);  // set meanwhile
  auto const at = told ? std::optional(heard(*told, key)) : std::nullopt;
  bool const own = at && at->rank == rank_;
  if (!own && state != State::broken) bury(key);
  control_->evict(name);
  if (own) static_cast<void>(ledger_->release(*at, Written::evicted));
}

/// Evicting makes room, so it must not fail for want of it: what cannot be written now is written later.
void ParallelFileConnector::bury(Key const& key) {
  std::lock_guard const lock(unburied_mutex_);
  unburied_.push_back(key.text());
  try {
    for (; !unburied_.empty(); unburied_.pop_back()) writer_->bury(unburied_.back());
  } catch (StoreFull const&) {
  }
}

State ParallelFileConnector::wait(Key const& key, Deadline deadline) {
  if (closed_.load()) return State::broken;
  auto const parts = parts_of(key);
  if (!parts) return State::gone;
  if (is_mine(*parts)) return control_->wait(Key(std::string(parts->name)), deadline);
  try {
    Call const call(*this);
    return past_->state(key);
  } catch (StoreClosed const&) {
    return State::broken;
  }
}

ParallelFileConnector::Received ParallelFileConnector::receive(Key const& key, Deadline deadline) {
  auto const parts = parts_of(key);
  if (closed_.load() || !parts || !is_mine(*parts)) return DeferrableConnector::receive(key, deadline);
  auto received = control_->receive(Key(std::string(parts->name)), deadline);
  if (received.object) {
    Call const call(*this);
    received.object = fetch(key, parts->name, *received.object);
  }
  return received;
}

std::unique_ptr<LongWait> ParallelFileConnector::wait_long(Key const& key) {
  Call const call(*this);
  auto const parts = parts_of(key);
  return parts && is_mine(*parts) ? control_->wait_long(Key(std::string(parts->name))) : nullptr;
}

void ParallelFileConnector::progress() {
  Call const call(*this);
  control_->progress();
  static_cast<void>(sweep(looked_at_in_a_turn, false));
  reader_->forget_removed();
}

Config ParallelFileConnector::config() const { return Config("parallel-file", shared_.directory); }

std::string ParallelFileConnector::report() const {
  auto const usage = writer_->usage();
  return "parallel-file: " + shared_.directory +
         (closed_          ? ", closed"
          : shared_.mapped ? ", mapped"
                           : ", read and written") +
         (shared_.close_to_open ? ", close-to-open consistency\n" : "\n") +
         "  files of this rank: " + std::to_string(usage.files) + " with " + std::to_string(usage.objects) +
         " objects, " + std::to_string(usage.bytes) + " bytes" +
         (options_.quota != 0 ? ", quota " + std::to_string(options_.quota) : std::string()) + "\n" +
         control_->report();
}

}  // namespace detail

std::unique_ptr<Connector> parallel_file(MPI_Comm comm, ParallelFileOptions options) {
  Registry::instance().add_kind("parallel-file", Registry::Deferral::yes,
                                [](Config const&) -> std::unique_ptr<Connector> {
                                  throw ConfigError(
                                      "a parallel-file store can only be opened collectively, by all ranks of a "
                                      "communicator: mpi::parallel_file(comm)");
                                });
  return std::make_unique<detail::ParallelFileConnector>(comm, options);
}

}  // namespace proxystore::mpi
