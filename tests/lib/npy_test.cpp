// Objects as Python ProxyStore writes them: b"NP\n" + what NumPy 1.24 saves. Recorded with python3-numpy of
// Debian 12, by
//
//     f = io.BytesIO(); numpy.save(f, a); print(b"NP\n" + f.getvalue())
//
// or numpy.lib.format.write_array(f, a, version=(2, 0)) for the other formats. To keep them readable, the spaces
// at the end of a header are made here; numpy_saved() gives exactly the recorded bytes.
#include <complex>
#include <cstdint>

#include "support.hpp"

namespace {

using namespace support;
using testing::ElementsAre;
using testing::HasSubstr;

std::string saved(int version, std::size_t header_length, std::string header, std::string_view data) {
  std::string object = "NP\n\x93NUMPY";
  object += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) object += static_cast<char>(header_length >> (8 * i) & 0xff);
  header.resize(header_length - 1, ' ');
  return object + header + '\n' + std::string(data);
}

/// Format 1.0 with NumPy's usual padding.
Bytes numpy_saved(std::string const& header, std::string_view data) { return bytes_of(saved(1, 118, header, data)); }

std::string_view text(Bytes const& bytes) { return bytes.text(); }

TEST(NpyTest, ReadsAnArrayVerbatim) {  // numpy.array([1, 2, 255], 'u1'), nothing left out
  auto const object =
      "NP\n\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"
      "                                                            \n\x01\x02\xff"sv;
  EXPECT_THAT(deserialize<Array<std::uint8_t>>(bytes_of(object)), ElementsAre(1, 2, 255));
  EXPECT_EQ(text(numpy_saved("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "\x01\x02\xff")), object);
}

TEST(NpyTest, ReadsDoubles) {  // numpy.arange(6, dtype='<f8').reshape(2, 3) / 2
  auto const a = deserialize<Array<double>>(
      numpy_saved("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
                  "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0?\x00\x00\x00\x00\x00\x00\xf0?"
                  "\x00\x00\x00\x00\x00\x00\xf8?\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x04@"sv));
  EXPECT_EQ(a.shape(), (Shape{2, 3}));
  EXPECT_THAT(a, ElementsAre(0, 0.5, 1, 1.5, 2, 2.5));
}

TEST(NpyTest, ReadsTheOtherByteOrder) {  // numpy.array([1.5, -2], '>f4')
  auto const a = deserialize<Array<float>>(
      numpy_saved("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "?\xc0\x00\x00\xc0\x00\x00\x00"sv));
  EXPECT_THAT(a, ElementsAre(1.5F, -2.F));
}

TEST(NpyTest, ReadsFortranOrder) {  // numpy.asfortranarray(numpy.arange(6, dtype='<i2').reshape(2, 3))
  auto const a =
      deserialize<Array<std::int16_t>>(numpy_saved("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }",
                                                   "\x00\x00\x03\x00\x01\x00\x04\x00\x02\x00\x05\x00"sv));
  EXPECT_EQ(a.shape(), (Shape{2, 3}));
  EXPECT_THAT(a, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(NpyTest, ReadsFortranOrderOfTheOtherByteOrder) {  // asfortranarray(arange(8, dtype='>u4').reshape(2, 2, 2))
  auto const a = deserialize<Array<std::uint32_t>>(
      numpy_saved("{'descr': '>u4', 'fortran_order': True, 'shape': (2, 2, 2), }",
                  "\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x02\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x00\x05"
                  "\x00\x00\x00\x03\x00\x00\x00\x07"sv));
  EXPECT_THAT(a, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

TEST(NpyTest, ReadsComplexNumbersOfBothByteOrders) {  // numpy.array([1+2j])
  using Complex = std::complex<double>;
  EXPECT_THAT(deserialize<Array<Complex>>(numpy_saved("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }",
                                                      "\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@"sv)),
              ElementsAre(Complex(1, 2)));
  EXPECT_THAT(deserialize<Array<Complex>>(numpy_saved("{'descr': '>c16', 'fortran_order': False, 'shape': (1,), }",
                                                      "?\xf0\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x00"sv)),
              ElementsAre(Complex(1, 2)));
}

TEST(NpyTest, ReadsBooleansAndRefusesOtherBytesAsSuch) {  // numpy.array([True, False])
  std::string const header = "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_THAT(deserialize<Array<bool>>(numpy_saved(header, "\x01\x00"sv)), ElementsAre(true, false));
  EXPECT_THROW((void)deserialize<Array<bool>>(numpy_saved(header, "\x01\x02"sv)), CorruptObject);
}

TEST(NpyTest, ReadsAnArrayOfNoDimensions) {  // numpy.array(42, '<i8')
  auto const object = numpy_saved("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", "*\0\0\0\0\0\0\0"sv);
  auto const a = deserialize<Array<std::int64_t>>(object);
  EXPECT_EQ(a.rank(), 0U);
  EXPECT_EQ(a(), 42);
  EXPECT_EQ(deserialize<std::int64_t>(object), 42);  // and as the number it is
  EXPECT_THROW((void)deserialize<std::int32_t>(object), CorruptObject);
}

TEST(NpyTest, ReadsAnArrayWithoutElements) {  // numpy.zeros((0, 3))
  auto const a =
      deserialize<Array<double>>(numpy_saved("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", ""));
  EXPECT_EQ(a.shape(), (Shape{0, 3}));
  EXPECT_TRUE(a.empty());
  auto const f =
      deserialize<Array<double>>(numpy_saved("{'descr': '>f8', 'fortran_order': True, 'shape': (3, 0), }", ""));
  EXPECT_EQ(f.shape(), (Shape{3, 0}));
}

TEST(NpyTest, ReadsFormats2And3) {  // write_array(f, numpy.array([7], '<i4'), version=(2, 0)), and (3, 0)
  for (int const version : {2, 3}) {
    auto const object =
        saved(version, 116, "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }", "\x07\x00\x00\x00"sv);
    EXPECT_EQ(object.size(), 135U);  // as recorded
    EXPECT_THAT(deserialize<Array<std::int32_t>>(bytes_of(object)), ElementsAre(7));
  }
}

TEST(NpyTest, ReadsAnyPaddingAndFieldOrder) {
  for (auto const* header : {"{'descr':'<i4','fortran_order':False,'shape':(1,)}",
                             "{'shape': (1,), 'fortran_order': True, 'descr': \"<i4\"}",
                             "{ 'shape' : ( 1 , ) , 'descr' : '=i4' , 'fortran_order' : False , }"}) {
    std::string const all = header;
    for (std::size_t const length : {all.size() + 1, all.size() + 2, std::size_t{300}})
      EXPECT_THAT(deserialize<Array<std::int32_t>>(bytes_of(saved(1, length, all, "\x07\0\0\0"sv))), ElementsAre(7));
  }
}

TEST(NpyTest, ReadsWhatIsWrittenAsUsualInShortAsInFull) {
  using Data = std::optional<std::vector<std::int32_t>>;
  auto const in_short = [](Bytes const& object) -> Data {
    auto const data = npy::vector_data(object, {'i', 4});
    if (!data) return std::nullopt;
    std::vector<std::int32_t> elements(data->size() / 4);
    std::memcpy(elements.data(), data->data(), data->size());
    return elements;
  };
  auto const in_full = [](Bytes const& object) -> Data {
    try {
      auto const array = deserialize<Array<std::int32_t>>(object);
      return array.rank() == 1 ? Data(std::in_place, array.begin(), array.end()) : std::nullopt;
    } catch (CorruptObject const&) {
      return std::nullopt;
    }
  };
  std::string const usual = "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }";
  for (auto const& [header, is_short] : std::initializer_list<std::pair<std::string, bool>>{
           {usual, true},
           {"{'descr': '|i4', 'fortran_order': False, 'shape': (2,), }", true},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (2), }", true},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (2, ), }", true},
           {"{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", false},
           {"{'descr': '<i4', 'fortran_order': True, 'shape': (2,), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (1, 2), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (2 ,), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (,), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (-2,), }", false},
           {"{'descr': '<u4', 'fortran_order': False, 'shape': (2,), }", false},
           {"{'descr': '<i44', 'fortran_order': False, 'shape': (2,), }", false},
           {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), } x", false},
           {"", false}}) {
    Bytes const object = numpy_saved(header, "\x07\0\0\0\x08\0\0\0"sv);
    auto const read = in_short(object);
    EXPECT_EQ(read.has_value(), is_short) << header;
    EXPECT_EQ(read ? read : in_full(object), in_full(object)) << header;
  }
  auto const whole = saved(1, 118, usual, "\x07\0\0\0\x08\0\0\0"sv);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(in_short(bytes_of(whole.substr(0, size)))) << size;
}

TEST(NpyTest, RefusesHeadersThatAreNotPlain) {
  std::pair<char const*, char const*> const bad[] = {
      {"{'descr': [('a', '<i4'), ('b', '<f8')], 'fortran_order': False, 'shape': (1,), }", "records"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "dtype"},
      {"{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }", "Python objects"},
      {"{'descr': '<i0', 'fortran_order': False, 'shape': (1,), }", "without size"},
      {"{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,), }", "number"},
      {"{'descr': 'xi4', 'fortran_order': False, 'shape': (1,), }", "dtype"},
      {"{'descr': '<i4', 'fortran_order': 0, 'shape': (1,), }", "malformed"},
      {"{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }", "number"},
      {"{'descr': '<i4', 'fortran_order': False, 'shape': 1, }", "malformed"},
      {"{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "number"},
      {"{'descr': '<i4', 'fortran_order': False, }", "incomplete"},
      {"{'descr': '<i4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unknown field"},
      {"{'descr': '<i4', 'fortran_order': False, 'shape': (1,), } {", "incomplete"},
      {"", "malformed"},
  };
  for (auto const& [header, why] : bad) {
    Bytes const object = numpy_saved(header, "\x07\0\0\0"sv);
    EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<Array<std::int32_t>>(object); }), HasSubstr(why))
        << header;
  }
}

TEST(NpyTest, RefusesMoreThan64Dimensions) {
  std::string shape;
  for (int i = 0; i < 65; ++i) shape += "1,";
  auto const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + shape + "), }";
  EXPECT_THROW((void)deserialize<Array<std::uint8_t>>(bytes_of(saved(1, 400, header, "x"))), CorruptObject);
}

TEST(NpyTest, RefusesShapesThatDoNotFitTheData) {
  for (auto const* shape : {"(2,)", "(0,)", "(1, 2)", "(4611686018427387904, 4)", "(2147483648, 2147483648, 4)"}) {
    auto const header = std::string("{'descr': '<i4', 'fortran_order': False, 'shape': ") + shape + ", }";
    EXPECT_THROW((void)deserialize<Array<std::int32_t>>(numpy_saved(header, "\x07\0\0\0"sv)), CorruptObject) << shape;
  }
}

TEST(NpyTest, RefusesAnotherElementTypeAndNamesBoth) {
  auto const object = numpy_saved("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }", "\x07\0\0\0"sv);
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<Array<float>>(object); }),
              testing::AllOf(HasSubstr("i4"), HasSubstr("f4")));
}

TEST(NpyTest, RefusesOtherFormatsAndMagic) {
  std::string const header = "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }";
  EXPECT_THROW((void)deserialize<Array<int>>(bytes_of(saved(4, 118, header, "\x07\0\0\0"sv))), CorruptObject);
  EXPECT_THROW((void)deserialize<Array<int>>(bytes_of("NP\nNUMPY")), CorruptObject);
  auto lies = saved(2, 118, header, "\x07\0\0\0"sv);
  lies[14] = '\x7f';  // a header of 2 GB
  EXPECT_THROW((void)deserialize<Array<int>>(bytes_of(lies)), CorruptObject);
}

TEST(NpyTest, WritesExactlyTheseBytes) {
  Array<double> a({2, 3});
  for (std::size_t i = 0; i < 6; ++i) a[i] = static_cast<double>(i) / 2;
  // As NumPy's, but padded so that the data begins at a multiple of 64 of the object.
  EXPECT_EQ(text(serialize(a)),
            saved(1, 115, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
                  "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0?\x00\x00\x00\x00\x00\x00\xf0?"
                  "\x00\x00\x00\x00\x00\x00\xf8?\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x04@"sv));
  EXPECT_EQ(text(serialize(std::vector<std::int16_t>{1, -1})),
            saved(1, 115, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", "\x01\x00\xff\xff"sv));
  EXPECT_EQ(text(serialize(Array<std::uint8_t>({0}))),
            saved(1, 115, "{'descr': '|u1', 'fortran_order': False, 'shape': (0,), }", ""));
}

TEST(NpyTest, PadsLongHeadersToo) {
  Array<char> a(Shape(40, 1));
  a[0] = 'x';
  Bytes const object = serialize(a);
  EXPECT_EQ((object.size() - 1) % 64, 0U);
  EXPECT_EQ(deserialize<Array<char>>(object), a);
}

}  // namespace
