#!/bin/sh
# Runs a Python test in Bazel's runfiles, where the programs are in the current folder.
SLIPWAY_BIN="$PWD" exec /usr/bin/python3 -B "$@"
