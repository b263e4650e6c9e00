#include "mail.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

static_assert(std::is_trivially_copyable_v<Letter>);
static_assert(std::has_unique_object_representations_v<Letter>, "padding would be sent as it happens to be");

constexpr int letter_tag = 0, first_body_tag = 1;
constexpr std::size_t body_part = std::size_t{1} << 30U;  // a body goes in parts that an int can count

int tag_limit(MPI_Comm comm) {
  int* limit = nullptr;
  int found = 0;
  mpi_check(MPI_Comm_get_attr(comm, MPI_TAG_UB, &limit, &found), "MPI_Comm_get_attr");
  return found != 0 ? *limit : 32767;  // the least that MPI promises
}

bool all_done(std::vector<MPI_Request>& requests) {
  int done = 0;
  mpi_check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE), "MPI_Testall");
  return done != 0;
}

void append(std::vector<std::byte>& out, void const* data, std::size_t size) {
  auto const* const bytes = static_cast<std::byte const*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

[[noreturn]] void corrupt(std::uint32_t from, char const* why) {
  throw CorruptObject("a message from rank " + std::to_string(from) + " cannot be read (" + why + ")");
}

Letter read_head(std::uint32_t from, std::span<std::byte const> message) {
  Letter head;
  if (message.size() < sizeof head) corrupt(from, "it ends within its head");
  std::memcpy(&head, message.data(), sizeof head);
  auto const kind = static_cast<std::uint8_t>(head.kind);
  if (head.magic != Letter::magic_number || kind == 0 || kind > last_kind) corrupt(from, "not from this library");
  if (static_cast<unsigned>(head.state) > static_cast<unsigned>(State::broken)) corrupt(from, "it names no state");
  return head;
}

Mail::Received open_letter(std::uint32_t from, std::span<std::byte const> message) {
  Mail::Received out{from, read_head(from, message), {}, {}};
  auto const rest = message.subspan(sizeof(Letter));
  if (out.letter.ranks > rest.size() / sizeof(std::uint32_t)) corrupt(from, "it ends within its list of ranks");
  auto const list = out.letter.ranks * sizeof(std::uint32_t);
  out.ranks.resize(out.letter.ranks);
  if (list != 0) std::memcpy(out.ranks.data(), rest.data(), list);
  out.object.assign(rest.begin() + static_cast<std::ptrdiff_t>(list), rest.end());
  return out;
}

}  // namespace

Mail::Mail(MPI_Comm comm)
    : comm_(comm),
      last_tag_(tag_limit(comm)),
      next_tag_(first_body_tag),
      next_(std::make_unique<std::byte[]>(letter_part)) {}

Mail::~Mail() {
  try {
    stop();
  } catch (ConnectorError const&) {  // nobody to tell
  }
  if (next_request_ != MPI_REQUEST_NULL) static_cast<void>(next_.release());  // MPI may still write to it
}

void Mail::send(std::uint32_t to, Letter letter, std::span<std::uint32_t const> ranks,
                std::span<std::byte const> object) {
  letter.ranks = static_cast<std::uint32_t>(ranks.size());
  letter.size = sizeof letter + ranks.size_bytes() + object.size();
  std::vector<std::byte> whole;
  whole.reserve(static_cast<std::size_t>(letter.size));
  append(whole, &letter, sizeof letter);
  append(whole, ranks.data(), ranks.size_bytes());
  append(whole, object.data(), object.size());
  if (whole.size() <= letter_part) {
    send_part(to, std::move(whole));
  } else {
    for (std::span<std::byte const> rest(whole); !rest.empty();) {
      auto const next = rest.first(std::min(letter_part, rest.size()));
      send_part(to, {next.begin(), next.end()});
      rest = rest.subspan(next.size());
    }
  }
  ++sent_;
}

void Mail::send_part(std::uint32_t to, std::vector<std::byte> part) {
  auto& message = letters_.emplace_back(std::move(part));
  MPI_Request request = MPI_REQUEST_NULL;
  int const code = MPI_Isend(message.data(), static_cast<int>(message.size()), MPI_BYTE, static_cast<int>(to),
                             letter_tag, comm_, &request);
  if (code != MPI_SUCCESS) letters_.pop_back();
  mpi_check(code, "MPI_Isend");
  letter_requests_.push_back(request);
}

std::optional<Mail::Received> Mail::receive() {
  while (!stopped_) {
    if (next_request_ == MPI_REQUEST_NULL)
      mpi_check(MPI_Irecv(next_.get(), static_cast<int>(letter_part), MPI_BYTE, MPI_ANY_SOURCE, letter_tag, comm_,
                          &next_request_),
                "MPI_Irecv");
    int here = 0, count = 0;
    MPI_Status status;
    mpi_check(MPI_Test(&next_request_, &here, &status), "MPI_Test");
    if (here == 0) break;
    mpi_check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
    auto letter = take(static_cast<std::uint32_t>(status.MPI_SOURCE), {next_.get(), static_cast<std::size_t>(count)});
    if (letter) return letter;
  }
  return std::nullopt;
}

/// Parts of a letter come in their order, and nothing of their sender between them.
std::optional<Mail::Received> Mail::take(std::uint32_t from, std::span<std::byte const> part) {
  auto const begun = parts_.find(from);
  if (begun == parts_.end()) {
    auto const size = read_head(from, part).size;
    if (size == part.size()) return open_letter(from, part);
    if (size < part.size() || part.size() != letter_part) corrupt(from, "it is not as long as it says");
    parts_.emplace(from, std::vector(part.begin(), part.end()));
    return std::nullopt;
  }
  auto& whole = begun->second;
  append(whole, part.data(), part.size());
  auto const size = read_head(from, whole).size;
  if (whole.size() > size) corrupt(from, "it is longer than it says");
  if (whole.size() < size) return std::nullopt;
  auto letter = open_letter(from, whole);
  parts_.erase(begun);
  return letter;
}

void Mail::stop() {
  if (std::exchange(stopped_, true) || next_request_ == MPI_REQUEST_NULL) return;
  mpi_check(MPI_Cancel(&next_request_), "MPI_Cancel");
  mpi_check(MPI_Wait(&next_request_, MPI_STATUS_IGNORE), "MPI_Wait");  // at once, as nobody sends to it
}

int Mail::new_tag() noexcept {
  next_tag_ = next_tag_ == last_tag_ ? first_body_tag : next_tag_ + 1;
  return next_tag_;
}

void Mail::send_body(std::uint32_t to, int tag, Bytes body) {
  auto& sent = bodies_.emplace_back(Body{std::move(body), {}});
  for (std::size_t at = 0; at < sent.bytes.size(); at += body_part) {
    auto const size = static_cast<int>(std::min(body_part, sent.bytes.size() - at));
    auto& request = sent.requests.emplace_back(MPI_REQUEST_NULL);
    mpi_check(MPI_Isend(sent.bytes.data() + at, size, MPI_BYTE, static_cast<int>(to), tag, comm_, &request),
              "MPI_Isend");
  }
}

Mail::Arrival Mail::receive_body(std::uint32_t from, int tag, std::span<std::byte> memory) {
  Arrival arrival;
  for (std::size_t at = 0; at < memory.size(); at += body_part) {
    auto const size = static_cast<int>(std::min(body_part, memory.size() - at));
    auto& request = arrival.requests_.emplace_back(MPI_REQUEST_NULL);
    int const code = MPI_Irecv(memory.data() + at, size, MPI_BYTE, static_cast<int>(from), tag, comm_, &request);
    if (code != MPI_SUCCESS) arrival.cancel();
    mpi_check(code, "MPI_Irecv");
  }
  return arrival;
}

bool Mail::Arrival::done() { return all_done(requests_); }

void Mail::Arrival::cancel() noexcept {
  for (auto& request : requests_) {
    if (request == MPI_REQUEST_NULL) continue;
    if (MPI_Cancel(&request) != MPI_SUCCESS) continue;
    MPI_Wait(&request, MPI_STATUS_IGNORE);  // of a receive that nobody sends to: at once
  }
}

bool Mail::finish_sends() {
  bool finished = false;
  auto letter = letters_.begin();
  for (std::size_t i = 0; i < letter_requests_.size();) {
    int done = 0;
    mpi_check(MPI_Test(&letter_requests_[i], &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done == 0) {
      ++i;
      ++letter;
      continue;
    }
    letter_requests_.erase(letter_requests_.begin() + static_cast<std::ptrdiff_t>(i));
    letter = letters_.erase(letter);
    finished = true;
  }
  for (auto body = bodies_.begin(); body != bodies_.end();) {
    bool const sent = all_done(body->requests);
    body = sent ? bodies_.erase(body) : std::next(body);
    finished |= sent;
  }
  return finished;
}

}  // namespace proxystore::mpi::detail
