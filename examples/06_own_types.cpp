// Types of your own. A struct of numbers needs nothing; everything else a cereal serialize function.
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

#include <map>
#include <string>
#include <vector>

using namespace proxystore;

struct Particle {  // trivially copyable: its bytes travel as they are, between machines of one byte order and layout
  double x, y, z;
  int species;
};

struct Frame {
  int step = 0;
  std::vector<Particle> particles;
  std::map<std::string, double> thermo;
  Proxy<std::vector<double>> velocities;  // a proxy inside an object: fetched when somebody looks at it

  template <class Archive>
  void serialize(Archive& archive) {  // one function for both directions; cereal knows the standard containers
    archive(step, thermo, velocities);
    auto count = particles.size();
    archive(cereal::make_size_tag(count));
    particles.resize(count);
    for (auto& p : particles) archive(p.x, p.y, p.z, p.species);
  }
};

int main() {
  register_connectors();
  auto store = Store::open("types", "local:");

  auto const particles = store.put(std::vector<Particle>{{1, 2, 3, 7}, {4, 5, 6, 8}});
  bool right = store.get<std::vector<Particle>>(particles)->at(1).species == 8;

  auto future = store.future<Frame>();
  auto const velocities = store.proxy(std::vector<double>{0.5, 0.25});
  future.set_result({100, {{1, 2, 3, 7}}, {{"temperature", 0.7}}, velocities});

  auto const frame = future.proxy();
  right = right && frame->particles[0].z == 3 && frame->thermo.at("temperature") == 0.7;
  return right && frame->velocities[1] == 0.25 ? 0 : 1;
}
