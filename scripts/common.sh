# shellcheck shell=bash
# Sourced by the scripts beside it. Everything they make lies below build/, and in one folder of
# their own for sockets, whose paths must be short; it is removed at the end.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
root=$PWD
jobs=$(nproc)
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs

TMPDIR=$(mktemp -d /tmp/proxystore.XXXXXX)
export TMPDIR
# A script that is told to end takes along what it has started.
clean_up() {
  local children=()
  read -ra children <"/proc/$$/task/$$/children" || true
  ((${#children[@]} == 0)) || kill "${children[@]}" || true
  rm -rf "$TMPDIR"
}
trap clean_up EXIT

if ((EUID == 0)); then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

say() { printf '\n== %s\n' "$*"; }

# install_packages PURPOSE...
install_packages() { "$root/scripts/install-packages" ${no_install:+--no-install} "$@"; }

# quietly LOG COMMAND... : output goes to LOG, and its end to the terminal if the command fails
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    local status=$?
    tail -n 60 "$log"
    echo "failed: $* (the whole output: $log)"
    return $status
  }
}

use_ccache() {
  local cache
  cache=$(ccache --get-config cache_dir 2>/dev/null) || return 0
  if mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]]; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
}

span() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
