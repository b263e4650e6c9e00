/// A Python program that runs beside a test.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace python_test {

class Python {
 public:
  explicit Python(std::string const& arguments) : pipe_(popen((program() + " " + arguments).c_str(), "r")) {}
  ~Python() { wait(); }
  Python(Python const&) = delete;
  Python& operator=(Python const&) = delete;

  /// One that has `module`; false if none has. PROXYSTORE_PYTHON names another than those on the PATH.
  static bool has(std::string const& module) {
    if (auto const* wanted = std::getenv("PROXYSTORE_PYTHON")) program() = wanted;
    for (auto const& python : {program(), std::string("python3"), std::string("/usr/bin/python3")}) {
      if (python.empty() || std::system((python + " -c 'import " + module + "' 2>/dev/null").c_str()) != 0) continue;
      program() = python;
      return true;
    }
    return false;
  }
  std::string line() {
    std::string text;
    for (int c = 0; (c = std::fgetc(pipe_)) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }
  int wait() { return pipe_ ? pclose(std::exchange(pipe_, nullptr)) : 0; }

 private:
  static std::string& program() {
    static std::string name;
    return name;
  }
  std::FILE* pipe_;
};

}  // namespace python_test
