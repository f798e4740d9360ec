"""What the documents say of the source is there.

The folders of ARCHITECTURE.md are those of the table of layers in meson.build, in its order, and
behind them the public face. Each file and folder that a document names in `code` exists: by its
path, or where it has no slash by its name alone. NAME in it stands for any name.

SPDX-License-Identifier: Apache-2.0
"""
import fnmatch
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
import checkout

DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", "docs/*.md")
FACE = "store/api"
ROW = re.compile(r"^\| `([a-z/]+)` \| (.*) \|$", re.M)
CODE = re.compile(r"`([A-Za-z0-9_.*/-]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
SOURCE = re.compile(r"[^.].*\.(?:c|h|py|scd|map)|.*meson\.build")
TOPS = ("store/", "ingest/", "fs/", "tests/", "examples/", "docs/", "debian/", "completions/")


def is_there(name, paths):
    pattern = name.replace("NAME", "*").rstrip("/")
    if name.startswith(TOPS):
        return any(fnmatch.fnmatchcase(path, pattern) or
                   fnmatch.fnmatchcase(path, pattern + "/*") for path in paths)
    # docs/faults.md names tests by their folder in tests/.
    return any(fnmatch.fnmatchcase(path, end + pattern)
               for path in paths for end in ("", "*/"))


def check_document(document, text, paths):
    for name in CODE.findall(text):
        if (name.startswith(TOPS) or SOURCE.fullmatch(name)) and not is_there(name, paths):
            yield f"{document}: names `{name}`, which is not there"
    for target in LINK.findall(text):
        path = os.path.normpath(os.path.join(os.path.dirname(document), target))
        if not os.path.exists(path):
            yield f"{document}: links to {target}, which is not there"


def main():
    os.chdir(checkout.ROOT)
    paths = checkout.files()
    with open("ARCHITECTURE.md", encoding="utf-8") as file:
        told = [folder for folder, _ in ROW.findall(file.read())]
    built = [folder for folder, _, _ in checkout.layers()] + [FACE]
    faults = [f"ARCHITECTURE.md: no line for {folder}" for folder in built if folder not in told]
    faults += [f"ARCHITECTURE.md: {folder} is not in the table of meson.build"
               for folder in told if folder not in built]
    if not faults and told != built:
        faults.append("ARCHITECTURE.md: the folders stand in another order than in meson.build")
    documents = [path for path in paths
                 if any(fnmatch.fnmatchcase(path, pattern) for pattern in DOCUMENTS)]
    for document in documents:
        with open(document, encoding="utf-8") as file:
            faults.extend(check_document(document, file.read(), paths))
    print("\n".join(faults) or f"{len(told)} folders, {len(documents)} documents: all is there")
    return 1 if faults else 0


sys.exit(main())
