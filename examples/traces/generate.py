#!/usr/bin/env python3
"""Writes the calls of agents into FOLDER, always the same ones, as batches in the order to load them: NN-STREAM.ndjson to ingest,
   NN-STREAM.delete to delete. From 09 on they are corrections.

Usage and feedback come before the calls that they are about, some calls before what called them, and some of those
late; a few never come.

   generate.py FOLDER
SPDX-License-Identifier: Apache-2.0"""
import json, os, random, sys

TRACES = 60
START, DAY = 1772323200, 86400  # 2026-03-01
# What each operation calls, with how likely; and how long it takes by itself, in ms.
CALLS = {"answer": [("plan", 0.9), ("research", 0.8), ("research", 0.3), ("write", 0.9)],
         "plan": [("chat", 1)],
         "research": [("search", 0.9), ("search", 0.4), ("read", 0.7), ("chat", 0.8), ("research", 0.3)],
         "search": [("embed", 0.8)],
         "read": [("fetch", 1), ("chat", 0.6)],
         "write": [("chat", 1), ("check", 0.5)],
         "check": [("chat", 0.9)]}
OWN = {"answer": 5, "plan": 3, "research": 8, "search": 60, "read": 20, "write": 4, "check": 6, "chat": 900, "embed": 40,
       "fetch": 250}
MODELS = {"chat": ["large", "large", "small"], "embed": ["embedding"]}
PRICE = {"large": (30, 150), "small": (2, 10), "embedding": (1, 0)}  # in and out, in millionths a token

chance = random.Random(20260301)
calls, usage, feedback, checks = [], [], [], []


def happens(probability):
    return chance.random() < probability


def time_text(milliseconds):
    days, rest = divmod(milliseconds - START * 1000, DAY * 1000)
    hours, rest = divmod(rest, 3600000)
    minutes, rest = divmod(rest, 60000)
    return f"2026-03-{days + 1:02}T{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}Z"


def use(call, model):
    tokens = {"input": chance.randint(50, 4000), "output": chance.randint(5, 800) if model != "embedding" else 0}
    cost = sum(count * price for count, price in zip(tokens.values(), PRICE[model]))
    usage.append({"id": f"u{len(usage)}", "call_id": call["id"], "model": model, "tokens": tokens, "cost": f"{cost / 1000000:.6f}"})


def run(trace, parent, operation, now):
    """Adds a call with all that it calls, one after the other. When it ends."""
    call = {"id": f"{trace}-{len(calls) - first}", "parent_id": parent and parent["id"], "trace": trace, "op_name": operation,
            "status": "error" if happens(0.04) else "ok", "model": None, "started_at": time_text(now), "latency": None}
    calls.append(call)
    begun, now = now, now + int(OWN[operation] * chance.lognormvariate(0, 0.7))
    if operation in MODELS:
        call["model"] = chance.choice(MODELS[operation])
        use(call, call["model"])
        if call["model"] == "large" and happens(0.1):  # it was too busy, and another one answered
            use(call, "small")
    for called, probability in CALLS.get(operation, ()):
        if happens(probability) and call["status"] == "ok":
            now = run(trace, call, called, now + 1)
    call["latency"] = f"{(now - begun) / 1000:.3f}" if call["status"] == "ok" or happens(0.7) else None  # it may have died
    return now


def judge(call):
    entry = {"id": None, "call_id": call["id"]}
    if call["op_name"] == "answer" and happens(0.6):
        feedback.append(entry | {"id": f"f{len(feedback)}", "value": chance.randint(1, 5)})
    if call["op_name"] in ("research", "write") and happens(0.5):
        feedback.append(entry | {"id": f"f{len(feedback)}", "output": {"score": round(chance.random(), 2)}})
    if call["op_name"] in ("write", "chat") and happens(0.3):
        checks.append(entry | {"id": f"k{len(checks)}", "output": happens(0.8)})


for number in range(TRACES):
    first = len(calls)
    run(f"t{number:02}", None, "answer", START * 1000 + chance.randrange(5 * DAY * 1000))
for call in calls:
    judge(call)
feedback.append({"id": "of-none", "call_id": None, "value": 5})
feedback.append({"id": "of-nothing", "call_id": "t99-0", "output": {"score": 0.5}})
checks.append({"id": "unsaid", "call_id": "t00-0", "output": None})


def some(events, count):
    return chance.sample(events, count)


def keys(events):
    return [{"id": event["id"]} for event in events]


by_id = {call["id"]: call for call in calls}
called = {call["parent_id"] for call in calls}
inner = [call for call in calls if call["parent_id"] and call["id"] in called]
late = some(inner, 30) + some([call for call in calls if not call["parent_id"]], 6)
on_time = [call for call in reversed(calls) if call not in late]  # what is called is told before who called it
half = len(on_time) // 2

# Whole subtrees move: into another trace, to the top, below what never comes.
goals = [call["id"] for call in some([call for call in calls if call["trace"] >= "t30"], 6)] + [None] * 3 + ["lost"] * 3
moved = [call | {"parent_id": goal} for call, goal in zip(some([call for call in inner if call["trace"] < "t30"], 12), goals)]
revised = [call | {"status": "error", "latency": "9.999", "op_name": "check"} for call in some([call for call in calls if call["trace"] >= "t30"], 20)]

# A call cannot be below itself. In between, one goes to the top, and what was wrong before is right then.
below = next(call for call in calls if call["trace"] == "t40" and call["op_name"] == "embed")
top = by_id["t40-0"]
circles = [top | {"parent_id": below["id"]}, below | {"parent_id": below["id"]}, below | {"parent_id": None},
           top | {"parent_id": below["id"]}, below]

again = [use | {"call_id": chance.choice(calls)["id"], "tokens": {"input": 1000}} for use in some(usage, 30)]
other = [entry | {"value": 1} for entry in some([entry for entry in feedback if "value" in entry], 10)]
batches = [
    ("usage.ndjson", usage[::2]),
    ("feedback.ndjson", feedback),
    ("calls.ndjson", on_time[:half]),
    ("checks.ndjson", checks),
    ("calls.ndjson", on_time[half:]),
    ("usage.ndjson", usage[1::2]),
    ("calls.ndjson", late[:30]),
    ("calls.ndjson", late[30:34]),
    ("calls.ndjson", moved),
    ("calls.ndjson", revised),
    ("calls.ndjson", circles),
    ("usage.ndjson", again),
    ("feedback.ndjson", other),
    ("calls.ndjson", [call | {"deleted": True} for call in some(inner, 15)]),
    ("calls.delete", keys(some(calls, 15))),
    ("usage.delete", keys(some(usage, 20))),
    ("feedback.delete", keys(some(feedback, 20))),
    ("checks.delete", keys(some(checks, 20))),
]
for number, (name, events) in enumerate(batches, 1):
    with open(os.path.join(sys.argv[1], f"{number:02}-{name}"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)
