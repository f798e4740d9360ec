"""What `tally events` prints is what was ingested: in a new store it gives the same tree, and each event knows its batch.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import io
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, tally

EXAMPLES = os.path.join(os.path.dirname(__file__), "../../examples")
VIEW = {"all": {"measures": {"n": "count()"}}}


def events(store, *options):
    return tally("events", store, *options).stdout


def records(store, *options):
    return [json.loads(line) for line in events(store, *options).decode().split("\n")[:-1]]


def ingest(store, content, *options, status=0):
    return tally("ingest", store, *options, "-", stdin=content if isinstance(content, bytes) else content.encode(), status=status)


def lines(*made):
    return "".join(json.dumps(record) + "\n" for record in made)


def rows_of(store):
    """The files of the root: every row of every view."""
    names = [name for name in tally("ls", store).stdout.decode().split("\n") if name and not name.endswith("/")]
    return {name: tally("cat", store, name).stdout for name in names}


def each_event_knows_its_batch(scene):
    schema = {"streams": {"s": {"key": "id", "on_duplicate": "replace", "fields": {"id": "int", "x": "string"}},
                          "t": {"fields": {"x": "string"}}}, "views": {"s": {"from": "s", **VIEW["all"]}, "t": {"from": "t", **VIEW["all"]}}}
    store = scene.store("batches", schema)
    ingest(store, lines(*({"id": i, "x": "a"} for i in range(6))), "--stream", "s")
    ingest(store, lines({"id": 1, "x": "b"}, {"id": 2, "x": "a"}, {"id": 9, "x": "b"}), "--stream", "s")
    tally("delete", store, "--stream", "s", "--key", "0")
    ingest(store, lines({"x": "p"}, {"x": "q"}), "--stream", "t")
    check([record["id"] for record in records(store, "--batch", "1")] == [2, 3, 4, 5], "what was replaced is not of batch 1")
    check(records(store, "--batch", "2") == [{"id": 1, "x": "b"}, {"id": 9, "x": "b"}], "what came as it was stays of batch 1")
    check(records(store, "--batch", "3") == [], "a delete brings nothing")
    check(records(store, "--batch", "4") == [{"x": "p"}, {"x": "q"}], "the stream is the batch's")
    check(b"there is no batch '5' (see .tallyfs/batches/; the last one is 4)" in tally("events", store, "--batch", "5", status=1).stderr, "no such batch")
    for wrong in ("0", "x", "-1", "1x", ""):
        check(b"there is no batch '" in tally("events", store, "--batch", wrong, status=1).stderr, wrong)
    files = [scene.write(f"{number}.ndjson", lines({"id": 100 + number, "x": "c"})) for number in range(5, 37)]
    tally("ingest", store, "--stream", "s", *files)  # heads of one byte and of two
    check(records(store, "--batch", "33") == [{"id": 133, "x": "c"}], "a batch beyond one byte")
    check(records(store, "--batch", "36") == [{"id": 136, "x": "c"}], "the last batch")
    check(b" 0 differ" in tally("verify", store).stdout, "verify")


def chosen_by_key_and_condition(scene):
    schema = {"streams": {"s": {"key": ["a", "b"], "fields": {"a": "string", "b": "int", "x": "decimal"}}}, "views": VIEW}
    store = scene.store("chosen", schema)
    ingest(store, lines(*({"a": a, "b": b, "x": b * 1.5} for a in "pq" for b in range(4))))
    check(records(store, "--key", '["q", 2]', "--key", '["p", 1]', "--key", '["z", 1]') ==
          [{"a": "q", "b": 2, "x": 3}, {"a": "p", "b": 1, "x": 1.5}], "by key")
    check(records(store, "--where", "a = 'q' and x > 1.5") == [{"a": "q", "b": 2, "x": 3}, {"a": "q", "b": 3, "x": 4.5}], "where")
    check(b"--where: " in tally("events", store, "--where", "y > 1", status=1).stderr, "no such field")
    check(b"true or false" in tally("events", store, "--where", "b + 1", status=1).stderr, "no condition")
    check(b"--key: " in tally("events", store, "--key", '["p"]', status=1).stderr, "half a key")
    check(b"ndjson or csv" in tally("events", store, "--format", "xml", status=1).stderr, "no such format")
    check(b"no stream" in tally("events", store, "--stream", "u", status=1).stderr, "no such stream")


def everything_comes_back(scene):
    """All types, at their ends; names that are pointers; bytes that are no text; a second dump is the first."""
    fields = {"id": "int", "s": {"type": "string", "column": "/o/p~1q/s"}, "t": "time", "b": {"type": "bool", "column": "/o/b"},
              "d": {"type": "decimal", "column": "/o/p~1q/d"}, "f": "float", "same": {"type": "string", "column": "d2"},
              "number": {"type": "decimal", "column": "d2"},
              "day": {"type": "time", "format": "%A, %e. %B %Y %I:%M:%S.%f %p %z"}, "epoch": {"type": "time", "column": "e"},
              "whole": {"type": "int", "column": "e"}}
    schema = {"timezone": "Europe/Berlin", "streams": {"s": {"key": "id", "fields": fields}},
              "views": {"all": {"by": ["s", "t", "b", "d", "f", "same", "number", "day", "epoch", "whole"],
                                "measures": {"n": "count()", "m": "max(id)"}}}}
    strings = ["", "a", "ü😀", "\0", "a\0b", "\x7f\x80", '"\\', "line\nbreak\r", " a ", "%null", "x" * 5000, "\u2028"]
    times = ["0001-01-01T00:00:00Z", "9999-12-31T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-29T01:00:00.000000001Z",
             "1969-12-31T23:59:59.9Z"]
    rng, made = random.Random(5), []
    for number in range(300):
        record = {"id": rng.choice([number, -number, 2**63 - 1 - number]), "t": rng.choice(times), "d2": f"{rng.randrange(10**9)}.{rng.randrange(100):02d}",
                  "f": rng.choice([0.1, 5e-324, 1.7976931348623157e308, -3, None]), "e": rng.choice([1700000000, -1, None]),
                  "day": rng.choice(["Thursday, 1. January 1970 12:00:00.0 AM +0100", "Sun, 25. oct 2026 02:30:00.123456789 am +0100", None]),
                  "o": {"p/q": {"s": rng.choice(strings), "d": rng.choice(["1e-30", "-99999999999999999999999999999999999999", None])},
                        "b": rng.choice([True, False, None])}}
        made.append(json.dumps(record))
    made.append('{"id": 1000001, "o": {"p/q": {"s": "\\udcff\\udc80"}}}')
    made.append('{"id": 1000002, "o": {}}')
    store, again = scene.store("types", schema), scene.store("types-again", schema)
    ingest(store, "\n".join(made) + "\n", "--strict")
    dump = events(store)
    check(b'"o":{}' not in dump and b"null" not in dump.replace(b"%null", b""), "what is null is left out")
    ingest(again, dump, "--strict")
    check(events(again) == dump, "another dump is the same")
    check(rows_of(again) == rows_of(store), "the tree is the same")
    flat = json.loads(json.dumps(schema).replace("/o/p~1q/", "").replace("/o/", ""))
    comma = scene.store("types-csv", flat)
    table = events(store, "--format", "csv")
    names = next(csv.reader(io.StringIO(table.decode(errors="surrogateescape"), newline="")))
    check(names == ["id", "/o/p~1q/s", "t", "/o/b", "/o/p~1q/d", "f", "d2", "day", "e"], names)
    ingest(comma, table.replace(b"/o/p~1q/", b"", 2).replace(b"/o/", b"", 1), "--strict")
    check(rows_of(comma) == rows_of(store), "the tree is the same by way of CSV")


def what_a_format_cannot_say(scene):
    fields = {"id": "int", "t": {"type": "time", "format": "%Y-%m-%d %H:%M"}}
    schema = {"streams": {"s": {"key": "id", "fields": fields}}, "views": VIEW}
    store = scene.store("formats", schema)
    ingest(store, lines({"id": 1, "t": "2026-01-01 13:30"}, {"id": 2, "t": "2026-01-01 13:31"}))
    check(records(store)[1] == {"id": 2, "t": "2026-01-01 13:31"}, "the declared format")
    fields["t"]["format"] = "%Y-%m-%d %H"
    tally("schema", store, "--apply", scene.write("next.json", json.dumps(schema)))
    failed = tally("events", store, status=1)
    check(b"t: the format '%Y-%m-%d %H' cannot say the stored time 2026-01-01T13:30:00Z" in failed.stderr, failed.stderr)


def comes_back(scene, name, schema, loads):
    """Every stream of a store in another one."""
    store, again = scene.path(name), scene.path(name + "-again")
    tally("init", store, "--schema", schema)
    tally("init", again, "--schema", schema)
    for load in loads:
        tally(load[0], store, *load[1:], status=None)  # some have records to refuse
    for stream in json.loads(tally("cat", store, ".tallyfs/schema.json").stdout)["streams"]:
        ingest(again, events(store, "--stream", stream), "--stream", stream, "--strict")
    rows = rows_of(store)
    check(len(rows) > 1 and rows_of(again) == rows, f"{name} comes back")
    check(b" 0 differ" in tally("verify", again).stdout, f"verify {name}")


def examples_come_back(scene):
    folder = os.path.join(EXAMPLES, "catalogue")
    comes_back(scene, "catalogue", os.path.join(folder, "schema.json"),
               [("ingest", os.path.join(folder, file)) for file in ("claims.ndjson", "changes.ndjson")])
    folder, batches = os.path.join(EXAMPLES, "traces"), scene.path("generated")
    os.mkdir(batches)
    subprocess.run([os.path.join(folder, "generate.py"), batches], check=True, stdout=subprocess.DEVNULL)
    loads = []
    for file in sorted(os.listdir(batches)):
        stream = file.split("-", 1)[1].split(".")[0]
        loads.append(("delete" if file.endswith(".delete") else "ingest", "--stream", stream, os.path.join(batches, file)))
    check(len(loads) > 5, loads)
    comes_back(scene, "traces", os.path.join(folder, "schema.json"), loads)


def a_reader_that_goes(scene):
    """What is not read to the end is not written to the end."""
    store = scene.store("pipe", {"streams": {"s": {"fields": {"x": "string"}}}, "views": VIEW})
    ingest(store, lines(*({"x": "y" * 1000} for _ in range(3000))))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TALLY, "events", store], stdout=full, stderr=subprocess.PIPE, check=False)
    check(done.returncode == 1 and b"standard output" in done.stderr, done)


def main():
    with Scene() as scene:
        each_event_knows_its_batch(scene)
        chosen_by_key_and_condition(scene)
        everything_comes_back(scene)
        what_a_format_cannot_say(scene)
        examples_come_back(scene)
        a_reader_that_goes(scene)


main()
