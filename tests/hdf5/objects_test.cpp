// Every object comes back with the very bytes that were put, arrays of all kinds too.
#include "support.hpp"

#include <complex>
#include <cstdint>

namespace hdf5_test {
namespace {

struct Format {
  std::string name;
  Hdf5Options options;
};

class EveryFormat : public testing::TestWithParam<Format> {
 protected:
  /// What get() finds of a put object, as text.
  std::string returned(std::string_view object) {
    auto const bytes = connector_.get(connector_.put(buffer_of(object)));
    return bytes ? std::string(bytes->text()) : "absent";
  }

  Directory directory_;
  Hdf5Connector connector_{directory_.path(), GetParam().options};
};

INSTANTIATE_TEST_SUITE_P(All, EveryFormat,
                         testing::Values(Format{"plain", {}}, Format{"compressed", {.compression = 6}},
                                         Format{"checked", {.checksum = true}},
                                         Format{"all", {.compression = 1, .checksum = true, .sync = true}}),
                         [](auto const& of) { return of.param.name; });

std::string numbered(std::size_t bytes) {
  std::string data(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<char>(i * 7 + i / 251);
  return data;
}

TEST_P(EveryFormat, GivesBackTheBytesOfEveryDtypeInEveryByteOrder) {
  for (std::string const dtype : {"|b1", "|i1", "|u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", ">i8", "<u8", "<f2", ">f2",
                                  "<f4", ">f4", "<f8", ">f8", "<f16", "<c8", ">c8", "<c16", ">c16", "<c32", "|V1", "|V12",
                                  ">f16", "|S5", "<i16", "<f3"}) {
    std::size_t const size = std::stoul(dtype.substr(2));
    for (std::size_t const count : {6UL, 3000UL}) {
      auto const header = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }";
      auto const object = npy_object(header, dtype == "|b1" ? std::string(count, '\1') : numbered(count * size));
      EXPECT_EQ(returned(object), object) << dtype;
    }
  }
}

TEST_P(EveryFormat, GivesBackTheBytesOfEveryShapeInEveryOrder) {
  for (std::string const shape : {"()", "(0,)", "(1,)", "(7,)", "(0, 3)", "(3, 0, 2)", "(1, 1, 1)", "(5, 4, 3)", "(40, 50, 6)",
                                  "(2,)", "(300000,)"})
    for (std::string const order : {"False", "True"})
      for (std::string const dtype : {"<f8", ">i4", "<c16"}) {
        std::size_t count = 1, number = 0;
        for (std::size_t i = 1; i < shape.size(); ++i) {
          if (std::isdigit(static_cast<unsigned char>(shape[i])) != 0) {
            number = number * 10 + static_cast<std::size_t>(shape[i] - '0');
          } else if (std::isdigit(static_cast<unsigned char>(shape[i - 1])) != 0) {
            count *= std::exchange(number, 0);
          }
        }
        auto const header = "{'descr': '" + dtype + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
        auto const object = npy_object(header, numbered(count * std::stoul(dtype.substr(2))));
        EXPECT_EQ(returned(object), object) << header;
      }
}

TEST_P(EveryFormat, GivesBackTheBytesOfWhatIsNoArray) {
  for (std::string const& object :
       {std::string(), std::string("\n"), std::string("US\ntext"), std::string("BS\n"), std::string("US\r\ntext"),
        std::string("no line"), std::string("NP\nno array"), std::string("NP\n\x93NUMPY"), std::string("\0\n\0", 3),
        std::string("a line of more than fifteen letters\nrest"), "EX\n" + numbered(100), "BS\n" + numbered(5000000),
        std::string(70000, 'x'), npy_object("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "short"),
        npy_object(std::string(9000, ' ') + "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "abc")})
    EXPECT_EQ(returned(object), object) << object.substr(0, 40);
}

TEST_P(EveryFormat, GivesBackScalarsThatAreTooLargeForTheirHeader) {
  auto const object = npy_object("{'descr': '|V70000', 'fortran_order': False, 'shape': (), }", numbered(70000));
  EXPECT_EQ(returned(object), object);
}

TEST_P(EveryFormat, GivesBackArraysOfMoreDimensionsThanHdf5Has) {
  std::string shape;
  for (int i = 0; i < 40; ++i) shape += "1, ";
  auto const object = npy_object("{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + "), }", numbered(8));
  EXPECT_EQ(returned(object), object);
}

TEST_P(EveryFormat, HandsOverTypedObjectsThroughAStore) {
  Store store = Store::open("typed", std::make_unique<Hdf5Connector>(directory_.path(), GetParam().options));
  Array<std::complex<double>> array({30, 20});
  for (std::size_t i = 0; i < array.size(); ++i) array[i] = {static_cast<double>(i), -1.5};
  auto const copy = array;

  EXPECT_EQ(store.get<Array<std::complex<double>>>(store.put(std::move(array))), copy);
  EXPECT_EQ(store.get<std::string>(store.put(std::string("text"))), "text");
  EXPECT_EQ(store.get<double>(store.put(2.5)), 2.5);
  EXPECT_EQ(store.get<std::vector<int>>(store.put(std::vector<int>{1, 2, 3})), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(store.get<Array<float>>(store.put(Array<float>({0, 4})))->shape(), (Shape{0, 4}));
}

TEST(Hdf5Objects, MakesSmallFilesOfSmallObjectsAndOfCompressedOnes) {
  Directory directory;
  Hdf5Connector connector(directory.path(), {.compression = 6});
  EXPECT_LE(contents(object_path(directory, connector.put(buffer_of("US\nsmall")))).size(), 8192U);
  Array<double> zeroes({1000, 1000});
  std::fill(zeroes.begin(), zeroes.end(), 0.0);
  EXPECT_LE(contents(object_path(directory, connector.put(std::move(zeroes).release()))).size(), 800'000U);
}

}  // namespace
}  // namespace hdf5_test
