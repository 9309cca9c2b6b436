#!/usr/bin/env python3
"""Reads what slipway-load writes with HdrHistogram's own library (PyPI `hdrhistogram`), as users do.

    hdr_reader.py FILE.hlog          one JSON object a line of the log
    hdr_reader.py --encoded TEXT     one JSON object

Each has tag, start (seconds since the log's start), length, count, min, max, p50 and p99. Values
are those of the histogram: nanoseconds. Exit codes: 0 ok, 1 not readable, 2 usage, 77 the library
is not installed.
"""

import argparse
import json
import sys

NOT_INSTALLED = 77


def describe(histogram):
    return {
        "count": histogram.get_total_count(),
        "min": histogram.get_min_value() if histogram.get_total_count() else 0,
        "max": histogram.get_max_value(),
        "p50": histogram.get_value_at_percentile(50),
        "p99": histogram.get_value_at_percentile(99),
    }


def read_log(path, histogram_class, reader_class):
    # The library wants a histogram to add to, which reading line by line does not use.
    reader = reader_class(path, histogram_class(1, 3_600_000_000_000, 3))
    try:
        while True:
            histogram = reader.get_next_interval_histogram()
            if histogram is None:
                return
            start = histogram.get_start_time_stamp() / 1000 - reader.get_start_time_sec()
            length = (histogram.get_end_time_stamp() - histogram.get_start_time_stamp()) / 1000
            yield {"tag": histogram.get_tag(), "start": round(start, 3), "length": round(length, 3),
                   **describe(histogram)}
    finally:
        reader.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", nargs="?", help="an interval log (.hlog)")
    parser.add_argument("--encoded", help="one histogram in the compressed V2 encoding, base64")
    arguments = parser.parse_args()
    if (arguments.log is None) == (arguments.encoded is None):
        parser.error("either a log or --encoded")
    try:
        from hdrh.histogram import HdrHistogram
        from hdrh.log import HistogramLogReader
    except ImportError:
        print("the Python package hdrhistogram is not installed", file=sys.stderr)
        return NOT_INSTALLED
    try:
        if arguments.encoded is not None:
            print(json.dumps(describe(HdrHistogram.decode(arguments.encoded))))
        else:
            for line in read_log(arguments.log, HdrHistogram, HistogramLogReader):
                print(json.dumps(line))
    except Exception as error:  # whatever the library raises: it could not be read
        print(f"not readable: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
