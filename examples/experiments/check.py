#!/usr/bin/env python3
"""Compares every figure of the example with what plain Python makes of the same batches.

   check.py TALLY STORE BATCH...      batches as generate.py writes them, in the order in which they were loaded
SPDX-License-Identifier: Apache-2.0"""
import json, math, os, subprocess, sys
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction

from statistics import NormalDist, median

KEYS = {"plans": ("experiment", "variant"), "identities": ("id",), "exposures": ("user", "experiment"),
        "conversions": ("id",)}
BOT = 200


def load(batches):
    streams = {stream: {} for stream in KEYS}
    for path in batches:
        stream, kind = os.path.basename(path).split("-")[1].split(".")
        for line in open(path, encoding="utf-8"):
            event = json.loads(line, parse_float=Decimal)
            key = tuple(event[field] for field in KEYS[stream])
            if kind == "delete" or event.get("deleted"):
                streams[stream].pop(key, None)
            else:
                streams[stream][key] = event
    return streams


# --- statistics: exact as long as they can be ---

def mean(values):
    return sum(values, Fraction(0)) / len(values) if values else None


def covariance(xs, ys, spare=1):
    if len(xs) <= spare:
        return None
    x, y = mean(xs), mean(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / (len(xs) - spare)


def ratio_variance(xs, ys):
    if len(xs) < 2 or not sum(ys):
        return None
    x, y = mean(xs), mean(ys)
    return (covariance(xs, xs) / y**2 - 2 * x * covariance(xs, ys) / y**3 + x**2 * covariance(ys, ys) / y**4) / len(xs)


def slopes(ys, first, second):
    """Least squares of y by two covariates."""
    a, b, c = covariance(first, first), covariance(first, second), covariance(second, second)
    if a is None or a * c == b * b:
        return None
    p, q = covariance(first, ys), covariance(second, ys)
    return (c * p - b * q) / (a * c - b * b), (a * q - b * p) / (a * c - b * b)


def normal_tail(z):
    return 0.5 * math.erfc(z / math.sqrt(2))


def integrate(function, low, high, steps=20000):  # Simpson's rule
    width = (high - low) / steps
    inner = math.fsum(function(low + i * width) * (4 if i % 2 else 2) for i in range(1, steps))
    return (function(low) + inner + function(high)) * width / 3


def t_tail(t, df):
    """Behind t >= 0. With t = sqrt(df) tan(x) the density is that of cos(x) to the df - 1."""
    def density(x):
        return math.cos(x) ** (df - 1)
    def behind(x):
        return integrate(density, x, min(math.pi / 2, x + 40 / math.sqrt(df)))
    return behind(math.atan(t / math.sqrt(df))) / behind(0) / 2


def t_quantile(p, df):
    t, height = NormalDist().inv_cdf(p), math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi * df)
    for _ in range(6):  # Newton's steps
        t += (t_tail(t, df) - (1 - p)) / (height * (1 + t * t / df) ** (-(df + 1) / 2))
    return t


def chi2_tail(x, df):
    tail, done = (math.erfc(math.sqrt(x / 2)), 1) if df % 2 else (math.exp(-x / 2), 2)
    while done < df:
        tail += math.exp(done / 2 * math.log(x / 2) - x / 2 - math.lgamma(done / 2 + 1)) if x else 0
        done += 2
    return tail


# --- the views ---

class Event:
    """What a view over exposures and conversions sees."""

    def __init__(self, streams, event, is_exposure):
        def find(stream, *key):
            return streams[stream].get(key, {})
        exposure = event if is_exposure else find("exposures", event["user"], event["experiment"])
        self.experiment, self.time = event["experiment"], event["time"]
        self.person = find("identities", event["user"]).get("canonical") or event["user"]
        self.is_exposure = is_exposure
        self.variant, self.stratum = exposure.get("variant"), exposure.get("stratum")
        self.exposed_at = exposure.get("time")
        self.before = self.exposed_at is not None and self.time < self.exposed_at
        self.metric, value = event.get("metric"), event.get("value")
        self.value = None if value is None else Fraction(value)
        after = not is_exposure and self.exposed_at is not None and not self.before
        self.visit, self.purchase = after and self.metric == "visit", after and self.metric == "purchase"
        plan = find("plans", event["experiment"], event.get("variant"))
        self.share = Fraction(plan["share"]) if plan else None
        self.pre_spend, self.pre_visits = event.get("pre_spend"), event.get("pre_visits")


def by(events, *fields):
    groups = defaultdict(list)
    for event in events:
        groups[tuple(getattr(event, field) for field in fields)].append(event)
    return groups


def people(events):
    """The events of each person, bots left out. An event of nobody is nobody's."""
    return [own for (person,), own in by(events, "person").items() if person is not None and len(own) <= BOT]


def total(values):
    known = [Fraction(value) for value in values if value is not None]
    return sum(known) if known else None


def revenue(own):
    return total(event.value for event in own if event.purchase) or Fraction(0)


def divide(x, y):
    return None if x is None or not y else x / y


def basic(events):
    all_people = people(events)
    spent = [revenue(own) for own in all_people]
    converters = sum(any(event.purchase for event in own) for own in all_people)
    return {"users": len(all_people), "converters": converters,
            "conversion_rate": divide(Fraction(converters), len(all_people)),
            "mean": mean(spent), "variance": covariance(spent, spent)}


def arm(events):
    all_people = people(events)
    spent = [revenue(own) for own in all_people]
    visits = [Fraction(sum(event.visit for event in own)) for own in all_people]
    waits = [Fraction(min(event.time for event in own if event.purchase) - min(event.exposed_at for event in own))
             for own in all_people if any(event.purchase for event in own)]
    return basic(events) | {
        "share": max((event.share for event in events if event.share is not None), default=None),
        "revenue": total(event.value for own in all_people for event in own if event.purchase),
        "per_visit": divide(sum(spent), sum(visits)), "per_visit_variance": ratio_variance(spent, visits),
        "mean_seconds": mean(waits), "median_seconds": median(waits) if waits else None}


def versus(arms, name):
    """ARMS: the rows of one experiment by variant."""
    own, control = arms.get(name), arms.get("control")
    row = dict.fromkeys("n n0 difference v v0 standard_error df low high p rate rate0 rate_difference "
                        "rate_standard_error rate_low rate_high pooled z rate_p".split())
    for arm, suffix in ((own, ""), (control, "0")):
        if arm:
            row |= {"n" + suffix: arm["users"], "v" + suffix: divide(arm["variance"], arm["users"]),
                    "rate" + suffix: arm["conversion_rate"]}
    if not own or not control:
        return row
    n, n0, v, v0 = row["n"], row["n0"], row["v"], row["v0"]
    difference, error, df = own["mean"] - control["mean"], math.sqrt(v + v0), (v + v0)**2 / (v**2 / (n - 1) + v0**2 / (n0 - 1))
    reach = t_quantile(0.975, float(df)) * error
    rate, rate0, pooled = row["rate"], row["rate0"], Fraction(own["converters"] + control["converters"], n + n0)
    rate_error, rate_reach = math.sqrt(rate * (1 - rate) / n + rate0 * (1 - rate0) / n0), NormalDist().inv_cdf(0.975)
    rate_reach *= rate_error
    z = (rate - rate0) / math.sqrt(pooled * (1 - pooled) * (Fraction(1, n) + Fraction(1, n0)))
    return row | {"difference": difference, "standard_error": error, "df": df, "low": difference - reach,
                  "high": difference + reach, "p": 2 * t_tail(abs(difference / error), float(df)),
                  "rate_difference": rate - rate0, "rate_standard_error": rate_error, "rate_low": rate - rate0 - rate_reach,
                  "rate_high": rate - rate0 + rate_reach, "pooled": pooled, "z": z, "rate_p": 2 * normal_tail(abs(z))}


def experiment(arms):
    """ARMS: their rows. An arm that nobody planned has no share."""
    users = sum(arm["users"] for arm in arms)
    squares = total(None if arm["share"] is None else arm["users"] ** 2 / arm["share"] for arm in arms)
    chi2 = None if squares is None or not users else squares / users - users
    p = None if chi2 is None or len(arms) < 2 else chi2_tail(max(0, float(chi2)), len(arms) - 1)
    return {"arms": len(arms), "users": users, "chi2": chi2, "p": p}


def person(events):
    variants = {event.variant for event in events}
    return {"variant": min(variants, default=None), "variants": len(variants), "events": len(events), "revenue": revenue(events),
            "pre_spend": total(event.pre_spend for event in events),
            "pre_visits": total(event.pre_visits for event in events)}


def adjusted(rows):
    def columns(chosen):
        return [[row[name] for row in chosen] for name in ("revenue", "pre_spend", "pre_visits")]
    known = [row for row in rows if row["pre_spend"] is not None and row["pre_visits"] is not None]
    ys, first, second = columns(known)
    slope = slopes(ys, first, second)
    result = {}
    for variant in ("control", "a", "b"):
        chosen = [row for row in known if row["variant"] == variant]
        mean_own = variance = None
        if slope and chosen:
            s, t = slope
            y, x1, x2 = columns(chosen)
            mean_own = mean(y) - s * (mean(x1) - mean(first)) - t * (mean(x2) - mean(second))
            rest = [a - s * b - t * c for a, b, c in zip(y, x1, x2)]
            variance = covariance(rest, rest)
        result |= {variant: mean_own, variant + "_variance": variance}
    pairs = [(row["revenue"], row["pre_spend"]) for row in rows if row["pre_spend"] is not None]
    y, x = [a for a, _ in pairs], [b for _, b in pairs]
    both = math.sqrt(covariance(y, y) * covariance(x, x)) if len(pairs) > 1 else 0
    return result | {"correlation": covariance(y, x) / both if both else None}


def quality(events):
    persons = [own for (person,), own in by(events, "person").items() if person is not None]
    return {"people": len(persons),
            "exposed": sum(any(event.variant is not None for event in own) for own in persons),
            "in_several_arms": sum(len({event.variant for event in own} - {None}) > 1 for own in persons),
            "bots": sum(len(own) > BOT for own in persons),
            "before_exposure": sum(event.before for event in events),
            "without_exposure": sum(event.exposed_at is None for event in events),
            "without_value": sum(event.metric == "purchase" and event.value is None for event in events)}


def compute(streams):
    events = [Event(streams, event, stream == "exposures")
              for stream in ("exposures", "conversions") for event in streams[stream].values()]
    in_arms = [event for event in events if event.variant is not None]
    views = {"arms": {group: arm(own) for group, own in by(in_arms, "experiment", "variant").items()},
             "strata": {group: basic(own) for group, own in by(in_arms, "experiment", "variant", "stratum").items()},
             "people": {group: person(own) for group, own in by(in_arms, "experiment", "person").items()},
             "quality": {group: quality(own) for group, own in by(events, "experiment").items()}}
    arms, people_of = defaultdict(dict), defaultdict(list)
    for (name, variant), row in views["arms"].items():
        arms[name][variant] = row
    for (name, _), row in views["people"].items():
        if row["variants"] == 1 and row["events"] <= BOT:
            people_of[name].append(row)
    views["experiments"] = {(name,): experiment(list(own.values())) for name, own in arms.items()}
    for variant in ("a", "b"):
        views[f"{variant}_versus_control"] = {(name,): versus(own, variant) for name, own in arms.items()
                                              if variant in own or "control" in own}
    views["adjusted"] = {(name,): adjusted(rows) for name, rows in people_of.items()}
    totals = {"arms/.total.json": arm(in_arms), "people/.total.json": person(in_arms), "quality/.total.json": quality(events)}
    for (name,), own in by(in_arms, "experiment").items():
        totals[f"arms/{name}/.total.json"] = arm(own)
        totals[f"strata/{name}/.total.json"] = basic(own)
    return views, totals


DIMENSIONS = {"arms": ("experiment", "variant"), "strata": ("experiment", "variant", "stratum"),
              "people": ("experiment", "person")}


SUMS = {"share", "revenue", "pre_spend", "pre_visits"}


def equal(name, found, expected):
    if found is None or expected is None or isinstance(expected, (str, int)):
        return found == expected
    if name in SUMS:
        return Fraction(found) == expected
    return abs(float(found) - float(expected)) <= 1e-9 * abs(float(expected))


def main(tally, store, *batches):
    views, totals = compute(load(batches))
    compared = differing = 0

    def run(command, *arguments):
        return subprocess.run([tally, command, store, *arguments], check=True, stdout=subprocess.PIPE).stdout

    def cat(path):
        return json.loads(run("cat", path), parse_float=Decimal)

    def compare(place, found, expected):
        nonlocal compared, differing
        if set(found) != set(expected):
            sys.exit(f"{place} has {sorted(found)}, not {sorted(expected)}")
        for name, value in expected.items():
            compared += 1
            if not equal(name, found[name], value):
                differing += 1
                shown = float(value) if isinstance(value, Fraction) else value
                print(f"{place}: {name} is {found[name]}, not {shown}", file=sys.stderr)

    there = {view for view, rows in views.items() if rows}  # a view without events is not there
    listed = {name.removesuffix(".json") for name in run("ls").decode().split() if name.endswith(".json")}
    compare("the store", dict.fromkeys(listed), dict.fromkeys(there))
    for view in there:
        rows = views[view]
        dimensions = DIMENSIONS.get(view, ("experiment",))
        found = {tuple(row.pop(name) for name in dimensions): row for row in cat(view + ".json")}
        compare(view, {group: None for group in found}, {group: None for group in rows})
        for group, row in rows.items():
            compare(f"{view} {group}", found[group], row)
    for path, row in totals.items():
        if path.split("/")[0] not in there:
            continue
        found = cat(path)
        found.pop("experiment", None)
        compare(path, found, row)
    print(f"{len(batches)} batches: {compared} figures, {differing} differ")
    return differing > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
