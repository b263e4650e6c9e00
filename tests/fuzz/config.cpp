// Connector texts, and what their options mean.
#include <string>

#include "fuzz.hpp"

namespace {

using proxystore::Config;

template <class Call>
void understood_or_refused(Call&& call) {
  try {
    call();
  } catch (proxystore::ConfigError const&) {
  }
}

void check(Config const& config) {
  FUZZ_REQUIRE(Config::parse(config.to_string()) == config);
  for (auto const& [option, value] : config.options()) {
    understood_or_refused([&, name = option] { (void)config.size(name); });
    understood_or_refused([&, name = option] { FUZZ_REQUIRE(config.duration(name)->count() >= 0); });
    understood_or_refused([&, name = option] { (void)config.flag(name); });
  }
  understood_or_refused([&] { config.expect_only({"capacity"}); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const text(reinterpret_cast<char const*>(data), size);
  understood_or_refused([&] { check(Config::parse(text)); });
  check(Config("kind", text, {{text.empty() ? "option" : text, text}}));
  return 0;
}
