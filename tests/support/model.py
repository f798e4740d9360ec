"""A naive recomputation: streams as lists of surviving events, views as groups of them, files as texts.

SPDX-License-Identifier: Apache-2.0
"""

from decimal import Decimal

from values import Bucket, csv_cell, dimension, json_text, name_of, sort_key

import measures
from measures import KEY

BUCKETS = {"hour": 13, "day": 10, "month": 7, "year": 4}


class Stream:
    """Which events survive: {"key", "rule", "deletes"} of the schema, record by record."""

    def __init__(self, declared):
        self.declared = declared
        self.events = {}  # of a key: the event, or what is left of a deleted one
        self.arrived = 0

    def key_of(self, record):
        return tuple(sort_key(record[field]) for field in self.declared["key"])

    def apply(self, record, counts):
        """Counts what becomes of the record."""
        if not self.declared["key"]:
            self.arrived += 1
            self.events[(self.arrived,)] = dict(record)
            counts["new"] += 1
            return
        if all(record[field] is None for field in self.declared["key"]):
            counts["rejected"] += 1
            return
        key = self.key_of(record)
        known = self.events.get(key)
        live = known is not None and not known.get("%deleted")
        rule, deletes = self.declared["rule"], self.declared["deletes"] and record["op"] == "d"
        if rule == "newest" and known is not None:
            old, new = sort_key(known["v"]), sort_key(record["v"])
            if new <= old:
                counts["stale" if new < old else "duplicate"] += 1
                return
        if deletes:
            counts["deleted" if live else "duplicate"] += 1
            self.bury(key, record)
        elif not live:
            counts["new"] += 1
            self.events[key] = dict(record)
        elif rule == "ignore" or known == record:
            counts["duplicate"] += 1
        else:
            counts["replaced"] += 1
            self.events[key] = dict(record)

    def bury(self, key, record):
        if self.declared["rule"] == "newest":
            self.events[key] = {"v": record["v"], "%deleted": True}
        else:
            self.events.pop(key, None)

    def delete(self, chosen):
        """Deletes the live events that CHOSEN(key, event) says; how many."""
        gone = [key for key, event in self.events.items() if not event.get("%deleted") and chosen(key, event)]
        for key in gone:
            self.bury(key, self.events[key])
        return len(gone)

    def add_field(self, name):
        for event in self.events.values():
            event.setdefault(name, None)

    def survivors(self):
        return [{**event, KEY: key} for key, event in self.events.items() if not event.get("%deleted")]


def dimension_of(by, event):
    value = event[by["field"]]
    return value if by.get("bucket") is None or value is None else Bucket(value[: BUCKETS[by["bucket"]]])


def as_field(value):
    """A number of more than 38 digits is no value of a field."""
    if not isinstance(value, Decimal):
        return value
    digits = value.normalize().as_tuple()
    return value if len(digits.digits) + max(digits.exponent, 0) <= 38 and digits.exponent >= -38 else None


def leaves(view, events):
    """The rows of a view as events of the next."""
    groups = {}
    for event in events:
        if measures.holds(view.get("where"), event):
            values = [dimension_of(by, event) for by in view["by"]]
            groups.setdefault(tuple(map(sort_key, values)), (values, []))[1].append(event)
    for key, (values, group) in groups.items():
        yield {**dict(zip([by["name"] for by in view["by"]], values)),
               **{name: as_field(value) for name, value in measures.results(view["measures"], group).items()}, KEY: key}


def events_of(view, views, streams):
    """What a view counts: events of a stream, or the rows of another view."""
    if view["from"] in streams:
        return streams[view["from"]].survivors()
    below = views[view["from"]]
    return list(leaves(below, events_of(below, views, streams)))


def files_of(name, view, events):
    """path -> content of every file of one view."""
    events = [event for event in events if measures.holds(view.get("where"), event)]
    if not events:
        return {}
    files, dimensions = {}, [by["name"] for by in view["by"]]
    header = ",".join(csv_cell(column) for column in dimensions + list(view["measures"])) + "\n"

    def row(prefix, found):
        parts = [f"{json_text(column)}:{json_text(dimension(value))}" for column, value in zip(dimensions, prefix)]
        parts += [f"{json_text(column)}:{json_text(value)}" for column, value in found.items()]
        return "{" + ",".join(parts) + "}"

    def visit(path, prefix, group):
        found = measures.results(view["measures"], group)
        text = row(prefix, found)
        if len(prefix) == len(dimensions):
            cells = ",".join([csv_cell(dimension(value)) for value in prefix] +
                             [csv_cell(value) for value in found.values()]) + "\n"
            files[path + b".json"] = files[path + b".ndjson"] = text + "\n"
            files[path + b".csv"] = header + cells
            return [(text, cells)]
        files[path + b"/.total.json"] = text + "\n"
        children = {}
        for event in group:
            value = dimension_of(view["by"][len(prefix)], event)
            children.setdefault(sort_key(value), (value, []))[1].append(event)
        rows = []
        for key in sorted(children):
            value, below = children[key]
            rows += visit(path + b"/" + name_of(value), prefix + [value], below)
        files[path + b".json"] = "[" + ",\n".join(text for text, _ in rows) + "]\n"
        files[path + b".ndjson"] = "".join(text + "\n" for text, _ in rows)
        files[path + b".csv"] = header + "".join(cells for _, cells in rows)
        return rows

    visit(name_of(name), [], events)
    return {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}
