"""Holds the includes of every file against the table of layers in meson.build.

A file of FOLDER may include files of FOLDER itself, of the folders that USES names, and of the
libraries that LIBRARIES names. A folder stands behind those that it uses, so that there is no
circle; a folder or library that no file includes any more fails, too. Programs stand on the
library, never on each other. Everything else that git knows and that C can be in (tests, examples)
is named here; a C file in no folder of the table fails, and so does a folder of the table without a
file.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
import checkout

# The headers of a library, and the files that alone may know it where a folder is too wide.
LIBRARIES = {
    "cjson": ("cjson/", {"store/schema/schema_p.h", "store/schema/schema_read.c",
                         "store/tree/documents.c"}),
    "fuse3": ("fuse", None),
    "lmdb": ("lmdb.h", {"store/kv/db_p.h"}),
    "math": ("math.h", None),
    "nettle": ("nettle/", {"store/base/digest.c"}),
    "seccomp": ("seccomp.h", {"fs/sandbox.c"}),
    "threads": ("pthread.h", None),
    "xxhash": ("xxhash.h", None),
    "zlib": ("zlib.h", {"ingest/input/decode.c"}),
    "zstd": ("zstd.h", {"ingest/input/decode.c"}),
}
# What stands on all of it, and may look into each folder.
OUTSIDE = ("tests/", "examples/")
# The public face, whose header is installed without the rest.
FACE = "store/api"
FACE_USES = {"store/database", "store/tree"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def read_table(rows):
    """The folders in order, each with what it may include; faults in the table itself."""
    table, faults = {}, []
    for folder, uses, libraries in rows:
        named = {name.split("/")[-1]: name for name in table}
        for use in uses:
            if use not in named:
                faults.append(f"meson.build: {folder} uses '{use}', which does not stand before it")
        table[folder] = ({named[use] for use in uses if use in named}, libraries)
    table[FACE] = (FACE_USES, ["threads"])
    return table, faults


def folder_of(name, files, table, here):
    """The folder of the header that `here` includes as NAME, or None."""
    for top in {folder.split("/")[0] for folder in table}:
        if f"{top}/{name}" in files and os.path.dirname(f"{top}/{name}") in table:
            return os.path.dirname(f"{top}/{name}")
    return here if f"{here}/{name}" in files else None


def check_file(path, text, files, table, used):
    here = os.path.dirname(path)
    uses, libraries = table[here]
    for sign, name in INCLUDE.findall(text):
        if sign == '"':
            there = folder_of(name, files, table, here)
            if there is None:
                yield f'{path}: "{name}" is in no folder of the table'
            elif there != here and there not in uses:
                yield f"{path}: {here} may not include {name}"
            used.add((here, there))
            continue
        for library, (header, only) in LIBRARIES.items():
            if not name.startswith(header):
                continue
            used.add((here, library))
            if library not in libraries:
                yield f"{path}: {here} may not include <{name}>"
            elif only and path not in only:
                yield f"{path}: <{name}> is known to {', '.join(sorted(only))} alone"


def main():
    os.chdir(checkout.ROOT)
    files = set(checkout.files())
    table, faults = read_table(checkout.layers())
    seen, used = set(), set()
    for path in sorted(files):
        if not path.endswith((".c", ".h")) or path.startswith(OUTSIDE):
            continue
        if os.path.dirname(path) not in table:
            faults.append(f"{path}: stands in no folder of the table in meson.build")
            continue
        seen.add(os.path.dirname(path))
        with open(path, encoding="utf-8") as file:
            faults.extend(check_file(path, file.read(), files, table, used))
    faults.extend(f"meson.build: {folder} uses nothing of {use}"
                  for folder, (uses, libraries) in table.items()
                  for use in [*sorted(uses), *libraries] if (folder, use) not in used)
    faults.extend(f"meson.build: {folder} has no file" for folder in table if folder not in seen)
    print("\n".join(faults) or f"{len(seen)} folders, {len(files)} files: each stands in its layer")
    return 1 if faults else 0


sys.exit(main())
