"""Values at the edges of their types: each is refused with its reason, or what it makes is listed, opened and verified.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally
from story import lines

UNITS = ["minute", "hour", "day", "week", "month", "quarter", "year"]
# a zone, and the seconds east of UTC in the first year and in the last
ZONES = {"UTC": (0, 0), "Europe/Berlin": (3208, 3600), "America/New_York": (-17762, -18000), "Pacific/Kiritimati": (-37760, 50400),
         "Etc/GMT+12": (-43200, -43200), "Africa/Monrovia": (-2588, 0)}
FIRST, END = -62135596800, 253402300800
REASON = "is not a time of the years 0001 to 9999 in the schema's time zone"
# where the clock jumped by odd seconds
JUMPS = {"Europe/Berlin": -2422054408, "America/New_York": -2717650800, "Pacific/Kiritimati": -2177415040, "Africa/Monrovia": 63593070}


def opened(scene, store):
    """Every listed file, read to its end; the store is verified."""
    place, found = scene.mount(store), []
    for folder, folders, names in os.walk(os.fsencode(place)):
        folders[:] = [name for name in folders if name != b".tallyfs"]
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                check(len(file.read()) == os.stat(path).st_size, path)
            found.append(os.fsdecode(os.path.relpath(path, os.fsencode(place))))
    scene.unmount(place)
    tally("verify", store)
    return found


def refused(store):
    """value -> reason, of all rejects."""
    folder, found = os.path.join(store, "rejects"), {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for line in file:
                _, reason, raw = line.rstrip("\n").split("\t")
                found[json.loads(raw)["t"]] = reason
    return found


def text_of(seconds):
    """An epoch of seconds; where its size would not say so, of nanoseconds."""
    return str(seconds if abs(seconds) < 10**11 else seconds * 10**9)


def times(scene):
    """Of each zone at both ends of time, and where its clock jumped."""
    views = {unit: {"by": [f"{unit}(t)"], "measures": {"n": "count()", "first": "min(t)", "last": "max(t)"}} for unit in UNITS}
    views["t"] = {"by": ["t"], "measures": {"n": "count()"}}
    views["above"] = {"from": "day", "by": ["last"], "measures": {"n": "sum(n)"}}
    views["hours"] = {"by": ["k", {"d": "day(t)"}, {"h": "hour(t)"}], "formats": ["json", "csv", "prom"], "measures": {"n": "count()", "last": "max(t)"}}
    views["several"] = {"from": {"s": {"end": "coalesce(t, '9999-12-31')"}}, "by": ["week(end)"], "measures": {"n": "count()"}}
    rng = random.Random(7)
    for zone, (first, last) in ZONES.items():
        streams = {"s": {"time": "t", "fields": {"k": "string", "t": "time"}}}
        store = scene.store(zone.replace("/", "-"), {"timezone": zone, "streams": streams, "views": views})
        edges = [FIRST - first, END - last, FIRST, END, JUMPS.get(zone, 0)]
        seconds = {edge + step for edge in edges for step in (-1, 0, 1, *(rng.randint(-90000, 90000) for _ in range(6)))}
        good = {each for each in seconds if FIRST <= each + (first if each < 0 else last) < END}
        records = [{"k": str(each % 3), "t": text_of(each)} for each in sorted(seconds)]
        local = ["0001-01-01", "9999-12-31T23:59:59.999999999", "0000-12-31T23:59:59", "9999-12-31T23:59:60", "0000-02-30"]
        records += [{"k": None, "t": text} for text in local]
        tally("ingest", store, "--max-rejects", "100%", "-", stdin=lines(records), status=2)
        reasons = refused(store)
        check(set(reasons) == {text_of(each) for each in seconds - good} | set(local[2:]), (zone, reasons))
        check(reasons.pop(local[4]) == f"t: '{local[4]}' is not a time", reasons)
        for value, reason in reasons.items():
            check(reason == f"t: '{value}' {REASON}", reason)
        opened(scene, store)
        backup = scene.path("backup-" + zone.replace("/", "-"))
        tally("backup", store, backup)
        tally("restore", backup, backup + "-again")


def other_zone(scene):
    """What the zone of another schema could not show keeps it from coming into force."""
    streams = {"s": {"key": "k", "time": "t", "fields": {"k": "string", "t": "time"}}}
    views = {"d": {"by": ["day(t)"], "measures": {"n": "count()"}}}
    store = scene.store("other", {"streams": streams, "views": views})
    for_ever = {"k": "a", "t": "9999-12-31T23:59:59Z"}
    tally("ingest", store, "-", stdin=lines([for_ever, {"k": "b", "t": "2026-01-01"}]))
    berlin = scene.write("berlin.json", json.dumps({"timezone": "Europe/Berlin", "streams": streams, "views": views}))
    said = tally("schema", store, "--apply", berlin, status=1).stderr.decode()
    check("t of an event in 's' is 9999-12-31T23:59:59Z: beyond the years 0001 to 9999 in Europe/Berlin" in said, said)
    check("tally delete" in said, said)
    check("d/9999-12-31.json" in opened(scene, store), "the old one is in force")
    tally("delete", store, "--key", "a")
    tally("schema", store, "--apply", berlin)
    check("d/2026-01-01.json" in opened(scene, store), "the new one is")


def conditions(scene):
    """A time in an expression is one that events could have."""
    streams = {"s": {"key": "k", "fields": {"k": "string", "t": "time"}}}
    views = {"d": {"by": ["day(t)"], "measures": {"n": "count()"}}}
    store = scene.store("conditions", {"timezone": "Europe/Berlin", "streams": streams, "views": views})
    for text in ("9999-12-31T23:59:59Z", "0000-12-31"):
        views["d"]["by"] = [{"d": f"coalesce(t, '{text}')"}]
        wrong = scene.write("wrong.json", json.dumps({"timezone": "Europe/Berlin", "streams": streams, "views": views}))
        told = (tally("schema", store, "--apply", wrong, status=1), tally("delete", store, "--where", f"t < '{text}'", status=1))
        for done in told:
            check(f"'{text}' is beyond the years 0001 to 9999 in the time zone" in done.stderr.decode(), done.stderr)
    for literal in ("0000-01-01", "10000-01-01"):
        said = tally("delete", store, "--where", f"day(t) = '{literal}'", status=1).stderr.decode()
        check(f"'{literal}' is not" in said, said)


def kept_for_long(scene):
    """Nothing is older than the first year: what is kept for longer is kept."""
    streams = {"s": {"key": "k", "on_duplicate": "replace", "time": "t", "keep": "9000 years", "fields": {"k": "string", "t": "time"}}}
    views = {"d": {"by": ["day(t)"], "retain": "9000 years", "measures": {"n": "count()"}}}
    store = scene.store("kept", {"streams": streams, "views": views})
    tally("ingest", store, "-", stdin=lines([{"k": "a", "t": "0001-01-01"}, {"k": "b", "t": "2026-01-01"}]))
    check({"d/0001-01-01.json", "d/2026-01-01.json"} <= set(opened(scene, store)), "both are there")
    about = json.loads(tally("cat", store, ".tallyfs/views/d.json").stdout)
    check(about["complete_from"] is None and about.get("retained_from") is None, about)


VALUES = {
    "string": ["", ".", "..", ".total", "a.json", "a.json.json", "%null", "%unresolved", "%", "-", "~", "/", "\\", "\x00", "a\x00b", "\x7f", "\x85", "\n",
               "index.html", "x" * 255, "x" * 300, "x" * 299 + "y", "é" * 150, "/" * 255, "\x00" * 200, "%~0123456789ABCDEF", "x" * 250 + ".json"],
    "int": [0, 1, -1, 2**63 - 1, -(2**63)],
    "decimal": ["0", "-0.0", "1.50", "1" * 38, "-" + "9" * 38, "1e-38", "-0." + "0" * 37 + "1", "9" * 19 + "." + "9" * 19],
    "float": [0.0, "-0.0", 1e308, -1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 0.1, 1e16, 123456789012345680.0],
    "bool": [True, False],
    "time": ["0001-01-01", "9999-12-31T23:59:59.999999999", "1969-12-31T23:59:59.000000001"],
}


def other_values(scene):
    """As dimensions, alone and below each other; as nodes of trees."""
    for kind, values in VALUES.items():
        streams = {"s": {"key": ["a", "b"], "fields": {"a": kind, "b": kind}}}
        views = {"one": {"by": ["a"], "measures": {"n": "count()", "b": "max(b)"}},
                 "two": {"by": ["b", "a"], "formats": ["json", "csv", "prom"], "measures": {"n": "count()"}},
                 "above": {"from": "two", "by": ["a"], "measures": {"n": "sum(n)"}},
                 "tree": {"by": ["tree(a, b)"], "measures": {"n": "count()"}, "within": {"w": {"by": ["b"], "measures": {"n": "count()"}}}}}
        if kind == "string":
            views["path"] = {"by": ["path(a, '/')"], "measures": {"n": "count()"}}
        store = scene.store("values-" + kind, {"streams": streams, "views": views})
        number = float if kind in ("decimal", "float") else lambda value: value
        pairs = [(a, None) for a in values]
        pairs += [(a, b) for i, a in enumerate(values) for b in values[:i] if number(a) != number(b)]  # 0 is -0
        tally("ingest", store, "-", stdin=lines({"a": a, "b": b} for a, b in pairs))
        files = opened(scene, store)
        distinct = len({number(value) for value in values})
        check(sum(path.startswith("one/") and path.endswith(".json") for path in files) == distinct + 1, (kind, files))


with Scene() as scene:
    times(scene)
    other_zone(scene)
    conditions(scene)
    kept_for_long(scene)
    other_values(scene)
