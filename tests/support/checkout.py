"""The checkout that this file is in, for tests that look at its text.

SPDX-License-Identifier: Apache-2.0
"""
import ast
import os
import re
import subprocess

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))


def files(*patterns):
    """The files that git has or would take, by patterns of `git ls-files`; none: all."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], check=True,
                            cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    return [path for path in listed if path and os.path.isfile(os.path.join(ROOT, path))]


def layers():
    """The table of meson.build: (folder, the folders and the libraries that it may include)."""
    with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as file:
        table = re.search(r"^layers = (\[.*?^\])$", file.read(), re.M | re.S)
    return [(folder, uses.split(), libraries.split())
            for folder, uses, libraries in ast.literal_eval(table[1])]
