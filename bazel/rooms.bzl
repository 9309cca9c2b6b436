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

def _visible_to(folders):
    return ["//%s:__subpackages__" % folder if folder else "//:__pkg__" for folder in folders]

def slipway_room(name, deps, used_by = [], test_deps = [], testing_used_by = [], generated = []):
    """Makes the library `name` and, where there are tests, `name`_test; fuzz_NAME of each NAME_fuzz.cc.

    Every .cc below the folder is the library's, except tests, fuzzers, benchmarks, main.cc and what is
    in testing/: that becomes the library `testing`, which the tests use. Files in testdata/ are there
    when the tests run, in the folder that SLIPWAY_<NAME>_TESTDATA names.

    Args:
      name: the folder's name.
      deps: rooms and libraries that the sources use.
      used_by: folders that may depend on this room; "" is the root, where the programs are.
      test_deps: what only the tests use.
      testing_used_by: folders whose tests may use testing/.
      generated: sources that rules make.
    """
    native.cc_library(
        name = name,
        srcs = native.glob(
            ["**/*.cc"],
            exclude = [
                "**/*_test.cc",
                "**/*_fuzz.cc",
                "**/*_bench.cc",
                "**/main.cc",
                "testing/**",
            ],
        ) + generated,
        hdrs = native.glob(["**/*.h"], exclude = ["testing/**"]),
        copts = _WARNINGS,
        visibility = _visible_to(used_by),
        deps = deps,
    )
    testdata = [
        "SLIPWAY_%s_TESTDATA=\\\"%s/testdata\\\"" % (name.upper(), native.package_name()),
    ]
    testing = native.glob(["testing/**/*.h"])
    if testing:
        native.cc_library(
            name = "testing",
            testonly = True,
            srcs = native.glob(["testing/**/*.cc"], exclude = ["**/*_test.cc"]),
            hdrs = testing,
            copts = _WARNINGS,
            local_defines = testdata,
            visibility = _visible_to(testing_used_by),
            deps = [":" + name, "//bazel/third_party:gtest_main"] + test_deps,
            alwayslink = True,  # suites in it register themselves
        )
    tests = native.glob(["**/*_test.cc"])
    if tests:
        native.cc_test(
            name = name + "_test",
            size = "medium",
            srcs = tests,
            copts = _WARNINGS,
            data = native.glob(["testdata/**"]),
            local_defines = testdata,
            deps = [":" + name, "//bazel/third_party:gtest_main"] +
                   ([":testing"] if testing else []) + test_deps,
        )
    for fuzz in native.glob(["**/*_fuzz.cc"]):
        target = fuzz.split("/")[-1][:-len("_fuzz.cc")]
        native.cc_test(
            name = "fuzz_" + target,
            size = "small",
            srcs = [fuzz],
            args = ["tests/corpus/" + target],
            copts = _WARNINGS,
            data = ["//tests:corpus"] + native.glob(["testdata/**"]),
            local_defines = testdata,
            deps = [":" + name, "//tests:fuzz", "//bazel/third_party:gtest_main"] + test_deps,
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
