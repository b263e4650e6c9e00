// Files that are damaged, cut off or another's, and what HDF5 would print about them.
#include "support.hpp"

/// For LeakSanitizer: HDF5 1.10.8 leaks the header of an object whose checksum is wrong (H5O_protect).
extern "C" char const* __lsan_default_suppressions() { return "leak:libhdf5"; }

namespace hdf5_test {
namespace {

class Hdf5Damage : public testing::Test {
 protected:
  /// What is wrong with the object if its file has these bytes; "nothing" if it can be read.
  std::string problem(Hdf5Connector& connector, Key const& key, std::string_view bytes) const {
    overwrite(object_path(directory_, key), bytes);
    testing::internal::CaptureStderr();
    std::string problem = "nothing";
    try {
      (void)connector.get(key);
    } catch (CorruptObject const& error) {
      problem = error.what();
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    return problem;
  }

  Directory directory_;
};

std::string array_object(std::size_t count) {
  Array<double> array({count});
  for (std::size_t i = 0; i < count; ++i) array[i] = static_cast<double>(i % 1000);
  return std::string(serialize(array).text());
}

TEST_F(Hdf5Damage, FindsEveryByteThatWasFlippedWhenChecksumsAreOn) {
  for (std::size_t const count : {10UL, 3000UL})
    for (int const compression : {0, 6}) {
      Hdf5Connector connector(directory_.path(), {.compression = compression, .checksum = true});
      auto const object = array_object(count);
      Key const key = connector.put(buffer_of(object));
      auto const whole = contents(object_path(directory_, key));
      std::size_t found = 0, all = 0;
      for (std::size_t at = 0; at < whole.size(); at += whole.size() / 300, ++all) {
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        if (problem(connector, key, damaged) != "nothing") ++found;
        else EXPECT_EQ(connector.get(key).value().text(), object) << at;  // in space that nothing uses
      }
      EXPECT_GT(found, all / 4);
    }
}

TEST_F(Hdf5Damage, FindsFilesThatWereCutOff) {
  for (Hdf5Options const options : {Hdf5Options{}, Hdf5Options{.compression = 1}, Hdf5Options{.checksum = true}})
    for (std::size_t const count : {10UL, 5000UL}) {
      Hdf5Connector connector(directory_.path(), options);
      Key const key = connector.put(buffer_of(array_object(count)));
      auto const whole = contents(object_path(directory_, key));
      for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 60)
        EXPECT_THAT(problem(connector, key, std::string_view(whole).substr(0, size)), HasSubstr("cannot be read")) << size;
    }
}

TEST_F(Hdf5Damage, TellsFilesOfOthers) {
  Hdf5Connector connector(directory_.path());
  Key const key = connector.put(buffer_of("US\nmine"));
  EXPECT_THAT(problem(connector, key, ""), HasSubstr("it is no HDF5 file"));
  EXPECT_THAT(problem(connector, key, "US\nno HDF5 at all"), HasSubstr("it is no HDF5 file"));
  EXPECT_THAT(problem(connector, key, "\x89HDF\r\n\x1a\n" + std::string(1000, '\2')), HasSubstr("H5Fopen failed"));
  EXPECT_THAT(problem(connector, key, "\x89HDF\r\n\x1a\n" + std::string(1000, '\0')), HasSubstr("in a format of HDF5"));
}

TEST_F(Hdf5Damage, TellsDatasetsOfOthers) {
  if (!has("/usr/bin/python3 -c 'import h5py'")) GTEST_SKIP() << "h5py is not here (Debian: python3-h5py)";
  Hdf5Connector connector(directory_.path());
  Key const key = connector.put(buffer_of("US\nmine"));
  std::vector<std::string> const makings{
      "f['other'] = 1",
      "f['object'] = 'text'",
      "f['object'] = [1, 2]",
      "f.create_group('object')",
      "f['object'] = h5py.Empty('f')",
      "f['object'] = h5py.SoftLink('/object')",
      "array((1 << 50,), 'f8', chunks=(1 << 20,))",
      "array((1 << 50,), 'f8')",
      "array((1 << 62, 1 << 62), 'V1', maxshape=(None, None))",
      "array((9,), 'f8', external=[('/etc/passwd', 0, 72)])",
      "array((2,), h5py.vlen_dtype('i4'))",
      "array((4096,), 'f8', compression='lzf')"};
  std::string script = "import h5py, numpy\n"
                       "def array(shape, dtype, **options):\n"
                       "  f.create_dataset('object', shape, dtype, **options).attrs['identifier'] = numpy.bytes_('NP')\n";
  auto const file = [&](std::size_t i) { return (directory_.path() / std::to_string(i)).string(); };
  for (std::size_t i = 0; i < makings.size(); ++i)
    script += "f = h5py.File('" + file(i) + "', 'w', libver=('v110', 'v110'))\n" + makings[i] + "\nf.close()\n";
  overwrite((directory_.path() / "script").string(), script);
  auto const made = run("/usr/bin/python3 " + (directory_.path() / "script").string());
  ASSERT_EQ(made.status, 0) << made.output;
  for (std::size_t i = 0; i < makings.size(); ++i)
    EXPECT_THAT(problem(connector, key, contents(file(i))), HasSubstr("was not written by a store")) << makings[i];
}

TEST_F(Hdf5Damage, LeavesOtherObjectsAlone) {
  Hdf5Connector connector(directory_.path());
  Key const broken = connector.put(buffer_of("US\nbroken")), whole = connector.put(buffer_of("US\nwhole"));
  for (int i = 0; i < 300; ++i) ASSERT_NE(problem(connector, broken, "nonsense"), "nothing");
  EXPECT_EQ(connector.get(whole).value().text(), "US\nwhole");
  connector.evict(broken);
  EXPECT_EQ(connector.get(broken), std::nullopt);
}

TEST_F(Hdf5Damage, RefusesKeysThatLeadOutOfTheDirectory) {
  Hdf5Connector connector(directory_.path() / "inside");
  for (auto const* text : {"../inside", "..", ".", "/etc", "", "00000000-0000-0000-0000-00000000000/", "%2e%2e"}) {
    Key const key{std::string(text)};
    EXPECT_EQ(connector.get(key), std::nullopt);
    EXPECT_EQ(connector.wait(key, patience), State::gone);
    EXPECT_THROW(connector.set(key, buffer_of("x")), ObjectNotFound);
    EXPECT_NO_THROW(connector.evict(key));
  }
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "inside"));
}

TEST(Hdf5Options, AreReadFromTextAndRefusedWhereTheyMeanNothing) {
  Directory const directory;
  auto const place = "hdf5:" + directory.path().string();
  auto const open = [](std::string const& text) {
    Hdf5Connector::add_kind(Registry::instance());
    return Registry::instance().connect(Config::parse(text));
  };
  EXPECT_EQ(open(place + "?compression=4&checksum=true")->config().to_string(), place + "?checksum=yes&compression=4");
  EXPECT_EQ(open(place)->config().to_string(), place);
  EXPECT_EQ(open("hdf5://" + directory.path().string())->config().to_string(), place);
  for (auto const* wrong : {"?compression=10", "?compression=4KiB", "?checksum=maybe", "?compress=1"})
    EXPECT_THROW((void)open(place + wrong), ConfigError) << wrong;
  EXPECT_THROW((void)open("hdf5:"), ConfigError);
  EXPECT_THROW((void)open("hdf5:/dev/null/below"), ConnectorError);
  EXPECT_THAT(open(place)->report(), HasSubstr("HDF5 " + std::to_string(1)));
}

}  // namespace
}  // namespace hdf5_test
