// C and C++ in one store: each reads what the other has set, through handles that came as bytes.
#include <gtest/gtest.h>

#include <complex>
#include <string>
#include <vector>

#include <proxystore/c/proxystore.h>
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

namespace proxystore {
namespace {

struct Meeting : testing::Test {
  static void SetUpTestSuite() { register_connectors(); }
  ~Meeting() override { proxystore_future_free(&future); }

  /// The same future in C.
  template <class T>
  proxystore_future* in_c(Future<T> const& made) {
    proxystore_future_free(&future);
    auto const bytes = serialize(made);
    EXPECT_EQ(proxystore_future_deserialize(bytes.data(), bytes.size(), &future), PROXYSTORE_OK);
    return future;
  }
  proxystore_view result() {
    proxystore_view view{};
    EXPECT_EQ(proxystore_future_result(future, 5, &view), PROXYSTORE_OK) << proxystore_last_error();
    return view;
  }

  Store store = Store::open("meeting", "local:");
  proxystore_future* future = nullptr;
};

TEST_F(Meeting, CppReadsAnArrayOfC) {
  auto const made = store.future<Array<double>>();
  double const data[6] = {0, 1, 2, 3, 4, 5};
  std::size_t const shape[2] = {2, 3};
  ASSERT_EQ(proxystore_future_set(in_c(made), PROXYSTORE_FLOAT64, data, 2, shape), PROXYSTORE_OK);
  EXPECT_EQ(made.result().shape(), (Shape{2, 3}));
  EXPECT_EQ(made.result()(1, 2), 5.0);
}

TEST_F(Meeting, CppReadsTextBytesAndNumbersOfC) {
  auto const text = store.future<std::string>();
  ASSERT_EQ(proxystore_future_set_text(in_c(text), "grüße"), PROXYSTORE_OK);
  EXPECT_EQ(text.result(), "grüße");
  auto const bytes = store.future<std::vector<std::byte>>();
  ASSERT_EQ(proxystore_future_set_bytes(in_c(bytes), "\1\2", 2), PROXYSTORE_OK);
  EXPECT_EQ(bytes.result().at(1), std::byte{2});
  auto const number = store.future<int>();
  int const seven = 7;
  ASSERT_EQ(proxystore_future_set(in_c(number), PROXYSTORE_INT32, &seven, 0, nullptr), PROXYSTORE_OK);
  EXPECT_EQ(number.result(), 7);
}

TEST_F(Meeting, CReadsAnArrayOfCppWhereItLies) {
  auto const made = store.future<Array<std::complex<float>>>();
  auto array = store.allocate<std::complex<float>>({4});
  auto const* const data = std::as_const(array).data();
  array[3] = {1, -1};
  made.set_result(std::move(array));
  in_c(made);
  auto const view = result();
  EXPECT_EQ(view.type, PROXYSTORE_COMPLEX64);
  EXPECT_EQ(view.data, data);
  EXPECT_EQ(static_cast<float const*>(view.data)[7], -1);
}

TEST_F(Meeting, CReadsNumbersAndVectorsOfCpp) {
  auto const number = store.future<double>();
  number.set_result(2.5);
  in_c(number);
  auto view = result();
  EXPECT_EQ(view.type, PROXYSTORE_FLOAT64);
  EXPECT_EQ(view.rank, 0);
  EXPECT_EQ(*static_cast<double const*>(view.data), 2.5);

  auto const numbers = store.future<std::vector<std::uint16_t>>();
  numbers.set_result({1, 2, 3});
  in_c(numbers);
  view = result();
  EXPECT_EQ(view.type, PROXYSTORE_UINT16);
  EXPECT_EQ(view.shape[0], 3);
}

TEST_F(Meeting, CRefusesWhatHasNoTypeThere) {
  struct Pair {
    int a, b;
  };
  auto const expect_corrupt = [&](auto value) {
    auto const made = store.future<decltype(value)>();
    made.set_result(value);
    proxystore_view view{};
    EXPECT_EQ(proxystore_future_result(in_c(made), 5, &view), PROXYSTORE_CORRUPT_OBJECT);
    EXPECT_EQ(view.data, nullptr);
  };
  expect_corrupt(Pair{1, 2});
  expect_corrupt(std::vector<Pair>(2));
  expect_corrupt(std::vector<std::string>{"a"});
  expect_corrupt(std::vector<long double>{1});
}

TEST_F(Meeting, AFailureOfCppIsOneInC) {
  auto const made = store.future<int>();
  made.set_exception(std::out_of_range("beyond the mesh"));
  proxystore_view view{};
  EXPECT_EQ(proxystore_future_result(in_c(made), 5, &view), PROXYSTORE_REMOTE);
  EXPECT_STREQ(std::string(proxystore_last_error()).find("beyond the mesh") == std::string::npos ? "" : "there",
               "there");
}

TEST_F(Meeting, AFailureOfCIsOneInCpp) {
  auto const made = store.future<int>();
  ASSERT_EQ(proxystore_future_fail(in_c(made), "no convergence"), PROXYSTORE_OK);
  try {
    made.result();
    FAIL();
  } catch (RemoteError const& error) {
    EXPECT_EQ(error.failure().message, "no convergence");
  }
}

}  // namespace
}  // namespace proxystore
