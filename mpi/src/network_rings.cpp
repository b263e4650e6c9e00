// Network: a probe goes from a rank that waits to the one that it waits for, and so on, three times round if it comes
// back: to find the ring, to see that nobody in it has moved, and to tell all (see Rings).
#include <proxystore/error.hpp>

#include "network.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr std::uint8_t finds = 1, tells = 3;  // and the round between them confirms

}  // namespace

void Network::probe() {
  order([this] {
    auto const wait = rings_.mine();
    if (!wait) return;
    if (probed_wait_ != wait->id) probes_seen_.clear();
    probed_wait_ = wait->id;
    auto out = letter(Kind::probe, {});
    out.number = ++last_probe_;
    out.outcome = finds;
    out.bytes.source = place_.rank;
    out.bytes.size = 1;
    std::string text;
    Rings::tell(text, 0, place_.rank, *wait);
    if (wait->producer == place_.rank) return rings_.doom(place_.mine, wait->id, text);
    pass_on_probe(out, text, wait->producer);
  });
  drive();
}

void Network::pass_on_probe(Letter const& probe, std::string const& text, std::uint32_t to) {
  mail_.send(to, probe, {}, std::as_bytes(std::span(text)));
}

void Network::on_probe(Letter probe, std::string text) {
  auto const origin = probe.bytes.source;
  if (origin >= place_.size || probe.outcome < finds || probe.outcome > tells)
    throw CorruptObject("a probe of rank " + std::to_string(origin) + " makes no sense");
  auto const wait = rings_.mine();
  if (!wait) return;
  if (origin == place_.rank) {
    if (probe.number != last_probe_ || wait->id != probed_wait_ || probe.outcome == tells) return;
    if (probe.outcome == finds) Rings::tell_end(text, probe.bytes.size);
    else rings_.doom(place_.mine, wait->id, text);
    ++probe.outcome;
    return pass_on_probe(probe, text, wait->producer);
  }
  if (probe.outcome == finds) {
    if (origin > place_.rank) return;  // the ring, if it is one, is followed by the smallest of its ranks
    auto& seen = probes_seen_[origin];
    if (seen.probe == probe.number) return;  // it goes round in a ring without its origin
    seen = {probe.number, wait->id};
    Rings::tell(text, probe.bytes.size++, place_.rank, *wait);
  } else {
    auto const seen = probes_seen_.find(origin);
    if (seen == probes_seen_.end() || seen->second.probe != probe.number || seen->second.wait != wait->id) return;
    if (probe.outcome == tells) rings_.doom(place_.mine, wait->id, text);
  }
  pass_on_probe(probe, text, wait->producer);
}

}  // namespace proxystore::mpi::detail
