"""Loading the slow-api events: tallyfs with two views and a key, beside databases that only load.

    EVENTS=5000000 ROUNDS=3 NODE_PATH=FOLDER/node_modules tests/bench/ingesting.py

DuckDB and ClickHouse are measured where NODE_PATH has @duckdb/node-api and chdb (npm install both in FOLDER).

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import GENERATE, by_turns, databases, has_module, heading, table, timed, version
from mounted import Scene, tally

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMA = os.path.join(HERE, "../../examples/slow-api/schema.json")
EVENTS = int(os.environ.get("EVENTS", "5000000"))
THREADS = (1, 2, 4, 8)


def size_of(path):
    if os.path.isfile(path):
        return os.stat(path).st_blocks * 512
    return sum(os.stat(os.path.join(folder, name)).st_blocks * 512 for folder, _, names in os.walk(path) for name in names)


class Loading:
    """Each contender loads into a new place; what it takes on the disk is kept."""

    def __init__(self, scene, ndjson, csv):
        self.scene, self.ndjson, self.csv, self.bytes, self.count = scene, ndjson, csv, {}, 0

    def fresh(self, name):
        self.count += 1
        return self.scene.path(f"{name}-{self.count}")

    def done(self, name, place):
        self.bytes[name] = size_of(place)
        shutil.rmtree(place) if os.path.isdir(place) else os.unlink(place)

    def tally(self, name, source, *options):
        store = self.fresh("tally")
        tally("init", store, "--schema", SCHEMA)
        seconds = timed(lambda: tally("ingest", store, source, *options))
        self.done(name, store)
        return seconds

    def sqlite(self):
        database = self.fresh("sqlite")
        script = ("create table events (event_id text primary key, event_ts text, user_id text, region text, revenue numeric)"
                  f" without rowid;\n.mode csv\n.import --skip 1 {self.csv} events\n")
        seconds = timed(lambda: subprocess.run(["sqlite3", database], input=script.encode(), check=True))
        self.done("SQLite, CSV, primary key", database)
        return seconds

    def node(self, name, script):
        place = self.fresh("node")
        done = subprocess.run(["node", os.path.join(HERE, "peers", script), place, self.csv], check=True, capture_output=True)
        self.done(name, place)
        return json.loads(done.stdout)["loads"][0]


def write_events(scene, name, *form):
    with open(scene.path(name), "wb") as file:
        subprocess.run([GENERATE, str(EVENTS), *form], stdout=file, check=True)
    return scene.path(name)


def main():
    heading(f"Ingest of {EVENTS} events", tallyfs=version(os.environ.get("TALLY", "build-test/ingest/tally"), "--version"),
            **databases())
    with Scene() as scene:
        loading = Loading(scene, write_events(scene, "events.ndjson"), write_events(scene, "events.csv", "csv"))
        ours, csv = "tallyfs, NDJSON, key and two views", "tallyfs, CSV, key and two views"
        contenders, missing = {ours: lambda: loading.tally(ours, loading.ndjson), csv: lambda: loading.tally(csv, loading.csv)}, []
        for threads in THREADS:
            name = f"{csv}, {threads} thread{'s' * (threads > 1)}"
            contenders[name] = lambda name=name, threads=threads: loading.tally(name, loading.csv, "--threads", str(threads))
        if shutil.which("sqlite3"):
            contenders["SQLite, CSV, primary key"] = loading.sqlite
        else:
            missing.append(("SQLite", "sqlite3 is not installed"))
        for name, script, module in (("DuckDB, CSV, primary key", "duckdb.js", "@duckdb/node-api"),
                                     ("ClickHouse, CSV, no deduplication", "clickhouse.js", "chdb")):
            if has_module(module):
                contenders[name] = lambda name=name, script=script: loading.node(name, script)
            else:
                missing.append((name, f"{module} is not in NODE_PATH"))
        figures = by_turns(contenders)
        notes = {name: f"{EVENTS / min(times) / 1e6:.2f} M/s at best, {loading.bytes[name] / EVENTS:.0f} bytes an event"
                 for name, times in figures.items()}
        table("Loading", "s", figures, ours, missing, notes)


main()
