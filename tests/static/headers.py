"""Each header is a contract: its head comment says what whoever includes it has to know.

It begins with the file's name and what the file is, has the paragraphs Memory (who owns, until
when), Threads and Errors, each with at least a word ("pure.", "none."), and ends in the licence;
`#pragma once` stands behind it. CONTRIBUTING.md tells what goes into a paragraph.

SPDX-License-Identifier: Apache-2.0
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
import checkout

HEADERS = ("store/**/*.h", "ingest/**/*.h", "fs/*.h")
REQUIRED = ("Memory", "Threads", "Errors")
# In this order, so that one knows where to look.
ORDER = ("Place", "Promise", "Units", *REQUIRED, "Limits", "Source", "Sources")
# Read by other people's programs, which may be C++ and may not know the pragma.
PUBLIC = {"store/api/tally.h": "#ifndef TALLY_H"}
PARAGRAPH = re.compile(r"^ \* ([A-Z][a-z]+) +\S", re.M)


def faults(path, text):
    head = re.match(r"/\* (.*?)\n \*/\n", text, re.S)
    if not head:
        yield "begins with no comment"
        return
    comment, behind = head.group(0), text[head.end():]
    if not comment.startswith(f"/* {os.path.basename(path)} - "):
        yield f"the comment does not begin with '{os.path.basename(path)} - '"
    if not comment.endswith("\n *\n * SPDX-License-Identifier: Apache-2.0\n */\n"):
        yield "the comment does not end with the licence"
    if not behind.startswith(PUBLIC.get(path, "#pragma once\n")):
        yield "no #pragma once behind the comment"
    found = [name for name in PARAGRAPH.findall(comment) if name in ORDER]
    for name in REQUIRED:
        if found.count(name) != 1:
            yield f"the comment has {found.count(name)} paragraphs '{name}'"
    if path not in PUBLIC and found != sorted(found, key=ORDER.index):
        yield f"the paragraphs stand in another order than {', '.join(ORDER)}"


def main():
    os.chdir(checkout.ROOT)
    paths = checkout.files(*HEADERS)
    wrong = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for fault in faults(path, file.read()):
                print(f"{path}: {fault}")
                wrong += 1
    print(f"{len(paths)} headers, {wrong} faults")
    return 1 if wrong or not paths else 0


sys.exit(main())
