"""slipway_room: a top-level folder as one library and one test, as cmake/Rooms.cmake has it.

A room's visibility is the list of rooms that may include it: what they may not include they cannot
depend on. The programs, which wire all rooms, are targets of the root package.
"""

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
]

def slipway_room(name, deps, used_by = [], test_deps = [], test_data = []):
    """Makes the library `name` and, where there are tests, `name`_test.

    Every .cc below the folder is the library's, except tests, fuzzers, benchmarks and main.cc.

    Args:
      name: the folder's name.
      deps: rooms and libraries that the sources use.
      used_by: folders that may depend on this room; "" is the root, where the programs are.
      test_deps: what only the tests use.
      test_data: files that the tests read, or programs that they start.
    """
    tests = native.glob(["**/*_test.cc"])
    native.cc_library(
        name = name,
        srcs = native.glob(
            ["**/*.cc"],
            exclude = ["**/*_test.cc", "**/*_fuzz.cc", "**/*_bench.cc", "**/main.cc"],
        ),
        hdrs = native.glob(["**/*.h"]),
        copts = _WARNINGS,
        visibility = ["//%s:__subpackages__" % room if room else "//:__pkg__" for room in used_by],
        deps = deps,
    )
    if tests:
        native.cc_test(
            name = name + "_test",
            size = "medium",
            srcs = tests,
            copts = _WARNINGS,
            data = test_data,
            deps = [":" + name, "//bazel/third_party:gtest_main"] + test_deps,
        )
    if native.glob(["main.cc"]):
        native.exports_files(["main.cc"], visibility = ["//:__pkg__"])

def slipway_program(name, main, deps):
    """A program whose only source is the main.cc of a room, given by its label."""
    native.cc_binary(
        name = name,
        srcs = [main],
        copts = _WARNINGS,
        visibility = ["//tests:__subpackages__"],
        deps = deps,
    )
