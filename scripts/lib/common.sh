# Sourced by the shell scripts of this folder: where the project is, and how they talk.
# shellcheck shell=bash
set -euo pipefail

# shellcheck disable=SC2034  # used by those who source this file
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

# Compiled results are the same wherever the checkout lies, so a second clone finds them.
export CCACHE_BASEDIR="$ROOT" CCACHE_NOHASHDIR=1

say() { printf '\n== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# usage FILE: the comment at a script's head is its help.
usage() { sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//;p}' "$1"; }

# How many compilers fit into this machine: one a core, and 1.5 GB of memory each.
jobs() {
  local cores memory
  cores="$(nproc)"
  memory="$(awk '/^MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)"
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}
