"""Groups whose events are all gone leave the tree, files and directories alike, and come back with an event.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally, tree

SCHEMA = {
    "streams": {"s": {"key": "id", "on_duplicate": "replace", "delete_when": "gone",
                      "fields": {"id": "int", "gone": "bool", "region": "string", "day": "string", "n": "int"}}},
    "views": {"v": {"by": ["region", "day"], "measures": {"c": "count()", "m": "min(n)"}},
              "sizes": {"from": "v", "by": ["c"], "measures": {"days": "count()"}},
              "all": {"from": "s", "measures": {"c": "count()"}}},
}


def ingest(store, *events):
    tally("ingest", store, "-", stdin="".join(json.dumps(event) + "\n" for event in events).encode())


def event(number, region, day, **more):
    return {"id": number, "region": region, "day": day, "n": number, **more}


def absent(place, *names):
    for name in names:
        path = os.path.join(place, name)
        check(not os.path.lexists(path), f"{name} is there")
        check(os.path.basename(name) not in os.listdir(os.path.dirname(path)) if os.path.isdir(os.path.dirname(path)) else True,
              f"{name} is listed")


def directories_that_come_back(scene):
    """What was looked for in one, also in what is left of it from before, is shown in the commit that brings or changes it."""
    store = scene.store("back", SCHEMA)
    place = scene.mount(store)
    one, two = os.path.join(place, "v/eu/1.json"), os.path.join(place, "v/eu/2.json")
    ingest(store, event(1, "eu", "1"))
    check(os.path.exists(one) and not os.path.exists(two), "not what was loaded")
    folder = os.open(os.path.join(place, "v/eu"), os.O_RDONLY)
    ingest(store, {"id": 1, "gone": True})
    check(not os.path.exists(one), "it did not go")
    ingest(store, event(3, "eu", "1"))
    check(not os.path.exists(two), "it is there too early")
    ingest(store, event(2, "eu", "2"))
    check(os.path.exists(two), "what came is not there")
    for name in ("1.json", "2.json"):
        try:
            os.stat(name, dir_fd=folder)
        except FileNotFoundError:
            pass
    check(json.loads(read(place, "v/eu/1.json"))["c"] == 1 and json.loads(read(place, "v/eu/2.json"))["c"] == 1, "not what came")
    ingest(store, event(4, "eu", "1"), event(5, "eu", "2"))
    check(json.loads(read(place, "v/eu/1.json"))["c"] == 2 and json.loads(read(place, "v/eu/2.json"))["c"] == 2, "not what changed")
    os.close(folder)


def main():
    with Scene() as scene:
        directories_that_come_back(scene)
    with Scene() as scene:
        store = scene.store("store", SCHEMA)
        place = scene.mount(store)
        ingest(store, event(1, "eu", "1"), event(2, "eu", "2"), event(3, "us", "1"), event(4, "us", "1"))
        before = tree(place)
        check(sorted(os.listdir(place + "/v")) == [".total.json", "eu", "eu.json", "us", "us.json"], os.listdir(place + "/v"))
        held = open(os.path.join(place, "v/eu/1.json"), "rb")
        folder = os.open(os.path.join(place, "v/eu"), os.O_RDONLY)

        ingest(store, {"id": 1, "gone": True})  # a day goes, and its file
        absent(place, "v/eu/1.json", "v/eu/1.csv")
        check(os.listdir(place + "/v/eu") == [".total.json", "2.json"], os.listdir(place + "/v/eu"))

        ingest(store, event(2, "asia", "9"))  # the last one of a region moves away, and the directory goes
        absent(place, "v/eu", "v/eu.json", "v/eu.ndjson", "v/eu/.total.json", "v/eu/2.json")
        check(os.listdir(place + "/v/asia") == [".total.json", "9.json"], "the new region")
        check(json.loads(read(place, "sizes.json")) == [{"c": 1, "days": 1}, {"c": 2, "days": 1}], read(place, "sizes.json"))
        check(held.read() == before[b"v/eu/1.json"], "an open file changed")
        check(os.listdir(folder) == [".total.json", "1.json", "2.json"], "an open directory changed")
        os.close(folder)

        tally("delete", store, "--where", "n > 0")  # nothing is left
        check(os.listdir(place) == [".tallyfs"], os.listdir(place))
        absent(place, "v", "v.json", "all.json", "sizes.json", "sizes")
        tally("verify", store)

        ingest(store, event(1, "eu", "1"), event(2, "eu", "2"), event(3, "us", "1"), event(4, "us", "1"), event(9, "x", "y"))
        tally("delete", store, "--key", "9")
        check(tree(place) == before, "what came back is different")
        held.close()


main()
