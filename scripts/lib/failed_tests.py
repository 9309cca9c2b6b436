#!/usr/bin/python3
"""What a reader needs of the tests that failed: of each program only the cases that failed or that
it ended in, and its last lines.

  failed_tests.py RESULTS.xml     what ctest --output-junit wrote

Prints nothing when nothing failed.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

CASES = 8  # shown of a program, and so many lines of each at its beginning and end
HEAD, TAIL = 40, 25


def shortened(lines):
    left_out = len(lines) - HEAD - TAIL
    if left_out <= 0:
        return lines
    return lines[:HEAD] + [f"... {left_out} lines ..."] + lines[-TAIL:]


def gtest_cases(lines):
    """Of GoogleTest: each case that failed, and the one that never ended."""
    case = []
    for line in lines:
        if line.startswith("[ RUN      ]"):
            case = []
        case.append(line)
        if line.startswith("[       OK ]") or line.startswith("[  SKIPPED ]"):
            case = []
        elif line.startswith("[  FAILED  ]") and case[0].startswith("[ RUN"):
            yield case
            case = []
    if case and case[0].startswith("[ RUN"):
        yield case


def unittest_cases(lines):
    """Of Python's unittest: the blocks that a double line begins."""
    starts = [i for i, line in enumerate(lines) if re.fullmatch("={70}", line)]
    for begin, end in zip(starts, starts[1:] + [len(lines)]):
        yield lines[begin + 1 : end]


def show(test):
    failure = test.find("failure")
    reason = failure.get("message") if failure is not None else ""
    print(f"\n---- {test.get('name')}: {reason or 'failed'} after {float(test.get('time')):.1f} s")
    lines = (test.findtext("system-out") or "").splitlines()
    cases = list(gtest_cases(lines)) or list(unittest_cases(lines))
    for case in cases[:CASES]:
        print("\n".join(shortened(case)))
    if len(cases) > CASES:
        print(f"... {len(cases) - CASES} more cases ...")
    if not cases:
        print("\n".join(lines[-(HEAD + TAIL) :]))


def main():
    for test in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        if test.get("status") == "fail":
            show(test)


if __name__ == "__main__":
    main()
