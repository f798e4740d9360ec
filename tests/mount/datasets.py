"""Real data sets against figures that were computed independently, read from a mount.

Where the data is not at hand, it says so and ends.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import DATA, Scene, check, read, tally

COMMON = {"rows": "count()"}
ACCESS = {**COMMON, "ips": "uniq(ip)", "paths": "uniq(path)", "bytes": "sum(bytes)", "bytes_null": "count() where bytes is null"}
WIKI = {**COMMON, "users": "uniq(user)", "added": "sum(added)", "deleted": "sum(deleted)", "delta": "sum(delta)"}
FLIGHTS = {**COMMON, "origins": "uniq(origin)", "destinations": "uniq(destination)", "delay_sum": "sum(delay)",
           "distance_sum": "sum(distance)", "late_over_15": "count() where delay > 15"}


def expect(found, expected, what):
    """Each figure of the expectation that the view has; digits are compared, not doubles."""
    for name, value in expected.items():
        if name not in found:
            continue
        if found[name] is None and value == 0:
            continue  # a sum of no values is null, the reference has 0
        check(str(found[name]) == str(value), f"{what}: {name} is {found[name]}, not {value}")


def rows_of(place, view, key):
    rows = json.loads(read(place, view + ".json"), parse_float=str)
    return {("null" if row[key] is None else str(row[key]).lower() if isinstance(row[key], bool) else str(row[key])): row
            for row in rows}


def expect_rows(place, view, key, expected):
    found = rows_of(place, view, key)
    check(set(found) == set(expected), f"{view}: other rows: {set(found) ^ set(expected)}")
    for name, figures in expected.items():
        expect(found[name], figures, f"{view} {name}")


def views(measures, **by):
    return {"all": {"measures": measures},
            **{name: {"by": list(dimensions), "measures": measures} for name, dimensions in by.items()}}


def access_logs(place, expected):
    expect(json.loads(read(place, "all.json")), expected["all"], "all")
    expect_rows(place, "by_hour", "hour", expected["by_hour"])
    expect_rows(place, "by_day", "day", expected["by_day"])
    expect_rows(place, "by_status", "status", expected["by_status"])
    expect_rows(place, "by_method", "method", expected["by_method"])


def wikipedia_edits(place, expected):
    expect(json.loads(read(place, "all.json")), expected["all"], "all")
    for view, key in (("by_channel", "channel"), ("by_hour", "hour"), ("by_namespace", "namespace"),
                      ("by_country", "countryName"), ("by_robot", "isRobot")):
        expect_rows(place, view, key, expected[{"by_hour": "by_hour_utc"}.get(view, view)])
    states = expected["tree_country_region_city"]["United States"]
    folder = os.path.join(place, "geo", "United States")
    expect(json.loads(read(folder, ".total.json")), states["all"], "United States")
    for region, figures in states["by_region"].items():
        name = "%null" if region == "None" else region
        expect(json.loads(read(folder, name, ".total.json")), figures, region)


def flights(place, expected):
    expect(json.loads(read(place, "all.json")), expected["all"], "all")
    expect_rows(place, "by_origin", "origin", expected["by_origin"])
    expect_rows(place, "by_month", "month", {month.replace("/", "-"): figures
                                             for month, figures in expected["by_month"].items()})


def file_tree(place, expected):
    found = json.loads(read(place, "all.json"))
    expect(found, {name: expected["duckdb"][name] for name in ("files", "bytes", "unknown_size")}, "duckdb")
    expect(found, {"smallest": expected["duckdb"]["size"]["min"], "largest": expected["duckdb"]["size"]["max"]}, "duckdb")
    check(repr(found["mean"]) == repr(expected["duckdb"]["size"]["mean"]), "mean")


SETS = [
    ("access-logs", "apache_logs.ndjson.gz", access_logs, {
        "time": "time", "ip": "string", "method": "string", "path": "string", "status": "int", "bytes": "int"},
     views(ACCESS, by_hour=["hour(time)"], by_day=["day(time)"], by_status=["status"], by_method=["method"])),
    ("wikipedia-edits", "wikiticker-2015-09-12-sampled.json.gz", wikipedia_edits, {
        "time": "time", "channel": "string", "namespace": "string", "countryName": "string", "regionName": "string",
        "cityName": "string", "isRobot": "bool", "page": "string", "user": "string", "added": "int", "deleted": "int",
        "delta": "int"},
     views(WIKI, by_channel=["channel"], by_hour=["hour(time)"], by_namespace=["namespace"],
           by_country=["countryName"], by_robot=["isRobot"], geo=["countryName", "regionName", "cityName"],
           pages=["page"])),
    ("flights-20k", "flights-20k.json.gz", flights, {
        "date": {"type": "time", "format": "%Y/%m/%d %H:%M"}, "origin": "string", "destination": "string",
        "delay": "int", "distance": "int"},
     views(FLIGHTS, by_origin=["origin"], by_month=["month(date)"])),
    ("file-tree", "duckdb-files.csv.gz", file_tree, {"path": "string", "mode": "string", "size": "int"},
     views({"files": "count()", "bytes": "sum(size)", "unknown_size": "count() where size is null",
            "smallest": "min(size)", "largest": "max(size)", "mean": "avg(size)"}, by_mode=["mode"])),
]


def flights_by_state(scene):
    """Where a flight is from, the airports tell, which come later."""
    folder = os.path.join(DATA, "flights-20k")
    with open(os.path.join(folder, "expected.json"), encoding="utf-8") as source:
        expected = json.load(source)["by_origin_state"]
    store = scene.store("states", {
        "streams": {
            "flights": {"fields": {"origin": {"type": "string", "references": "airports"}, "destination": "string",
                                   "delay": "int", "distance": "int"}},
            "airports": {"key": "iata", "fields": {"iata": "string", "state": "string"}}},
        "views": {"states": {"from": "flights", "by": ["origin.state"], "measures": FLIGHTS}}})
    place = scene.mount(store, "states-mnt")
    tally("ingest", store, "--stream", "flights", os.path.join(folder, "flights-20k.json.gz"))
    check(os.listdir(os.path.join(place, "states")) == [".total.json", "%unresolved.json"], "all are unresolved")
    tally("ingest", store, "--stream", "airports", os.path.join(folder, "airports.csv.gz"))
    check(not os.path.exists(os.path.join(place, "states", "%unresolved.json")), "none is unresolved")
    expect_rows(place, "states", "state", expected)
    scene.unmount(place)
    tally("verify", store)
    print("flights by state as expected")


def main():
    if not os.path.isdir(DATA):
        print(f"not tested: there is no {DATA}")
        sys.exit(77)
    with Scene() as scene:
        for name, file, test, fields, declared in SETS:
            with open(os.path.join(DATA, name, "expected.json"), encoding="utf-8") as source:
                expected = json.load(source)
            store = scene.store(name, {"streams": {"s": {"fields": fields}}, "views": declared})
            tally("ingest", store, os.path.join(DATA, name, file))
            place = scene.mount(store, name + "-mnt")
            test(place, expected)
            scene.unmount(place)
            tally("verify", store)
            print(name, "as expected")
        flights_by_state(scene)


main()
