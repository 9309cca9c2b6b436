"""The program behind scripts/bench: runs rows and prints their table."""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time

import rows
from processes import BenchError
from tools import MissingPeer, Tools
from trials import Figure

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["slipway-server", "slipway-gateway", "slipway-load"]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compares CPU per request with other programs that do the same, in one run: "
                    "trials in turns, the median of the pairs' ratios.",
        epilog="rows:\n" + "\n".join(f"  {name:<9}{row.__doc__.strip().splitlines()[0]}"
                                     for name, row in rows.ROWS.items())
               + "\n\nEach row alone takes at most 6 minutes. A row whose peer cannot be had here is "
                 "skipped.\nExit status: 0 figures printed (also where an aim is missed), 1 a row "
                 "failed, 2 usage.")
    parser.add_argument("row", nargs="+", choices=[*rows.ROWS, "all"], metavar="ROW")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter trials")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also write the figures")
    parser.add_argument("--programs", type=pathlib.Path, metavar="DIR",
                        help="our programs; default: build/release/bin, built first")
    parser.add_argument("--data-dir", type=pathlib.Path, metavar="DIR",
                        help="where data is kept while it is measured; default: build/bench")
    return parser.parse_args()


def raise_file_limit():
    """Our children inherit it: 10,000 connections need as many descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def run_row(name, context):
    """Returns (figures, what went wrong or None, why it was skipped or None)."""
    figures = []
    try:
        for figure in rows.ROWS[name](context):
            figures.append(figure)
    except MissingPeer as missing:
        return figures, None, str(missing)
    except BenchError as error:
        return figures, str(error), None
    return figures, None, None


def print_row(name, figures, seconds):
    print(f"\n{name}: {rows.ROWS[name].__doc__.strip().splitlines()[0]}  [{seconds:.0f} s]")
    ratios = [figure for figure in figures if isinstance(figure, Figure)]
    if ratios:
        print(f"  {'what':<46}{'ours':>9}{'theirs':>9}{'ratio':>8}  {'from … to':<13}{'aim':<14}"
              f"requests/s")
    for figure in figures:
        if isinstance(figure, Figure):
            aim = "" if figure.aim is None else f"≤ {figure.aim} {figure.verdict()}"
            print(f"  {figure.what:<46}{figure.our_micros:>7.1f}µs{figure.their_micros:>7.1f}µs"
                  f"{figure.ratio:>8.2f}  {figure.spread[0]:.2f} … {figure.spread[1]:<6.2f}{aim:<14}"
                  f"{figure.our_rate:,.0f} / {figure.their_rate:,.0f}")
        else:
            print(f"  {figure.what:<34}{figure.text}  {figure.verdict}")
    for figure in figures:
        if figure.commands:
            print(f"  {figure.what}:")
        for command in dict.fromkeys(figure.commands):
            print(f"    $ {command}")


def as_json(figures):
    return [dict(dataclasses.asdict(figure), kind=type(figure).__name__.lower(),
                 **({"verdict": figure.verdict()} if isinstance(figure, Figure) else {}))
            for figure in figures]


def machine():
    return {"machine": platform.machine(), "kernel": platform.release(),
            "cores": len(os.sched_getaffinity(0)),
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z")}


def main():
    options = parse_arguments()
    names = list(rows.ROWS) if "all" in options.row else list(dict.fromkeys(options.row))
    if options.programs is None:
        subprocess.run([ROOT / "scripts" / "build", "release", *PROGRAMS], check=True)
        options.programs = ROOT / "build" / "release" / "bin"
    tools = Tools(ROOT, options.programs.resolve(), say)
    data_directory = (options.data_dir or tools.cache).resolve()
    data_directory.mkdir(parents=True, exist_ok=True)
    open_files = raise_file_limit()
    everything, failed = [], []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="slipway-bench-", dir=data_directory) as folder:
            start = time.monotonic()
            context = rows.Context(tools, folder, options.quick, say, open_files)
            figures, wrong, skipped = run_row(name, context)
        everything += figures
        print_row(name, figures, time.monotonic() - start)
        if skipped:
            print(f"  SKIPPED: {skipped}")
        if wrong:
            print(f"  FAILED: {wrong}")
            failed.append(name)
    print(f"\n{tools.peer_versions()}; CPU is user and system time of the process over the requests it "
          "served; medians")
    if options.json:
        options.json.write_text(json.dumps({**machine(), "figures": as_json(everything)}, indent=1,
                                           ensure_ascii=False) + "\n")
    if failed:
        sys.exit(f"scripts/bench: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
