/// put, get, exists, evict, batches, sizes and memory.
#pragma once

#include "fixture.hpp"

namespace contract {

TEST_P(EveryConnector, GivesBackWhatWasPut) {
  Key const key = connector().put(buffer_of("hello"));
  EXPECT_EQ(text_of(connector().get(key)), "hello");
  EXPECT_TRUE(connector().exists(key));
}

TEST_P(EveryConnector, ReadsAnObjectAsOftenAsAsked) {
  Key const key = connector().put(buffer_of("again"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(text_of(connector().get(key)), "again");
}

TEST_P(EveryConnector, MakesADifferentKeyForEachObject) {
  Key const a = connector().put(buffer_of("same"));
  Key const b = connector().put(buffer_of("same"));
  EXPECT_NE(a, b);
  EXPECT_FALSE(a.empty());
}

TEST_P(EveryConnector, FindsAnObjectByAKeyThatTravelledAsText) {
  Key const key = connector().put(buffer_of("travelled"));
  EXPECT_EQ(text_of(connector().get(Key(key.text()))), "travelled");
}

TEST_P(EveryConnector, FindsNothingAfterEvict) {
  Key const key = connector().put(buffer_of("short lived"));
  connector().evict(key);
  EXPECT_FALSE(connector().exists(key));
  EXPECT_EQ(connector().get(key), std::nullopt);
}

TEST_P(EveryConnector, EvictsWhatIsAbsentWithoutAnError) {
  Key const key = connector().put(buffer_of("x"));
  connector().evict(key);
  EXPECT_NO_THROW(connector().evict(key));
}

TEST_P(EveryConnector, LeavesOtherObjectsAloneWhenOneIsEvicted) {
  Key const a = connector().put(buffer_of("a"));
  Key const b = connector().put(buffer_of("b"));
  connector().evict(a);
  EXPECT_EQ(text_of(connector().get(b)), "b");
}

TEST_P(EveryConnector, NeverGivesTheKeyOfAnEvictedObjectToAnother) {
  Key const old = connector().put(buffer_of("old"));
  connector().evict(old);
  for (int i = 0; i < 100; ++i) {
    Key const fresh = connector().put(buffer_of("new"));
    ASSERT_NE(fresh, old);
    connector().evict(fresh);
  }
  EXPECT_EQ(connector().get(old), std::nullopt);
}

TEST_P(EveryConnector, KeepsBytesValidAfterEvictWhileTheyAreHeld) {
  std::size_t const size = 300'000;
  Key const key = connector().put(filled(size, 1));
  Bytes const held = connector().get(key).value();
  connector().evict(key);
  for (std::uint64_t i = 2; i < 6; ++i) connector().evict(connector().put(filled(size, i)));  // wants the memory
  EXPECT_TRUE(is_filled(held.span(), 1));
}

TEST_P(EveryConnector, PutsABatchInOrder) {
  std::vector<Buffer> objects;
  for (auto const* text : {"zero", "one", "two"}) objects.push_back(buffer_of(text));
  auto const keys = connector().put_batch(std::move(objects));
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(text_of(connector().get(keys[0])), "zero");
  EXPECT_EQ(text_of(connector().get(keys[1])), "one");
  EXPECT_EQ(text_of(connector().get(keys[2])), "two");
}

TEST_P(EveryConnector, GetsABatchInTheOrderOfTheKeys) {
  Key const a = connector().put(buffer_of("a"));
  Key const gone = connector().put(buffer_of("gone"));
  Key const b = connector().put(buffer_of("b"));
  connector().evict(gone);
  auto const objects = connector().get_batch({b, gone, a, b});
  ASSERT_EQ(objects.size(), 4U);
  EXPECT_EQ(text_of(objects[0]), "b");
  EXPECT_EQ(objects[1], std::nullopt);
  EXPECT_EQ(text_of(objects[2]), "a");
  EXPECT_EQ(text_of(objects[3]), "b");
}

TEST_P(EveryConnector, GetsPartsOrTheWholeOfThem) {
  std::size_t const size = 10'000;
  Key const key = connector().put(filled(size, 3)), gone = connector().put(buffer_of("gone"));
  connector().evict(gone);
  std::vector<ObjectPart> const parts{
      {key, size, 5000, 100, {}}, {gone, 4, 0, 1, {}}, {key, size, 8, 8, {{10, 1000}, {3, 16}}}};
  std::vector<int> visits(parts.size());
  connector().get_parts(parts, [&](std::size_t i, std::optional<PartBytes> const& part) {
    ++visits.at(i);
    ASSERT_EQ(part.has_value(), i != 1);
    if (!part) return;
    ASSERT_EQ(part->bytes.size(), part->whole ? size : parts[i].size());
    EXPECT_TRUE(!part->whole || is_filled(part->bytes.span(), 3));
  });
  EXPECT_EQ(visits, std::vector<int>(3, 1)) << "each once";
}

TEST_P(EveryConnector, TakesEmptyBatches) {
  EXPECT_TRUE(connector().put_batch({}).empty());
  EXPECT_TRUE(connector().get_batch({}).empty());
  connector().get_parts({}, [](auto...) { FAIL() << "nothing was asked for"; });
}

TEST_P(EveryConnector, TellsAnObjectOfZeroLengthFromAnAbsentOne) {
  Key const key = connector().put(Buffer());
  EXPECT_TRUE(connector().exists(key));
  auto const object = connector().get(key);
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->size(), 0U);
}

TEST_P(EveryConnector, TakesObjectsOfAllSmallSizes) {
  std::vector<std::pair<Key, std::size_t>> made;
  for (std::size_t size = 1; size < 200; size += 3) made.emplace_back(connector().put(filled(size, size)), size);
  for (auto const& [key, size] : made) {
    auto const object = connector().get(key);
    ASSERT_TRUE(object && object->size() == size) << size;
    EXPECT_TRUE(is_filled(object->span(), size)) << size;
  }
}

TEST_P(EveryConnector, TakesALargeObject) {
  std::size_t const size = GetParam().large_object;
  Key const key = connector().put(filled(size, 7));
  auto const object = connector().get(key);
  ASSERT_TRUE(object && object->size() == size);
  EXPECT_TRUE(is_filled(object->span(), 7));
}

TEST_P(EveryConnector, PublishesMemoryThatItAllocated) {
  for (std::size_t const size :
       {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{1 << 20}})
    for (bool const staged : {false, true}) {
      Buffer memory = staged ? connector().stage(size) : connector().allocate(size);
      ASSERT_EQ(memory.size(), size);
      fill(memory.span(), size);
      Key const key = connector().put(std::move(memory));
      auto const object = connector().get(key);
      ASSERT_TRUE(object && object->size() == size) << size;
      EXPECT_TRUE(is_filled(object->span(), size)) << size;
    }
}

TEST_P(EveryConnector, AllocatesAlignedMemory) {
  for (std::size_t const size : {std::size_t{65}, std::size_t{1000}, std::size_t{100'000}}) {
    Buffer const memory = connector().allocate(size), staged = connector().stage(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % Buffer::alignment, 0U) << size;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(staged.data()) % Buffer::alignment, 0U) << size;
  }
}

TEST_P(EveryConnector, TakesBackAllocatedMemoryThatIsNeverPut) {
  for (int i = 0; i < 1000; ++i) (void)connector().allocate(GetParam().large_object / 10);
  SUCCEED();
}

TEST_P(EveryConnector, DescribesItselfByAConfigThatSurvivesText) {
  Config const config = connector().config();
  EXPECT_FALSE(config.kind().empty());
  EXPECT_EQ(Config::parse(config.to_string()), config);
}

TEST_P(EveryConnector, SaysWhoThisProcessIs) { EXPECT_FALSE(connector().whoami().empty()); }

TEST_P(EveryConnector, StaysOutOfAnotherConnectorsKeys) {
  Key const key = connector().put(buffer_of("mine"));
  connector().evict(Key("no key of this connector"));
  EXPECT_EQ(connector().get(Key("no key of this connector")), std::nullopt);
  EXPECT_FALSE(connector().exists(Key()));
  EXPECT_TRUE(connector().exists(key));
}

}  // namespace contract
