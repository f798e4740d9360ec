"""An ingest that is killed behind one of its writes, while a mount reads the store: run again, it has loaded its events once, and
the mount shows them when it returns.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import preloading
from mounted import TALLY, Scene, check, read, tally

ROUNDS = 1000 if os.environ.get("SOAK") else 100
SCHEMA = {"streams": {"s": {"fields": {"x": "int", "y": "string"}}},
          "views": {"all": {"measures": {"n": "count()"}}, "by": {"by": ["x"], "measures": {"n": "count()", "ys": "uniq(y)"}}}}


def killed(store, content, write):
    """Whether it was, behind that write."""
    environment = {**os.environ, **preloading("faults"), "FAULT": f"pwrite:{write}:kill"}
    done = subprocess.run([TALLY, "ingest", store, "-"], input=content, capture_output=True, check=False, env=environment)
    return done.returncode != 0


def main():
    rng, kills, known, total = random.Random(1), 0, 0, 0
    with Scene() as scene:
        store = scene.store("store", SCHEMA)
        place = scene.mount(store)
        for number in range(ROUNDS):
            count, write = rng.choice([1, 25, 300, 2000]), rng.randrange(1, 8)
            content = "".join(f'{{"x":{rng.randrange(500)},"y":"{number}"}}\n' for _ in range(count)).encode()
            kills += killed(store, content, write)
            known += b"already loaded" in tally("ingest", store, "-", stdin=content).stdout
            total += count
            found = json.loads(read(place, "all.json"))["n"]
            check(found == total, f"round {number}, killed behind write {write}: {found} events, not {total}")
        check(kills > ROUNDS / 4 and known > 0, f"{kills} killed, {known} known")
        tally("verify", store)
        print(f"{kills} of {ROUNDS} were killed")


main()
