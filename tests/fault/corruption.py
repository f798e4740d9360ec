"""Bytes of the data file that change, anywhere, and files that are cut: what is shown is right, or it is said that it is not.

    SOAK=1 tries 20,000 changes instead of 500

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import shutil
import struct
import subprocess
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import SCHEMA, VIEWS, events
from mounted import TALLY, WAIT_SECONDS, Scene, check, read, tally

CHANGES, PAGE = 20000 if os.environ.get("SOAK") else 500, 4096
SHOWN = ["all.json", "days.json", "users.csv", "users/user 7.json"]


def changed(rng, data):
    """Another byte somewhere, or in what a page says of itself; a page of zeros; an end that is missing."""
    content, kind = bytearray(data), rng.choice(["byte", "bit", "head", "head", "zeros", "cut"])
    at = rng.randrange(len(data))
    if kind == "head":
        at = at // PAGE * PAGE + rng.randrange(96)
    if kind == "zeros":
        content[at // PAGE * PAGE:(at // PAGE + 1) * PAGE] = bytes(PAGE)
    elif kind == "cut":
        content = content[:at]
    else:
        content[at] ^= 1 << rng.randrange(8) if kind == "bit" else rng.randrange(1, 256)
    return f"{kind} at {at}", content


def look(place, what, *arguments):
    """An answer in time, with a word on what is wrong if it is not the answer."""
    try:
        done = subprocess.run([TALLY, *arguments], capture_output=True, check=False, timeout=WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        check(False, f"{what}: tally {arguments[0]} hangs")
    check(done.returncode in (0, 1), f"{what}: tally {arguments[0]} ended with {done.returncode}: {done.stderr}")
    said = done.stderr or (arguments[0] == "verify" and done.stdout)
    check(done.returncode == 0 or said, f"{what}: tally {arguments[0]} says nothing")
    return done


META, LEAF, BRANCH, OVERFLOW = 8, 2, 1, 4


def flags_of(data, page):
    return struct.unpack_from("<H", data, page * PAGE + 10)[0]


def crafted(data):
    """What somebody who knows LMDB writes into its meta pages and pages: a name, and the content."""
    free, tables, rest = 40, 88, 136  # in both meta pages: two trees, then the last page and the transaction
    wrong = {"page size 0": (free, "<I", 0), "page size 1": (free, "<I", 1), "page size 1 GiB": (free, "<I", 1 << 30),
             "another page size": (free, "<I", 8192), "kind of the free pages": (free + 4, "<H", 12),
             "kind of the tables": (tables + 4, "<H", 4), "depth 0": (tables + 6, "<H", 0), "depth 999": (tables + 6, "<H", 999),
             "root 0": (tables + 40, "<Q", 0), "root beyond": (tables + 40, "<Q", 1 << 40), "root of the free pages": (free + 40, "<Q", 1),
             "last page 2^50": (rest, "<Q", 1 << 50), "last page 0": (rest, "<Q", 0), "a hundred pages more": (rest, "<Q", len(data) // PAGE + 99),
             "transaction": (rest + 8, "<Q", 12345677), "map size": (32, "<Q", PAGE), "magic": (16, "<I", 1), "version": (20, "<I", 2)}
    for name, (at, form, number) in wrong.items():
        for metas in ((0,), (1,), (0, 1)):
            content = bytearray(data)
            for meta in metas:
                struct.pack_into(form, content, meta * PAGE + at, number)
            yield f"{name} in meta {metas}", content
    heads = {"upper 0x1001": (14, 0x1001), "upper 0xffff": (14, 0xffff), "upper 16": (14, 16), "lower 0xfff0": (12, 0xfff0), "lower 0": (12, 0),
             "lower 4096": (12, 4096), "number": (0, 3), "kind 0": (10, 0), "fixed values": (10, LEAF | 0x20), "an overflow": (10, OVERFLOW),
             "a branch": (10, BRANCH), "a leaf": (10, LEAF), "first offset": (16, 0xfffe), "second offset": (18, 20)}
    for name, (at, number) in heads.items():
        for kind in (LEAF, BRANCH):
            content = bytearray(data)
            for page in range(2, len(data) // PAGE):
                if flags_of(data, page) == kind and struct.unpack_from("<Q", data, page * PAGE)[0] == page:
                    struct.pack_into("<H", content, page * PAGE + at, number)
            if content != data:
                yield f"{name} in all pages of kind {kind}", content
    for name, number in {"no pages": 0, "a million pages": 1 << 20}.items():
        content = bytearray(data)
        for page in range(2, len(data) // PAGE):
            if flags_of(data, page) == OVERFLOW and struct.unpack_from("<Q", data, page * PAGE)[0] == page:
                struct.pack_into("<I", content, page * PAGE + 12, number)
        yield f"{name} in all values with pages of their own", content
    for name, number in {"key of 0 bytes": 0, "key of 65535 bytes": 65535}.items():
        content = bytearray(data)
        for page in range(2, len(data) // PAGE):
            if flags_of(data, page) == LEAF and struct.unpack_from("<Q", data, page * PAGE)[0] == page:
                node = struct.unpack_from("<H", data, page * PAGE + 16)[0]
                if node <= PAGE - 8:
                    struct.pack_into("<H", content, page * PAGE + node + 6, number)
        yield f"{name} in all leaves", content
    yield "a free page in use", free_page_in_use(data)


def free_page_in_use(data):
    """The list of free pages says so of the root of the tables: no writer may be surprised, and verify finds it."""
    newest = max((0, 1), key=lambda meta: struct.unpack_from("<Q", data, meta * PAGE + 144)[0])
    free, tables = (struct.unpack_from("<Q", data, newest * PAGE + at + 40)[0] for at in (40, 88))
    content = bytearray(data)
    node = free * PAGE + struct.unpack_from("<H", data, free * PAGE + 16)[0]
    check(struct.unpack_from("<HH", data, node + 4) == (0, 8), "its first list of free pages is a long one")
    struct.pack_into("<QQ", content, node + 16, 1, tables)
    return content


READING, WRITING = ["verify", "cat", "ls", "status", "schema"], ["ingest", "rebuild", "compact", "backup", "delete"]


def every_command_withstands(scene, store, data, more):
    """A right result or a word on what is wrong, by each of them; verify finds what is wrong of itself."""
    right, place = tally("cat", store, *SHOWN).stdout, scene.path("crafted")
    tried = 0
    for what, content in crafted(data):
        for command in READING + WRITING if "in meta" not in what else ["verify", "cat", "ingest"]:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(store, place)
            with open(os.path.join(place, "data.mdb"), "wb") as file:
                file.write(content)
            copy = scene.path("copy")
            rest = {"cat": SHOWN, "ingest": [more], "backup": [copy], "delete": ["--where", "n = 1"]}.get(command, [])
            done = look(place, what, command, place, *rest)
            if command == "cat":
                check(done.returncode == 1 or done.stdout == right, f"{what}: a wrong figure is shown")
            if command in ("verify", "backup", "compact") and "in meta" not in what:
                check(done.returncode == 1, f"{what}: tally {command} finds nothing")
            if done.returncode == 0 and command in WRITING:
                look(place, what, "verify", place)
            shutil.rmtree(copy, ignore_errors=True)
            tried += 1
    return tried


def main():
    rng, found = random.Random(1), Counter()
    with Scene() as scene:
        store = scene.store("store", {**SCHEMA, "views": {**VIEWS, "users": {"by": ["user"], "measures": {"c": "count()"}}}})
        for i in range(4):
            tally("ingest", store, scene.write("events.csv", events(i * 3000, 8000)))
        right, data = tally("cat", store, *SHOWN).stdout, read(store, "data.mdb")
        place = scene.path("changed")
        shutil.copytree(store, place)
        for _ in range(CHANGES):
            what, content = changed(rng, data)
            with open(os.path.join(place, "data.mdb"), "wb") as file:
                file.write(content)
            verified = look(place, what, "verify", place)
            shown = look(place, what, "cat", place, *SHOWN)
            check(shown.returncode == 1 or shown.stdout == right, f"{what}: a wrong figure is shown")
            found["found by verify" if verified.returncode else "nothing that is read"] += 1
            found["refused by cat"] += shown.returncode
        more = scene.write("more.csv", events(9000, 8000))
        tried = every_command_withstands(scene, store, data, more)
    print(f"{tried} commands on crafted files; {CHANGES} changes: " + ", ".join(f"{name} {count}" for name, count in found.items()))


if __name__ == "__main__":
    main()
