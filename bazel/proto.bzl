"""cc_protos: messages of .proto files as a cc_library, by the system's protoc."""

def cc_protos(name, srcs, deps = [], visibility = None):
    """Makes `name` (a cc_library) and `name`_files (the .proto files, those of deps too).

    The package's folder is the root of imports and of the generated includes: in package proto/,
    docking/v1/users.proto is imported and included by that name. No gRPC stubs: services are reached
    by name through the Dispatcher, from the linked-in descriptors.

    Args:
      name: the library's name.
      srcs: .proto files of this package.
      deps: other cc_protos of this package whose files these import.
      visibility: of both.
    """
    native.filegroup(
        name = name + "_files",
        srcs = srcs + [dep + "_files" for dep in deps],
        visibility = visibility,
    )
    stems = []
    for src in srcs:
        if not src.endswith(".proto"):
            fail("not a .proto file: " + src)
        stems.append(src[:-len(".proto")])
    root = native.package_name()
    native.genrule(
        name = name + "_generated",
        srcs = srcs + [dep + "_files" for dep in deps],
        outs = [stem + suffix for stem in stems for suffix in [".pb.h", ".pb.cc"]],
        cmd = " ".join([
            "$(location @debian_tools//:protoc)",
            "-I%s -I/usr/include" % root,
            "--cpp_out=$(GENDIR)/%s" % root,
        ] + ["$(location %s)" % src for src in srcs]),
        tools = ["@debian_tools//:protoc"],
    )
    native.cc_library(
        name = name,
        srcs = [stem + ".pb.cc" for stem in stems],
        hdrs = [stem + ".pb.h" for stem in stems],
        # Descriptors register themselves at start, which a linker that sees no reference to them
        # would drop.
        alwayslink = True,
        copts = ["-w"],
        includes = ["."],
        visibility = visibility,
        deps = deps + ["//bazel/third_party:protobuf"],
    )
