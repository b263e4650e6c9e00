#include <proxystore/segments/describe.hpp>

#include <array>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/proxystore.hpp>

namespace {

using namespace proxystore;
using segments::describe;

struct Vector {
  double x, y, z;
};

}  // namespace

TEST(Describe, SaysTypeAndShapeOfAnArray) {
  auto const what = describe(serialize(Array<double>({3, 5})));
  EXPECT_EQ(what.identifier, "NP");
  EXPECT_EQ(what.type, "array of f8");
  EXPECT_EQ(what.shape, (std::vector<std::size_t>{3, 5}));
}

TEST(Describe, SaysWhatOtherObjectsAre) {
  EXPECT_EQ(describe(serialize(std::string("text"))).type, "text");
  EXPECT_EQ(describe(serialize(std::vector<std::byte>(3))).type, "bytes");
  EXPECT_EQ(describe(serialize(7)).type, "i4");
  EXPECT_EQ(describe(serialize(std::vector<Vector>(4))).type, "4 elements, each a struct of 24 bytes");
  EXPECT_EQ(describe(serialize(std::vector<std::string>{"a"})).type, "cereal archive");
  auto const failure = Failure::of(std::make_exception_ptr(std::out_of_range("step 7")), "rank 1");
  EXPECT_EQ(describe(wire::encode_failure(failure).freeze()).type, "a failure: std::out_of_range: step 7");
}

TEST(Describe, SaysSoOfWhatItDoesNotKnow) {
  EXPECT_EQ(describe(Bytes()).type, "unknown");
  EXPECT_EQ(describe(Bytes::copy_of(std::string_view("no identifier"))).type, "unknown");
  EXPECT_EQ(describe(Bytes::copy_of(std::string_view("NP\nbroken"))).type, "unknown");
  EXPECT_EQ(describe(Bytes::copy_of(std::string_view("PK\npickle"))).identifier, "PK");
}
