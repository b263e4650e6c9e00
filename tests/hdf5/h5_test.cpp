// What the package shares of HDF5: turns, errors, types and attributes, without a connector.
#include <proxystore/h5/attributes.hpp>
#include <proxystore/h5/types.hpp>

#include "support.hpp"

#include <thread>

namespace hdf5_test {
namespace {

using h5::Element;
using h5::Handle;

int told = 0;
herr_t tell(hid_t, void*) {
  ++told;
  return 0;
}

TEST(H5, PrintsNothingInASessionAndRestoresWhatTheProgramChose) {
  H5Eset_auto2(H5E_DEFAULT, tell, nullptr);
  told = 0;
  {
    h5::Session const session;
    EXPECT_LT(H5Fopen("/no such file", H5F_ACC_RDONLY, H5P_DEFAULT), 0);
  }
  EXPECT_EQ(told, 0);
  EXPECT_LT(H5Fopen("/no such file", H5F_ACC_RDONLY, H5P_DEFAULT), 0);
  EXPECT_EQ(told, 1);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

TEST(H5, NamesTheFunctionAndTheCauseOfAnError) {
  h5::Session const session;
  try {
    Handle const file(H5Fopen("/no such file", H5F_ACC_RDONLY, H5P_DEFAULT), "H5Fopen");
    FAIL();
  } catch (ConnectorError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("H5Fopen failed ("));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

TEST(H5, ClosesWhatAHandleOwns) {
  h5::Session const session;
  hid_t id = H5I_INVALID_HID;
  {
    Handle const scalar(H5Screate(H5S_SCALAR), "H5Screate");
    Handle const moved = Handle(H5Screate(H5S_NULL), "H5Screate");
    id = scalar.get();
    EXPECT_GT(H5Iis_valid(id), 0);
  }
  EXPECT_EQ(H5Iis_valid(id), 0);
}

TEST(H5, LetsThreadsTakeTurns) {
  int inside = 0, together = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          h5::Session const session;
          together += inside++ != 0 ? 1 : 0;
          --inside;
        }
      });
  }
  EXPECT_EQ(together, 0);
}

TEST(H5, FindsTheElementOfEveryTypeThatItMakes) {
  h5::Session const session;
  for (Element const element : {Element{{'b', 1}, false}, Element{{'i', 1}, false}, Element{{'u', 8}, true},
                                Element{{'i', 4}, true}, Element{{'f', 2}, false}, Element{{'f', 2}, true},
                                Element{{'f', 8}, false}, Element{{'c', 16}, true}, Element{{'c', 8}, false},
                                Element{{'f', sizeof(long double)}, false}, Element{{'V', 24}, false}}) {
    auto const type = h5::type_of(element);
    ASSERT_TRUE(type) << element.dtype.kind << element.dtype.size;
    EXPECT_EQ(H5Tget_size(type->get()), element.dtype.size);
    EXPECT_EQ(h5::element_of(type->get()), element) << element.dtype.kind << element.dtype.size;
  }
}

TEST(H5, HasNoTypeForWhatHdf5CannotHoldAndNoElementForOtherTypes) {
  h5::Session const session;
  for (Element const element : {Element{{'S', 4}, false}, Element{{'i', 16}, false}, Element{{'f', 3}, false},
                                Element{{'c', 4}, false}, Element{{'b', 4}, false}})
    EXPECT_FALSE(h5::type_of(element)) << element.dtype.kind << element.dtype.size;
  EXPECT_FALSE(h5::element_of(H5T_C_S1));
  Handle const pair(H5Tcreate(H5T_COMPOUND, 8), "H5Tcreate");
  H5Tinsert(pair.get(), "x", 0, H5T_IEEE_F32LE);
  H5Tinsert(pair.get(), "y", 4, H5T_IEEE_F32LE);
  EXPECT_FALSE(h5::element_of(pair.get()));
}

TEST(H5, CutsLongTextsAndReadsNoneThatAreOfAnotherKind) {
  Directory const directory;
  h5::Session const session;
  Handle const file(H5Fcreate((directory.path() / "a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), "H5Fcreate");
  h5::write_text(file.get(), "long", std::string(5000, 'x'));
  h5::write_text(file.get(), "empty", "");
  h5::write_provenance(file.get(), {"store", "key", "producer", std::nullopt});
  EXPECT_EQ(h5::read_text(file.get(), "long"), std::string(1024, 'x'));
  EXPECT_EQ(h5::read_text(file.get(), "empty"), std::nullopt);
  EXPECT_EQ(h5::read_text(file.get(), "absent"), std::nullopt);
  EXPECT_EQ(h5::read_text(file.get(), "producer"), "producer");
  EXPECT_EQ(h5::read_text(file.get(), "rank"), std::nullopt);
  EXPECT_EQ(h5::read_opaque(file.get(), "long"), std::nullopt);
}

}  // namespace
}  // namespace hdf5_test
