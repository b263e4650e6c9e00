// Values of Python: what they are here, as which bytes they travel, and what is refused. The bytes that Python made lie
// in tests/fuzz/corpus/pickle; tests/python/record.py made them.
#include <complex>
#include <cstdint>
#include <fstream>
#include <iterator>

#include <proxystore/pickle.hpp>

#include "support.hpp"

namespace {

using namespace support;
using pickle::Dict;
using pickle::List;
using pickle::NdArray;
using pickle::Tuple;
using pickle::Value;
using testing::ElementsAre;
using testing::HasSubstr;

using Raw = std::vector<std::byte>;

Raw raw(std::string_view text) {
  auto const bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes recorded(std::string const& name) {
  std::ifstream file(std::string(PROXYSTORE_RECORDED) + "/pickle/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return bytes_of(std::string(std::istreambuf_iterator<char>(file), {}));
}
Value of_python(std::string const& name) { return deserialize<Value>(recorded(name)); }
std::string refusal(std::string const& name) {
  return text_of<CorruptObject>([&] { (void)of_python(name); });
}

TEST(PickleTest, ReadsPlainValuesOfPython) {
  EXPECT_EQ(of_python("none"), Value());
  EXPECT_EQ(of_python("bools"), Value(List{true, false}));
  EXPECT_EQ(of_python("ints"),
            Value(List{0, 255, 256, 65535, 65536, -1, -129, std::int64_t{1} << 31U, INT64_MAX, INT64_MIN}));
  EXPECT_EQ(of_python("floats"), Value(List{0.0, -2.5, 1e300, std::numeric_limits<double>::infinity()}));
  EXPECT_EQ(of_python("text"), Value("plain"));
  EXPECT_EQ(of_python("texts"), Value(List{"", "grün", std::string(300, 'x')}));
  EXPECT_EQ(of_python("bytes"), Value(raw("raw")));
  EXPECT_EQ(of_python("many_bytes"),
            Value(List{raw(""), raw(std::string_view("\0\xff", 2)), raw(std::string(300, 'y')), raw("array")}));
}

TEST(PickleTest, ReadsContainersOfPython) {
  auto const value = of_python("containers");
  EXPECT_EQ(value["list"], Value(List{1, List{2, List{}}}));
  EXPECT_EQ(value["tuple"], Value(Tuple{Tuple{}, Tuple{1}, Tuple{1, 2}, Tuple{1, 2, 3}, Tuple{1, 2, 3, 4}}));
  EXPECT_EQ(value.get<Dict>().items[2].first, Value(3));
  EXPECT_EQ(value.get<Dict>().items[2].second["set"], Value(pickle::Set{7}));
}

TEST(PickleTest, ReadsAnObjectAtSeveralPlaces) {
  EXPECT_EQ(of_python("shared"), Value(List{List{"shared"}, List{"shared"}, Tuple{List{"shared"}}}));
}

TEST(PickleTest, ReadsArraysOfNumPy) {
  EXPECT_EQ(of_python("array").get<NdArray>().as<double>().shape(), (Shape{2, 3}));
  auto const arrays = of_python("arrays");
  auto const elements = [&](char const* name, auto element) {
    auto const array = arrays[name].get<NdArray>().as<decltype(element)>();
    return std::vector(array.begin(), array.end());
  };
  EXPECT_THAT(elements("double", 0.0), ElementsAre(0, 0.5, 1));
  EXPECT_THAT(elements("big", std::int32_t{}), ElementsAre(1, -2));
  EXPECT_THAT(elements("fortran", std::int16_t{}), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(elements("strided", std::uint64_t{}), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(elements("complex", std::complex<float>{}), ElementsAre(std::complex<float>(1, 2)));
  EXPECT_THAT(elements("zero", 0.0), ElementsAre(4));
  EXPECT_THAT(elements("empty", 0.0), ElementsAre());
  EXPECT_EQ(arrays["empty"].get<NdArray>().shape, (Shape{0, 3}));
  EXPECT_EQ(arrays["zero"].get<NdArray>().shape, Shape{});
  EXPECT_TRUE(arrays["readonly"].get<NdArray>().as<bool>()[0]);
  EXPECT_THROW((void)arrays["double"].get<NdArray>().as<float>(), CorruptObject);
}

TEST(PickleTest, ReadsScalarsOfNumPyAsPlainNumbers) {
  EXPECT_EQ(of_python("scalars"), Value(List{0.5, -3, true, 0.25, 200}));
}

TEST(PickleTest, NamesTheTypesThatItRefuses) {
  EXPECT_THAT(refusal("function"), HasSubstr("builtins.print"));
  EXPECT_THAT(refusal("complex"), HasSubstr("builtins.complex"));
  EXPECT_THAT(refusal("path"), HasSubstr("pathlib.PurePosixPath"));
  EXPECT_THAT(refusal("object_array"), HasSubstr("'O8'"));
  EXPECT_THAT(refusal("too_large"), HasSubstr("an int of 72 bits"));
  EXPECT_THAT(refusal("frozen"), HasSubstr("opcode 0x91"));
  EXPECT_THAT(text_of<CorruptObject>([] { (void)deserialize<Value>(bytes_of("PD\nx")); }), HasSubstr("PD"));
}

/// One of each kind; arrays also inside.
Value everything() {
  Array<double> array{2, 2};
  for (std::size_t i = 0; i < 4; ++i) array[i] = 0.25 * static_cast<double>(i);
  return Dict{{"none", Value()},
              {"bools", List{true, false}},
              {"ints", Tuple{0, 255, 256, 65536, -1, std::int64_t{1} << 40U, INT64_MIN}},
              {"float", -0.1},
              {"texts", List{"", "grün", std::string(300, 'x')}},
              {"bytes", List{raw(""), raw("raw"), raw(std::string(70000, 'r'))}},
              {"set", pickle::Set{1, 2}},
              {7, List{Dict{}, List{}, Tuple{}}},
              {"array", array},
              {"empty", Array<std::int32_t>{0, 3}},
              {"flags", Array<bool>(Shape{}, bytes_of(std::string_view("\1", 1)))}};
}

TEST(PickleTest, ReadsWhatItWrites) {
  EXPECT_EQ(deserialize<Value>(serialize(everything())), everything());
  for (Value const& value : List{Value(), true, 1, 2.5, "text", raw("raw"), Array<float>{3}})
    EXPECT_EQ(deserialize<Value>(serialize(value)), value) << value.type();
}

TEST(PickleTest, WritesWhatOtherTypesReadUnderTheirOwnIdentifier) {
  EXPECT_EQ(deserialize<std::string>(serialize(Value("text"))), "text");
  EXPECT_EQ(deserialize<Raw>(serialize(Value(raw("raw")))), raw("raw"));
  Array<int> array{1};
  array[0] = 3;
  EXPECT_EQ(deserialize<std::vector<int>>(serialize(Value(array))), std::vector{3});
  EXPECT_TRUE(serialize(Value(List{})).text().starts_with("PK\n"));
}

TEST(PickleTest, TravelsThroughAStore) {
  auto store = Store::open("values", std::make_unique<LocalConnector>());
  auto const future = store.future<Value>();
  Proxy<Value> const proxy = future.proxy();
  future.set_result(everything());
  EXPECT_EQ(proxy->get<Dict>().find("float")->get<double>(), -0.1);
  EXPECT_EQ((*proxy)["texts"][1], Value("grün"));
}

TEST(PickleTest, TellsOfTheTypeThatAValueHas) {
  Value const value = List{1, "two"};
  EXPECT_EQ(value.type(), "list");
  EXPECT_EQ(value.size(), 2U);
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)value[0].get<std::string>(); }), HasSubstr("a int, not a str"));
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)value["key"]; }), HasSubstr("a list, not a dict"));
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)value[2]; }), HasSubstr("no item 2"));
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)Value(Dict{{"a", 1}})["b"]; }), HasSubstr("no key 'b'"));
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)Value(UINT64_MAX); }), HasSubstr("18446744073709551615"));
  EXPECT_EQ(Value(NdArray()).type(), "numpy.ndarray");
  EXPECT_EQ(Value().type(), "NoneType");
}

TEST(PickleTest, TakesNoPrefixAndNoChangedByteForMoreThanItIs) {
  for (std::string const name : {"ints", "containers", "arrays", "scalars", "shared"}) {
    std::string const text(recorded(name).text());
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_THROW((void)deserialize<Value>(bytes_of(text.substr(0, size))), CorruptObject) << name << size;
    for (std::size_t at = 0; at < text.size(); ++at)
      for (int const change : {0x01, 0x80, 0xff}) {
        auto changed = text;
        changed[at] = static_cast<char>(changed[at] ^ change);
        try {
          (void)deserialize<Value>(bytes_of(changed));
        } catch (CorruptObject const&) {
        }
      }
  }
}

Value load(std::string const& opcodes) { return pickle::load(bytes_of(opcodes)); }

TEST(PickleTest, RefusesWhatHoldsItself) { EXPECT_THAT(refusal("endless"), HasSubstr("holds itself")); }

TEST(PickleTest, RefusesWhatIsTooDeep) {
  EXPECT_NO_THROW(load(std::string(150, ']') + std::string(149, 'a') + '.'));
  EXPECT_THAT(text_of<CorruptObject>([] { load(std::string(300, ']') + std::string(299, 'a') + '.'); }),
              HasSubstr("deep"));
  EXPECT_THROW(load(std::string(1'000'000, ']') + std::string(999'999, 'a') + '.'), CorruptObject);
}

/// Ten lists of ten references each to the one before: 10^n values from 30 n bytes.
TEST(PickleTest, RefusesFewBytesThatStandForVeryMany) {
  std::string opcodes = "](K\1e\x94";
  for (char i = 0; i < 20; ++i) {
    opcodes += "0](";
    for (int j = 0; j < 10; ++j) opcodes += {'h', i};
    opcodes += "e\x94";
  }
  EXPECT_THAT(text_of<CorruptObject>([&] { load(opcodes + '.'); }), HasSubstr("far larger than its bytes"));
  std::string texts = "](X" + std::string{0, 0, 16, 0} + std::string(1 << 20, 'x') + "\x94";
  for (int i = 0; i < 1000; ++i) texts += std::string{'h', 0};
  EXPECT_THROW(load(texts + "e."), CorruptObject);
}

TEST(PickleTest, RefusesDamage) {
  for (std::string const opcodes : {"",
                                    ".",
                                    "N",
                                    "NN.",
                                    "(.",
                                    "e.",
                                    "]e.",
                                    "N(e.",
                                    "a.",
                                    "]a.",
                                    "(K\1u.",
                                    "}(K\1u.",
                                    "}K\1s.",
                                    "h\1.",
                                    "NR.",
                                    ")NR.",
                                    "c\n.",
                                    "cmodule\nname\nNR.",
                                    "\x80\1N.",
                                    "\x95N.",
                                    "0.",
                                    "1.",
                                    "\x93.",
                                    "NN\x93.",
                                    "b.",
                                    "X\xff\xff\xff\xff.",
                                    "\x8d\xff\xff\xff\xff\xff\xff\xff\xffx.",
                                    "\x8a\x09xxxxxxxxx.",
                                    "N.N",
                                    "(0.",
                                    "]Nb.",
                                    "?",
                                    "](N(Neu."})
    EXPECT_THROW(load(opcodes), CorruptObject) << testing::PrintToString(opcodes);
}

}  // namespace
