"""What lets Debian's bazel (4.2.3) build and test C++ without the network."""

def _files_repository_impl(rctx):
    rctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % rctx.name)
    for path, content in rctx.attr.files.items():
        rctx.file(path, content, executable = False)

_files_repository = repository_rule(
    implementation = _files_repository_impl,
    attrs = {"files": attr.string_dict()},
)

def _natives(names):
    return "".join(["%s = native.%s\n" % (name, name) for name in names])

def offline_repositories():
    """Stands in for the repositories that Bazel's own files load; their rules are native in 4.2."""

    # @bazel_tools//tools/cpp/BUILD loads these names.
    _files_repository(
        name = "rules_cc",
        files = {
            "cc/BUILD": "",
            "cc/defs.bzl": _natives([
                "cc_binary",
                "cc_import",
                "cc_library",
                "cc_test",
                "cc_toolchain",
                "cc_toolchain_suite",
            ]),
        },
    )

    # @bazel_tools//tools/jdk/BUILD is loaded because every workspace registers its toolchains, also
    # one without a line of Java.
    _files_repository(
        name = "rules_java",
        files = {
            "java/BUILD": "",
            "java/defs.bzl": _natives([
                "java_binary",
                "java_import",
                "java_library",
                "java_runtime",
                "java_toolchain",
            ]),
        },
    )

    # Every test rule has these two labels as implicit inputs, coverage or not.
    _files_repository(
        name = "remote_coverage_tools",
        files = {
            "BUILD": """
package(default_visibility = ["//visibility:public"])
filegroup(name = "coverage_report_generator")
filegroup(name = "lcov_merger")
""",
        },
    )

def _packages_of(text, purpose):
    packages = []
    inside = False
    for line in [line.strip() for line in text.splitlines()]:
        if line.startswith("["):
            inside = line == "[%s]" % purpose
        elif inside and line and not line.startswith("#"):
            packages.append(line)
    return packages

def _debian_tools_impl(rctx):
    protoc = rctx.path("/usr/bin/protoc")
    if not protoc.exists:
        fail("/usr/bin/protoc is missing: apt-get install protobuf-compiler")
    rctx.symlink(protoc, "protoc")
    rctx.file("BUILD", "exports_files([\"protoc\"])\n")

    # Headers under /usr/include are no inputs to Bazel, so an upgraded package would leave stale
    # objects. This makes the versions part of every command line that uses a third-party library.
    packages = _packages_of(rctx.read(rctx.attr.packages_file), "build")
    got = rctx.execute(["dpkg-query", "-W"] + packages)
    if got.return_code != 0:
        fail("missing packages: " + got.stderr)
    rctx.file("versions.bzl", "STAMP = \"%s\"\n" % hash(got.stdout))

debian_tools = repository_rule(
    implementation = _debian_tools_impl,
    attrs = {"packages_file": attr.label(mandatory = True, allow_single_file = True)},
    local = True,  # evaluated again whenever a Bazel server starts
)
