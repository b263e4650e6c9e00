// With Python: a proxy of a future that Python may wait for, and a future that Python sets. In one terminal, then in
// another, where Python has ProxyStore (10_python_peer.py is the whole of it):
//     ./10_python_peer there.pickle
//     python3 10_python_peer.py there.pickle
// Without an argument the program is its own peer.
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>
#include <proxystore/python.hpp>

#include <filesystem>
#include <fstream>
#include <string>

using namespace proxystore;
using pickle::Dict;
using pickle::Value;

int main(int argc, char** argv) {
  register_connectors();
  auto const directory = std::filesystem::temp_directory_path() / ("proxystore-" + make_uuid_key().text());
  auto store = Store::open("shared", "file://" + directory.string() + "?clear=yes");

  // A pickle that Python's pickle.loads makes a Proxy of. It may be used before there is an object.
  auto const order = store.future<Value>();
  auto const answer = store.future<Value>();
  Bytes const proxy = to_python(order.proxy());
  Bytes const future = to_python(answer);

  order.set_result(Dict{{"name", "crack"}, {"strain", Array<double>{2, 3}}});
  if (argc > 1) {
    std::ofstream file(argv[1], std::ios::binary);
    auto const both = pickle::dump(pickle::List{std::vector(proxy.span().begin(), proxy.span().end()),
                                                std::vector(future.span().begin(), future.span().end())});
    file.write(reinterpret_cast<char const*>(both.data()), static_cast<std::streamsize>(both.size()));
  } else {
    auto const received = from_python<Proxy<Value>>(proxy);
    from_python<Future<Value>>(future).set_result(Dict{{"of", (*received)["name"]}, {"steps", 500}});
  }
  return answer.result(std::chrono::minutes(5))["steps"].get<std::int64_t>() == 500 ? 0 : 1;
}
