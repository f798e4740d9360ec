"""Batches with random keys (UUIDs) as the store grows, beside the same with keys in order, and peers that keep one row a key.

    EVENTS=5000000 BATCHES=50 NODE_PATH=FOLDER/node_modules tests/bench/growing.py
    EVENTS=50000000 BATCHES=500 ALONE=1 tests/bench/growing.py       tallyfs alone, for an hour

What each batch takes, durable: onto nothing, in the mean, at the worst, at the end; and what an event takes on the disk. Then all
of the events at once. DuckDB and ClickHouse are measured where NODE_PATH has @duckdb/node-api and chdb.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import by_turns, databases, has_module, heading, table, timed
from mounted import Scene, tally

HERE = os.path.dirname(os.path.abspath(__file__))
EVENTS, BATCHES = int(os.environ.get("EVENTS", "5000000")), int(os.environ.get("BATCHES", "50"))
BATCH, MORE_BATCHES = max(1, EVENTS // BATCHES), min(20, BATCHES)
FIELDS = {"id": "string", "t": "time", "user": "string", "region": "string", "amount": "decimal"}
SCHEMA = {"streams": {"e": {"key": "id", "time": "t", "fields": FIELDS}},
          "views": {"all": {"measures": {"n": "count()", "sum": "sum(amount)"}},
                    "days": {"by": ["region", "day(t)"], "measures": {"n": "count()", "sum": "sum(amount)"}}}}


class Rows:
    """Batches of a kind of key, the same for everybody."""

    def __init__(self, in_order):
        self.rng, self.in_order, self.next = random.Random(7), in_order, 0

    def row(self):
        self.next += 1
        key = f"{self.next:036d}" if self.in_order else str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        return (key, f"2026-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}T10:00:00Z", f"u{self.rng.randrange(50000)}",
                f"r{self.rng.randrange(5)}", f"{self.rng.randrange(10000) / 100:.2f}")

    def batch(self):
        return [self.row() for _ in range(BATCH)]


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(rows)
    return path


def bytes_of(path):
    if os.path.isfile(path):
        return os.stat(path).st_blocks * 512
    return sum(os.stat(os.path.join(folder, name)).st_blocks * 512 for folder, _, names in os.walk(path) for name in names)


class Store:
    def __init__(self, scene, name):
        self.scene, self.path = scene, scene.store(name, SCHEMA)

    def load(self, rows):
        source = write(self.scene.path("batch.csv"), rows)
        return timed(lambda: tally("ingest", self.path, source))

    def close(self):
        pass


class Sqlite:
    """The same rows, in a table that tells new keys from known ones; without views."""

    def __init__(self, scene, name):
        self.path = scene.path(name)
        self.connection = sqlite3.connect(self.path)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE e "
                                      "(id TEXT PRIMARY KEY, t TEXT, user TEXT, region TEXT, amount NUMERIC) WITHOUT ROWID")

    def load(self, rows):
        def insert():
            with self.connection:
                self.connection.executemany("INSERT OR IGNORE INTO e VALUES (?, ?, ?, ?, ?)", rows)

        return timed(insert)

    def close(self):
        self.connection.close()


class Node:
    """A database of peers/batches.js, in a process that stays."""

    def __init__(self, scene, kind):
        self.scene, self.path = scene, scene.path(kind)
        self.process = subprocess.Popen(["node", os.path.join(HERE, "peers/batches.js"), kind, self.path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def load(self, rows):
        self.process.stdin.write(write(self.scene.path("batch.csv"), rows) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def contenders_of(scene):
    """name -> (rows, where they go), and what is missing."""
    ours = {"tallyfs, random keys": (Rows(False), Store(scene, "random")),
            "tallyfs, keys in order": (Rows(True), Store(scene, "ordered"))}
    if os.environ.get("ALONE"):
        return ours, []
    ours["SQLite, random keys, no views"] = (Rows(False), Sqlite(scene, "sqlite"))
    missing = []
    for name, kind, module in (("DuckDB, random keys, no views", "duckdb", "@duckdb/node-api"),
                               ("ClickHouse ReplacingMergeTree, random keys, two views", "clickhouse", "chdb")):
        if has_module(module):
            ours[name] = (Rows(False), Node(scene, kind))
        else:
            missing.append((name, f"{module} is not in NODE_PATH"))
    return ours, missing


def batches(scene):
    contenders, missing = contenders_of(scene)
    seconds = {name: [] for name in contenders}
    for _ in range(BATCHES):
        for name, (rows, place) in contenders.items():
            seconds[name].append(place.load(rows.batch()))
    print(f"\n### {BATCHES} batches of {BATCH} rows\n\n| | onto nothing, s | mean | worst | last ten | mean / first | worst / first "
          "| bytes an event |\n|---|---|---|---|---|---|---|---|")
    for name, (_, place) in contenders.items():
        place.close()
        taken = seconds[name]
        mean, last = statistics.mean(taken), statistics.mean(taken[-10:])
        print(f"| {name} | {taken[0]:.3f} | {mean:.3f} | {max(taken):.3f} | {last:.3f} | {mean / taken[0]:.2f} "
              f"| {max(taken) / taken[0]:.2f} | {bytes_of(place.path) / EVENTS:.0f} |")
    for name, reason in missing:
        print(f"| {name} | not measured: {reason} | | | | | | |")


def with_more(scene):
    """Tables that are written beside the events, each in an order of its own: times are random, too, and so are users."""
    def schema(keep=None, **measures):
        stream = {**SCHEMA["streams"]["e"], **({"keep": keep} if keep else {})}
        views = {"all": {"measures": {**SCHEMA["views"]["all"]["measures"], **measures}}, "days": SCHEMA["views"]["days"]}
        return {"streams": {"e": stream}, "views": views}

    kinds = {"events alone": schema(), "keep, by time": schema(keep="100 years"), "uniq(user)": schema(u="uniq(user)"),
             "top(user, 5)": schema(u="top(user, 5)")}
    places = {name: scene.store(f"more-{number}", each) for number, (name, each) in enumerate(kinds.items())}
    seconds, rows = {name: [] for name in kinds}, Rows(False)
    for _ in range(MORE_BATCHES):
        source = write(scene.path("batch.csv"), rows.batch())
        for name, store in places.items():
            seconds[name].append(timed(lambda store=store: tally("ingest", store, source)))
    print(f"\n### {MORE_BATCHES} batches of {BATCH} rows with random keys, and what else is kept\n\n"
          "| | onto nothing, s | mean | worst | bytes an event |\n|---|---|---|---|---|")
    for name, taken in seconds.items():
        print(f"| {name} | {taken[0]:.3f} | {statistics.mean(taken):.3f} | {max(taken):.3f} "
              f"| {bytes_of(places[name]) / BATCH / MORE_BATCHES:.0f} |")


def at_once(scene):
    def loading(in_order):
        rows = Rows(in_order)
        source = write(scene.path(f"all-{in_order}.csv"), (rows.row() for _ in range(EVENTS)))

        def load():
            store = scene.store(f"once-{in_order}", SCHEMA)
            seconds = timed(lambda: tally("ingest", store, source))
            shutil.rmtree(store)
            return seconds

        return load

    table(f"{EVENTS} rows at once", "s", by_turns({"keys in order": loading(True), "random keys": loading(False)}), "keys in order")


def main():
    heading("Random keys as the store grows", **databases())
    with Scene() as scene:
        batches(scene)
    with Scene() as scene:
        with_more(scene)
    with Scene() as scene:
        at_once(scene)


main()
