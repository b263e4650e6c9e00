// Everything with a cereal serialize, and the standard containers.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <variant>

#include <cereal/archives/portable_binary.hpp>
#include <sstream>

#include "support.hpp"

namespace {

using namespace support;
using testing::ElementsAre;
using testing::HasSubstr;

struct Particle {
  std::string name;
  std::map<std::string, std::vector<double>> fields;
  std::optional<int> charge;
  std::variant<int, std::string> tag;
  std::unique_ptr<double> mass;
  std::array<bool, 3> fixed{};
  std::shared_ptr<std::string> note;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, fields, charge, tag, mass, fixed, note);
  }
};

Particle sample() {
  Particle p;
  p.name = "Ar";
  p.fields = {{"r", {1, 2, 3}}, {"v", {}}};
  p.charge = -1;
  p.tag = "heavy";
  p.mass = std::make_unique<double>(39.9);
  p.fixed = {true, false, true};
  p.note = std::make_shared<std::string>("noble");
  return p;
}

struct SavesAndLoads {
  int value = 0;
  template <class Archive>
  void save(Archive& archive) const {
    archive(value);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(value);
  }
  friend bool operator==(SavesAndLoads, SavesAndLoads) = default;
};

struct Chain {
  int value = 0;
  std::unique_ptr<Chain> next;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, next);
  }
};

struct Shares {
  std::shared_ptr<int> number, same;
  std::shared_ptr<std::string> text;
  std::weak_ptr<int> weak;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number, same, text, weak);
  }
};

std::unique_ptr<Chain> chain_of(int n) {
  std::unique_ptr<Chain> head;
  while (n-- > 0) {
    auto link = std::make_unique<Chain>();
    link->value = n;
    link->next = std::move(head);
    head = std::move(link);
  }
  return head;
}

template <class T>
void expect_round_trip(T const& value) {
  EXPECT_EQ(deserialize<T>(serialize(value)), value);
}

TEST(CerealTest, CarriesANestedStruct) {
  auto const back = deserialize<Particle>(serialize(sample()));
  EXPECT_EQ(back.name, "Ar");
  EXPECT_EQ(back.fields, sample().fields);
  EXPECT_EQ(back.charge, -1);
  EXPECT_EQ(std::get<std::string>(back.tag), "heavy");
  EXPECT_EQ(*back.mass, 39.9);
  EXPECT_EQ(back.fixed, sample().fixed);
  EXPECT_EQ(*back.note, "noble");
}

TEST(CerealTest, CarriesAStructOfNothing) {
  auto const back = deserialize<Particle>(serialize(Particle{}));
  EXPECT_EQ(back.charge, std::nullopt);
  EXPECT_EQ(back.mass, nullptr);
  EXPECT_EQ(back.note, nullptr);
}

TEST(CerealTest, TakesSaveAndLoadPairs) { expect_round_trip(SavesAndLoads{7}); }

TEST(CerealTest, CarriesStandardContainers) {
  expect_round_trip(std::vector<std::string>{"a", "", "c"});
  expect_round_trip(std::map<int, std::set<std::string>>{{1, {"x", "y"}}, {2, {}}});
  expect_round_trip(std::unordered_map<std::string, double>{{"a", 1}, {"b", 2}});
  expect_round_trip(std::tuple<int, std::string, float>{1, "two", 3.F});
  expect_round_trip(std::pair<int, std::vector<bool>>{1, {true, false}});
  expect_round_trip(std::optional<std::string>{"x"});
  expect_round_trip(std::optional<int>{});
  expect_round_trip(std::array<double, 2>{1, 2});
  expect_round_trip(std::vector<std::array<int, 2>>{{1, 2}, {3, 4}});
  expect_round_trip(std::variant<int, std::string>{"v"});
}

TEST(CerealTest, WritesExactlyWhatCerealsPortableBinaryArchiveWrites) {
  std::ostringstream out;
  {
    cereal::PortableBinaryOutputArchive archive(out);
    archive(sample());
  }
  EXPECT_EQ(serialize(sample()).text(), "CE\n" + out.str());
  EXPECT_EQ(serialize(std::vector<std::string>{"ab"}).text(), "CE\n\1\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0ab"sv);
}

TEST(CerealTest, ReadsTheOtherByteOrder) {
  EXPECT_THAT(deserialize<std::vector<std::string>>(bytes_of("CE\n\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2ab"sv)),
              ElementsAre("ab"));
  EXPECT_EQ((deserialize<std::map<std::int16_t, std::vector<float>>>(
                bytes_of("CE\n\0\0\0\0\0\0\0\0\1\1\2\0\0\0\0\0\0\0\1?\xc0\0\0"sv))),
            (std::map<std::int16_t, std::vector<float>>{{0x0102, {1.5F}}}));
  EXPECT_THROW((void)deserialize<std::vector<std::string>>(bytes_of("CE\n\2"sv)), CorruptObject);
}

TEST(CerealTest, RefusesClaimsOfMoreThanThereIs) {
  for (auto const claim : {"CE\n\1\xff\xff\xff\xff\xff\xff\xff\xff"sv, "CE\n\1\xff\xff\xff\xff\0\0\0\0"sv,
                           "CE\n\1\0\0\0\0\0\0\0\x40"sv, "CE\n\1\xff\xff\0\0\0\0\0\0"sv}) {
    EXPECT_THROW((void)deserialize<std::vector<std::string>>(bytes_of(claim)), CorruptObject);
    EXPECT_THROW((void)(deserialize<std::map<int, int>>(bytes_of(claim))), CorruptObject);
    EXPECT_THROW((void)(deserialize<std::unordered_map<int, int>>(bytes_of(claim))), CorruptObject);
    EXPECT_THROW((void)(deserialize<std::vector<std::array<double, 1000>>>(bytes_of(claim))), CorruptObject);
    EXPECT_THROW((void)deserialize<std::vector<bool>>(bytes_of(claim)), CorruptObject);
    EXPECT_THROW((void)deserialize<std::set<std::string>>(bytes_of(claim)), CorruptObject);
  }
}

struct Tree {
  Tree() { ++made; }
  Tree(Tree&&) = default;
  std::vector<Tree> children;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(children);
  }
  static inline int made = 0;
};

TEST(CerealTest, RefusesClaimsThatAreTooManyTogether) {
  Tree::made = 0;
  std::string object = "CE\n\1";
  for (int depth = 0; depth < 100; ++depth) object += "\0\0\1\0\0\0\0\0"sv;  // 65536 children each
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<Tree>(bytes_of(object)); }), HasSubstr("65536 elements"));
  EXPECT_LT(Tree::made, 100'000);
}

TEST(CerealTest, TurnsCerealsOwnErrorsIntoCorruptObject) {
  using V = std::variant<int, std::string>;
  EXPECT_THAT(text_of<CorruptObject>([] { (void)deserialize<V>(bytes_of("CE\n\1\7\0\0\0\0\0\0\0"sv)); }),
              HasSubstr("cannot be read"));
  EXPECT_THROW((void)deserialize<V>(bytes_of("CE\n\1\xff\xff\xff\xff\0\0\0\0"sv)), CorruptObject);
}

TEST(CerealTest, RefusesBytesAfterTheValue) {
  std::string const object = std::string(serialize(sample()).text()) + "x";
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<Particle>(bytes_of(object)); }), HasSubstr("bytes after"));
}

TEST(CerealTest, ReadsEveryByteButZeroAsTrue) {
  EXPECT_EQ((deserialize<std::array<bool, 3>>(bytes_of("CE\n\1\2\0\xff"sv))), (std::array<bool, 3>{true, false, true}));
  EXPECT_EQ(deserialize<std::optional<bool>>(bytes_of("CE\n\1\0\7"sv)), true);
}

TEST(CerealTest, KeepsSharedObjectsShared) {
  Shares shares;
  shares.number = shares.same = std::make_shared<int>(3);
  shares.text = std::make_shared<std::string>("s");
  shares.weak = shares.number;
  auto const back = deserialize<Shares>(serialize(shares));
  EXPECT_EQ(*back.number, 3);
  EXPECT_EQ(back.number, back.same);
  EXPECT_EQ(back.weak.lock(), back.number);
  EXPECT_EQ(*back.text, "s");
}

TEST(CerealTest, RefusesASharedObjectOfAnotherTypeOrOfNone) {
  Shares shares;
  shares.number = std::make_shared<int>(3);
  std::string object(serialize(shares).text());  // number: 1 | msb, its value; then three null pointers
  ASSERT_EQ(object.size(), 4U + 4 + 4 + 3 * 4);
  object[12] = '\1';
  EXPECT_EQ(deserialize<Shares>(bytes_of(object)).same.use_count(), 2);
  object[16] = '\1';  // the text is said to be the number
  EXPECT_THROW((void)deserialize<Shares>(bytes_of(object)), CorruptObject);
  object[16] = '\5';  // nobody
  EXPECT_THROW((void)deserialize<Shares>(bytes_of(object)), CorruptObject);
}

TEST(CerealTest, CarriesAChainOfPointers) {
  auto back = deserialize<std::unique_ptr<Chain>>(serialize(chain_of(500)));
  int n = 0;
  for (auto const* link = back.get(); link; link = link->next.get()) ASSERT_EQ(link->value, n++);
  EXPECT_EQ(n, 500);
}

TEST(CerealTest, RefusesAChainTooLongForTheStack) {
  EXPECT_THROW((void)serialize(chain_of(10'000)), InvalidArgument);
  std::string object = "CE\n\1";
  for (int i = 0; i < 1'000'000; ++i) object += "\1\7\0\0\0"sv;  // one link: "there is one", its value
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<std::unique_ptr<Chain>>(bytes_of(object)); }),
              HasSubstr("too deep"));
}

}  // namespace
