#include <proxystore/h5/attributes.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>

#include <proxystore/version.hpp>

namespace proxystore::h5 {
namespace {

constexpr std::size_t longest_text = 1024, longest_opaque = 4096;  // an object header has room for 64 KiB

std::string time_now() {
  using namespace std::chrono;
  auto const now = system_clock::now();
  std::time_t const seconds = system_clock::to_time_t(now);
  auto const part = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(part));
  return text;
}

Handle text_type(std::size_t size) {
  Handle type(H5Tcopy(H5T_C_S1), "H5Tcopy");
  h5_check(H5Tset_size(type.get(), size), "H5Tset_size");
  h5_check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "H5Tset_cset");
  h5_check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "H5Tset_strpad");
  return type;
}

void write(hid_t object, char const* name, hid_t file_type, hid_t memory_type, void const* value) {
  Handle const scalar(H5Screate(H5S_SCALAR), "H5Screate");
  Handle const attribute(H5Acreate2(object, name, file_type, scalar.get(), H5P_DEFAULT, H5P_DEFAULT), "H5Acreate2");
  h5_check(H5Awrite(attribute.get(), memory_type, value), "H5Awrite");
}

struct Attribute {
  Handle id, type;
  std::size_t size;
};

/// One value of that class with a fixed size of at most `longest` bytes.
std::optional<Attribute> find(hid_t object, char const* name, H5T_class_t wanted, std::size_t longest) {
  if (h5_check(H5Aexists(object, name), "H5Aexists") == 0) return std::nullopt;
  Handle id(H5Aopen(object, name, H5P_DEFAULT), "H5Aopen");
  Handle type(H5Aget_type(id.get()), "H5Aget_type");
  std::size_t const size = H5Tget_size(type.get());
  if (H5Tget_class(type.get()) != wanted || H5Tis_variable_str(type.get()) > 0) return std::nullopt;
  if (size > longest || H5Aget_storage_size(id.get()) != size) return std::nullopt;
  return Attribute{std::move(id), std::move(type), size};
}

}  // namespace

void write_text(hid_t object, char const* name, std::string_view text) {
  text = text.substr(0, longest_text);
  if (text.empty()) return;
  Handle const type = text_type(text.size());
  write(object, name, type.get(), type.get(), text.data());
}

std::optional<std::string> read_text(hid_t object, char const* name) {
  auto const attribute = find(object, name, H5T_STRING, longest_text);
  if (!attribute) return std::nullopt;
  std::string text(attribute->size, '\0');
  h5_check(H5Aread(attribute->id.get(), attribute->type.get(), text.data()), "H5Aread");
  return text.substr(0, text.find('\0'));
}

void write_opaque(hid_t object, char const* name, std::span<std::byte const> bytes) {
  Handle const type(H5Tcreate(H5T_OPAQUE, bytes.size()), "H5Tcreate");
  write(object, name, type.get(), type.get(), bytes.data());
}

std::optional<std::vector<std::byte>> read_opaque(hid_t object, char const* name) {
  auto const attribute = find(object, name, H5T_OPAQUE, longest_opaque);
  if (!attribute) return std::nullopt;
  std::vector<std::byte> bytes(attribute->size);
  h5_check(H5Aread(attribute->id.get(), attribute->type.get(), bytes.data()), "H5Aread");
  return bytes;
}

void write_provenance(hid_t object, Provenance const& provenance) {
  write_text(object, "store", provenance.store);
  write_text(object, "key", provenance.key);
  write_text(object, "time", time_now());
  if (provenance.rank) write(object, "rank", H5T_STD_I32LE, H5T_NATIVE_INT, &*provenance.rank);
  write_text(object, "producer", provenance.producer);
  write_text(object, "library", "proxystore-cpp " PROXYSTORE_VERSION);
}

}  // namespace proxystore::h5
