#!/usr/bin/env python3
"""Compares every figure of the example with what plain Python makes of the same batches.

   check.py TALLY STORE BATCH...      batches as generate.py writes them, in the order in which they were loaded
SPDX-License-Identifier: Apache-2.0"""
import json, os, subprocess, sys
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

UNRESOLVED = "%unresolved"


def circle(calls, call):
    """The way from a call to itself, if there would be one."""
    path, at = [call["id"]], call["parent_id"]
    while at is not None:
        path.append(at)
        if at == call["id"]:
            return path
        at = calls.get(at, {}).get("parent_id")
    return None


def load(batches):
    """The events of each stream by key, and why records were refused."""
    streams, refused = {stream: {} for stream in ("calls", "usage", "feedback")}, []
    for path in batches:
        stream, kind = os.path.basename(path).split("-")[1].split(".")
        for line in open(path, encoding="utf-8"):
            event = json.loads(line, parse_float=Decimal)
            if kind == "delete" or event.get("deleted"):
                streams[stream].pop(event["id"], None)
            elif stream == "calls" and circle(streams["calls"], event):
                refused.append("parent_id: closes a cycle: " + " -> ".join(circle(streams["calls"], event)))
            else:
                streams[stream][event["id"]] = event
    return streams, refused


# --- what a view counts ---

class Event:
    """Of any of the streams. What it has not is null."""

    def __init__(self, streams, stream, event):
        def follow(reference, field):
            if event.get(reference) is None:
                return None
            return streams["calls"].get(event[reference], {field: UNRESOLVED})[field]

        self.key, self.call = event["id"], stream == "calls"
        self.node = event["id"] if self.call else event["call_id"]
        self.parent, self.status, self.model = event.get("parent_id"), event.get("status"), event.get("model")
        self.op_name, self.trace = (event[field] if self.call else follow("call_id", field) for field in ("op_name", "trace"))
        self.caller = follow("parent_id", "op_name")
        self.started_at = datetime.fromisoformat(event["started_at"]) if self.call else None
        self.day = event["started_at"][:10] if self.call else None
        self.latency, self.cost, self.value = (None if event.get(field) is None else Fraction(event[field])
                                               for field in ("latency", "cost", "value"))
        tokens = event.get("tokens", {})
        self.input, self.output = tokens.get("input"), tokens.get("output")
        self.tokens = None if self.input is None or self.output is None else self.input + self.output
        output = event.get("output")
        self.passed = output if isinstance(output, bool) else None
        self.score = Fraction(output["score"]) if isinstance(output, dict) else None


def known(events, field):
    return [value for value in (getattr(event, field) for event in events) if value is not None]


def total(events, field):
    return sum(known(events, field)) if known(events, field) else None


def mean(events, field):
    values = known(events, field)
    return Fraction(sum(values), len(values)) if values else None


def quantile(events, part):
    """Between the two nearest latencies."""
    values = sorted(known(events, "latency"))
    if not values:
        return None
    below, rest = divmod((len(values) - 1) * part, 1)
    return values[below] + rest * (values[min(below + 1, len(values) - 1)] - values[below])


def calls(events):
    return sum(event.call for event in events)


def errors(events):
    return sum(event.status == "error" for event in events)


def earliest(events):
    return min((event for event in events if event.call), key=lambda event: (event.started_at, event.key), default=None)


def latencies(events):
    return {"latency_p50": quantile(events, Fraction(1, 2)), "latency_p95": quantile(events, Fraction(95, 100))}


def operation(events):
    return {"operation": earliest(events).op_name if earliest(events) else None}


def of_subtree(events):
    return operation(events) | {"calls": calls(events), "errors": errors(events)} | latencies(events) | {
        "tokens": total(events, "tokens"), "cost": total(events, "cost")}


def of_trace(events):
    return operation(events) | {
        "started": earliest(events).started_at if earliest(events) else None,
        "latency": max((event.latency for event in events if event.parent is None and event.latency is not None), default=None),
        "calls": calls(events), "errors": errors(events), "tokens": total(events, "tokens"), "cost": total(events, "cost")}


def of_operation(events):
    return {"calls": len(events), "traces": len(set(known(events, "trace"))), "errors": errors(events),
            "error_rate": Fraction(errors(events), len(events))} | latencies(events)


def of_caller(events):
    return {"calls": len(events), "latency": total(events, "latency"), "longest": max(known(events, "latency"), default=None)}


def of_feedback(events):
    said, passed = known(events, "passed"), sum(known(events, "passed"))
    return {"calls": len(set(known(events, "node"))), "ratings": len(known(events, "value")), "mean_value": mean(events, "value"),
            "checks": len(said), "passed": passed, "pass_rate": Fraction(passed, len(said)) if said else None,
            "scores": len(known(events, "score")), "mean_score": mean(events, "score")}


WITHIN = {
    "models": (("model",), lambda event: event.model is not None,
               lambda events: {"calls": calls(events), "input_tokens": total(events, "input"),
                               "output_tokens": total(events, "output"), "cost": total(events, "cost")}),
    "operations": (("op_name",), lambda event: True,
                   lambda events: {"calls": calls(events)} | latencies(events) | {"tokens": total(events, "tokens")}),
    "statuses": (("op_name", "status"), lambda event: event.call, lambda events: {"calls": calls(events)}),
    "depths": (("depth",), lambda event: True,
               lambda events: {"calls": calls(events), "errors": errors(events), "tokens": total(events, "tokens")})}


# --- rows and the tree ---

def order(value):
    """Null, then what is not found, then values."""
    return (value is not None) + (value not in (None, UNRESOLVED)), 0 if value is None else value


def grouped(events, dimensions, measures):
    groups = defaultdict(list)
    for event in events:
        groups[tuple(getattr(event, dimension) for dimension in dimensions)].append(event)
    return [dict(zip(dimensions, group)) | measures(groups[group])
            for group in sorted(groups, key=lambda group: list(map(order, group)))]


class Forest:
    def __init__(self, events):
        self.own, self.parent, self.children = defaultdict(list), {}, defaultdict(list)
        for event in events:
            self.own[event.node].append(event)
            if event.call:
                self.parent[event.node] = event.parent
        self.nodes = sorted(node for node in self.own if node is not None)
        for node in self.nodes:
            self.children[self.above(node)].append(node)

    def above(self, node):
        parent = self.parent.get(node)
        return parent if parent in self.own else None

    def below(self, node, depth=0):
        """The events of the node and of all below it, with how far below."""
        found = []
        for event in self.own.get(node, []):
            event.depth = depth
            found.append(event)
        for child in self.children[node]:
            found += self.below(child, depth + 1)
        return found

    def path(self, node):
        return "calls" if node is None else f"{self.path(self.above(node))}/{node}"

    def row(self, node):
        return {"id": node, "parent": self.parent.get(node), "direct": of_subtree(self.own.get(node, [])),
                "subtree": of_subtree(self.below(node))}

    def files(self):
        """What is in the files, and the names in the directories."""
        files, names = {}, {}
        for node in [None, *self.nodes]:
            path, row = self.path(node), self.row(node)
            files[path + ".json"] = [self.row(child) for child in self.children[node]]
            files[path + "/.total.json"] = row
            if node is not None:
                files[f"calls/.node/{node}.json"] = row
            names[path] = {".total.json", *(name for child in self.children[node] for name in (child + "/", child + ".json"))}
            events = self.below(node)  # last, so that depths are those below this node
            for name, (dimensions, counts, measures) in WITHIN.items():
                rows = grouped([event for event in events if counts(event)], dimensions, measures)
                if rows:
                    files[f"{path}/.{name}.json"] = rows
                    names[path].add(f".{name}.json")
        names["calls/.node"] = {node + ".json" for node in self.nodes}
        return files, names


def compute(streams):
    def events(*names):
        return [Event(streams, name, event) for name in names for event in streams[name].values()]

    files, names = Forest(events("calls", "usage")).files()
    for view, own, dimensions, measures in (
            ("traces", events("calls", "usage"), ("trace",), of_trace),
            ("operations", events("calls"), ("op_name", "day"), of_operation),
            ("callers", events("calls"), ("caller", "op_name"), of_caller),
            ("feedback", events("feedback"), ("op_name",), of_feedback)):
        if own:
            files[f"{view}.json"] = grouped(own, dimensions, measures)
            files[f"{view}/.total.json"] = measures(own)
        for row in grouped(own, dimensions[:1], measures) if len(dimensions) > 1 else []:
            if row[dimensions[0]] is not None:
                files[f"{view}/{row[dimensions[0]]}/.total.json"] = row
    return files, names


# --- what the store has ---

def flat(value, place=""):
    """The single figures of a file by place."""
    if isinstance(value, (dict, list)):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flat(part, f"{place} {name}")
    else:
        yield place, value


def equal(found, expected):
    if isinstance(expected, datetime):
        return found is not None and datetime.fromisoformat(found) == expected
    if isinstance(expected, Fraction) and isinstance(found, (int, Decimal)):
        return Fraction(found) == expected or float(found) == float(expected)
    return found == expected


def main(tally, store, *batches):
    streams, refused = load(batches)
    files, names = compute(streams)
    compared = differing = 0

    def run(command, *arguments):
        done = subprocess.run([tally, command, store, *arguments], check=False, stdout=subprocess.PIPE)
        return done.stdout.decode() if done.returncode == 0 else sys.exit(f"{tally} {command} failed")

    def compare(place, found, expected):
        nonlocal compared, differing
        compared += 1
        if not equal(found, expected):
            differing += 1
            print(f"{place} is {found}, not {float(expected) if isinstance(expected, Fraction) else expected}", file=sys.stderr)

    text, decoder = run("cat", *files), json.JSONDecoder(parse_float=Decimal)
    for path, expected in files.items():
        content, end = decoder.raw_decode(text)
        text = text[end:].lstrip("\n")
        found, expected = dict(flat(content)), dict(flat(expected))
        compare(path, list(found), list(expected))
        for place, value in expected.items():
            compare(path + place, found.get(place), value)
    views = {path for path in files if "/" not in path}
    compare("the store", {name for name in run("ls").split() if name.endswith(".json")}, views)
    # A process each: some directories stand for the others, after each batch other ones. tally verify looks at all.
    step = max(1, len(names) // 10)
    for path in ["calls/.node", *list(names)[len(batches) % step :: step]]:
        compare(path, {name for name in run("ls", path).split()}, names[path])
    folder = os.path.join(store, "rejects")
    reasons = [line.split("\t")[1] for name in sorted(os.listdir(folder)) for line in open(os.path.join(folder, name), encoding="utf-8")]
    compare("what was refused", sorted(reasons), sorted(refused))
    print(f"{len(batches)} batches: {compared} figures, {differing} differ")
    return differing > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
