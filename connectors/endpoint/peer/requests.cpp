/// Own requests: from the queue of a peer to its links, again when a link was lost, until the deadline.
#include <algorithm>
#include <utility>

#include "address.hpp"
#include "core.hpp"

namespace proxystore::endpoint {
namespace {

constexpr int most_times = 16;              // that a request is sent: more is no accident
constexpr std::size_t many_remotes = 1024;  // more are looked through for those that nobody needs

bool is_done(AskedPtr const& asked) { return !asked->completion; }

}  // namespace

Remote& Peers::Core::remote_of(std::string const& uuid) {
  auto& remote = remotes_[uuid];
  if (!remote) {
    remote = std::make_unique<Remote>(strand_);
    remote->info.uuid = uuid;
    remote->pause = options_.shortest_backoff;
  }
  return *remote;
}

/// Somebody waits. Drops requests whose deadline has passed.
bool Peers::Core::wanted(Remote& remote) {
  while (!remote.queue.empty() && is_done(remote.queue.front())) remote.queue.pop_front();
  return !remote.queue.empty();
}

/// Anybody may ask for endpoints that do not exist.
void Peers::Core::forget_unknown() {
  if (remotes_.size() < many_remotes) return;
  std::erase_if(remotes_, [](auto const& each) {
    auto& remote = *each.second;
    return !remote.known && remote.links.empty() && remote.dialling == Remote::Dialling::no && !wanted(remote);
  });
}

/// Null if there is no way to it.
Remote* Peers::Core::remote_for(std::string const& uuid) {
  auto const found = remotes_.find(uuid);
  if (found == remotes_.end()) return relay_ ? &remote_of(uuid) : nullptr;
  auto& remote = *found->second;
  return relay_ || remote.met || !remote.info.address.empty() ? &remote : nullptr;
}

void Peers::Core::request(AskedPtr asked) {
  asked->uuid = lower_case(std::move(asked->uuid));
  if (auto reply = refusal(*asked)) return complete(asked, std::move(*reply));
  forget_unknown();
  auto* const remote = remote_for(asked->uuid);
  if (!remote)
    return complete(asked, {.status = Reply::Status::unreachable,
                            .text = "no way to endpoint " + asked->uuid +
                                    " (its address is not known here, and there is no relay) make it known"});
  if (remote->queue.size() >= options_.queued) std::erase_if(remote->queue, is_done);
  if (remote->queue.size() >= options_.queued)
    return complete(asked, {.status = Reply::Status::error,
                            .text = "too many requests to endpoint " + asked->uuid + " (" +
                                    std::to_string(options_.queued) + " wait) try again later"});
  watch_deadline(asked);
  remote->queue.push_back(std::move(asked));
  flush(*remote);
}

std::optional<Reply> Peers::Core::refusal(Asked const& asked) const {
  using Status = Reply::Status;
  auto const& request = asked.request;
  if (stopping_) return Reply{.status = Status::error, .text = "endpoint " + options_.uuid + " was stopped"};
  if (!is_uuid(asked.uuid)) return Reply{.status = Status::error, .text = "'" + asked.uuid + "' is no UUID"};
  if (asked.uuid == options_.uuid)
    return Reply{.status = Status::error, .text = "endpoint " + asked.uuid + " is no peer of itself"};
  if (request.key.size() > longest_key)
    return Reply{.status = Status::error,
                 .text = "the key is too long (" + std::to_string(request.key.size()) + " bytes, at most " +
                         std::to_string(longest_key) + ")"};
  if (request.data.size() > options_.object_limit)
    return Reply{.status = Status::too_large,
                 .text = "the object is too large (" + std::to_string(request.data.size()) + " bytes, at most " +
                         std::to_string(options_.object_limit) + ")"};
  return {};
}

void Peers::Core::flush(Remote& remote) {
  while (wanted(remote)) {
    auto* const link = usable(remote);
    if (!link) break;
    auto const asked = std::move(remote.queue.front());
    remote.queue.pop_front();
    link->ask(asked);
  }
  if (wanted(remote)) need_link(remote);
}

void Peers::Core::complete(AskedPtr const& asked, Reply reply) {
  auto const completion = std::exchange(asked->completion, nullptr);
  if (!completion) return;
  asked->request.data = {};
  if (auto const at = std::exchange(asked->deadline, {})) deadlines_.erase(*at);
  completion(std::move(reply));
}

void Peers::Core::watch_deadline(AskedPtr const& asked) {
  auto const at = deadlines_.emplace(asked->request.deadline.time(), asked);
  asked->deadline = at;
  if (at == deadlines_.begin()) arm_deadlines();
}

void Peers::Core::arm_deadlines() {
  if (deadlines_.empty() || deadlines_.begin()->first == Deadline::Clock::time_point::max()) return;
  deadline_timer_.expires_at(deadlines_.begin()->first);
  deadline_timer_.async_wait([self = shared_from_this()](auto cancelled) {
    if (!cancelled) self->expire();
  });
}

void Peers::Core::expire() {
  while (!deadlines_.empty() && Deadline(deadlines_.begin()->first).expired()) {
    auto const asked = deadlines_.begin()->second;
    auto& remote = remote_of(asked->uuid);
    if (asked->link) asked->link->forget(*asked);
    auto const state = !remote.links.empty()       ? "the link is up"
                       : remote.last_error.empty() ? "no link yet"
                                                   : remote.last_error;
    complete(asked, {.status = Reply::Status::timed_out,
                     .text = "no answer from endpoint " + asked->uuid + " in time (" + state + ")"});
  }
  arm_deadlines();
}

void Peers::Core::ask_again(Remote& remote, std::vector<Unanswered> unanswered, std::string const& why) {
  for (auto each = unanswered.rbegin(); each != unanswered.rend(); ++each) {
    auto const& [asked, may_be_done] = *each;
    if (is_done(asked)) continue;
    bool const once = asked->request.op == Op::set && may_be_done;
    if (!once && asked->times < most_times) {
      remote.queue.push_front(asked);
      continue;
    }
    complete(asked, {.status = Reply::Status::unreachable,
                     .text = "the link to endpoint " + asked->uuid + " was lost (" + why + ") " +
                             (once ? "the object may be set there, or not" : "again and again")});
  }
  if (!remote.links.empty()) return flush(remote);
  if (wanted(remote) || remote.info.dial == KnownPeer::Dial::always) retry_later(remote);
}

void Peers::Core::fail_queue(Remote& remote, std::string const& why) {
  for (auto const& asked : std::exchange(remote.queue, {}))
    complete(asked, {.status = stopping_ ? Reply::Status::error : Reply::Status::unreachable, .text = why});
}

}  // namespace proxystore::endpoint
