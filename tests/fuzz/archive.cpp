// A cereal archive read as a type that nests everything.
#include <array>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <variant>

#include "fuzz.hpp"

namespace {

struct Nested {
  std::string name;
  std::map<std::string, std::vector<double>> table;
  std::unordered_map<int, std::string> names;
  std::set<std::vector<std::int16_t>> sets;
  std::optional<std::pair<int, bool>> maybe;
  std::variant<int, std::string, std::vector<bool>> either;
  std::array<bool, 2> flags{};
  std::unique_ptr<Nested> inner;
  std::shared_ptr<std::string> shared, same;
  std::shared_ptr<int> other;
  std::vector<Nested> children;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, table, names, sets, maybe, either, flags, inner, shared, same, other, children);
  }
};

}  // namespace

// The order of an unordered map may change with every reading, so size stands for bytes.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace fuzz;
  auto const value = decoded<Nested>(input(data, size));
  if (!value) return 0;
  Bytes const again = serialize(*value);
  auto const second = decoded<Nested>(again);
  FUZZ_REQUIRE(second);
  FUZZ_REQUIRE(serialize(*second).size() == again.size());
  return 0;
}
