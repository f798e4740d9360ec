"""The same rows in each format, as the programs read them that they are for: promtool, the node exporter's textfile collector and
Prometheus behind it, jq, readers of CSV, and DuckDB where npm can bring it.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import WAIT_SECONDS, Scene, check, read, tally
from servers import Server, await_answer, free_port

DUCKDB_QUERY = """
import { DuckDBInstance } from '@duckdb/node-api';
const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const query of process.argv.slice(2)) {
  const answer = await connection.runAndReadAll(query);
  console.log(JSON.stringify(answer.getRowsJson()));
}
"""
FIELDS = {"id": "int", "t": "time", "region": "string", "price": "decimal", "ok": "bool", "heat": "float"}
MEASURES = {"orders": "count()", "revenue": "sum(price)", "newest": "max(t)", "all_ok": "bool_and(ok)", "heat": "avg(heat)",
            "last": "last(region)", "best": "top(region, 2)"}
SCHEMA = {"timezone": "Europe/Berlin", "streams": {"s": {"key": "id", "time": "t", "on_duplicate": "replace", "fields": FIELDS}},
          "views": {"sales by-region": {"by": ["region", {"the day": "day(t)"}], "measures": MEASURES,
                                        "formats": ["json", "ndjson", "csv", "prom"]},
                    "shop": {"measures": {"orders": "count()", "mean": "avg(price)"}, "formats": ["prom"]},
                    "plain": {"by": ["region"], "measures": {"orders": "count()"}}}}
REGIONS = ["eu", 'say "hi"', "back\\slash", "new\nline", "", None, "50%", "%null", "%empty", "%25", "ünïcödé 😀", "a,b", "x=\"1\"}", "\x1b[2J",
           "\x85", "x.prom", "index.html", "#"]


def events(first=0):
    return "".join(json.dumps({"id": first + i, "t": f"2026-01-{i % 3 + 1:02d}T12:00:00.25Z", "region": region, "price": f"{i}.50",
                               "ok": i % 2 == 0, "heat": i / 7 if i else None}) + "\n" for i, region in enumerate(REGIONS))


def samples(text):
    """{name: {labels: value}}, of what is well-formed and in families that come once."""
    families, found = [], {}
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("# HELP "):
            families.append(line.split(" ")[2])
            check(len(families) == len(set(families)), f"a family comes twice: {line}")
        elif line.startswith("# TYPE "):
            check(line.split(" ")[2:] == [families[-1], "gauge"], line)
        else:
            match = re.fullmatch(r'([a-zA-Z_][a-zA-Z0-9_]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)', line)
            check(match and match[1] == families[-1], f"not a sample of {families[-1]}: {line}")
            labels = tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            check(labels not in found.setdefault(match[1], {}), f"twice: {line}")
            found[match[1]][labels] = match[3]
    return found



def samples_are_the_rows(place, names):
    rows = json.loads(read(place, "sales by-region.json"))
    found = samples(read(place, "sales by-region.prom").decode())
    check(set(found) == {"sales_by_region_" + name for name in names}, set(found))
    for name, measure in (("orders", "orders"), ("revenue", "revenue"), ("heat", "heat")):
        values = sorted(float(value) for value in found["sales_by_region_" + name].values())
        check(values == sorted(float(row[measure]) for row in rows if row[measure] is not None), f"{name}: {values}")
    check(set(found["sales_by_region_all_ok"].values()) == {"0", "1"}, "booleans")
    check(set(found["sales_by_region_newest"].values()) == {"1767268800.25", "1767355200.25", "1767441600.25"}, "times")
    days = {labels[1] for labels in found["sales_by_region_orders"]}
    check(days == {("the_day", f"2026-01-0{day}") for day in (1, 2, 3)}, days)
    parts = [samples(read(place, "sales by-region", folder, name).decode())["sales_by_region_orders"]
             for folder, name in [("eu", "2026-01-01.prom"), ("50%25", "2026-01-01.prom")]]
    check([len(part) for part in parts] == [1, 1], parts)
    check("shop_orders 18\n" in read(place, "shop.prom").decode(), "a view without dimensions")


def names_resolve(place):
    listed = sorted(os.listdir(place))
    check(listed == [".tallyfs", "plain", "plain.json", "sales by-region", "sales by-region.json", "sales by-region.prom", "shop.json",
                     "shop.prom"], listed)
    check(not [name for name in os.listdir(place + "/sales by-region") if name.endswith(".prom")], "it is listed twice")
    for name, there in (("plain.csv", True), ("plain.prom", False), ("shop.csv", False), ("shop.ndjson", False),
                        ("sales by-region.csv", True), ("plain/eu.prom", False), ("plain/x%2Eprom.json", True)):
        check(os.path.exists(f"{place}/{name}") == there, name)


def promtool_agrees(place):
    for name in ("sales by-region.prom", "shop.prom"):
        done = subprocess.run(["promtool", "check", "metrics"], input=read(place, name), capture_output=True, check=False)
        check(done.returncode == 0 and not done.stdout + done.stderr, f"{name}: {done.stdout + done.stderr}")


def fetch(url):
    with urllib.request.urlopen(url, timeout=WAIT_SECONDS) as answer:
        return answer.read().decode()


def collected(scene, store, place):
    """The node exporter serves the mount's files, and Prometheus scrapes them, before a commit and behind it."""
    exporter, prometheus = free_port(), free_port()
    config = scene.write("prometheus.yml", json.dumps({
        "global": {"scrape_interval": "1s"}, "scrape_configs": [{"job_name": "tally", "static_configs": [
            {"targets": [f"127.0.0.1:{exporter}"]}]}]}))
    with Server(scene, "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                f"--collector.textfile.directory={place}", f"--web.listen-address=127.0.0.1:{exporter}") as node, \
         Server(scene, "prometheus", f"--config.file={config}", f"--storage.tsdb.path={scene.path('tsdb')}",
                f"--web.listen-address=127.0.0.1:{prometheus}") as server:
        text = await_answer(node, "the node exporter does not answer", lambda: fetch(f"http://127.0.0.1:{exporter}/metrics"))
        check("node_textfile_scrape_error 0" in text, "the collector refuses a file")
        check(text.count("\nsales_by_region_orders{") == len(REGIONS) and "\nshop_orders 18" in text, "what is collected")
        query = f"http://127.0.0.1:{prometheus}/api/v1/query?query="

        def total(expected):
            result = json.loads(fetch(query + urllib.parse.quote("sum(sales_by_region_orders)")))["data"]["result"]
            return result and result[0]["value"][1] == str(expected)

        await_answer(server, "Prometheus does not see the rows", lambda: total(len(REGIONS)))
        tally("ingest", store, "-", stdin=events(1000).encode())
        await_answer(server, "Prometheus does not see the commit", lambda: total(2 * len(REGIONS)))


def read_by_others(scene, place):
    rows = json.loads(read(place, "sales by-region.json"))
    done = subprocess.run(["jq", "-c", ".[]", place + "/sales by-region.json"], capture_output=True, check=True)
    check([json.loads(line) for line in done.stdout.splitlines()] == rows, "jq")
    done = subprocess.run(["jq", "-n", "[inputs] | length", place + "/sales by-region.ndjson"], capture_output=True, check=True)
    check(int(done.stdout) == len(rows), "jq, lines")
    cells = list(csv.DictReader(io.StringIO(read(place, "sales by-region.csv").decode(), newline="")))
    check([(cell["region"], cell["the day"]) for cell in cells] == [(row["region"] or "", row["the day"]) for row in rows], "CSV")
    command = [".mode csv", f'.import "{place}/sales by-region.csv" rows', 'select count(*), sum(revenue), count(distinct "the day") from rows']
    done = subprocess.run(["sqlite3", scene.path("db"), *command], capture_output=True, check=True)
    check(done.stdout.decode().strip() == f"{len(rows)},{sum(float(row['revenue']) for row in rows)},3", done.stdout)


def duckdb_agrees(scene, place):
    """By its package for Node.js, which npm brings."""
    if not shutil.which("npm"):
        print("there is no npm: DuckDB is not tried")
        return
    installed = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", scene.path("duckdb"),
                                "@duckdb/node-api@1.5.6-r.1"], check=False, capture_output=True, timeout=WAIT_SECONDS)
    if installed.returncode != 0:
        print("npm does not reach its registry: DuckDB is not tried:", installed.stderr.decode())
        return
    scene.write("duckdb/query.mjs", DUCKDB_QUERY)
    rows = json.loads(read(place, "sales by-region.json"))
    # Unlike those of shells its globs see hidden names.
    calls = (f"read_json('{place}/sales by-region.json', format='array')", f"read_json('{place}/sales by-region.ndjson')",
             f"read_csv('{place}/sales by-region.csv')", f"read_json('{place}/sales by-region/*/[!.]*.json')")
    queries = [f"select count(*), sum(orders), sum(revenue) from {call}" for call in calls]
    done = subprocess.run(["node", "query.mjs", *queries], cwd=scene.path("duckdb"), capture_output=True, check=False, timeout=WAIT_SECONDS)
    check(done.returncode == 0, done.stderr)
    answers = [[float(cell) for cell in json.loads(line)[0]] for line in done.stdout.splitlines()]
    expected = [len(rows), sum(row["orders"] for row in rows), sum(float(row["revenue"]) for row in rows)]
    check(all(abs(a - b) < 1e-6 for answer in answers for a, b in zip(answer, expected)) and len(answers) == len(calls),
          (answers, expected))


def mistakes_are_told(scene):
    for change, words in (({"formats": "prom"}, b"views.v.formats: expected a list"),
                          ({"formats": ["json", "promm"]}, b"views.v.formats[1]: no format 'promm' (did you mean 'prom'?)"),
                          ({"formats": ["prom"], "measures": {"l": "last(region)"}}, b"views.v.formats: \"prom\": no measure is a number"),
                          ({"formats": ["prom"], "measures": {"a b": "count()", "a-b": "count()"}}, b"are both 'v_a_b' for Prometheus"),
                          ({"formats": ["prom"], "by": [{"x y": "region"}, {"x-y": "id"}]}, b"are both 'x_y' for Prometheus")):
        views = {"v": {"measures": {"n": "count()"}, **change}}
        schema = scene.write("mistake.json", json.dumps({**SCHEMA, "views": views}))
        done = tally("init", scene.path("none"), "--schema", schema, status=1)
        check(words in done.stderr, done.stderr)


def formats_change(scene, store, place):
    """Formats come and go with the schema, at once and in the mount."""
    check(not os.path.exists(place + "/plain.prom"), "a file that nobody asked for")
    views = {**SCHEMA["views"], "plain": {**SCHEMA["views"]["plain"], "formats": ["prom"]}}
    tally("schema", store, "--apply", scene.write("more.json", json.dumps({**SCHEMA, "views": views})))
    check(len(samples(read(place, "plain.prom").decode())["plain_orders"]) == len(REGIONS), "a new format")
    check(not os.path.exists(place + "/plain.csv") and "plain.prom" in os.listdir(place), "names")
    check(b" 0 differ" in tally("verify", store).stdout, "verify")
    done = tally("schema", store, "--apply", scene.path("s.json"))
    check(b"1 changed" in done.stdout and not os.path.exists(place + "/plain.prom") and os.path.exists(place + "/plain.csv"), "back")


def main():
    with Scene() as scene:
        mistakes_are_told(scene)
        store = scene.store("s", SCHEMA)
        tally("ingest", store, "-", stdin=events().encode())
        place = scene.mount(store)
        names_resolve(place)
        samples_are_the_rows(place, ("orders", "revenue", "newest", "all_ok", "heat"))
        promtool_agrees(place)
        read_by_others(scene, place)
        duckdb_agrees(scene, place)
        formats_change(scene, store, place)
        collected(scene, store, place)
        tally("delete", store, "--where", "price > 3")
        samples(read(place, "sales by-region.prom").decode())
        check(b" 0 differ" in tally("verify", store).stdout, "verify")
        scene.unmount(place)


main()
