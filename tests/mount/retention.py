"""Old events go, their counts stay; old groups go, with what they counted.

SPDX-License-Identifier: Apache-2.0
"""

import datetime
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally

FIRST = datetime.date(2026, 1, 1)
SCHEMA = {
    "streams": {"s": {"key": "id", "time": "t", "keep": "90 days",
                      "fields": {"id": "int", "t": "time", "g": "string", "n": "int"}}},
    "views": {
        "all": {"measures": {"c": "count()", "n": "sum(n)"}},
        "days": {"by": ["g", {"day": "day(t)"}], "measures": {"c": "count()", "m": "max(n)"}},
        "recent": {"retain": "30 days", "by": ["g", {"day": "day(t)"}],
                   "measures": {"c": "count()", "m": "max(n)", "u": "uniq(n)", "mid": "median(n)", "sd": "stddev(n)"}},
        "recent_groups": {"from": "recent", "by": ["g"], "measures": {"days": "count()", "c": "sum(c)", "m": "max(m)"}},
    },
}


def event(number, day):
    return {"id": number, "t": f"{FIRST + datetime.timedelta(day)}T05:00:00Z", "g": "ab"[number % 2], "n": number % 7}


def ingest(store, events, **options):
    return tally("ingest", store, "-", stdin="".join(json.dumps(each) + "\n" for each in events).encode(), **options)


def counts(place, path):
    return json.loads(read(place, path))


def main():
    with Scene() as scene:
        store = scene.store("store", SCHEMA)
        place = scene.mount(store)
        ingest(store, [event(day, day) for day in range(200)])
        # The newest event is of day 199: 90 days and a bit are kept, all are counted.
        check(counts(place, ".tallyfs/status.json")["events"] == 91, "events were not dropped")
        check(counts(place, "all.json") == {"c": 200, "n": sum(i % 7 for i in range(200))}, "counts went with the events")
        check(len(counts(place, "days.json")) == 200, "groups went with the events")
        check("not proven" in tally("verify", store).stdout.decode(), "verify proves what it cannot")

        left = [event(day, day) for day in range(169, 200)]
        check([row["day"] for row in sorted(counts(place, "recent.json"), key=lambda row: row["day"])]
              == [each["t"][:10] for each in left], "other groups are left")
        total = counts(place, "recent/.total.json")
        check((total["c"], total["m"], total["u"]) == (31, 6, 7), total)
        check(sum(row["c"] for row in counts(place, "recent_groups.json")) == 31, "the view over it")
        check(not os.path.exists(os.path.join(place, "recent/a/2026-01-01.json")), "an old file is there")

        # What was dropped cannot be told from a repeat: older events are refused. Within the 90 days late
        # events count, but not in groups that have gone.
        done = ingest(store, [event(1000, 50), event(1001, 120), event(1002, 180)], status=2)
        check("new 2" in done.stdout.decode() and "rejected 1" in done.stdout.decode(), done.stdout)
        check(b"older than what" in b"".join(read(store, "rejects", name) for name in os.listdir(os.path.join(store, "rejects"))),
              "no reason was told")
        check(counts(place, "all.json")["c"] == 202 and counts(place, "recent/.total.json")["c"] == 32, "late events")
        tally("verify", store)

        # One event from the far future drops nothing but by the clock of today.
        ingest(store, [event(2000, 36500)])
        check(counts(place, "all.json")["c"] == 203, "the future is counted")
        tally("verify", store)

        # A view that has counted what is gone is made again only with leave, and says from when it is complete.
        check("cannot be made again" in tally("rebuild", store, "all", status=1).stderr.decode(), "rebuilt without leave")
        check(counts(place, "all.json")["c"] == 203, "a refused rebuild did something")
        tally("rebuild", store, "--allow-loss", "all")
        kept = counts(place, ".tallyfs/status.json")["events"]
        check(counts(place, "all.json")["c"] == kept, "rebuilt from other events than are there")
        check(counts(place, ".tallyfs/views/all.json")["complete_from"] is not None, "a view claims to be complete")
        check(counts(place, ".tallyfs/views/days.json")["complete_from"] is None, "a whole view claims to be incomplete")
        before = {path: read(place, path) for path in ("all.json", "days.json", "recent.json", "recent/.total.json")}
        tally("compact", store)
        check(before == {path: read(place, path) for path in before}, "compacting changed something")
        tally("verify", store)


main()
