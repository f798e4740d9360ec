"""A naive recomputation: streams as lists of surviving events, views as groups of them, files as texts.

SPDX-License-Identifier: Apache-2.0
"""

import calendar
import datetime
import json
import re
import time
from collections import Counter
from decimal import Decimal

import measures
import references
import trees
from expressions import fits
from measures import KEY, MISSING
from values import UNRESOLVED, Bucket, Time, csv_cell, dimension, json_text, name_of, plain, sort_key

GONE = {"%deleted": True}
BUCKETS = {"hour": 13, "day": 10, "month": 7, "year": 4}


def earlier(time, days):
    instant = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ") - datetime.timedelta(days)
    return Time(instant.strftime("%Y-%m-%dT%H:%M:%SZ"))


class Stream:
    """Which events survive: {"key", "rule", "deletes"} of the schema, record by record."""

    def __init__(self, declared):
        self.declared = declared
        self.events = {}  # of a key: the event, or what is left of a deleted one
        self.batch = None  # the number of the one at hand
        self.batches = {}  # of a key: with which one its event came
        self.history = {}  # of a key: (batch, event or None), whenever it changed
        self.out = set()  # batches that are not in force
        self.moved = {}  # of a batch: keys that are another as it takes others back
        self.arrived = 0
        self.newest = None  # time of all that ever was an event
        self.dropped_before = None
        self.trees = []  # what tells of its events whether a tree had a cycle

    def key_of(self, record):
        return tuple(sort_key(record[field]) for field in self.declared["key"])

    def apply(self, record, counts):
        """Counts what becomes of the record."""
        if self.is_refused(record):
            counts["rejected"] += 1
            return
        if not self.declared["key"]:
            self.arrived += 1
            self.take("new", (self.arrived,), record, counts)
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
            if live and self.has_cycle_with({key: GONE}):
                counts["rejected"] += 1
                return
            counts["deleted" if live else "duplicate"] += 1
            self.bury(key, record)
        elif not live:
            self.take("new", key, record, counts)
        elif rule == "ignore" or known == record:
            counts["duplicate"] += 1
        else:
            self.take("replaced", key, record, counts)

    def is_refused(self, record):
        keyless = self.declared["key"] and all(record[field] is None for field in self.declared["key"])
        return keyless or (self.dropped_before and record["t"] is not None and record["t"] < self.dropped_before)

    def take(self, what, key, record, counts):
        if self.has_cycle_with({key: record}):
            counts["rejected"] += 1
            return
        counts[what] += 1
        self.put(key, record)

    def has_cycle_with(self, changed):
        """Whether a tree had a cycle after this: of the parents that a node's events name the least counts."""
        after = [{**event, KEY: key} for key, event in {**self.events, **changed}.items() if not event.get("%deleted")]
        return any(has_cycle(after) for has_cycle in self.trees)

    def put(self, key, record):
        self.events[key] = dict(record)
        self.batches[key] = self.batch
        self.history.setdefault(key, []).append((self.batch, self.events[key]))
        if record["t"] is not None:
            self.newest = max(self.newest or record["t"], record["t"])

    def too_old(self):
        """Events that are older than is kept."""
        if "keep" not in self.declared or self.newest is None:
            return []
        cutoff = earlier(self.newest, self.declared["keep"])
        old = [key for key, event in self.events.items() if event.get("t") is not None and event["t"] < cutoff]
        if old:
            self.dropped_before = cutoff
        return [{**self.events[key], KEY: key} for key in old]

    def bury(self, key, record):
        if self.declared["rule"] != "newest" and self.live(key) is None:
            return
        if self.declared["rule"] == "newest":
            self.events[key] = {"v": record["v"], **GONE}
        else:
            self.events.pop(key, None)
        self.batches[key] = self.batch
        self.history.setdefault(key, []).append((self.batch, self.events.get(key)))

    def end_batch(self, before):
        """What came and went within the batch has not been; BEFORE: the events that were there."""
        for key, changes in self.history.items():
            if before.get(key) is None and self.events.get(key) is None:
                changes[:] = [change for change in changes if change[0] != self.batch]

    def settled(self, key):
        """What the last batch in force left of the key, and which that is."""
        for batch, event in reversed(self.history[key]):
            if batch not in self.out:
                old = event is not None and event.get("t") is not None and self.dropped_before and event["t"] < self.dropped_before
                return batch, None if old else event
        return None, None

    def toggle(self, batch, gone, back, by):
        """The batch BY takes one back: others are out of force, and in force again. What is removed, restored and kept as it
        was changed since; None: a cycle."""
        was = set(self.out)
        self.out = (self.out | set(gone)) - set(back)
        toggled = {*gone, *back}
        moved = set().union(*(self.moved.get(each, ()) for each in toggled))
        touched = [key for key, changes in self.history.items() if key in moved or toggled & {each for each, _ in changes}]
        after = {key: self.settled(key) for key in touched}
        if self.has_cycle_with({key: event or GONE for key, (_, event) in after.items()}):
            self.out = was
            return None
        counts, moved = Counter(), self.moved.setdefault(by, set())
        for key, (changer, event) in after.items():
            before = self.live(key) and (self.batches[key], self.live(key))
            self.set_settled(key, changer, event)
            now = self.live(key) and (self.batches[key], self.live(key))
            counts["removed"] += bool(before and not now)
            counts["restored"] += bool(now and now != before)
            if now != before:
                moved.add(key)
            changed = key in self.moved.get(batch, ()) or any(each == batch for each, _ in self.history[key])
            counts["kept"] += changed and changer is not None and changer > batch and changer not in back
        return counts

    def set_settled(self, key, batch, event):
        self.batches[key] = batch
        if event is None:
            self.events.pop(key, None)
        else:
            self.events[key] = event

    def delete(self, chosen):
        """Deletes the live events that CHOSEN(key, event) says; whether it may."""
        gone = [key for key, event in self.events.items() if not event.get("%deleted") and chosen(key, event)]
        if self.has_cycle_with(dict.fromkeys(gone, GONE)):
            return False
        for key in gone:
            self.bury(key, self.events[key])
        return True

    def add_field(self, name):
        for _, event in [change for changes in self.history.values() for change in changes]:
            if event is not None:
                event.setdefault(name, None)

    def widen(self, name, _, after):
        """The type of a field is a wider one: values are what they would be, had they been read as that."""
        for _, event in [change for changes in self.history.values() for change in changes]:
            value = event and event.get(name)
            if value is None:
                continue
            if after == "string":
                event[name] = json.dumps(value) if isinstance(value, bool) else json_text(value).strip('"')
            elif after == "float":
                event[name] = float(value)

    def rename(self, old, new):
        for _, event in [change for changes in self.history.values() for change in changes]:
            if event is not None and old in event:
                event[new] = event.pop(old)

    def typed(self, record):
        """Of a record that was made for narrower types: what is read of it."""
        return {name: as_read(record.get(name), kind) for name, kind in self.declared["fields"].items()}

    def live(self, key):
        event = self.events.get(key)
        return None if event is None or event.get("%deleted") else event

    def survivors(self):
        return [{**event, KEY: key} for key, event in self.events.items() if not event.get("%deleted")]


def as_read(value, kind):
    if kind == "string" and value is not None and not isinstance(value, str):
        return str(value) if isinstance(value, Decimal) else json.dumps(value)
    return float(value) if kind == "float" and isinstance(value, Decimal) else value


def dimension_of(by, event):
    if by["field"] in event.get(MISSING, ()):
        return UNRESOLVED
    value = event[by["field"]]
    return value if by.get("bucket") is None or value is None else Bucket(value[: BUCKETS[by["bucket"]]])


def counted(view, events):
    """The events that count in a view: CUT is the first bucket that it has not let go."""
    for event in events:
        if not measures.holds(view.get("where"), event):
            continue
        time = dimension_of(view["by"][view["retain"]["by"]], event) if view.get("cut") else None
        if time is None or time is UNRESOLVED or time >= view["cut"]:
            yield event


def leaves(view, events):
    """The rows of a view as events of the next."""
    groups = {}
    for event in counted(view, events):
        values = [dimension_of(by, event) for by in view["by"]]
        groups.setdefault(tuple(map(sort_key, values)), (values, []))[1].append(event)
    for key, (values, group) in groups.items():
        row = {by["name"]: value for by, value in zip(view["by"], values)}
        lost = {name for name, value in row.items() if value is UNRESOLVED}
        yield {**row, **dict.fromkeys(lost), MISSING: lost, KEY: key,
               **{name: fits(value) for name, value in measures.results(view["measures"], group).items()}}


def events_of(view, views, streams):
    """What a view counts: events of streams, those that were dropped since, or the rows of another view."""
    below = view["from"] if isinstance(view["from"], str) else None
    if below in views:
        return list(leaves(views[below], events_of(views[below], views, streams)))
    return references.events_of(view, streams) + view.get("dropped", [])


def newest_below(view, views, streams):
    """Time of the newest event of all streams that a view is from."""
    while isinstance(view["from"], str) and view["from"] in views:
        view = views[view["from"]]
    return max((streams[name].newest for name in references.sources_of(view) if streams[name].newest), default=None)


def drop_old(views, streams):
    """Drops the events of all streams that are too old; what counted them goes on to do so, as they were."""
    for name, stream in streams.items():
        old = stream.too_old()
        for view in views.values():
            if name in references.sources_of(view):
                view.setdefault("dropped", []).extend(references.all_seen(old, name, view, streams))
        for event in old:
            del stream.events[event[KEY]]


def let_go(views, streams):
    """Moves on what views with "retain" have let go."""
    for view in views.values():
        newest = newest_below(view, views, streams)
        if not view.get("retain") or newest is None:
            continue
        kind = view["retain"]["kind"].split(":")
        first = earlier(newest, view["retain"]["days"])
        first = first if kind[0] == "time" else Bucket(first[: BUCKETS[kind[1]]])
        view["cut"] = max(view.get("cut") or first, first)


def legal(name):
    return re.sub("[^a-zA-Z0-9]", "_", name)


def prom_label(value):
    """As prom.h tells it."""
    if value is None or value is UNRESOLVED:
        return "%null" if value is None else str(value)
    value = dimension(value)
    if not isinstance(value, str):
        return json_text(value)
    escaped = re.sub("[\x00-\x1f\x7f-\x9f%\udc80-\udcff]", lambda each: "".join(
        f"%{byte:02X}" for byte in each[0].encode("utf-8", "surrogateescape")), value)
    return escaped.replace("\\", "\\\\").replace('"', '\\"') or "%empty"


def prom_figure(value):
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Time):
        whole, _, fraction = value.rstrip("Z").partition(".")
        return plain(Decimal(calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))) + Decimal("0." + (fraction or "0")))
    return json_text(value)


def prom_of(name, view, rows):
    """The file for Prometheus of rows, each its dimensions and its figures; None where the view has none."""
    families = [measure for measure in view.get("prom", ()) if measure in view["measures"]]
    if not families:
        return None
    text = ""
    for measure in families:
        family = legal(name) + "_" + legal(measure)
        said = measures.text_of(view["measures"][measure]).replace("\\", "\\\\").replace("\n", "\\n")
        text += f"# HELP {family} {said}\n# TYPE {family} gauge\n"
        for prefix, found in rows:
            labels = ",".join(f'{legal(by["name"])}="{prom_label(value)}"' for by, value in zip(view["by"], prefix))
            if found[measure] is not None:
                text += f"{family}{{{labels}}} {prom_figure(found[measure])}\n" if labels else f"{family} {prom_figure(found[measure])}\n"
    return text


def files_of(name, view, events):
    """path -> content of every file of one view."""
    events = list(counted(view, events))
    if "tree" in view:
        return trees.files_of(name, view, events, dimension_of)
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
            files[path + b".prom"] = prom_of(name, view, [(prefix, found)])
            return [(text, cells, prefix, found)]
        files[path + b"/.total.json"] = text + "\n"
        children = {}
        for event in group:
            value = dimension_of(view["by"][len(prefix)], event)
            children.setdefault(sort_key(value), (value, []))[1].append(event)
        rows = []
        for key in sorted(children):
            value, below = children[key]
            rows += visit(path + b"/" + name_of(value), prefix + [value], below)
        files[path + b".json"] = "[" + ",\n".join(text for text, *_ in rows) + "]\n"
        files[path + b".ndjson"] = "".join(text + "\n" for text, *_ in rows)
        files[path + b".csv"] = header + "".join(cells for _, cells, *_ in rows)
        files[path + b".prom"] = prom_of(name, view, [row[2:] for row in rows])
        return rows

    visit(name_of(name), [], events)
    return {path: text.encode("utf-8", "surrogateescape") for path, text in files.items() if text is not None}
