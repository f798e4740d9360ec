"""What a command holds on the heap is bounded by --memory and 64 MiB, whatever the input.

RssAnon of the running process is looked at all the time; pages of the map are not among it. SOAK=1 does it with more events
and the default --memory, too.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally

SOAK = os.environ.get("SOAK")
MEBIBYTE = 1 << 20


def anonymous_bytes(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            found = re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.M)
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def peak_of(*arguments):
    process = subprocess.Popen([TALLY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    peak = 0
    while True:
        peak = max(peak, anonymous_bytes(process.pid))
        try:
            out, err = process.communicate(timeout=0.005)
            break
        except subprocess.TimeoutExpired:
            continue
    check(process.returncode == 0, f"tally {' '.join(arguments)}: {process.returncode} {out} {err}")
    return peak


def bounded(memory, *arguments, beside=64):
    """MEMORY in MiB, as the command is told or has it by default."""
    peak = peak_of(*arguments) / MEBIBYTE
    print(f"tally {arguments[0]}: {peak:.0f} MiB of {memory} + {beside}")
    check(peak <= memory + beside, f"tally {' '.join(arguments)} held {peak:.0f} MiB with --memory {memory}M")


def lines(scene, name, header, rows):
    path = scene.path(name)
    with open(path, "w") as file:
        file.write(header + "\n")
        file.writelines(row + "\n" for row in rows)
    return path


def ingest(scene, memory, path):
    bounded(memory, "ingest", scene.path("s"), "--memory", f"{memory}M", path)


def verify(scene, memory):
    """It has no transaction, whose pages could be more than was thought."""
    bounded(memory, "verify", scene.path("s"), "--memory", f"{memory}M", beside=16)


def bulk(scene, *arguments):
    """Commands without the option have its default."""
    bounded(512, arguments[0], scene.path("s"), *arguments[1:])


def many_sketches_are_not_loaded_at_once(groups=400 if not SOAK else 9000):
    measures = {f"u{i}": f"approx_uniq(v + {i})" for i in range(10)}
    with Scene() as scene:
        scene.store("s", {"streams": {"e": {"fields": {"g": "int", "v": "int"}}}, "views": {"t": {"by": ["g"], "measures": measures}}})
        full = (f"{g},{g * 7919 + i}" for g in range(groups) for i in range(1100))
        ingest(scene, 16, lines(scene, "full.csv", "g,v", full))
        ingest(scene, 16, lines(scene, "one.csv", "g,v", (f"{g},7" for g in range(groups))))


def long_lists_are_not_loaded_at_once():
    with Scene() as scene:
        scene.store("s", {"streams": {"e": {"fields": {"g": "int", "q": "string"}}}, "views": {"t": {"by": ["g"], "measures": {"x": "top(q, 1000)"}}}})
        ingest(scene, 16, lines(scene, "long.csv", "g,q", (f"{i % 50},{i}{'x' * 900}" for i in range(6000))))
        ingest(scene, 16, lines(scene, "more.csv", "g,q", (f"{i % 50},n{i}" for i in range(600))))


def texts_that_are_long_themselves():
    schema = {"streams": {"e": {"fields": {"g": "int", "q": "string"}}},
              "views": {"t": {"measures": {"x": "top(q, 1000)"}}, "g": {"by": ["g"], "measures": {"m": "max(q)", "a": "any_value(q)"}}}}
    with Scene() as scene:
        store = scene.store("s", schema)
        ingest(scene, 64, lines(scene, "texts.csv", "g,q", (f"{i % 9},{i:03}{'x' * 100_000}" for i in range(400))))
        verify(scene, 64)
        shown = json.loads(tally("cat", store, "t.json").stdout)["x"]
        # each is 100,003 bytes and what says that it is a string
        check(len(shown) == (4 << 20) // 100_004, f"{len(shown)} values of 100 kB are shown")
        tally("ingest", store, lines(scene, "long.csv", "g,q", [f"1,{'x' * (5 << 19)}"]), "--memory", "64M", status=2)
        (reasons,) = os.listdir(os.path.join(store, "rejects"))
        check(b"the event's strings are longer than 2048 KiB, the most with --memory 64M" in read(store, "rejects", reasons)[:100], "it has another reason")
        with open(scene.path("long.csv"), "a") as file:
            file.write("1,y\n")
        check(b"new 2" in tally("ingest", store, scene.path("long.csv"), "--memory", "128M").stdout, "more memory does not help")


def a_chain_with_a_division_by_depth(nodes=1200 if not SOAK else 4000):
    forest = {"by": ["tree(id, up)"], "measures": {"n": "count()"}, "within": {"d": {"by": ["depth()"], "measures": {"n": "count()"}}}}
    with Scene() as scene:
        scene.store("s", {"streams": {"e": {"key": "id", "on_duplicate": "replace", "fields": {"id": "int", "up": "int"}}}, "views": {"v": forest}})
        ingest(scene, 16, lines(scene, "chain.csv", "id,up", (f"{i},{i - 1}" for i in range(1, nodes + 1))))
        verify(scene, 16)


def many_values(events, groups, memory, key, with_bulk=False):
    """As many values as events, in groups at random."""
    rng = random.Random(events)
    schema = {"streams": {"e": {"key": "id", "fields": {"id": "string", "g": "int", "v": "int"}}},
              "views": {"t": {"by": ["g"], "measures": {"n": "count()", "u": "uniq(v)"}}}}
    rows = (f"{key(rng, i)},{rng.randrange(groups)},{rng.getrandbits(40)}" for i in range(events))
    with Scene() as scene:
        scene.store("s", schema)
        ingest(scene, memory, lines(scene, "events.csv", "id,g,v", rows))
        verify(scene, memory)
        if not with_bulk:
            return
        bulk(scene, "rebuild")
        schema["views"]["more"] = {"by": ["g"], "measures": {"m": "max(v)", "a": "approx_uniq(v)"}}
        with open(scene.path("more.json"), "w") as file:
            json.dump(schema, file)
        bulk(scene, "schema", "--apply", scene.path("more.json"))
        bulk(scene, "delete", lines(scene, "half.csv", "id", (key(rng, i) for i in range(0, events, 2))))


def stored(schema, header, rows, memory=16):
    """Ingested as is, then verified within MEMORY MiB."""
    with Scene() as scene:
        scene.store("s", schema)
        subprocess.run([TALLY, "ingest", scene.path("s"), lines(scene, "events.csv", header, rows)], check=True, capture_output=True)
        verify(scene, memory)


def a_view_over_a_large_view(rows=150000):
    views = {"v": {"by": ["a", "b"], "measures": {"n": "count()"}},
             "w": {"from": "v", "by": ["n"], "measures": {"c": "count()"}}}
    stored({"streams": {"e": {"fields": {"a": "int", "b": "int"}}}, "views": views}, "a,b", (f"{i % 3000},{i}" for i in range(rows)))


def a_large_tree(nodes=60000, memory=16):
    views = {"v": {"by": ["tree(id, up)"], "measures": {"n": "count()"}}}
    stored({"streams": {"e": {"key": "id", "fields": {"id": "int", "up": "int"}}}, "views": views},
           "id,up", (f"{i},{i // 3}" for i in range(1, nodes)), memory)


def in_order(_rng, i):
    return f"{i:012d}"


def in_no_order(rng, _i):
    return f"{rng.getrandbits(128):032x}"


many_sketches_are_not_loaded_at_once()
long_lists_are_not_loaded_at_once()
texts_that_are_long_themselves()
a_chain_with_a_division_by_depth()
many_values(300000, 50000, 16, in_no_order)
a_view_over_a_large_view()
a_large_tree()
if SOAK:
    many_values(10**7, 10**6, 512, in_order, with_bulk=True)
    many_values(10**7, 10**6, 512, in_no_order)
