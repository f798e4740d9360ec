"""A schema that ages: other names, wider types, what would be lost, and the schemas before.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally

SALES = {"key": "id", "on_duplicate": "replace", "time": "at",
         "fields": {"id": "string", "at": "time", "price": "int", "ok": "bool", "land": "string"}}
MEASURES = {"n": "count()", "sum": "sum(price)", "most": "max(price)", "middle": "median(price)"}
FIRST = {"streams": {"sales": SALES}, "views": {"lands": {"by": ["land"], "measures": MEASURES}, "all": {"measures": {"n": "count()"}}}}
FIELDS = {"id": "string", "at": "time", "price": "decimal", "ok": "string", "country": {"type": "string", "was": "land", "column": "land"}}
SECOND = {"streams": {"orders": {**SALES, "was": "sales", "fields": FIELDS}},
          "views": {"countries": {"by": ["country"], "measures": {**MEASURES, "ok": "min(ok)"}}, "totals": {"was": "all", "measures": {"n": "count()"}}}}
ROWS = "id,at,price,ok,land\na,2026-01-01,5,true,de\nb,2026-01-02T03:04:05.5Z,7,false,fr\n"


def schema(scene, store, content, *options, status=0):
    done = tally("schema", store, *options, "--apply", scene.write("next.json", json.dumps(content)), status=status)
    return done.stdout.decode() + done.stderr.decode()


def changed(content, *path, to):
    copy = json.loads(json.dumps(content))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return copy


def names_and_types_change(scene):
    store = scene.store("ages", FIRST)
    tally("ingest", store, scene.write("a.csv", ROWS))
    said = schema(scene, store, SECOND)
    check("view countries: added\nview totals: changed\nview lands: dropped\n" in said, said)
    check(tally("cat", store, "countries.csv", "totals.json").stdout ==
          b"country,n,sum,most,middle,ok\nde,1,5,5,5,true\nfr,1,7,7,7,false\n" b'{"n":2}\n', "what was there is what it is called now")
    said = tally("ingest", store, "-", stdin=b"id,at,price,ok,land\na,2026-01-01,5,true,de\nc,2026-01-02,19.99,,de\n").stdout
    check(b"new 1, duplicate 1" in said, "a record of before is a repeat")
    check(b"de,2,24.99,19.99,12.495,true" in tally("cat", store, "countries.csv").stdout, "both types are one")
    check("2 unchanged" in schema(scene, store, SECOND), "the same file may come again")
    texts = changed(SECOND, "streams", "orders", "fields", to={**FIELDS, "at": "string", "price": "float"})
    del texts["streams"]["orders"]["time"]
    schema(scene, store, texts)
    check([json.loads(line) for line in tally("events", store).stdout.splitlines()][0] ==
          {"id": "a", "at": "2026-01-01T00:00:00Z", "price": 5, "ok": "true", "land": "de"}, "a time is text as it is written, and a column has its own name")
    check(b" 0 differ" in tally("verify", store).stdout, "it verifies")
    tally("undo", store, "2")
    check(len(tally("events", store).stdout.splitlines()) == 2 and b" 0 differ" in tally("verify", store).stdout, "a batch of before is undone")
    narrow = changed(texts, "streams", "orders", "fields", "price", to="int")
    check("can only become a wider one (int may become decimal" in schema(scene, store, narrow, status=1), "no narrower type")
    key = changed(texts, "streams", "orders", "fields", "id", to="int")
    check("the type of a field of the key cannot change" in schema(scene, store, key, status=1), "no other key")
    wrong = changed(SECOND, "streams", "orders", "fields", "land2", to={"type": "string", "was": "countr"})
    check("has no field 'countr' (did you mean 'country'?)" in schema(scene, store, wrong, status=1), "a name that never was")


def what_is_lost_is_said(scene):
    store = scene.store("loses", FIRST)
    tally("ingest", store, scene.write("a.csv", "id,at,price\na,2026-01-01,1\nb,2026-01-09,2\n"))
    keeps = changed(FIRST, "streams", "sales", "keep", to="1 day")
    refused = schema(scene, store, keeps, status=1)
    check("streams.sales.keep: 1 events are older: they would go at once (if they shall, say so with --allow-loss)" in refused, refused)
    days = changed(FIRST, "views", "days", to={"by": ["day(at)"], "measures": {"n": "count()"}})
    schema(scene, store, days)
    retains = changed(days, "views", "days", "retain", to="1 day")
    refused = schema(scene, store, retains, status=1)
    check("views.days.retain: 1 rows are older" in refused, refused)
    check(len(tally("events", store).stdout.splitlines()) == 2, "nothing went")
    said = schema(scene, store, retains, "--allow-loss")
    check("view days: 1 rows dropped" in said, said)
    said = schema(scene, store, changed(retains, "streams", "sales", "keep", to="1 day"), "--allow-loss")
    check("stream sales: 1 events dropped" in said, said)
    gone = changed(FIRST, "streams", to={"other": SALES})
    check("if it has another name, say so with" in schema(scene, store, gone, status=1), "a stream that is gone")


def it_is_checked_and_remembered(scene):
    store = scene.store("checked", FIRST)
    tally("ingest", store, scene.write("a.csv", ROWS))
    path = scene.write("second.json", json.dumps(SECOND))
    check(tally("schema", "--check", path).stdout == b"checked: 1 streams, 2 views\n", "without a store")
    check(b"checked: 1 added, 1 changed, 1 dropped, 0 unchanged" in tally("schema", store, "--check", path).stdout, "with one")
    check(b"lands" in tally("ls", store).stdout, "nothing is done")
    tally("schema", store, "--apply", path)
    lines = tally("schema", store, "--history").stdout.decode().splitlines()
    check([line.split(",")[0] for line in lines] == ["commit 1", "commit 3"], lines)
    check(json.loads(tally("schema", store, "--at", "2").stdout) == FIRST and json.loads(tally("schema", store, "--at", "3").stdout) == SECOND,
          "each can be printed again")
    check(b"there is no commit 9 (the newest one is 3)" in tally("schema", store, "--at", "9", status=1).stderr, "but none that is to come")
    check(b"is not the number of a commit" in tally("schema", store, "--at", "x", status=1).stderr, "nor one that is none")
    check(b"STORE is missing" in tally("schema", status=1).stderr, "a store is named")


def main():
    with Scene() as scene:
        names_and_types_change(scene)
        what_is_lost_is_said(scene)
        it_is_checked_and_remembered(scene)


main()
