// How long objects live. A store keeps an object until it is evicted; what has been resolved lives as long as it is
// held, wherever its memory is.
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

#include <numeric>
#include <string>

using namespace proxystore;

int main() {
  register_connectors();
  auto store = Store::open("lifetimes", "local:");
  int wrong = 0;

  // Evicted by hand. A proxy that has resolved keeps its object; one that has not finds none.
  auto const resolved = store.proxy_from_key<std::string>(store.put(std::string("first")));
  auto const too_late = store.proxy_from_key<std::string>(resolved.key());
  if (resolved.size() != 5) ++wrong;
  store.evict(resolved.key());
  if (store.exists(resolved.key()) || resolved != "first") ++wrong;
  try {
    too_late.resolve();
    ++wrong;
  } catch (ObjectNotFound const&) {
  }

  // For one consumer: the first proxy that resolves takes the object out of the store.
  auto const once = store.future<std::string>({.evict_on_resolve = true});
  once.set_result("for one");
  if (once.proxy() != "for one" || store.exists(once.key())) ++wrong;

  // For a scope: what is put under a lifetime goes when that ends. A LeaseLifetime ends after a time, a StaticLifetime
  // with the program.
  Key temporary;
  {
    Lifetime step(store);
    temporary = store.put(std::string("of this step"), {.lifetime = &step});
    auto const next = store.future<std::string>({.lifetime = &step});
    next.set_result("of this step too");
    if (!store.exists(temporary) || next.proxy() != "of this step too") ++wrong;
  }
  if (store.exists(temporary)) ++wrong;

  // With an owner: its destructor evicts, moving or serializing it moves the ownership to another rank. Many may borrow
  // it to read, or one to change.
  Key owned;
  {
    OwnedProxy<std::string> owner = store.owned_proxy(std::string("draft"));
    {
      RefMutProxy<std::string> editor = owner.mut_borrow();  // its own copy, until it is written back
      *editor += ", revised";
      editor.update();
    }
    RefProxy<std::string> const reader = owner.borrow();
    if (*reader != "draft, revised") ++wrong;
    try {
      owner.update("too early");  // while somebody reads
      ++wrong;
    } catch (InvalidArgument const&) {
    }
    owned = owner.key();
  }
  if (store.exists(owned)) ++wrong;

  // An array taken out of a store is a view of the stored memory. The view, and every copy of it, keeps that memory:
  // after the eviction, after the store is closed (for memory of MPI windows: until MPI_Finalize).
  auto numbers = store.allocate<int>({1000});
  std::iota(numbers.begin(), numbers.end(), 0);
  auto const key = store.put(std::move(numbers));
  Array<int> const view = *store.get<Array<int>>(key);
  store.evict(key);
  store.close();
  if (!view.is_view() || view[999] != 999) ++wrong;
  return wrong;
}
