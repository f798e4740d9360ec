"""Views by tree() and path() on a real mount: every file against a naive recomputation, under random inserts, replaces,
deletes, parents that come late and cycles; nodes that move while they are watched.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from forests import Forest, closes_cycle
from mounted import Scene, check, read, tally, tree

FIELDS = {"k": "string", "id": "string", "parent_id": "string", "file": "string", "x": "int", "u": "string", "op": "string"}
MEASURES = {"n": "count()", "s": "sum(x)", "us": "uniq(u)", "mx": "max(x)", "md": "quantile_disc(x, 0.5)", "tp": "top(u, 2)"}


def numbers(events):
    return sorted(event["x"] for event in events if event["x"] is not None)


def median(events):
    xs = numbers(events)
    return xs[(len(xs) + 1) // 2 - 1] if xs else None


def top(events):
    counts = {}
    for event in events:
        if event["u"] is not None:
            counts[event["u"]] = counts.get(event["u"], 0) + 1
    return [{"value": u, "count": counts[u]} for u in sorted(counts, key=lambda u: (-counts[u], u))[:2]]


NAIVE = {"n": len, "s": lambda events: sum(numbers(events)) if numbers(events) else None,
         "us": lambda events: len({event["u"] for event in events if event["u"] is not None}),
         "mx": lambda events: max(numbers(events), default=None), "md": median, "tp": top}


def schema(rule, deletes):
    stream = {"fields": FIELDS}
    if rule:
        stream.update(key="k", on_duplicate=rule)
    if deletes:
        stream["delete_when"] = "op = 'd'"
    return {"streams": {"e": stream}, "views": {
        "t": {"by": ["tree(id, parent_id)"], "measures": MEASURES},
        "deep": {"by": ["tree(id, parent_id)"], "depth": 3, "where": "x is null or x > 20", "measures": MEASURES},
        "p": {"by": ["path(file, '/')"], "measures": MEASURES},
        "dots": {"by": ["path(id, '..')"], "depth": 16, "measures": MEASURES}}}


class Model:
    def __init__(self, rule, deletes):
        self.rule, self.deletes, self.events, self.count = rule, deletes, {}, 0

    def after(self, record):
        """The events when the record has been applied."""
        events = dict(self.events)
        if not self.rule:
            self.count += 1
            events[self.count] = record
        elif self.deletes and record["op"] == "d":
            events.pop(record["k"], None)
        elif record["k"] not in events or self.rule == "replace":
            events[record["k"]] = record
        return events

    def apply(self, record):
        """Whether the record is taken."""
        events = self.after(record)
        if closes_cycle(events.values(), ("id", "parent_id")) or closes_cycle(
                [event for event in events.values() if event["x"] is None or event["x"] > 20], ("id", "parent_id")):
            return False
        self.events = events
        return True

    def forests(self):
        events = list(self.events.values())
        some = [event for event in events if event["x"] is None or event["x"] > 20]
        return {"t": Forest(events, NAIVE, tree=("id", "parent_id")),
                "deep": Forest(some, NAIVE, levels=3, tree=("id", "parent_id")),
                "p": Forest(events, NAIVE, path=("file", "/")),
                "dots": Forest(events, NAIVE, levels=16, path=("id", ".."))}


IDS = ["a", "b", "c", "d..e", "f/g", "-h", ".i", "j.json", "%k", "", "länge", "m" * 200 + "1", "m" * 200 + "2"]


def random_record(rng, size):
    ids = IDS[:size]
    parents = ids if rng.random() < 0.9 else ["nowhere", "else"]
    return {"k": str(rng.randrange(3 * size)), "id": rng.choice(ids) if rng.random() < 0.95 else None,
            "parent_id": rng.choice(parents) if rng.random() < 0.8 else None,
            "file": "/".join(rng.choice(["", "a", "b", "c.csv", "~"]) for _ in range(rng.randrange(6))) if rng.random() < 0.95 else None,
            "x": rng.choice([None, *range(1, 60)]), "u": rng.choice([None, "p", "q", "r"]),
            "op": "d" if rng.random() < 0.3 else None}


def compare(place, model, what):
    expected = {}
    for view, forest in model.forests().items():
        listed, hidden = forest.files(view)
        expected.update(listed)
        for path, content in hidden.items():
            check(read(place, path).decode() == content, f"{what}: {path}: {read(place, path).decode()}\nnot {content}")
        if forest.own:
            names = {path.split("/")[-1] for path in hidden if path.startswith(view + "/.node/") and path.endswith(".json")}
            check(set(os.listdir(os.path.join(place, view, ".node"))) == names, f"{what}: {view}/.node")
        check(os.path.exists(os.path.join(place, view)) == bool(forest.own), f"{what}: {view}")
    found = {os.fsdecode(path): content.decode() for path, content in tree(place).items()}
    for path in sorted(set(found) | set(expected)):
        check(found.get(path) == expected.get(path), f"{what}: {path}: {found.get(path)}\nnot {expected.get(path)}")


def random_changes(scene, seed, rule, deletes, rounds):
    rng = random.Random(seed)
    model = Model(rule, deletes)
    name = f"random-{seed}"
    store = scene.store(name, schema(rule, deletes))
    place = scene.mount(store, name + "-mnt")
    size = rng.randrange(3, len(IDS) + 1)
    refused = 0
    for turn in range(rounds):
        what = f"seed {seed}, turn {turn}"
        records = [random_record(rng, size) for _ in range(rng.choice([1, 2, 5, 30]))]
        taken = [model.apply(record) for record in records]
        batch = scene.write("batch.ndjson", "".join(json.dumps(record) + "\n" for record in records))
        done = tally("ingest", store, "--max-rejects", "100%", batch, status=0 if all(taken) else None)
        told = done.stdout.decode() + done.stderr.decode()
        refused += taken.count(False)
        check(f"rejected {taken.count(False)}" in told, f"{what}: {taken.count(False)} close a cycle: {told}")
        if turn % 5 == 4 and rule:
            keys = rng.sample(sorted(model.events), min(2, len(model.events)))
            events = {key: event for key, event in model.events.items() if key not in keys}
            if keys and not closes_cycle(events.values(), ("id", "parent_id")):
                tally("delete", store, *[word for key in keys for word in ("--key", key)])
                model.events = events
        compare(place, model, what)
    tally("verify", store)
    tally("rebuild", store)
    compare(place, model, f"seed {seed}, made again")
    scene.unmount(place)
    return refused


def main():
    base = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    print("seed", base)
    with Scene() as scene:
        refused = 0
        for seed in range(base, base + count):
            rule, deletes = [("replace", True), ("replace", True), (None, False), ("ignore", False), ("replace", False)][seed % 5]
            refused += random_changes(scene, seed, rule, deletes, 15)
        check(refused > 0, "no record closed a cycle")
        print("random changes, refused", refused)


main()
