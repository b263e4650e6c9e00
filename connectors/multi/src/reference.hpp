/// What lies under a key that was made before its object, if that could not lie there itself:
///
///     FW\n<member>:<key>     a reference to an object that was put into another member, by its number in order of
///     names FW\n=<object>          an object that would else be taken for a reference
#pragma once

#include <cstddef>
#include <optional>

#include <proxystore/buffer.hpp>
#include <proxystore/key.hpp>

namespace proxystore::multi {

struct Referred {
  std::size_t member;
  Key key;
};

Buffer reference_to(Referred const& place);
/// `object` so that it is no reference.
Buffer literal(Buffer object);

/// nullopt: the object is no reference. Throws CorruptObject.
std::optional<Referred> read_reference(Bytes const& object);
Bytes read_literal(Bytes const& object);

/// The same memory again, to be given to another connector if the first has no room. A small object is copied.
Buffer again(Buffer const& object);

}  // namespace proxystore::multi
