# Sourced after common.sh: finds out which Debian packages are missing and installs them.
# shellcheck shell=bash

# packages_of PURPOSE...: the packages that packages.txt lists under these purposes.
packages_of() {
  local purpose
  for purpose in "$@"; do
    awk -v want="[$purpose]" '
      /^#/ || /^[ \t]*$/ { next }
      /^\[/ { in_it = ($1 == want); if (in_it) found = 1; next }
      in_it { print $1 }
      END { if (!found) exit 1 }' "$ROOT/scripts/packages.txt" ||
      die "scripts/packages.txt has no purpose [$purpose]"
  done | sort -u
}

# missing_packages PURPOSE...: those of them that are not installed.
missing_packages() {
  local package
  for package in $(packages_of "$@"); do
    case "$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true)" in
      ii*) ;;
      *) echo "$package" ;;
    esac
  done
}

# need_packages PURPOSE...: installs what is missing, with sudo where we are not root. Stops with the
# line to run where it cannot.
need_packages() {
  command -v dpkg-query >/dev/null ||
    die "this is not a Debian system; install the equivalents of: $(packages_of "$@" | xargs)"
  local missing as_root=""
  missing="$(missing_packages "$@" | xargs)"
  if [ -z "$missing" ]; then
    return 0
  fi
  local line="apt-get update && apt-get install -y --no-install-recommends $missing"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "missing packages; run as root:
  $line"
    as_root="sudo "
    line="sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
  fi
  say "Installing missing packages"
  printf '%s\n' "$line"
  # shellcheck disable=SC2086  # both hold several words
  { ${as_root}apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive ${as_root}apt-get install -y -qq --no-install-recommends $missing; } ||
    die "that failed; run by hand:
  $line"
}

# need_python_tools: what tests run from the Python registry, in an environment of its own below the
# cache. Sets SLIPWAY_PYTHON. Where it cannot be had, the tests that want it are skipped and say so.
need_python_tools() {
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/slipway/python"
  local wanted="$ROOT/scripts/python-packages.txt"
  if ! cmp -s "$wanted" "$folder/installed.txt"; then
    say "Installing Python packages of the tests"
    { python3 -m venv "$folder" && "$folder/bin/python3" -m pip install --quiet -r "$wanted" &&
      cp "$wanted" "$folder/installed.txt"; } ||
      echo "that failed; tests that want $(grep -v '^#' "$wanted" | xargs) will be skipped"
  fi
  export SLIPWAY_PYTHON="$folder/bin/python3"
  [ -x "$SLIPWAY_PYTHON" ] || export SLIPWAY_PYTHON=/usr/bin/python3
}
