"""No line of text is wider than 100 columns.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
import checkout

COLUMNS = 100
# What is held to it: a pattern of `git ls-files` each.
TEXTS = ("*.h", "*.c", "*.md", "*.scd", "tests/meson.build")
EXCEPT = (
    "tests/fuzz/corpus/",  # data
)
# What cannot be broken: a row of a table, an address, an inline picture, a line of a code block.
WHOLE = re.compile(r"^\s*\||^\s*\S*https?://\S+$|^\s*!?\[[^]]*\]\(\S+\)[.,]?$")


def lines_of(path):
    """The lines that count, with their numbers."""
    with open(path, encoding="utf-8") as file:
        fenced = False
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if path.endswith((".md", ".scd")):
                fenced ^= line.lstrip().startswith("```")
                if fenced or line.startswith("    ") or WHOLE.match(line):
                    continue
            yield number, line


def main():
    os.chdir(checkout.ROOT)
    paths = [path for path in checkout.files(*TEXTS) if not path.startswith(EXCEPT)]
    wide = [(path, number, len(line)) for path in paths for number, line in lines_of(path)
            if len(line) > COLUMNS]
    for path, number, columns in wide:
        print(f"{path}:{number}: {columns} columns")
    print(f"{len(paths)} files, {len(wide)} lines wider than {COLUMNS} columns")
    return 1 if wide or not paths else 0


sys.exit(main())
