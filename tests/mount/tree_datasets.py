"""Trees of real data against figures that were computed independently, read from a mount: calls by parent, paths of files, paths
of web pages. Where the data is not at hand, it says so and ends.

SPDX-License-Identifier: Apache-2.0
"""

import gzip
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from forests import escape
from mounted import DATA, Scene, check, read, tally

SPANS = {
    "streams": {"spans": {"key": ["TraceID", "SpanID"], "fields": {
        "TraceID": "string", "SpanID": "string", "ParentID": "string", "PodName": "string", "OperationName": "string",
        "Duration": "int"}}},
    "views": {"calls": {"by": ["tree(SpanID, ParentID)"],
                        "measures": {"spans": "count()", "duration": "sum(Duration)", "pods": "uniq(PodName)"}},
              "levels": {"by": ["tree(SpanID, ParentID)"], "depth": 16, "measures": {"duration": "sum(Duration)"}}}}


def expected_of(name):
    with open(os.path.join(DATA, name, "expected.json"), encoding="utf-8") as file:
        return json.load(file)


def traces(scene):
    expected = expected_of("nezha-traces")["hipster"]
    folder = os.path.join(DATA, "nezha-traces", "hipster")
    store = scene.store("spans", SPANS)
    place = scene.mount(store, "spans-mnt")
    # In one batch; examples/traces/spans.sh has them one after the other, and verifies the figures.
    parts = [gzip.decompress(read(folder, file)) for file in sorted(os.listdir(folder))]
    header = parts[0][:parts[0].index(b"\n") + 1]
    tally("ingest", store, "-", stdin=header + b"".join(part.removeprefix(header) for part in parts))
    whole = json.loads(read(place, "calls/.total.json"))
    check(whole["subtree"]["spans"] == expected["distinct_spans"], whole)
    check(str(whole["subtree"]["duration"]) == expected["duration_us"]["sum"], whole)
    roots = json.loads(read(place, "calls.json"))
    check(len(roots) == expected["roots"] and {row["parent"] for row in roots} == {"root"}, f"{len(roots)} roots")
    check(sum(row["direct"]["duration"] for row in roots) == expected["sum_duration_roots"], "time of the roots")
    check(sum(row["subtree"]["spans"] for row in roots) == expected["spans_reached_from_roots"], "spans below the roots")
    for trace, known in expected["sample_traces"].items():
        for span, duration, spans, duration_sum, _, _ in known["roots"]:
            found = json.loads(read(place, f"calls/{span}/.total.json"))
            check((found["direct"]["duration"], found["subtree"]["spans"], found["subtree"]["duration"])
                  == (duration, spans, duration_sum), f"{trace} {span}: {found}")
    depths, counts = {"root": 0}, {}
    for line in read(place, "levels.ndjson").splitlines():
        row = json.loads(line)  # each behind its parent
        depths[row["id"]] = depths[row["parent"]] + 1
        counts[str(depths[row["id"]])] = counts.get(str(depths[row["id"]]), 0) + 1
    check(counts == expected["spans_by_depth"], f"spans by depth: {counts}")
    scene.unmount(place)


FILES = {"streams": {"files": {"fields": {"path": "string", "mode": "string", "size": "int"}}},
         "views": {"du": {"by": ["path(path, '/')"], "measures": {
             "files": "count()", "bytes": "sum(size)", "largest": "max(size)", "unknown": "count() where size is null"}}}}


def files(scene):
    for name in ("duckdb", "zipkin"):
        expected = expected_of("file-tree")[name]
        store = scene.store(name, FILES)
        place = scene.mount(store, name + "-mnt")
        tally("ingest", store, os.path.join(DATA, "file-tree", name + "-files.csv.gz"))
        for directory, figures in expected["depth_0_to_2"].items():
            stem = "/".join(["du", *[escape(name) for name in directory.split("/") if name]])
            found, inside = json.loads(read(place, stem, ".total.json")), json.loads(read(place, stem + ".json"))
            own = sum(row["direct"]["bytes"] or 0 for row in inside)
            subtree = found["subtree"]
            check([subtree["files"], subtree["bytes"] or 0, subtree["largest"], subtree["unknown"], own]
                  == figures, f"{name}: {directory}: {found}, {own} bytes directly inside, not {figures}")
        directories = sum(1 for _, folders, _ in os.walk(os.path.join(place, "du")) if folders)
        check(directories == expected["directories_with_root"], f"{name}: {directories} directories")
        tally("verify", store)
        scene.unmount(place)


PAGES = {"streams": {"log": {"fields": {"ip": "string", "path": "string", "place": "string", "bytes": "int"}}},
         "views": {"site": {"by": ["path(place, '/')"], "measures": {
             "rows": "count()", "ips": "uniq(ip)", "paths": "uniq(path)", "bytes": "sum(bytes)",
             "bytes_null": "count() where bytes is null"}}}}


def pages(scene):
    expected = expected_of("access-logs")["path_tree"]
    store = scene.store("pages", PAGES)
    place = scene.mount(store, "pages-mnt")
    with gzip.open(os.path.join(DATA, "access-logs", "apache_logs.ndjson.gz"), "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    for record in records:
        record["place"] = (record["path"] or "").split("?")[0]
    half = len(records) // 2
    for part in (records[half:], records[:half]):
        tally("ingest", store, scene.write("log.ndjson", "\n".join(map(json.dumps, part))))
    for path, figures in expected["depth_1_and_2"].items():
        found = json.loads(read(place, "site", *[escape(name) for name in path.split("/") if name], ".total.json"))["subtree"]
        found["bytes"] = found["bytes"] or 0  # a sum of no values is null, the reference has 0
        check(found == figures, f"{path}: {found}, not {figures}")
    check(len(os.listdir(os.path.join(place, "site/.node"))) == expected["nodes"] - 1, "nodes, with the root")
    tally("verify", store)
    scene.unmount(place)


def main():
    with Scene() as scene:
        for name, test in (("nezha-traces", traces), ("file-tree", files), ("access-logs", pages)):
            if os.path.isdir(os.path.join(DATA, name)):
                test(scene)
                print(name, "as expected")
            else:
                print(f"not tested: there is no {os.path.join(DATA, name)}")


main()
