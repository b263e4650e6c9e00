#include "physics/lammps_run.hpp"

#include "physics/lammps_exit.hpp"

#include <array>
#include <fstream>
#include <optional>
#include <utility>

#define LAMMPS_LIB_MPI
#include <lammps/library.h>

namespace crack {

namespace {

// The error that LAMMPS wrote to its log before it stopped.
std::optional<std::string> logged_error(std::string const& log) {
  std::optional<std::string> error;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("ERROR")) error = "LAMMPS: " + line;
  return error;
}

// Where LAMMPS is built with exceptions.
std::string last_error(void* handle) {
  std::array<char, 512> text{};
  lammps_get_last_error_message(handle, text.data(), static_cast<int>(text.size()));
  std::string error(text.data());
  error.erase(error.find_last_not_of("\n ") + 1);
  return "LAMMPS: " + error;
}

template <class T>
T* atom_property(void* handle, char const* name) {
  return static_cast<T*>(lammps_extract_atom(handle, name));
}

}  // namespace

LammpsRun::LammpsRun(MPI_Comm comm, std::string log) : log_(std::move(log)) {
  std::array<std::string, 6> arguments{"crack", "-log", log_, "-screen", "none", "-nocite"};
  std::array<char*, 6> pointers{};
  for (std::size_t i = 0; i < arguments.size(); ++i) pointers[i] = arguments[i].data();
  LammpsExitGuard const guard;
  handle_ = lammps_open(static_cast<int>(pointers.size()), pointers.data(), comm, nullptr);
}

LammpsRun::~LammpsRun() {
  if (handle_ != nullptr) lammps_close(handle_);
}

void LammpsRun::command(std::string const& text) {
  try {
    LammpsExitGuard const guard;
    lammps_command(handle_, text.c_str());
  } catch (LammpsAbort const& error) {
    handle_ = nullptr;
    throw LammpsAbort(logged_error(log_).value_or(error.what()));
  } catch (LammpsError const& error) {
    handle_ = nullptr;
    throw LammpsError(logged_error(log_).value_or(error.what()));
  }
  if (lammps_config_has_exceptions() && lammps_has_error(handle_)) throw LammpsError(last_error(handle_));
}

std::size_t LammpsRun::local_atoms() const {
  return static_cast<std::size_t>(lammps_extract_setting(handle_, "nlocal"));
}

void LammpsRun::copy_atoms(std::span<double> rows, std::string const& thermal_group) const {
  double* const* const x = atom_property<double*>(handle_, "x");
  double* const* const v = atom_property<double*>(handle_, "v");
  int const* const type = atom_property<int>(handle_, "type");
  int const* const mask = atom_property<int>(handle_, "mask");
  int const thermal = group_bit(thermal_group);
  for (std::size_t i = 0; i < rows.size() / column::count; ++i) {
    double* const row = rows.data() + i * column::count;
    row[column::x] = x[i][0];
    row[column::y] = x[i][1];
    row[column::vx] = v[i][0];
    row[column::vy] = v[i][1];
    row[column::type] = type[i];
    row[column::thermal] = (mask[i] & thermal) != 0 ? 1.0 : 0.0;
  }
}

int LammpsRun::group_bit(std::string const& name) const {
  std::array<char, 256> found{};
  for (int group = 0; group < lammps_id_count(handle_, "group"); ++group)
    if (lammps_id_name(handle_, "group", group, found.data(), static_cast<int>(found.size())) != 0 &&
        name == found.data())
      return 1 << group;
  throw LammpsError("LAMMPS has no group '" + name + "' (that the deck's temperature is computed of)");
}

Box LammpsRun::box() const {
  std::array<double, 3> low{};
  std::array<double, 3> high{};
  lammps_extract_box(handle_, low.data(), high.data(), nullptr, nullptr, nullptr, nullptr, nullptr);
  return {low[0], high[0], low[1], high[1]};
}

void run_deck(LammpsRun& lammps, Deck const& deck, std::int64_t every,
              std::function<void(std::int64_t)> const& on_frame) {
  std::int64_t step = 0;
  bool first = true;
  for (Deck::Command const& command : deck.commands()) {
    if (!is_run(command)) {
      lammps.command(command.text);
      continue;
    }
    lammps.command("run 0 post no");
    if (std::exchange(first, false)) on_frame(step);
    for (Piece const& piece : split_run(command, step, every)) {
      lammps.command("run " + std::to_string(piece.steps) + " pre no post no start " + std::to_string(piece.start) +
                     " stop " + std::to_string(piece.stop));
      on_frame(step += piece.steps);
    }
  }
}

}  // namespace crack
