"""Small batches onto large stores, beside the same onto an empty one and what the disk needs to sync.

    EVENTS=5000000 ROWS=1000000 ROUNDS=5 tests/bench/updating.py

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import GENERATE, ROUNDS, by_turns, databases, has_module, heading, table, timed, version
from mounted import Scene, read, tally

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "../../examples/slow-api/schema.json")
EVENTS, GROUPS = int(os.environ.get("EVENTS", "5000000")), int(os.environ.get("ROWS", "1000000"))
BATCH = 10000
WIDE = {"streams": {"s": {"key": "id", "fields": {"id": "int", "g": "int", "n": "int"}}},
        "views": {"v": {"by": ["g"], "measures": {"c": "count()", "n": "sum(n)"}}}}


class Batches:
    """Batches of events that were not there before: with keys that rise, or are anywhere among the others."""

    def __init__(self):
        self.rng, self.next = random.Random(1), 10**9

    def event(self, key):
        return (f'{{"event_id":"{key}","event_ts":"2026-0{self.rng.randint(1, 3)}-{self.rng.randint(1, 28):02d}T10:00:00Z",'
                f'"user_id":"user_{self.rng.randrange(10000)}","region":"eu-central","revenue":{self.rng.randrange(100)}}}\n')

    def rising(self):
        self.next += BATCH
        return "".join(self.event(f"zz_{self.next + i}") for i in range(BATCH)).encode()

    def scattered(self):
        return "".join(self.event(f"{self.rng.getrandbits(128):032x}") for _ in range(BATCH)).encode()


def sync_time(scene):
    """A page written and synced: what any durable commit waits for, twice."""
    file = os.open(scene.path("sync"), os.O_RDWR | os.O_CREAT)
    os.pwrite(file, os.urandom(4096), 0)

    def once():
        os.pwrite(file, os.urandom(4096), 0)
        return timed(lambda: os.fsync(file)) * 1e3

    return once


def ingest(store, content):
    return timed(lambda: tally("ingest", store, "-", stdin=content)) * 1e3


def onto_many_events(scene):
    batches, large, count = Batches(), scene.path("large"), 0
    tally("init", large, "--schema", SCHEMA)
    with open(scene.path("events"), "wb") as file:
        subprocess.run([GENERATE, str(EVENTS)], stdout=file, check=True)
    tally("ingest", large, scene.path("events"))

    def onto_empty():
        nonlocal count
        count += 1
        tally("init", scene.path(f"empty-{count}"), "--schema", SCHEMA)
        return ingest(scene.path(f"empty-{count}"), batches.rising())

    figures = by_turns({"onto an empty store": onto_empty,
                        f"onto {EVENTS}, rising keys": lambda: ingest(large, batches.rising()),
                        f"onto {EVENTS}, random keys": lambda: ingest(large, batches.scattered()),
                        "fsync of one page": sync_time(scene)})
    table(f"A batch of {BATCH} events", "ms", figures, "onto an empty store")


ANSWERS = ("select count(*), count(distinct user_id), sum(revenue) from events;",
           "select region, date(event_ts) as day, count(*) from events group by 1, 2 order by 1, 2;")


def sqlite(scene, first, batches):
    database, loads, answers = scene.path("update.sqlite"), [], []

    def run(*lines):
        return timed(lambda: subprocess.run(["sqlite3", database], input="\n".join(lines).encode(), check=True, capture_output=True))

    run("create table events (event_id text primary key, event_ts text, user_id text, region text, revenue numeric) without rowid;")
    for file in [first, *batches]:
        loads.append(run(".mode csv", f".import --skip 1 {file} events"))
        answers.append(run(*ANSWERS))
    return {"loads": loads, "answers": answers}


def tallyfs(scene, first, batches):
    store, loads, answers = scene.path("update"), [], []
    tally("init", store, "--schema", SCHEMA)
    place = scene.mount(store)
    for file in [first, *batches]:
        loads.append(timed(lambda file=file: tally("ingest", store, file)))
        answers.append(timed(lambda: (read(place, "metrics.json"), read(place, "breakdown.json"))))
    scene.unmount(place)
    return {"loads": loads, "answers": answers}


def node(scene, script, first, batches):
    done = subprocess.run(["node", os.path.join(HERE, "peers", script), scene.path(script + "-data"), first, *batches],
                          check=True, capture_output=True)
    return json.loads(done.stdout)


def beside_databases(scene):
    """A batch onto many events, and the two answers after it: each contender does all its rounds in one process or store."""
    def csv(name, *numbers):
        with open(scene.path(name), "wb") as file:
            subprocess.run([GENERATE, str(numbers[0]), "csv", *map(str, numbers[1:])], stdout=file, check=True)
        return scene.path(name)

    first = csv("first.csv", EVENTS)
    batches = [csv(f"batch-{i}.csv", BATCH, EVENTS + 1 + i * BATCH) for i in range(ROUNDS)]
    results, missing = {"tallyfs, from a mount": tallyfs(scene, first, batches)}, []
    if shutil.which("sqlite3"):
        results["SQLite, primary key"] = sqlite(scene, first, batches)
    else:
        missing.append(("SQLite", "sqlite3 is not installed"))
    for name, script, module in (("DuckDB, primary key", "duckdb.js", "@duckdb/node-api"),
                                 ("ClickHouse, no deduplication", "clickhouse.js", "chdb")):
        if has_module(module):
            results[name] = node(scene, script, first, batches)
        else:
            missing.append((name, f"{module} is not in NODE_PATH"))
    for title, key in ((f"A batch of {BATCH} events onto {EVENTS}, durable", "loads"), ("The two answers after it", "answers")):
        table(title, "ms", {name: [1e3 * seconds for seconds in result[key][1:]] for name, result in results.items()},
              "tallyfs, from a mount", missing)


def onto_many_groups(scene):
    store, number = scene.store("wide", WIDE), 10 * GROUPS
    tally("ingest", store, scene.write("wide.csv", "id,g,n\n" + "".join(f"{i},{i},1\n" for i in range(GROUPS))))
    narrow = scene.store("narrow", WIDE)

    def one(place, group):
        nonlocal number
        number += 1
        return ingest(place, f'{{"id":{number},"g":{group},"n":1}}\n'.encode())

    figures = by_turns({"onto an empty store": lambda: one(narrow, 1),
                        f"onto {GROUPS} groups": lambda: one(store, random.randrange(GROUPS)),
                        "fsync of one page": sync_time(scene)})
    table("One event", "ms", figures, "onto an empty store")


def main():
    heading("Updating", tallyfs=version(os.environ.get("TALLY", "build-test/ingest/tally"), "--version"), **databases())
    with Scene() as scene:
        onto_many_events(scene)
        onto_many_groups(scene)
    with Scene() as scene:
        beside_databases(scene)


main()
