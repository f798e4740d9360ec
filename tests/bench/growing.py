"""Batches with random keys (UUIDs) as the store grows, beside the same with keys in order, and SQLite with a primary key.

    EVENTS=5000000 tests/bench/growing.py       in fifty batches, whatever EVENTS is

What each batch takes, durable: onto nothing, in the mean, at the worst, at the end; and what an event takes on the disk.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import json
import os
import random
import sqlite3
import statistics
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import databases, heading, timed
from mounted import Scene, tally

EVENTS, BATCHES = int(os.environ.get("EVENTS", "5000000")), 50
BATCH = max(1, EVENTS // BATCHES)
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


class Store:
    def __init__(self, scene, name):
        self.scene, self.path, self.file = scene, scene.store(name, SCHEMA), os.path.join(scene.path(name), "data.mdb")

    def load(self, rows):
        with open(self.scene.path("batch.csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([list(FIELDS), *rows])
        return timed(lambda: tally("ingest", self.path, self.scene.path("batch.csv")))

    def count(self):
        return json.loads(tally("cat", self.path, "all.json").stdout)["n"]


class Sqlite:
    """The same rows, in a table that tells new keys from known ones; without views."""

    def __init__(self, scene, name):
        self.file = scene.path(name)
        self.connection = sqlite3.connect(self.file)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE e "
                                      "(id TEXT PRIMARY KEY, t TEXT, user TEXT, region TEXT, amount NUMERIC) WITHOUT ROWID")

    def load(self, rows):
        def insert():
            with self.connection:
                self.connection.executemany("INSERT OR IGNORE INTO e VALUES (?, ?, ?, ?, ?)", rows)

        return timed(insert)

    def count(self):
        return self.connection.execute("SELECT count(*) FROM e").fetchone()[0]


def main():
    heading("Random keys as the store grows", **databases())
    with Scene() as scene:
        contenders = {"tallyfs, random keys": (Rows(False), Store(scene, "random")),
                      "tallyfs, keys in order": (Rows(True), Store(scene, "ordered")),
                      "SQLite, random keys, no views": (Rows(False), Sqlite(scene, "sqlite"))}
        seconds = {name: [] for name in contenders}
        for _ in range(BATCHES):
            for name, (rows, store) in contenders.items():
                seconds[name].append(store.load(rows.batch()))
        print(f"\n### {BATCHES} batches of {BATCH} rows\n\n| | onto nothing, s | mean | worst | last ten | mean / first | worst / first "
              "| bytes an event |\n|---|---|---|---|---|---|---|---|")
        for name, (_, store) in contenders.items():
            taken = seconds[name]
            mean, last = statistics.mean(taken), statistics.mean(taken[-10:])
            print(f"| {name} | {taken[0]:.3f} | {mean:.3f} | {max(taken):.3f} | {last:.3f} | {mean / taken[0]:.2f} "
                  f"| {max(taken) / taken[0]:.2f} | {os.path.getsize(store.file) / store.count():.0f} |")


main()
