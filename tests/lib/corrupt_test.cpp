// What arrives is not trusted: every prefix and every changed byte of a real object decodes to a value or is
// CorruptObject; never another exception, a crash or a huge allocation.
#include <cstdint>
#include <map>
#include <optional>
#include <variant>

#include "support.hpp"

namespace {

using namespace support;

struct Nested {
  std::string name;
  std::map<std::string, std::vector<int>> table;
  std::optional<double> maybe;
  std::variant<int, std::string> either;
  std::unique_ptr<Nested> inner;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, table, maybe, either, inner);
  }
};

struct Pod {
  std::int32_t a, b;
};

/// True if `object` is a T, false if it is corrupt; anything else fails the test.
template <class T>
bool decodes(Bytes const& object, std::string const& what) {
  try {
    (void)deserialize<T>(object);
    return true;
  } catch (CorruptObject const& error) {
    EXPECT_STRNE(error.what(), "");
  } catch (std::exception const& error) {
    ADD_FAILURE() << what << ": " << typeid(error).name() << ": " << error.what();
  }
  return false;
}

template <class T>
void expect_no_prefix_decodes(Bytes const& object) {
  for (std::size_t size = 0; size < object.size(); ++size)
    EXPECT_FALSE(decodes<T>(bytes_of(object.text().substr(0, size)), "prefix of " + std::to_string(size)));
}

template <class T>
void expect_changed_bytes_do_no_harm(Bytes const& object) {
  std::string text(object.text());
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int const change : {0x01, 0x80, 0xff, text[at] ^ 0x00, text[at] ^ 0x7f}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ change);
      (void)decodes<T>(bytes_of(changed), "byte " + std::to_string(at) + " changed by " + std::to_string(change));
    }
  }
}

template <class T>
void expect_robust(T const& value) {
  Bytes const object = serialize(value);
  ASSERT_TRUE(decodes<T>(object, "the object itself"));
  expect_no_prefix_decodes<T>(object);
  expect_changed_bytes_do_no_harm<T>(object);
}

Nested nested() {
  Nested value{"outer", {{"a", {1, 2}}, {"b", {}}}, 1.5, "text", std::make_unique<Nested>()};
  value.inner->either = 7;
  return value;
}

TEST(CorruptTest, ArraysDoNoHarm) {
  Array<double> array({2, 2});
  std::fill(array.begin(), array.end(), 1.5);
  expect_robust(array);
  expect_robust(Array<bool>(Shape{0}));
}

TEST(CorruptTest, VectorsOfNumbersDoNoHarm) { expect_robust(std::vector<std::int16_t>{1, 2, 3}); }

TEST(CorruptTest, PodsDoNoHarm) {
  expect_robust(Pod{1, 2});
  expect_robust(std::vector<Pod>{{1, 2}, {3, 4}});
  expect_robust(3.5);
  expect_robust(true);
}

TEST(CorruptTest, CerealObjectsDoNoHarm) {
  expect_robust(nested());
  expect_robust(std::vector<std::string>{"a", "bc"});
}

TEST(CorruptTest, ProxiesDoNoHarm) {
  ShelfConnector::add_kind();
  Store store = Store::open("corrupt", "shelf:corrupt");
  expect_robust(store.proxy(1));
  expect_robust(std::vector<Proxy<int>>{store.proxy(1), store.proxy(2)});
}

TEST(CorruptTest, BytesAndTextDoNoHarm) {  // every prefix that has the identifier is an object
  expect_changed_bytes_do_no_harm<std::string>(serialize(std::string("text")));
  expect_changed_bytes_do_no_harm<std::vector<std::byte>>(serialize(std::vector<std::byte>(3)));
  EXPECT_FALSE(decodes<std::string>(bytes_of("US"), "US"));
}

TEST(CorruptTest, AnObjectOfOneTypeIsNoObjectOfAnother) {
  Bytes const objects[] = {serialize(nested()), serialize(std::string("x")), serialize(1.5),
                           serialize(std::vector<int>{1}), serialize(std::vector<std::byte>(2))};
  for (auto const& object : objects) {
    EXPECT_EQ(decodes<std::string>(object, "string"), &object == &objects[1]);
    EXPECT_EQ(decodes<double>(object, "double"), &object == &objects[2]);
    EXPECT_EQ(decodes<Array<int>>(object, "array"), &object == &objects[3]);
    EXPECT_EQ(decodes<Bytes>(object, "bytes"), &object == &objects[4]);
    EXPECT_EQ(decodes<Nested>(object, "nested"), &object == &objects[0]);
  }
}

TEST(CorruptTest, AReferenceWithoutAConnectorIsCorrupt) {
  auto const reference_to = [](std::string connector) {
    detail::StoreInfo const info{"corrupt", std::move(connector)};
    return serialize(detail::Reference{std::make_shared<detail::StoreInfo const>(info), Key("k"), {}});
  };
  EXPECT_NO_THROW((void)deserialize<Proxy<int>>(reference_to("shelf:corrupt")));
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<Proxy<int>>(reference_to("")); }),
              testing::HasSubstr("'corrupt' names no connector"));
}

}  // namespace
