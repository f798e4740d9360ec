"""Real data with corrections, against figures that were computed independently: the state after each day.

Where the data is not at hand, it says so and ends.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import datetime
import gzip
import io
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import DATA, Scene, check, read, tally

OUTAGES = {
    "streams": {
        "outages": {
            "key": "outageNumber",
            "on_duplicate": "replace",
            "delete_when": "op = 'delete'",
            "fields": {"op": "string", "outageNumber": "string", "regionName": "string", "estCustAffected": "int"},
        },
        "changes": {"fields": {"op": "string", "outageNumber": "string", "regionName": "string", "estCustAffected": "int"}},
    },
    "views": {
        "state": {"from": "outages", "measures": {"open": "count()", "customers": "sum(estCustAffected)",
                                                  "open_without_customers": "count() where estCustAffected is null",
                                                  "regions": "uniq(regionName)"}},
        "by_region": {"from": "outages", "by": ["regionName"],
                      "measures": {"open": "count()", "customers": "sum(estCustAffected)"}},
        "per_outage": {"from": "changes", "by": ["outageNumber"], "where": "op = 'upsert'",
                       "measures": {"most": "max(estCustAffected)"}},
        "outage_sizes": {"from": "per_outage", "measures": {
            "n": "count(most)", "sum": "sum(most)", "min": "min(most)", "max": "max(most)", "mean": "avg(most)",
            "var_sample": "var(most)", "sd_sample": "stddev(most)",
            **{f"d{p}": f"quantile_disc(most, {p / 100})" for p in (1, 5, 10, 25, 50, 75, 90, 95, 99)},
            **{f"l{p}": f"quantile(most, {p / 100})" for p in (1, 5, 10, 25, 50, 75, 90, 95, 99)}}},
    },
}


def expect_summary(found, expected, what):
    """The figures of a distribution; sums and ranks to the digit."""
    for name in ("n", "sum", "min", "max"):
        check(found[name] == str(expected[name]), f"{what} {name}: {found[name]}")
    for name in ("mean", "var_sample", "sd_sample"):
        apart = abs(float(found[name]) - expected[name]) / expected[name]
        check(apart < 1e-15 * 4, f"{what} {name}: {found[name]}, not {expected[name]}")
    for p in (1, 5, 10, 25, 50, 75, 90, 95, 99):
        disc, linear = expected["p_nearest_rank"][str(p)], expected["p_linear"][str(p)]
        check(found[f"d{p}"] == disc, f"{what}: {p} % is {found[f'd{p}']}, not {disc}")
        check(float(found[f"l{p}"]) == linear, f"{what}: {p} % is {found[f'l{p}']}, not {linear}")


def load(place, name):
    return json.loads(read(place, name), parse_float=str, parse_int=str)


def days_of(path):
    """day -> the lines of its changes."""
    days = {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            days.setdefault(json.loads(line)["snapshot_time"][:10], []).append(line)
    return days


def outages(scene):
    folder = os.path.join(DATA, "pge-outages")
    expected = json.loads(read(folder, "expected.json"))["pge-2022-03"]
    store = scene.store("outages", OUTAGES)
    place = scene.mount(store, "mnt-outages")
    for day, lines in sorted(days_of(os.path.join(folder, "pge-2022-03-changes.ndjson.gz")).items()):
        batch = scene.write("day.ndjson", "".join(lines))
        for stream in ("outages", "changes"):
            tally("ingest", store, "--stream", stream, batch)
        wanted, state = expected["end_of_utc_day_state"][day], load(place, "state.json")
        for name in ("open", "customers", "open_without_customers", "regions"):
            check(state[name] == str(wanted[name]), f"{day}: {name} is {state[name]}, not {wanted[name]}")
        for region, open_count, customers in wanted["by_region_top10"]:
            row = load(place, f"by_region/{region}.json")
            check((row["open"], row["customers"]) == (str(open_count), str(customers)), f"{day} {region}: {row}")
        check(len(load(place, "by_region.json")) == wanted["regions"], f"{day}: regions without outages are there")
    expect_summary(load(place, "outage_sizes.json"), expected["max_customers_per_outage"], "customers of an outage")
    tally("verify", store)


COVID = {
    "streams": {
        "reports": {
            "key": ["country", "province", "admin2"],
            "on_duplicate": "replace",
            "fields": {"country": "string", "province": "string", "admin2": "string", "day": "string",
                       "confirmed": "int", "deaths": "int", "recovered": "int"},
        }
    },
    "views": {
        "world": {"measures": {"keys": "count()", "confirmed": "sum(confirmed)", "deaths": "sum(deaths)",
                               "recovered": "sum(recovered)"}},
        "by_country": {"by": ["country"], "measures": {"keys": "count()", "confirmed": "sum(confirmed)",
                                                       "deaths": "sum(deaths)", "recovered": "sum(recovered)"}},
    },
}
ALIASES = {"country": ("Country_Region", "Country/Region"), "province": ("Province_State", "Province/State"),
           "admin2": ("Admin2",), "confirmed": ("Confirmed",), "deaths": ("Deaths",), "recovered": ("Recovered",)}


def covid_records(path, day):
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            record = {name: next((row[alias].strip() for alias in aliases if alias in row), "") or None
                      for name, aliases in ALIASES.items()}
            yield {**record, "day": day}


def covid(scene):
    """The reports of a day take the place of the last ones of their keys."""
    folder = os.path.join(DATA, "covid-daily-reports")
    expected = json.loads(read(folder, "expected.json"))
    store = scene.store("covid", COVID)
    place = scene.mount(store, "mnt-covid")
    names = sorted(os.listdir(os.path.join(folder, "daily")),
                   key=lambda name: datetime.datetime.strptime(name[:10], "%m-%d-%Y"))
    for name in names:
        day = datetime.datetime.strptime(name[:10], "%m-%d-%Y").strftime("%Y-%m-%d")
        lines = io.StringIO()
        for record in covid_records(os.path.join(folder, "daily", name), day):
            lines.write(json.dumps(record) + "\n")
        tally("ingest", store, scene.write("day.ndjson", lines.getvalue()))
    wanted, world = expected["upsert_state_after_all_files"], load(place, "world.json")
    for figure, value in wanted["world"].items():
        check(world[figure] == str(value), f"world: {figure} is {world[figure]}, not {value}")
    rows = {row["country"]: row for row in load(place, "by_country.json")}
    check(set(rows) == set(wanted["by_country"]), "other countries")
    for country, figures in wanted["by_country"].items():
        for figure, value in figures.items():
            check((rows[country][figure] or "0") == str(value), f"{country}: {figure} is {rows[country][figure]}")
    tally("verify", store)


QUAKES = {
    "streams": {
        "quakes": {
            "key": "id",
            "time": "time",
            "on_duplicate": {"newest": "updated"},
            "fields": {"id": "string", "time": {"type": "time", "column": "/properties/time"},
                       "updated": {"type": "int", "column": "/properties/updated"},
                       "mag": {"type": "decimal", "column": "/properties/mag"},
                       "depth": {"type": "decimal", "column": "/geometry/coordinates/2"},
                       "net": {"type": "string", "column": "/properties/net"}},
        }
    },
    "views": {
        "days": {"by": [{"day": "day(time)"}], "measures": {"rows": "count()", "mag_n": "count(mag)",
                                                            "mag_sum": "sum(mag)", "mag_max": "max(mag)"}},
        "nets": {"by": ["net"], "measures": {"rows": "count()", "mag_sum": "sum(mag)", "mag_max": "max(mag)"}},
        **{field: {"measures": {
            "n": f"count({field})", "sum": f"sum({field})", "min": f"min({field})", "max": f"max({field})",
            "mean": f"avg({field})", "var_sample": f"var({field})", "sd_sample": f"stddev({field})",
            **{f"d{p}": f"quantile_disc({field}, {p / 100})" for p in (1, 5, 10, 25, 50, 75, 90, 95, 99)},
            **{f"l{p}": f"quantile({field}, {p / 100})" for p in (1, 5, 10, 25, 50, 75, 90, 95, 99)}}}
           for field in ("mag", "depth")},
    },
}


def earthquakes(scene):
    """Every quake arrives with versions before and after the right one, in a bad order."""
    folder = os.path.join(DATA, "earthquakes")
    expected = json.loads(read(folder, "expected.json"))
    with gzip.open(os.path.join(folder, "earthquakes.json.gz"), "rt") as file:
        features = json.load(file)["features"]
    right, wrong = [json.dumps(feature) for feature in features], []
    for feature in features:
        properties = feature["properties"]
        properties.update(mag=99, net="wrong", updated=properties["updated"] - 1)
        feature["geometry"]["coordinates"][2] = -99
        wrong.append(json.dumps(feature))
    store = scene.store("quakes", QUAKES)
    place = scene.mount(store, "mnt-quakes")
    tally("ingest", store, scene.write("1.ndjson", "\n".join(wrong[::2])))
    tally("ingest", store, scene.write("2.ndjson", "\n".join(right[::-1])))
    tally("ingest", store, scene.write("3.ndjson", "\n".join(wrong)))
    for field in ("mag", "depth"):
        expect_summary(load(place, field + ".json"), expected[field], field)
    for view, key, figures in (("days", "day", expected["by_day_utc"]), ("nets", "net", expected["by_net"])):
        rows = {row[key]: row for row in load(place, view + ".json")}
        check(set(rows) == set(figures), f"{view}: {set(rows) ^ set(figures)}")
        for name, wanted in figures.items():
            for figure in set(wanted) & set(rows[name]):
                check(rows[name][figure] == str(wanted[figure]), f"{view} {name}: {figure} is {rows[name][figure]}")
    tally("verify", store)


def main():
    with Scene() as scene:
        for name, test in (("pge-outages", outages), ("covid-daily-reports", covid), ("earthquakes", earthquakes)):
            if os.path.isdir(os.path.join(DATA, name)):
                test(scene)
                print(name, "as expected")
            else:
                print(f"not tested: there is no {os.path.join(DATA, name)}")


main()
