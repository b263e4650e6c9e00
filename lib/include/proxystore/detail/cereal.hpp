/// The one header that includes cereal: archives that read and write its portable-binary format
/// (one byte for the byte order, then values) in memory, and that trust no length they read.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include <cereal/cereal.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <proxystore/error.hpp>
#include <proxystore/export.hpp>

namespace proxystore::detail {

/// How deep values may lie in values, so that no object can exhaust the stack of who reads it. A list linked
/// by pointers takes five for each element.
inline constexpr int max_depth = 4000;

/// Grows a vector; an object of unknown size is written here first.
class PortableWriter : public cereal::OutputArchive<PortableWriter, cereal::AllowEmptyClassElision> {
 public:
  /// Appends to `out`, which outlives the archive.
  explicit PortableWriter(std::vector<std::byte>& out)
      : cereal::OutputArchive<PortableWriter, cereal::AllowEmptyClassElision>(this), out_(out) {
    out_.push_back(std::byte{std::endian::native == std::endian::little});
  }
  void write(void const* data, std::size_t size) {
    auto const* bytes = static_cast<std::byte const*>(data);
    out_.insert(out_.end(), bytes, bytes + size);
  }
  void enter() {
    if (++depth_ > max_depth)
      throw InvalidArgument("an object is nested too deep to be stored (a long chain of pointers?)");
  }
  void leave() noexcept { --depth_; }

 private:
  std::vector<std::byte>& out_;
  int depth_ = 0;
};

class PortableReader : public cereal::InputArchive<PortableReader, cereal::AllowEmptyClassElision> {
 public:
  explicit PortableReader(std::span<std::byte const> in)
      : cereal::InputArchive<PortableReader, cereal::AllowEmptyClassElision>(this),
        in_(in),
        claimable_(in.size() + elements_without_content) {
    std::uint8_t little = 0;
    read(&little, 1, 1);
    if (little > 1) throw CorruptObject("a cereal archive does not begin with its byte order");
    swap_ = (little == 1) != (std::endian::native == std::endian::little);
  }

  /// `size` bytes made of elements of `element` bytes each, in this machine's order.
  void read(void* data, std::size_t size, std::size_t element) {
    if (size > in_.size()) throw CorruptObject("a cereal archive ends in the middle of a value");
    if (size == 0) return;
    std::memcpy(data, in_.data(), size);
    in_ = in_.subspan(size);
    if (!swap_ || element == 1) return;
    auto* bytes = static_cast<std::byte*>(data);
    for (std::size_t at = 0; at + element <= size; at += element)
      for (std::size_t i = 0; i < element / 2; ++i) std::swap(bytes[at + i], bytes[at + element - 1 - i]);
  }

  /// Each element of a container begins with a byte of its own, also of containers in containers, except for a few
  /// elements without content: so all that an archive claims together is bounded by its size.
  void claim_container(std::uint64_t size) {
    if ((size > in_.size() && size > elements_without_content) || size > claimable_)
      throw CorruptObject("a cereal archive claims a container of " + std::to_string(size) + " elements in " +
                          std::to_string(in_.size()) + " bytes");
    claimable_ -= size;
  }

  void enter() {
    if (++depth_ > max_depth) throw CorruptObject("a cereal archive is nested too deep");
  }
  void leave() noexcept { --depth_; }

  /// Objects that several shared_ptr of the archive own, by number and with their type: a number that stood for
  /// another type would make cereal's own table hand out a pointer to the wrong one.
  void remember(std::uint32_t id, std::type_index type, std::shared_ptr<void> object) {
    shared_.insert_or_assign(id, std::pair(type, std::move(object)));
  }
  std::shared_ptr<void> recall(std::uint32_t id, std::type_index type) const {
    if (id == 0) return nullptr;
    auto const found = shared_.find(id);
    if (found == shared_.end() || found->second.first != type)
      throw CorruptObject("a cereal archive shares an object that it does not hold, or as another type");
    return found->second.second;
  }

  std::size_t remaining() const noexcept { return in_.size(); }

 private:
  static constexpr std::uint64_t elements_without_content = 1U << 16U;

  std::span<std::byte const> in_;
  std::uint64_t claimable_;  // elements of containers still to come
  std::map<std::uint32_t, std::pair<std::type_index, std::shared_ptr<void>>> shared_;
  int depth_ = 0;
  bool swap_ = false;
};

template <class T>
std::enable_if_t<std::is_arithmetic_v<T>> CEREAL_SAVE_FUNCTION_NAME(PortableWriter& archive, T const& value) {
  archive.write(&value, sizeof value);
}
template <class T>
std::enable_if_t<std::is_arithmetic_v<T>> CEREAL_LOAD_FUNCTION_NAME(PortableReader& archive, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t byte = 0;
    archive.read(&byte, 1, 1);
    value = byte != 0;
  } else {
    archive.read(&value, sizeof value, sizeof value);
  }
}

template <class Archive, class T>
CEREAL_ARCHIVE_RESTRICT(PortableReader, PortableWriter)
CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, cereal::NameValuePair<T>& pair) {
  archive(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(PortableWriter& archive, cereal::SizeTag<T> const& tag) {
  archive(static_cast<std::uint64_t>(tag.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(PortableReader& archive, cereal::SizeTag<T>& tag) {
  std::uint64_t size = 0;
  archive(size);
  archive.claim_container(size);
  tag.size = static_cast<std::remove_reference_t<T>>(size);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(PortableWriter& archive, cereal::BinaryData<T> const& data) {
  archive.write(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(PortableReader& archive, cereal::BinaryData<T>& data) {
  using Element = std::remove_pointer_t<T>;
  auto const size = static_cast<std::size_t>(data.size);
  archive.read(data.data, size, sizeof(Element));
  if constexpr (std::is_same_v<Element, bool>)  // any other byte in a bool is undefined
    for (auto* byte = reinterpret_cast<unsigned char*>(data.data); byte != reinterpret_cast<unsigned char*>(data.data) + size; ++byte)
      *byte = *byte != 0;
}

template <class T>
  requires(!cereal::traits::has_load_and_construct<T, PortableReader>::value)
void CEREAL_LOAD_FUNCTION_NAME(PortableReader& archive,
                               cereal::memory_detail::PtrWrapper<std::shared_ptr<T>&>& wrapper) {
  using Object = std::remove_const_t<T>;
  std::uint32_t id = 0;
  archive(id);
  if ((id & cereal::detail::msb_32bit) == 0) {
    wrapper.ptr = std::static_pointer_cast<T>(archive.recall(id, typeid(Object)));
    return;
  }
  std::shared_ptr<Object> object(cereal::detail::Construct<Object, PortableReader>::load_andor_construct());
  archive.remember(id & ~cereal::detail::msb_32bit, typeid(Object), object);
  archive(*object);
  wrapper.ptr = std::move(object);
}

template <class T>
  requires(!std::is_arithmetic_v<T>)
void prologue(PortableWriter& archive, T const&) {
  archive.enter();
}
template <class T>
  requires(!std::is_arithmetic_v<T>)
void epilogue(PortableWriter& archive, T const&) {
  archive.leave();
}
template <class T>
  requires(!std::is_arithmetic_v<T>)
void prologue(PortableReader& archive, T const&) {
  archive.enter();
}
template <class T>
  requires(!std::is_arithmetic_v<T>)
void epilogue(PortableReader& archive, T const&) {
  archive.leave();
}

/// Has cereal's save and load, by member or free function, or is a standard type that cereal knows.
template <class T>
concept CerealSerializable = cereal::traits::is_output_serializable<T, PortableWriter>::value &&
                             cereal::traits::is_input_serializable<T, PortableReader>::value;

}  // namespace proxystore::detail

CEREAL_REGISTER_ARCHIVE(proxystore::detail::PortableWriter)
CEREAL_REGISTER_ARCHIVE(proxystore::detail::PortableReader)
CEREAL_SETUP_ARCHIVE_TRAITS(proxystore::detail::PortableReader, proxystore::detail::PortableWriter)
