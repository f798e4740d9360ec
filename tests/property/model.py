"""Random schemas, random events with duplicates, random batches: every file equals the model's.

    model.py [SEED [CASES]]

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import sys
import time
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from model import Measure, files_of
from mounted import Scene, check, tally

STRINGS = ["a", "b", "A", "", "a/b", "..", ".total", "x.json", "%null", "-1", "~", "ü", "😀", "a b ", 'q"q', "c,d",
           "line\nbreak", "\t", "null", "%", "x" * 90, "\x7f", "été.csv", "\\", "0"]
DECIMALS = ["0", "1", "-1", "19.99", "-0.01", "0.1", "0.2", "100", "1e3", "99999999999999999999.5", "-7.25"]


def random_fields(rng):
    fields = {"id": "string", "t": "time"}
    for i in range(rng.randint(1, 4)):
        fields[f"f{i}"] = rng.choice(["string", "bool", "int", "decimal"])
    return fields


def random_value(rng, kind):
    if rng.random() < 0.12:
        return None
    if kind == "string":
        return rng.choice(STRINGS)
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "int":
        return rng.choice([0, 1, -1, 5, 127, 128, -129, 255, 65536, 2**63 - 1, -2**63, rng.randint(-50, 50)])
    return Decimal(rng.choice(DECIMALS))


def day_of(event):
    return event["t"][:10]


def month_of(event):
    return event["t"][:7]


def hour_of(event):
    return event["t"][:13]


BUCKETS = {"day": day_of, "month": month_of, "hour": hour_of}


def random_view(rng, fields):
    """The view as a schema says it, and as the model computes it."""
    by, dimensions, measures, texts = [], {}, {}, {}
    names = [name for name in fields if name not in ("id", "t")]
    for name in rng.sample(names, rng.randint(0, min(3, len(names)))):
        by.append(name)
        dimensions[name] = lambda event, name=name: event[name]
    if rng.random() < 0.5:
        bucket = rng.choice(list(BUCKETS))
        by.insert(rng.randint(0, len(by)), {"when": f"{bucket}(t)"})
        dimensions = {("when" if isinstance(item, dict) else item):
                      (BUCKETS[bucket] if isinstance(item, dict) else dimensions[item]) for item in by}
    for i in range(rng.randint(1, 4)):
        name = rng.choice(names)
        number = fields[name] in ("int", "decimal")
        kind = rng.choice(["count", "uniq", "min", "max"] + (["sum", "avg"] * 2 if number else []))
        get = lambda event, name=name: event[name]
        text, where = f"{kind}({name})", None
        if kind == "count" and rng.random() < 0.5:
            text, get = "count()", None
        if rng.random() < 0.3:
            other = rng.choice(names)
            text += f" where {other} is not null"
            where = lambda event, other=other: event[other] is not None
        texts[f"m{i}"] = text
        measures[f"m{i}"] = Measure(kind, get, where)
    return {"by": by, "measures": texts}, dimensions, measures


def line_of(event):
    parts = []
    for name, value in event.items():
        text = str(value) if isinstance(value, Decimal) else json.dumps(value)
        parts.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(parts) + "}\n"


def random_event(rng, fields, keys):
    event = {"id": f"k{rng.randint(0, keys)}",
             "t": f"2026-{rng.randint(1, 3):02d}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:00:00Z"}
    for name, kind in fields.items():
        if name not in event:
            event[name] = random_value(rng, kind)
    return event


def run_case(scene, seed):
    rng = random.Random(seed)
    fields = random_fields(rng)
    keyed = rng.random() < 0.7
    views = {f"v{i}": random_view(rng, fields) for i in range(rng.randint(1, 3))}
    stream = {"time": "t", "fields": fields, **({"key": "id"} if keyed else {})}
    store = scene.store(f"s{seed}", {"streams": {"s": stream},
                                     "views": {name: view[0] for name, view in views.items()}})
    kept, seen = [], set()
    for step in range(rng.randint(1, 4)):
        events = [random_event(rng, fields, 60) for _ in range(rng.randint(0, 40))]
        for event in events:
            if not keyed or event["id"] not in seen:
                kept.append(event)
                seen.add(event["id"])
        content = "".join(map(line_of, events)) + f"\n" * step  # no two batches alike
        tally("ingest", store, "-", stdin=content.encode())
    expected = {}
    for name, (_, dimensions, measures) in views.items():
        expected.update(files_of(name, dimensions, measures, kept))
    compare(store, expected, seed)
    tally("verify", store)


def compare(store, expected, seed):
    for path, content in sorted(expected.items()):
        found = tally("cat", store, os.fsdecode(path)).stdout
        check(found == content, f"seed {seed}: {path!r}:\n{found!r}\n{content!r}")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else int(time.time())
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else (400 if os.environ.get("SOAK") else 25)
    print(f"seed {seed}, {cases} cases", flush=True)
    with Scene() as scene:
        for i in range(cases):
            run_case(scene, seed + i)


main()
