"""slipway_embed: text files as constants of a source file, as cmake/Embed.cmake has it."""

def slipway_embed(name, out, header, namespace, assets):
    """Makes `out`.

    Args:
      name: of the rule.
      out: the .cc file.
      header: declares the constants, as `extern const std::string_view`.
      namespace: theirs.
      assets: constants, each with its files, which follow one another.
    """
    lines = [
        "echo '#include \"%s\"'" % header,
        "echo 'namespace %s {'" % namespace,
    ]
    for constant, files in assets.items():
        lines.append("echo 'const std::string_view %s ='" % constant)
        for file in files:
            lines.append("printf 'R\"SLIPWAY_EMBED('")
            lines.append("cat $(location %s)" % file)
            lines.append("echo ')SLIPWAY_EMBED\"'")
        lines.append("echo ';'")
    lines.append("echo '}'")
    native.genrule(
        name = name,
        srcs = [file for files in assets.values() for file in files],
        outs = [out],
        cmd = "{ %s; } > $@" % "; ".join(lines),
    )
