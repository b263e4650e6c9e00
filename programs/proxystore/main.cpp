#include <proxystore/version.hpp>

#include <cstdio>
#include <exception>

#include "build.hpp"
#include "commands.hpp"

namespace {

constexpr char version[] = "proxystore " PROXYSTORE_VERSION "\ncommit:     " PROXYSTORE_COMMIT
                           "\ncomponents: " PROXYSTORE_BUILT "\ncompiler:   " PROXYSTORE_COMPILER;

constexpr char help[] =
    "Tools for the stores of proxystore-cpp: futures and proxies between MPI ranks.\n"
    "A store on disk is a directory. `proxystore ls DIR` tells what is in it, also while or after a job was killed.\n";

constexpr char more[] =
    "Each command has a --help of its own. Exit code 2: it could not be done; why is said on stderr.";

int run(int argc, char** argv) {
  int exit_code = 0;
  CLI::App app(help, "proxystore");
  app.footer(more);
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  proxystore::program::add_ls(app, exit_code);
  proxystore::program::add_trace(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error) == 0 ? 0 : proxystore::program::failed;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (std::exception const& error) {
  std::fprintf(stderr, "proxystore: %s\n", error.what());
  return proxystore::program::failed;
}
