"""Trees: what a node's file costs to read, and an event at the end of a path; beside databases that ask by recursion.

    ROWS=100000 ROUNDS=5 tests/bench/trees.py

A tree of depth d and branching b is a path of d nodes, each of which has b - 1 children more; there are as many of these trees as
make ROWS nodes. The event comes at the end of one path, and the question is the sum below its root.

SPDX-License-Identifier: Apache-2.0
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import ROUNDS, by_turns, databases, heading, table, timed, version
from mounted import Scene, read, tally
from peers import ask_duckdb, ask_sqlite

NODES = int(os.environ.get("ROWS", "100000"))
SCHEMA = {
    "streams": {"spans": {"key": "id", "fields": {"id": "string", "parent": "string", "ms": "int"}}},
    "views": {"calls": {"by": ["tree(id, parent)"], "measures": {"spans": "count()", "ms": "sum(ms)"}}},
}
PLAIN = {**SCHEMA, "views": {"all": {"measures": {"spans": "count()", "ms": "sum(ms)"}}}}
BELOW = """with recursive below(id) as (select '{root}' union all select s.id from spans s join below b on s.parent = b.id)
select count(*), sum(ms) from spans join below using (id)"""


def spans(depth, branching):
    """(id, parent, ms) of all trees."""
    for tree in range(max(1, NODES // (depth * branching))):
        for level in range(depth):
            parent = f"t{tree}n{level - 1}" if level else ""
            yield f"t{tree}n{level}", parent, level
            for child in range(branching - 1):
                yield f"t{tree}n{level}c{child}", f"t{tree}n{level}", child


def measure(depth, branching):
    with Scene() as scene:
        source = scene.write("spans.csv", "id,parent,ms\n" + "".join(f"{i},{p},{ms}\n" for i, p, ms in spans(depth, branching)))
        store, count = scene.store("store", SCHEMA), 0
        loading = timed(lambda: tally("ingest", store, source))
        plain = timed(lambda: tally("ingest", scene.store("plain", PLAIN), source))
        place, last = scene.mount(store), f"t0n{depth - 1}"

        def event():
            nonlocal count
            count += 1
            return timed(lambda: tally("ingest", store, "-", stdin=f'{{"id":"x{count}","parent":"{last}","ms":1}}\n'.encode())) * 1e3

        def cold():
            tally("ingest", store, "-", stdin=f'{{"id":"y{count}","parent":"{last}","ms":1}}\n'.encode())
            return timed(lambda: read(place, "calls/.node/t0n0.json")) * 1e3

        own = by_turns({"an event": event, "its root, read after it": cold,
                        "a leaf, read again": lambda: timed(lambda: read(place, f"calls/.node/{last}.json")) * 1e3})
        scene.unmount(place)
        insert, below = f"insert into spans values ('z{{i}}', '{last}', 1)", BELOW.replace("{root}", "t0n0")
        steps = {"insert": insert, "below": below}
        asked = {"SQLite": ask_sqlite(scene, "spans", "id text primary key, parent text, ms int", source, steps,
                                      ["create index of_parent on spans(parent)"]),
                 "DuckDB": ask_duckdb(scene, "spans", "id varchar primary key, parent varchar, ms int", source, steps)}
        missing = [(name, reason) for name, reason in asked.items() if isinstance(reason, str)]
        figures = {**{f"tallyfs, {name}": values for name, values in own.items()},
                   **{f"{name}, {step}": [1e3 * seconds for seconds in values]
                      for name, answers in asked.items() if not isinstance(answers, str)
                      for step, values in (("an event", answers["insert"]), ("the sum below the root", answers["below"]))}}
        table(f"depth {depth}, branching {branching}: {NODES} nodes, loaded in {loading:.1f} s, {loading / plain:.1f} times as without a tree", "ms", figures,
              "tallyfs, an event", missing)


def main():
    heading("Trees", tallyfs=version(os.environ.get("TALLY", "build-test/ingest/tally"), "--version"), **databases())
    for depth in (10, 50, 100):
        for branching in (2, 5, 10):
            measure(depth, branching)


assert ROUNDS > 0
main()
