"""What tells inputs and values apart cannot be forged, and hash tables are spread by what nobody can know.

SPDX-License-Identifier: Apache-2.0
"""

import json
import mmap
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import preloading
from collisions import flood, pair
from mounted import Scene, check, tally

LENGTH = 900
FIELDS = {"k": "string", "n": "int"}
GROUPS = {"v": {"by": ["k"], "measures": {"n": "sum(n)", "c": "count()"}}}
VALUES = {"u": {"measures": {"u": "uniq(k)"}}, "top": {"measures": {"top": "top(k, 2)"}},
          "least": {"measures": {"least": "quantile_disc(k, 0)", "greatest": "quantile_disc(k, 1)"}}}
FLOOD = 5000


def record(value, number):
    return b'{"k":"%s","n":%d}\n' % (value, number)


def cat(store, *paths):
    return tally("cat", store, *paths).stdout


def two_inputs(scene):
    """Each as long as the values of the pair, which are the inputs themselves."""
    store = scene.store("inputs", {"streams": {"s": {"fields": {"k": "string"}}}, "views": {"v": {"measures": {"c": "count()"}}}})
    digests = set()
    for name, value in zip("AB", pair(LENGTH)):
        path = scene.write(name, b'{"k":"' + value[6:-3] + b'"}\n')
        check(b"new 1," in tally("ingest", store, path).stdout, f"{name} is taken for another input")
        check(b"already loaded" in tally("ingest", store, path).stdout, f"{name} is not known again")
    for batch in "12":
        digests.add(json.loads(cat(store, f".tallyfs/batches/{batch}.json"))["sha256_128"])
    check(json.loads(cat(store, "v.json"))["c"] == 2 and len(digests) == 2, "two inputs are one")


def two_values(scene):
    """As they stand in names and cut keys; and behind the byte that comes first in an element of a multiset."""
    for before in (0, 1):
        values = pair(LENGTH, before)
        store = scene.store(f"values{before}", {"streams": {"s": {"fields": FIELDS}}, "views": {**GROUPS, **VALUES}})
        tally("ingest", store, "-", stdin=b"".join(record(value, number) for number, value in enumerate(values, 1)))
        names = [name for name in tally("ls", store, "v").stdout.split() if not name.startswith(b".")]
        rows = [json.loads(line) for line in cat(store, "v.ndjson").splitlines()]
        check(len(set(names)) == 2, f"the two groups are {len(set(names))} names")
        check(sorted(row["n"] for row in rows) == [1, 2], f"the two groups are {rows}")
        for name in names:
            row = json.loads(cat(store, "v/" + os.fsdecode(name)))
            text = row["k"].encode("utf-8", "surrogateescape")
            check(values.index(text) + 1 == row["n"], f"{name} has the row of another")
        check(json.loads(cat(store, "u.json"))["u"] == 2, "uniq takes the two for one")
        check(len(json.loads(cat(store, "top.json"))["top"]) == 2, "top takes the two for one")
        check(b" 0 differ" in tally("verify", store).stdout, "verify")


def two_keys(scene):
    """Events and references by keys that are cut."""
    streams = {"p": {"key": "k", "keep": "10000 days", "time": "t", "fields": {"k": "string", "t": "time", "n": "int"}},
               "c": {"key": "id", "fields": {"id": "int", "of": {"type": "string", "references": "p"}}}}
    store = scene.store("keys", {"streams": streams, "views": {"v": {"from": "c", "by": ["of.n"], "measures": {"c": "count()"}}}})
    values = pair(LENGTH)
    tally("ingest", store, "--stream", "p", "-",
          stdin=b"".join(b'{"k":"%s","t":"2026-01-01T00:00:00Z","n":%d}\n' % each for each in zip(values, (1, 2))))
    tally("ingest", store, "--stream", "c", "-",
          stdin=b"".join(b'{"id":%d,"of":"%s"}\n' % each for each in zip((1, 2), values)))
    check(cat(store, "v.csv") == b"n,c\n1,1\n2,1\n", cat(store, "v.csv"))
    check(b" 0 differ" in tally("verify", store).stdout, "verify")


def collisions_are_seen(scene):
    """With one digest for all, what ingest takes for one is two to verify, which compares the values themselves."""
    for name, view in {**GROUPS, **VALUES}.items():
        store = scene.store("weak-" + name, {"streams": {"s": {"fields": FIELDS}}, "views": {name: view}})
        lines = b"".join(record(b"x" * LENGTH + bytes([last]), 1) for last in b"abbc")
        os.environ.update(preloading("weak_digests"))
        tally("ingest", store, "-", stdin=lines)
        told = tally("verify", store, status=1)
        del os.environ["LD_PRELOAD"]
        check(b" 0 differ" not in told.stdout, f"verify does not see that {name} has one value for three")


def counted(counter, *arguments, stdin=None):
    os.environ.update({**preloading("comparisons"), "COMPARISONS": counter.path})
    counter.shared[:8] = bytes(8)
    tally(*arguments, stdin=stdin)
    del os.environ["LD_PRELOAD"], os.environ["COMPARISONS"]
    return struct.unpack("Q", counter.shared[:8])[0]


class Counter:
    def __init__(self, scene):
        self.path = scene.write("comparisons", bytes(8))
        with open(self.path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 8)


def floods(scene):
    """Values that agree in an unkeyed hash cost as many comparisons as their twins, which do not."""
    views = {"v": {"by": ["k"], "measures": {"c": "count()"}}, "u": {"measures": {"u": "uniq(k)"}}}
    counter = Counter(scene)
    for seed in (1 << 16, 0):  # as groups of the first view were looked for, and its values, and what verify counts
        counts = []
        for twin in (False, True):
            store = scene.store(f"flood-{seed}-{twin}", {"streams": {"s": {"fields": FIELDS}}, "views": views})
            lines = b"".join(record(value, 1) for value in flood(FLOOD, seed, 1, twin))
            counts.append((counted(counter, "ingest", store, "-", stdin=lines), counted(counter, "verify", store)))
        for command, evil, plain in zip(("ingest", "verify"), *counts):
            check(plain > FLOOD, f"{command}: {plain} comparisons: nothing is counted")
            check(evil < 2 * plain, f"{command}: {evil} comparisons of crafted values, {plain} of their twins")


def main():
    with Scene() as scene:
        two_inputs(scene)
        two_values(scene)
        two_keys(scene)
        collisions_are_seen(scene)
        floods(scene)


main()
