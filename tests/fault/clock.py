"""The wall clock steps back, and forward: commits stay in order, times of files never go back, nothing is dropped too early.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import preloading
from mounted import TALLY, Scene, check, tally

DAY = 86400
SCHEMA = {"streams": {"s": {"key": "k", "time": "t", "keep": "30 days", "fields": {"k": "int", "t": "time"}}},
          "views": {"v": {"by": ["day(t)"], "measures": {"n": "count()"}}, "all": {"measures": {"n": "count()"}}}}


def main():
    with Scene() as scene:
        store = scene.store("s", SCHEMA)
        place = scene.mount(store)
        before, newest = 1, 0
        for number, days in enumerate((0, -1, -400, 0, 400, -1, -100000, 0)):
            event = json.dumps({"k": number, "t": f"2026-01-{number + 1:02d}"})
            environment = {**os.environ, **preloading("faults"), "FAULT_CLOCK": str(days * DAY)}
            done = subprocess.run([TALLY, "ingest", store, "-"], input=event.encode(), env=environment, capture_output=True,
                                  check=False)
            check(done.returncode == 0, done.stderr)
            with open(place + "/.tallyfs/generation", encoding="utf-8") as file:
                commit = int(file.read())
            time = os.stat(place + "/all.json").st_mtime_ns
            check(commit == before + 1 and time > newest, f"{days} days: commit {commit} at {time} after {before} at {newest}")
            before, newest = commit, time
            found = json.loads(tally("cat", store, "all.json").stdout)
            check(found == {"n": number + 1}, f"{days} days: {found}")
        check(newest // 10**9 - 399 * DAY > os.stat(store).st_mtime, "the clock was not changed")
        check(b" 0 differ" in tally("verify", store).stdout, "verify")
        scene.unmount(place)


main()
