// Network: parts of objects that lie at their homes, for regions of collective arrays. The home packs the rows of one,
// or sends a single row from where it lies; who asked keeps them in its process.
#include <algorithm>
#include <new>
#include <utility>

#include <proxystore/error.hpp>

#include "network.hpp"
#include "part.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr std::size_t least_row = 512;  // bytes that one MPI_Get is worth

}  // namespace

// ---- On the threads of the program ----

/// Not what a STATE brings inside; nor where next to nothing is left, since all ranks of the node view what is whole;
/// nor what would be read by very many MPI_Gets.
bool Network::is_worth(ObjectPart const& part, Name const& name) {
  if (part.object <= Mail::most_inside || part.size() > part.object - part.object / 8) return false;
  if (window_ && part.row < least_row && !part.axes.empty()) return false;
  auto const at = directory_.find(name);
  return !at || Handoff::state_of(*at) != State::ready || Handoff::elsewhere(*at);
}

std::shared_ptr<Network::Portion> Network::pull_part(Name const& name, ObjectPart const& part) {
  throw_if_failed();
  auto portion = std::make_shared<Portion>();
  portion->name_ = name;
  if (auto bytes = read_part(name, part)) {
    arrive(*portion, *std::move(bytes));
    return portion;
  }
  portion->own_ = Buffer(std::max(part.size(), Buffer::inline_capacity + 1));
  order([this, portion, part] { start(portion, part); });
  return portion;
}

bool Network::await(Portion const& portion, Deadline deadline) {
  return handoff_.drive_until(nullptr, deadline, [&] { return portion.state() != Portion::under_way; });
}

// ---- Inside move(), at a rank that asked ----

void Network::start(std::shared_ptr<Portion> const& portion, ObjectPart const& part) {
  auto const size = part.size();
  portion->size_ = size;
  portion->tag_ = mail_.new_tag();
  if (size > Mail::most_inside)
    portion->arrival_ = mail_.receive_body(portion->name_.home, portion->tag_, portion->own_.span().first(size));
  auto asked = letter(Kind::pull_part, portion->name_);
  asked.number = static_cast<std::uint64_t>(portion->tag_);
  parts_.emplace(asked.number, portion);
  mail_.send(portion->name_.home, asked, {}, write_part(part));
}

/// Null: none that this rank was asked for, or not any more.
std::shared_ptr<Network::Portion> Network::take_part(std::uint32_t from, std::uint64_t tag) {
  auto const found = parts_.find(tag);
  if (found == parts_.end() || found->second->name_.home != from) return nullptr;
  auto portion = std::move(found->second);
  parts_.erase(found);
  return portion;
}

bool Network::finish_parts() {
  bool finished = false;
  for (auto each = parts_.begin(); each != parts_.end();) {
    auto const portion = each->second;
    bool const here = portion->size_ > Mail::most_inside && portion->arrival_.done();
    each = here ? parts_.erase(each) : std::next(each);
    if (here) finish(*portion);
    finished |= here;
  }
  return finished;
}

void Network::finish(Portion& portion) {
  auto const memory = portion.own_.span().first(portion.size_);
  arrive(portion, {memory, std::make_shared<Buffer>(std::move(portion.own_))});
}

void Network::arrive(Portion& portion, Bytes bytes) {
  ++parts_pulled_;
  parts_bytes_ += bytes.size();
  portion.bytes_ = std::move(bytes);
  portion.state_ = Portion::arrived;
}

void Network::on_part(Mail::Received const& received) {
  auto const portion = take_part(received.from, received.letter.number);
  if (!portion) return;
  if (received.object.size() != portion->size_ || portion->size_ > Mail::most_inside)
    throw CorruptObject("a part of key '" + text_of(received.letter.name) + "' has another size than was asked for");
  std::copy(received.object.begin(), received.object.end(), portion->own_.data());
  finish(*portion);
}

// ---- At the home ----

void Network::on_pull_part(Mail::Received const& received) {
  auto const& [from, asked, ranks, said] = received;
  auto const tag = static_cast<int>(asked.number);
  auto const part = parse_part(said);
  auto const at = here(asked.name);
  auto const object = at ? bytes_at(*at) : std::nullopt;
  if (!object || object->size() != part.object) return refuse(from, tag, asked.name);
  auto const size = part.size();
  if (size <= Mail::most_inside) {
    std::vector<std::byte> rows(size);
    pack(part, object->span(), rows);
    auto answer = letter(Kind::part, asked.name);
    answer.number = asked.number;
    return mail_.send(from, answer, {}, rows);
  }
  if (size == part.row) return mail_.send_body(from, tag, object->slice(part.begin, size));
  if (auto rows = packed(part, object->span())) return mail_.send_body(from, tag, *std::move(rows));
  refuse(from, tag, asked.name);  // who asked pulls the object
}

/// nullopt: with it, more would be on its way to others than this rank may hold of theirs.
std::optional<Bytes> Network::packed(ObjectPart const& part, std::span<std::byte const> object) {
  auto const size = part.size();
  if (size > options_.cache_bytes - std::min<std::uint64_t>(packed_bytes_, options_.cache_bytes)) return std::nullopt;
  try {
    auto rows = std::make_shared<Buffer>(std::max(size, Buffer::inline_capacity + 1));
    pack(part, object, rows->span());
    packed_bytes_ += size;
    auto const memory = rows->span().first(size);
    auto const sent = [this, size, rows](void const*) { packed_bytes_ -= size; };
    return Bytes(memory, std::shared_ptr<void const>(memory.data(), sent));
  } catch (std::bad_alloc const&) {
    return std::nullopt;
  }
}

}  // namespace proxystore::mpi::detail
