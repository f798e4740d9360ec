"""What a correction costs: 10,000 of 1,000,000 events replaced, beside 10,000 new ones, by turns.

    replace.py [ROUNDS]

Prints the medians and their ratio. Both stores have the same events and views; the batches have as many
groups in common with what is there.

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import re
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, tally

EVENTS, BATCH = 1000000, 10000
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


def timed(store, numbers, rng):
    content = "".join(line(rng, number) for number in numbers).encode()
    begun = time.monotonic()
    said = tally("ingest", store, "-", stdin=content).stdout.decode()
    return time.monotonic() - begun, re.sub(r".*?read", "read", said.strip())


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    rng = random.Random(1)
    with Scene() as scene:
        store = scene.store("store", SCHEMA)
        path = scene.write("events.ndjson", "".join(line(rng, number) for number in range(EVENTS)))
        tally("ingest", store, path)
        inserted, replaced, following = [], [], EVENTS
        for _ in range(rounds):
            seconds, said = timed(store, range(following, following + BATCH), rng)
            inserted.append(seconds)
            following += BATCH
            seconds, told = timed(store, rng.sample(range(EVENTS), BATCH), rng)
            replaced.append(seconds)
        print(f"last insert: {said}\nlast replacement: {told}")
        a, b = statistics.median(inserted), statistics.median(replaced)
        print(f"| {BATCH} onto {EVENTS} events | median | least | most |\n|---|---|---|---|")
        for name, times in (("new, rising keys", inserted), ("replaced, random keys", replaced)):
            print(f"| {name} | {statistics.median(times) * 1e3:.0f} ms | {min(times) * 1e3:.0f} | {max(times) * 1e3:.0f} |")
        print(f"| ratio | {b / a:.2f} | | |")


main()
