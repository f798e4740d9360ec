#!/usr/bin/env python3
"""Writes the events of two experiments into FOLDER, always the same ones, as batches in the order to load them:
   NN-STREAM.ndjson to ingest, NN-STREAM.delete to delete. From 07 on they are corrections.

Not all is well in them, as in life: people convert before they see anything, or without; exposures come after the
conversions that refer to them; one person has several logins; bots visit all day; values are missing. And
search has lost exposures of its arm a.

   generate.py FOLDER
SPDX-License-Identifier: Apache-2.0"""
import json, math, os, random, sys

PEOPLE = 2000
PLANS = {"checkout": {"control": 0.3, "a": 0.3, "b": 0.3, "holdout": 0.1}, "search": {"control": 0.5, "a": 0.5}}
LIFT = {"control": 1, "a": 1.1, "b": 1.5, "holdout": 0.9}
START, DAY = 1767225600, 86400  # 2026-01-01

chance = random.Random(20260101)


def happens(probability):
    return chance.random() < probability


def normal():
    return math.sqrt(-2 * math.log(1 - chance.random())) * math.cos(2 * math.pi * chance.random())


def draw(plan):
    left = chance.random()
    for variant, share in plan.items():
        left -= share
        if left < 0:
            break
    return variant


def maybe(value, probability=0.01):
    return None if happens(probability) else value


def money(amount):
    return f"{amount:.2f}"


exposures, conversions, identities = [], [], []


def convert(user, experiment, metric, value, time):
    conversions.append({"id": f"c{len(conversions)}", "user": maybe(user, 0.003), "experiment": maybe(experiment, 0.003),
                        "metric": maybe(metric, 0.003), "value": value, "time": time})


def take_part(user, experiment, variant, stratum, means, bot):
    exposed = START + int(chance.random() * 14 * DAY)
    if not happens(0.05) and not (experiment == "search" and variant == "a" and happens(0.25)):
        exposures.append({"user": user, "experiment": experiment, "variant": maybe(variant, 0.003), "stratum": stratum,
                          "pre_spend": maybe(money(means * (8 + 2 * normal()))),
                          "pre_visits": maybe(max(0, round(means * (2 + normal())))), "time": exposed})
    for _ in range(bot or int(means * 3 * chance.random())):
        time = exposed + int((chance.random() * 12 - 2) * DAY)
        convert(user, experiment, "visit", None, time)
        if happens(0.25 * LIFT[variant]):
            convert(user, experiment, "purchase", maybe(money(abs(means * (10 + 5 * normal())))), time + 600)


for number in range(PEOPLE):
    person, means = f"u{number}", math.exp(0.5 * normal())
    logins = [person] + [f"{person}-{device}" for device in ("phone", "work") if happens(0.08)]
    stratum, bot = maybe(chance.choice(["DE", "FR", "US"])), 100 + number % 300 if number % 331 == 7 else 0
    identities += [{"id": login, "canonical": person} for login in logins[1:]]
    for experiment, plan in PLANS.items():
        variant = draw(plan)
        for login in logins:
            if happens(0.8):
                again = login != person and happens(0.1)  # the device was not recognised
                take_part(login, experiment, draw(plan) if again else variant, stratum, means, bot)

chance.shuffle(conversions)
chance.shuffle(exposures)
half, most = len(conversions) // 2, len(exposures) * 7 // 10
key = {"conversions": ["id"], "exposures": ["user", "experiment"], "identities": ["id"]}


def some(events, count):
    return [dict(event) for event in chance.sample(events, count)]


def keys(stream, events):
    return [{field: event[field] for field in key[stream]} for event in events]


revised = [event | {"value": "12.34"} for event in some([event for event in conversions if event["metric"] == "purchase"], 60)]
revoked = [event | {"deleted": True} for event in some(conversions, 40)]
moved = [event | {"variant": "a", "time": event["time"] - DAY} for event in some(exposures, 50)]
renamed = [event | {"canonical": f"u{chance.randrange(PEOPLE)}"} for event in some(identities, 20)]
plans = [{"experiment": experiment, "variant": variant, "share": share}
         for experiment, plan in PLANS.items() for variant, share in plan.items()]
batches = [
    ("conversions.ndjson", conversions[:half]),
    ("plans.ndjson", plans),
    ("exposures.ndjson", exposures[:most]),
    ("conversions.ndjson", conversions[half:]),
    ("exposures.ndjson", exposures[most:]),
    ("identities.ndjson", identities),
    ("conversions.ndjson", revised + revoked),
    ("exposures.ndjson", moved),
    ("identities.ndjson", renamed),
    ("exposures.delete", keys("exposures", some(exposures, 50))),
    ("conversions.delete", keys("conversions", some(conversions, 50))),
    ("identities.delete", keys("identities", some(identities, 10))),
]
for number, (name, events) in enumerate(batches, 1):
    with open(os.path.join(sys.argv[1], f"{number:02}-{name}"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)
