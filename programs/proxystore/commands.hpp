#pragma once

#include <CLI/CLI.hpp>

namespace proxystore::program {

/// Exit codes: 0, or what a subcommand says of its own; 2 for what could not be done (the text is on stderr).
inline constexpr int not_intact = 1, failed = 2;

/// Each adds a subcommand, which sets `exit_code` when it has run.
void add_ls(CLI::App& app, int& exit_code);
void add_trace(CLI::App& app, int& exit_code);

}  // namespace proxystore::program
