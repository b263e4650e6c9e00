// What h5dump and h5py see.
#include "support.hpp"

#include <complex>
#include <cstdlib>
#include <sstream>

namespace hdf5_test {
namespace {

std::string const python = "/usr/bin/python3";

class Hdf5Readers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has("h5dump --version")) GTEST_SKIP() << "h5dump is not here (Debian: hdf5-tools)";
    if (!has(python + " -c 'import h5py'")) GTEST_SKIP() << "h5py is not here (Debian: python3-h5py)";
  }

  template <class T>
  std::string put(T object, Hdf5Options options = {}) {
    Store store = Store::open("pipeline", std::make_unique<Hdf5Connector>(directory_.path(), options));
    key_ = store.put(std::move(object));
    return object_path(directory_, key_);
  }
  /// The lines of JSON that tests/hdf5/peer/read.py prints.
  static std::string seen_by_h5py(std::string const& paths) { return run(python + " " HDF5_READER " " + paths).output; }

  Directory directory_;
  Key key_;
};

template <class T>
Array<T> counting(Shape shape) {
  Array<T> array(std::move(shape));
  for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<T>(static_cast<float>(i));
  return array;
}

TEST_F(Hdf5Readers, SeeAnArrayWithItsTypeAndShape) {
  auto const path = put(counting<double>({2, 3}));
  auto const dump = run("h5dump " + path).output;
  EXPECT_THAT(dump, HasSubstr("DATASET \"object\""));
  EXPECT_THAT(dump, HasSubstr("H5T_IEEE_F64LE"));
  EXPECT_THAT(dump, HasSubstr("( 2, 3 )"));
  EXPECT_THAT(dump, HasSubstr("(1,0): 3, 4, 5"));
  EXPECT_THAT(seen_by_h5py(path), HasSubstr(R"("dtype": "<f8", "shape": [2, 3], "values": ["0.0", "1.0", "2.0", "3.0", "4.0", "5.0"])"));
}

TEST_F(Hdf5Readers, SeeEveryElementTypeAndShape) {
  std::string paths;
  std::vector<std::string> expected;
  auto const expect = [&](std::string const& path, std::string const& what) {
    paths += path + ' ';
    expected.push_back(what);
  };
  expect(put(counting<float>({3})), R"("dtype": "<f4", "shape": [3], "values": ["0.0", "1.0", "2.0"])");
  expect(put(counting<std::int8_t>({3})), R"("dtype": "|i1", "shape": [3], "values": ["0", "1", "2"])");
  expect(put(counting<std::uint64_t>({3})), R"("dtype": "<u8", "shape": [3], "values": ["0", "1", "2"])");
  expect(put(counting<std::int16_t>({3})), R"("dtype": "<i2", "shape": [3], "values": ["0", "1", "2"])");
  expect(put(counting<bool>({2})), R"("dtype": "|b1", "shape": [2], "values": ["False", "True"])");
  expect(put(counting<long double>({2})), R"("dtype": "<f16", "shape": [2], "values": ["0.0", "1.0"])");
  expect(put(counting<std::complex<float>>({2})), R"x("dtype": "<c8", "shape": [2], "values": ["0j", "(1+0j)"])x");
  expect(put(counting<std::complex<double>>({2})), R"x("dtype": "<c16", "shape": [2], "values": ["0j", "(1+0j)"])x");
  expect(put(std::vector<int>{7, 8}), R"("dtype": "<i4", "shape": [2], "values": ["7", "8"])");
  expect(put(Array<std::array<char, 3>>({2})), R"("dtype": "|V3", "shape": [2])");
  expect(put(Array<double>(Shape{})), R"("dtype": "<f8", "shape": [])");
  expect(put(Array<float>({0, 5})), R"("dtype": "<f4", "shape": [0, 5], "values": [])");
  std::istringstream seen(seen_by_h5py(paths));
  for (auto const& what : expected) {
    std::string line;
    std::getline(seen, line);
    EXPECT_THAT(line, HasSubstr(what));
  }
}

TEST_F(Hdf5Readers, SeeAnArrayOfFortranOrderByItsIndices) {
  std::string const data{0, 3, 1, 4, 2, 5};  // [[0, 1, 2], [3, 4, 5]], first index fastest
  Hdf5Connector connector(directory_.path());
  Key const key = connector.put(buffer_of(npy_object("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", data)));
  EXPECT_THAT(seen_by_h5py(object_path(directory_, key)), HasSubstr(R"("shape": [2, 3], "values": ["0", "1", "2", "3", "4", "5"])"));
}

TEST_F(Hdf5Readers, SeeABigEndianArrayAsItIs) {
  Hdf5Connector connector(directory_.path());
  Key const key = connector.put(
      buffer_of(npy_object("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", std::string{0, 1, 0, 2})));
  EXPECT_THAT(seen_by_h5py(object_path(directory_, key)), HasSubstr(R"("dtype": ">i2", "shape": [2], "values": ["1", "2"])"));
}

TEST_F(Hdf5Readers, SeeOtherObjectsAsTheirBytes) {
  auto const seen = seen_by_h5py(put(std::string("plain text")));
  EXPECT_THAT(seen, HasSubstr(R"("values": "plain text")"));
  EXPECT_THAT(seen, HasSubstr(R"("identifier": "US")"));
}

TEST_F(Hdf5Readers, SeeWhereAnObjectCameFrom) {
  setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  auto const seen = seen_by_h5py(put(counting<double>({4})));
  unsetenv("OMPI_COMM_WORLD_RANK");
  EXPECT_THAT(seen, HasSubstr(R"("identifier": "NP")"));
  EXPECT_THAT(seen, HasSubstr(R"("store": "pipeline")"));
  EXPECT_THAT(seen, HasSubstr("\"key\": \"" + key_.text() + '"'));
  EXPECT_THAT(seen, HasSubstr(R"("rank": "3")"));
  EXPECT_THAT(seen, HasSubstr("\"library\": \"proxystore-cpp " PROXYSTORE_VERSION "\""));
  EXPECT_THAT(seen, HasSubstr("\"producer\": \"process " + std::to_string(getpid()) + " on "));
  EXPECT_THAT(seen, testing::ContainsRegex("\"time\": \"20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]*\\.[0-9]*Z\""));
  EXPECT_THAT(seen_by_h5py(put(counting<double>({4}))), testing::Not(HasSubstr("rank")));
}

TEST_F(Hdf5Readers, SeeTheFiltersThatWereAskedFor) {
  auto const plain = seen_by_h5py(put(counting<double>({300, 500})));
  EXPECT_THAT(plain, HasSubstr(R"("compression": null, "fletcher32": false)"));
  auto const path = put(counting<double>({300, 500}), {.compression = 4, .checksum = true});
  EXPECT_THAT(seen_by_h5py(path), HasSubstr(R"("compression": "gzip", "fletcher32": true)"));
  EXPECT_THAT(run("h5dump -p -H " + path).output, HasSubstr("COMPRESSION DEFLATE { LEVEL 4 }"));
}

}  // namespace
}  // namespace hdf5_test
