"""How many threads there are shows in nothing: the same entries in every table, whatever --threads says.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally, tree

MEASURES = {"n": "count()", "sum": "sum(amount)", "most": "max(amount)", "mid": "median(amount)", "users": "uniq(user)",
            "often": "top(user, 3)", "best": "arg_max(user, amount)", "deviation": "stddev(amount)"}
EVENTS = int(os.environ.get("EVENTS", "12000"))
THREADS = [int(number) for number in os.environ.get("THREADS", "1 2 3 8").split()]
VIEWS = {"all": {"measures": {**MEASURES, "notes": "uniq(note)"}},
         "by_region": {"by": ["region", "day(t)"], "measures": MEASURES},
         "by_user": {"by": ["user"], "measures": {"n": "count()", "sum": "sum(amount)"}},
         "over": {"from": "by_user", "measures": {"users": "count()", "most": "max(sum)"}}}
TREE = {"tree": {"by": ["tree(user, up)"], "measures": {"n": "count()", "sum": "sum(amount)"}}}
STREAMS = {"e": {"key": "id", "on_duplicate": "replace", "delete_when": "gone", "time": "t", "fields": {
    "id": "string", "t": "time", "user": "string", "up": "string", "region": "string", "amount": "decimal", "note": "string",
    "gone": "bool"}}}
# What is chosen at random or told by the clock, which two runs never have in common.
OF_A_RUN = {"meta", "runs", "filters"}


def events(count):
    rng = random.Random(3)
    for i in range(count):
        user = rng.randrange(400)
        yield {"id": f"e{rng.randrange(count // 2)}", "t": f"2026-01-{rng.randrange(28) + 1:02d}T00:00:00Z", "user": f"u{user}",
               "up": f"u{user // 2}" if user else None, "region": f"r{rng.randrange(5)}", "amount": str(rng.randrange(9999) / 100),
               "gone": rng.random() < 0.05}


def large_events(memory):
    """More than is copied for another thread, where there is room for it, and one behind it."""
    length = (2 << 20) if memory == "512M" else (2 << 17)
    yield {"id": "large", "t": "2026-02-01T00:00:00Z", "user": "u1", "up": "u0", "region": "r1", "amount": "1", "note": "x" * length}
    yield {"id": "last", "t": "2026-02-01T00:00:00Z", "user": "u2", "up": "u1", "region": "r1", "amount": "2"}


def tables(store):
    dump = subprocess.run(["mdb_dump", "-a", store], capture_output=True, text=True, check=True).stdout
    found, name = {}, None
    for line in dump.splitlines():
        if line.startswith("database="):
            name = line.partition("=")[2]
        elif line.startswith(" "):
            found.setdefault(name, []).append(line)
    return {name: entries for name, entries in found.items() if name not in OF_A_RUN}


def copies(scene, name, schema, records, memory):
    """The store with the records, loaded by so many threads: (threads, store)."""
    empty = scene.store(name, schema)
    for threads in THREADS:
        store = scene.path(f"{name}-{threads}")
        shutil.copytree(empty, store)
        tally("ingest", store, records, "--threads", str(threads), "--memory", memory)
        proven = tally("verify", store, "--threads", str(threads), "--memory", "1G").stdout
        check(b" 0 differ" in proven and proven == tally("verify", store, "--threads", "1").stdout, proven)
        yield threads, store


def entries_are_the_same(scene, count):
    """Of one commit: how much a later one has is learned from how many pages the last one changed, which is not known exactly."""
    records, expected = scene.write("few", "".join(json.dumps(event) + "\n" for event in events(count))), None
    for threads, store in copies(scene, "entries", {"streams": STREAMS, "views": VIEWS}, records, "512M"):
        found = tables(store)
        check(len(found["events"]) > 10 and len(found) > 5, f"too little to compare: {sorted(found)}")
        expected = expected or found
        for name in found.keys() | expected.keys():
            check(found.get(name) == expected.get(name), f"{name} differs with {threads} threads")


def files_are_the_same(scene, count, memory):
    records, expected = scene.write("many", "".join(json.dumps(event) + "\n" for event in [*events(count), *large_events(memory)])), None
    for threads, store in copies(scene, "files" + memory, {"streams": STREAMS, "views": {**VIEWS, **TREE}}, records, memory):
        place = scene.mount(store)
        found = tree(place)
        scene.unmount(place)
        check(len(found) > 300, f"too little to compare: {len(found)} files")
        expected = expected or found
        for name in found.keys() | expected.keys():
            check(found.get(name) == expected.get(name), f"{name} differs with {threads} threads and {memory}")


def numbers_are_checked(scene):
    store = scene.store("checked", {"streams": STREAMS, "views": VIEWS})
    for wrong in ("0", "-1", "257", "two", ""):
        done = tally("ingest", store, os.devnull, "--threads", wrong, status=1)
        check(b"is not a number from 1 to 256" in done.stderr, done.stderr)


with Scene() as all_of_it:
    entries_are_the_same(all_of_it, 5000)
    for size in ("16M", "512M"):
        files_are_the_same(all_of_it, EVENTS, size)
    numbers_are_checked(all_of_it)
