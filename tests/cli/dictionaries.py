"""Texts that a field repeats are stored as numbers, which shows in nothing but the size.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally

FIELDS = {"id": "string", "t": "time", "user": "string", "region": "string", "note": "string"}
SCHEMA = {"streams": {"e": {"key": "id", "time": "t", "on_duplicate": "replace", "fields": FIELDS}},
          "views": {"regions": {"by": ["region"], "measures": {"n": "count()", "users": "uniq(user)", "last": "max(t)"}},
                    "rows": {"by": ["user", "region"], "measures": {"n": "count()", "note": "any_value(note)"}}}}


def events(first, count):
    rng = random.Random(first)
    return [{"id": f"e{number}", "t": f"2026-01-{rng.randrange(28) + 1:02d}T00:00:00Z", "user": f"user_{rng.randrange(500)}",
             "region": rng.choice(["eu-central", "us-east", "ap-south", "17", ""]),
             "note": rng.choice([None, "", "n" * 100, f"text {number}", "0017"])} for number in range(first, first + count)]


def text(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def ingest(scene, store, *batches, options=(), status=0):
    files = [scene.write(f"batch{number}", text(batch)) for number, batch in enumerate(batches)]
    return tally("ingest", store, *files, *options, status=status).stdout.decode()


def commit_of(store):
    return json.loads(tally("status", store, "--json").stdout)["commit"]


def counts(printed):
    return [tuple(map(int, found)) for found in re.findall(r"new (\d+), duplicate (\d+)", printed)]


def contents(store):
    """All files of rows."""
    return {path: tally("cat", store, path).stdout for path in ("regions.json", "rows.json", "regions.csv", "rows.csv")}


def loaded(scene, name, batches):
    store = scene.store(name, SCHEMA)
    for batch in batches:
        ingest(scene, store, batch)
    check(b" 0 differ" in tally("verify", store).stdout, "verify")
    return store


def shows_in_nothing(scene):
    """Whether one batch has them all, which is looked at, or many that are too small."""
    records = events(0, 3000)
    whole = loaded(scene, "whole", [records])
    parts = loaded(scene, "parts", [records[first:first + 100] for first in range(0, 3000, 100)])
    check(contents(whole) == contents(parts), "the files differ")
    check(commit_of(whole) == 2, f"the commits: {commit_of(whole)}")
    check(os.path.getsize(os.path.join(whole, "data.mdb")) < 0.9 * os.path.getsize(os.path.join(parts, "data.mdb")), "it is as large")
    return whole, parts


def repeats_are_found(scene, store, stored_before):
    """What was stored before there were dictionaries is the same event still."""
    more = events(10000, 2000)
    check(counts(ingest(scene, store, more)) == [(2000, 0)], "new ones")
    printed = ingest(scene, store, stored_before + more)
    check(counts(printed) == [(0, len(stored_before) + 2000)], printed)
    changed = [{**record, "region": "eu-west"} for record in stored_before[:10]]
    printed = ingest(scene, store, changed)
    check("replaced 10" in printed, printed)
    check(json.loads(tally("cat", store, "regions/eu-west.json").stdout)["n"] == 10, "replaced ones")
    tally("delete", store, "--where", "region = 'eu-west'")
    check(b" 0 differ" in tally("verify", store).stdout, "verify")


def several_files_at_once(scene):
    store = scene.store("several", SCHEMA)
    printed = ingest(scene, store, events(0, 10), events(10, 2000), events(3000, 2000))
    check(counts(printed) == [(10, 0), (2000, 0), (2000, 0)], printed)
    check(b" 0 differ" in tally("verify", store).stdout, "verify")


def schema_changes(scene, store):
    """A field that goes keeps its words for the events that have them; one that comes gets its own."""
    before = tally("cat", store, "regions.json").stdout
    fields = {field: kind for field, kind in FIELDS.items() if field != "note"}
    schema = {"streams": {"e": {**SCHEMA["streams"]["e"], "fields": {**fields, "city": "string"}}},
              "views": {"regions": SCHEMA["views"]["regions"], "cities": {"by": ["city"], "measures": {"n": "count()"}}}}
    tally("schema", store, "--apply", scene.write("next.json", json.dumps(schema)), "--allow-loss")
    check(tally("cat", store, "regions.json").stdout == before, "the rows changed")
    at = commit_of(store)
    cities = [{**record, "city": random.Random(record["id"]).choice(["Berlin", "Lagos", "Lima"])} for record in events(20000, 2000)]
    for record in cities:
        del record["note"]
    ingest(scene, store, cities)
    check(commit_of(store) == at + 1, "one commit a batch")
    check(sum(row["n"] for row in json.loads(tally("cat", store, "cities.json").stdout) if row["city"]) == 2000, "cities")
    check(b" 0 differ" in tally("verify", store).stdout, "verify")


def what_loads_nothing_writes_nothing(scene):
    store = scene.store("nothing", SCHEMA)
    ingest(scene, store, events(0, 3000), options=("--dry-run",))
    ingest(scene, store, events(0, 3000) + [{"t": "no time"}], options=("--strict",), status=1)
    check(commit_of(store) == 1, "a commit of nothing")


with Scene() as all_of_it:
    one, other = shows_in_nothing(all_of_it)
    several_files_at_once(all_of_it)
    what_loads_nothing_writes_nothing(all_of_it)
    repeats_are_found(all_of_it, other, events(0, 3000))
    schema_changes(all_of_it, one)
