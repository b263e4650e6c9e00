#include <proxystore/connectors/multi.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <string_view>
#include <utility>

#include <proxystore/error.hpp>

#include "options.hpp"
#include "reference.hpp"

namespace proxystore {

using namespace multi;

namespace {

constexpr char put_mark = ':', promised_mark = '?';  // between member and key: put, or made before its object
constexpr std::string_view marks = ":?";
constexpr std::size_t largest_reference = 4096;  // far beyond what the keys of any connector make

bool all_among(std::vector<std::string> const& some, std::vector<std::string> const& all) {
  return std::all_of(some.begin(), some.end(),
                     [&](auto const& tag) { return std::find(all.begin(), all.end(), tag) != all.end(); });
}

bool allows(MultiPolicy const& policy, Tags const& tags) {
  return all_among(tags.subset, policy.subset_tags) && all_among(policy.superset_tags, tags.superset);
}

bool allows(MultiPolicy const& policy, std::size_t size) { return size >= policy.min_size && size <= policy.max_size; }

std::size_t range(MultiPolicy const& policy) { return policy.max_size - policy.min_size; }

Key key_of(MultiOptions::Member const& member, Key const& inner, char mark) {
  return Key(member.name + mark + inner.text());
}

}  // namespace

/// Where a key leads.
struct MultiConnector::Place {
  Member const* member;
  std::size_t number;  // of the member
  Key key;             // there
  bool promised;       // made before its object, which may be a reference

  Connector& connector() const {
    if (member->connector) return *member->connector;
    throw ConnectorError("key '" + key.text() + "' lies in connector '" + member->name +
                         "' of a multi store, which is dormant here (this host does not match hosts=" +
                         member->policy.hosts + ") use it on a host that does");
  }
  DeferrableConnector* deferrable() const { return connector().deferrable(); }
};

MultiConnector::MultiConnector(MultiOptions options)
    : members_((validate(options), std::move(options.members))), spill_names_(std::move(options.spill)) {
  std::sort(members_.begin(), members_.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
  open(members_);
  for (auto& member : members_)
    if (member.connector) order_.push_back(&member);
  std::stable_sort(order_.begin(), order_.end(), [](auto const* a, auto const* b) {
    return std::pair(-static_cast<long>(a->policy.priority), range(a->policy)) <
           std::pair(-static_cast<long>(b->policy.priority), range(b->policy));
  });
  for (auto const& name : spill_names_)
    for (auto* const member : order_)
      if (member->name == name) spill_.push_back(member);
  refers_ = !spill_.empty() || std::any_of(members_.begin(), members_.end(), [](auto const& member) {
    return member.policy.max_size != MultiPolicy().max_size;
  });
}

MultiConnector::~MultiConnector() = default;

void MultiConnector::ensure_open() const {
  if (closed_.load(std::memory_order_acquire)) throw StoreClosed("the multi connector is closed");
}

MultiConnector::Member const* MultiConnector::choose(std::size_t size, Tags const& tags) const {
  auto const found = std::find_if(order_.begin(), order_.end(), [&](Member const* member) {
    return allows(member->policy, size) && allows(member->policy, tags);
  });
  return found == order_.end() ? nullptr : *found;
}

MultiConnector::Member const& MultiConnector::chosen(std::size_t size, Tags const& tags) const {
  ensure_open();
  if (auto* const member = choose(size, tags)) return *member;
  throw_nobody("takes an object of " + std::to_string(size) + " bytes with these tags");
}

void MultiConnector::throw_nobody(std::string const& what) const {
  std::string names;
  for (auto const* member : order_) names += (names.empty() ? "" : ", ") + member->name;
  throw ConnectorError("no connector of the multi store " + what + " (open here: " + (names.empty() ? "none" : names) +
                       ") widen a policy, or add one without");
}

/// nullopt: no key of this store.
std::optional<MultiConnector::Place> MultiConnector::find(Key const& key) const {
  std::string_view const text = key.text();
  auto const mark = text.find_first_of(marks);
  if (mark == text.npos) return std::nullopt;
  auto const name = text.substr(0, mark);
  auto const found = std::lower_bound(members_.begin(), members_.end(), name,
                                      [](Member const& member, std::string_view n) { return member.name < n; });
  if (found == members_.end() || found->name != name) return std::nullopt;
  return Place{&*found, static_cast<std::size_t>(found - members_.begin()), Key(std::string(text.substr(mark + 1))),
               text[mark] == promised_mark};
}

Buffer MultiConnector::allocate(std::size_t bytes) { return memory_of_member(bytes, &Connector::allocate); }
Buffer MultiConnector::stage(std::size_t bytes) { return memory_of_member(bytes, &Connector::stage); }

Buffer MultiConnector::memory_of_member(std::size_t bytes, Buffer (Connector::*take)(std::size_t)) {
  auto* const member = closed_ ? nullptr : choose(bytes, {});
  if (!member) return Buffer(bytes);
  try {
    return (*member->connector.*take)(bytes);
  } catch (StoreFull const&) {  // put() decides what then
    return Buffer(bytes);
  }
}

Key MultiConnector::put(Buffer object) { return put_tagged(std::move(object), {}); }

Key MultiConnector::put_tagged(Buffer object, Tags const& tags) {
  auto& member = chosen(object.size(), tags);
  return put_into(member, std::move(object));
}

Key MultiConnector::put_into(Member const& first, Buffer object) {
  Buffer const spare = spill_.empty() ? Buffer() : again(object);
  try {
    return key_of(first, first.connector->put(std::move(object)), put_mark);
  } catch (StoreFull const&) {
    if (auto key = spill(first, spare)) return *std::move(key);
    throw;
  }
}

/// nullopt if the others have no room either.
std::optional<Key> MultiConnector::spill(Member const& full, Buffer const& object) {
  for (auto* const member : spill_) {
    if (member == &full || !allows(member->policy, object.size())) continue;
    try {
      return key_of(*member, member->connector->put(again(object)), put_mark);
    } catch (StoreFull const&) {  // perhaps the next
    }
  }
  return std::nullopt;
}

std::vector<Key> MultiConnector::put_batch(std::vector<Buffer> objects) {
  std::vector<Key> keys(objects.size());
  std::map<Member const*, std::vector<std::size_t>> shares;
  for (std::size_t i = 0; i < objects.size(); ++i) shares[&chosen(objects[i].size(), {})].push_back(i);
  for (auto const& [member, share] : shares) {
    if (!spill_.empty()) {
      for (auto const i : share) keys[i] = put_into(*member, std::move(objects[i]));
      continue;
    }
    std::vector<Buffer> batch;
    for (auto const i : share) batch.push_back(std::move(objects[i]));
    auto const made = member->connector->put_batch(std::move(batch));
    for (std::size_t i = 0; i < share.size(); ++i) keys[share[i]] = key_of(*member, made[i], put_mark);
  }
  return keys;
}

std::optional<MultiConnector::Place> MultiConnector::referred(Bytes const& object) const {
  auto reference = read_reference(object);
  if (!reference) return std::nullopt;
  if (reference->member >= members_.size())
    throw CorruptObject("a reference of a multi store names connector " + std::to_string(reference->member) + " of " +
                        std::to_string(members_.size()));
  return Place{&members_[reference->member], reference->member, std::move(reference->key), false};
}

std::optional<Bytes> MultiConnector::follow(Place const& place, std::optional<Bytes> object) const {
  if (!place.promised || !object) return object;
  if (auto const other = referred(*object)) return other->connector().get(other->key);
  return read_literal(*object);
}

std::optional<Bytes> MultiConnector::get(Key const& key) {
  ensure_open();
  auto const place = find(key);
  return place ? follow(*place, place->connector().get(place->key)) : std::nullopt;
}

std::vector<std::optional<Bytes>> MultiConnector::get_batch(std::vector<Key> const& keys) {
  ensure_open();
  std::vector<std::optional<Bytes>> objects(keys.size());
  struct Share {
    std::vector<std::size_t> at;
    std::vector<Key> keys;
  };
  std::map<Member const*, Share> shares;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto const place = find(keys[i]);
    if (!place) continue;
    auto& share = shares[place->member];
    share.at.push_back(i);
    share.keys.push_back(place->key);
  }
  for (auto const& [member, share] : shares) {
    auto got = find(keys[share.at.front()])->connector().get_batch(share.keys);
    for (std::size_t i = 0; i < got.size(); ++i)
      objects[share.at[i]] = follow(*find(keys[share.at[i]]), std::move(got[i]));
  }
  return objects;
}

/// What is not the object itself under a promised key (a reference, or an object written otherwise) has another size,
/// and so comes whole. An object as small as a reference is not asked for in parts.
void MultiConnector::get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) {
  ensure_open();
  struct Share {
    std::vector<std::size_t> at;
    std::vector<ObjectPart> parts;
  };
  std::map<std::size_t, Share> shares;  // by the number of the member
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto const place = find(parts[i].key);
    if (!place || parts[i].object <= largest_reference) {
      auto object = get(parts[i].key);
      visit(i, object ? std::optional(PartBytes{*std::move(object), true}) : std::nullopt);
      continue;
    }
    auto& share = shares[place->number];
    share.at.push_back(i);
    share.parts.push_back(parts[i]);
    share.parts.back().key = place->key;
  }
  for (auto const& [number, share] : shares) {
    auto const visit_one = [&, &at = share.at](std::size_t i, std::optional<PartBytes> part) {
      if (!part || !part->whole) return visit(at[i], std::move(part));
      auto object = follow(*find(parts[at[i]].key), std::move(part->bytes));
      visit(at[i], object ? std::optional(PartBytes{*std::move(object), true}) : std::nullopt);
    };
    find(parts[share.at.front()].key)->connector().get_parts(share.parts, visit_one);
  }
}

bool MultiConnector::exists(Key const& key) {
  ensure_open();
  auto const place = find(key);
  return place && place->connector().exists(place->key);
}

void MultiConnector::evict(Key const& key) {
  ensure_open();
  auto const place = find(key);
  if (!place) return;
  std::optional<Place> other;
  if (place->promised && refers_)
    if (auto const object = place->connector().get(place->key)) other = referred(*object);
  place->connector().evict(place->key);
  if (other) other->connector().evict(other->key);
}

DeferrableConnector* MultiConnector::deferrable() noexcept {
  bool const can = std::any_of(order_.begin(), order_.end(), [](auto* m) { return m->connector->deferrable(); });
  return can ? this : nullptr;
}

Key MultiConnector::new_key(KeyHint const& hint) {
  ensure_open();
  std::vector<Member const*> candidates;
  for (auto* const member : order_)
    if (member->connector->deferrable() && allows(member->policy, hint.tags) &&
        (!hint.size || allows(member->policy, *hint.size)))
      candidates.push_back(member);
  if (!hint.size)
    std::stable_sort(candidates.begin(), candidates.end(), [](auto const* a, auto const* b) {
      return a->policy.priority > b->policy.priority ||
             (a->policy.priority == b->policy.priority && range(a->policy) > range(b->policy));
    });
  if (candidates.empty()) throw_nobody("can name an object of this size and with these tags before it exists");
  auto const make = [&](Member const& member) {
    return key_of(member, member.connector->deferrable()->new_key(hint), promised_mark);
  };
  try {
    return make(*candidates.front());
  } catch (StoreFull const&) {
    for (auto* const member : spill_)
      if (member != candidates.front() && member->connector->deferrable()) return make(*member);
    throw;
  }
}

/// Where the object has gone instead; nullopt if it is set.
std::optional<Key> MultiConnector::set_here(Place const& place, Buffer object) {
  if (object.size() > place.member->policy.max_size) {
    auto& other = chosen(object.size(), {});
    return put_into(other, std::move(object));
  }
  Buffer const spare = spill_.empty() ? Buffer() : again(object);
  try {
    place.deferrable()->set(place.key, std::move(object));
    return std::nullopt;
  } catch (StoreFull const&) {
    if (auto key = spill(*place.member, spare)) return key;
    throw;
  }
}

void MultiConnector::withdraw(Place const& place) {
  try {
    place.connector().evict(place.key);
  } catch (Error const&) {  // what made it needless is told
  }
}

void MultiConnector::set(Key const& key, Buffer object) {
  ensure_open();
  auto const place = find(key);
  if (!place || !place->deferrable())
    throw ObjectNotFound("multi key '" + key.text() + "' cannot be set (it was made by another store, or by a " +
                         "connector that sets nothing)");
  if (!place->promised) return place->deferrable()->set(place->key, std::move(object));
  auto const elsewhere = set_here(*place, literal(std::move(object)));
  if (!elsewhere) return;
  auto const other = find(*elsewhere);
  try {
    place->deferrable()->set(place->key, reference_to({other->number, other->key}));
  } catch (Error const&) {
    withdraw(*other);
    throw;
  }
}

State MultiConnector::wait(Key const& key, Deadline deadline) {
  if (closed_) return State::broken;
  auto const place = find(key);
  if (!place) return State::gone;
  if (auto* const member = place->deferrable()) return member->wait(place->key, deadline);
  return place->connector().exists(place->key) ? State::ready : State::gone;
}

DeferrableConnector::Received MultiConnector::receive(Key const& key, Deadline deadline) {
  auto const place = closed_ ? std::nullopt : find(key);
  if (!place || !place->deferrable()) return DeferrableConnector::receive(key, deadline);
  auto received = place->deferrable()->receive(place->key, deadline);
  received.object = follow(*place, std::move(received.object));
  return received;
}

std::unique_ptr<LongWait> MultiConnector::wait_long(Key const& key) {
  auto const place = find(key);
  return place && place->deferrable() ? place->deferrable()->wait_long(place->key) : nullptr;
}

Config MultiConnector::config() const { return config_of(members_, spill_names_); }

void MultiConnector::close() {
  closed_.store(true, std::memory_order_release);
  std::exception_ptr trouble;
  for (auto& member : members_) {
    if (!member.connector) continue;
    try {
      member.connector->close();
    } catch (std::exception const&) {
      if (!trouble) trouble = std::current_exception();
    }
  }
  if (trouble) std::rethrow_exception(trouble);
}

void MultiConnector::opened_as(std::string const& store) {
  for (auto& member : members_)
    if (member.connector) member.connector->opened_as(store);
}

bool MultiConnector::gather_at_close(std::shared_ptr<Gathering> gathering) {
  return std::any_of(members_.begin(), members_.end(), [&](Member const& member) {
    return member.connector && member.connector->gather_at_close(gathering);
  });
}

bool MultiConnector::reads_in_place() const noexcept {
  return std::all_of(order_.begin(), order_.end(), [](auto const* m) { return m->connector->reads_in_place(); });
}

std::string MultiConnector::whoami() const {
  return order_.empty() ? Connector::whoami() : order_.front()->connector->whoami();
}

void MultiConnector::progress() {
  for (auto* const member : order_) member->connector->progress();
}

std::string MultiConnector::report() const {
  std::string out;
  for (auto const& member : members_)
    out += member.name + (member.connector ? " is " + member.connector->report() : " is dormant here\n");
  return out;
}

}  // namespace proxystore
