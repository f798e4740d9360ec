"""What a correction costs: 10,000 of 1,000,000 events replaced, beside 10,000 new ones, by turns.

    ROUNDS=7 tests/bench/replace.py

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import by_turns, heading, table, timed, version
from mounted import Scene, tally

EVENTS, BATCH = int(os.environ.get("EVENTS", "1000000")), 10000
SCHEMA = {
    "streams": {
        "s": {
            "key": "id",
            "time": "t",
            "on_duplicate": "replace",
            "fields": {"id": "int", "t": "time", "region": "string", "user": "int", "amount": "decimal"},
        }
    },
    "views": {
        "all": {"measures": {"n": "count()", "users": "uniq(user)", "sum": "sum(amount)"}},
        "days": {"by": ["region", "day(t)"], "measures": {"n": "count()", "sum": "sum(amount)", "max": "max(amount)"}},
    },
}


def line(rng, number):
    day = rng.randrange(90)
    return (
        f'{{"id":{number},"t":"2026-0{day // 30 + 1}-{day % 28 + 1:02d}T12:00:00Z","region":"r{rng.randrange(6)}",'
        f'"user":{rng.randrange(10000)},"amount":{rng.randrange(100000) / 100}}}\n'
    )


def main():
    rng, following = random.Random(1), EVENTS
    heading("Replacing", tallyfs=version(os.environ.get("TALLY", "build-test/ingest/tally"), "--version"))
    with Scene() as scene:
        store = scene.store("store", SCHEMA)
        tally("ingest", store, scene.write("events.ndjson", "".join(line(rng, number) for number in range(EVENTS))))

        def ingest(numbers, word):
            content = "".join(line(rng, number) for number in numbers).encode()
            said = []
            seconds = timed(lambda: said.append(tally("ingest", store, "-", stdin=content).stdout))
            assert f"{word} {BATCH}".encode() in said[0], said
            return seconds * 1e3

        def insert():
            nonlocal following
            following += BATCH
            return ingest(range(following - BATCH, following), "new")

        figures = by_turns({"new, rising keys": insert,
                            "replaced, random keys": lambda: ingest(rng.sample(range(EVENTS), BATCH), "replaced")})
        table(f"{BATCH} events onto {EVENTS}", "ms", figures, "new, rising keys")


main()
