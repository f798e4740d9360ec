"""tally init: schemas with comments, and schemas proposed for data.

SPDX-License-Identifier: Apache-2.0
"""

import gzip
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally

ORDERS = """order_id,ordered_at,customer,country,quantity,price,status
1,2026-01-01 09:30:00,ann,Germany,2,19.99,sent
2,2026-01-01 12:00:00,bob,France,1,5.00,sent
3,2026-01-02 08:15:00,ann,Germany,1,19.99,returned
"""
# What somebody who knows the data would write.
EXPECTED = {
    "timezone": "UTC",
    "streams": {"orders": {
        "key": "order_id", "on_duplicate": "ignore", "time": "ordered_at",
        "fields": {"order_id": "int", "ordered_at": "time", "customer": "string", "country": "string", "quantity": "int",
                   "price": "decimal", "status": "string"}}},
}
SUMS = {"revenue": "sum(quantity * price)", "quantity": "sum(quantity)", "mean_price": "avg(price)"}


def without_comments(text):
    """No string of a proposal has two slashes here."""
    return json.loads(re.sub(r"//.*", "", text))


def proposed(*arguments, stdin=None):
    return tally("init", "--from", *arguments, stdin=stdin).stdout.decode()


def a_proposal_is_what_one_would_write(scene):
    path = scene.write("orders.csv", ORDERS)
    text = proposed(path)
    schema = without_comments(text)
    check({name: schema[name] for name in EXPECTED} == EXPECTED, schema)
    check(list(schema["views"]) == ["totals", "hourly", "by_country", "by_status"], list(schema["views"]))
    check(schema["views"]["totals"] == {"measures": {"count": "count()", "unique_customer": "uniq(customer)", **SUMS}}, "totals")
    check(schema["views"]["by_country"] == {"by": ["country", "hour(ordered_at)"], "measures": {"count": "count()", **SUMS}}, "by")
    for comment in ("all of its 3 records", "have no offset", "different in 3 records", "5 to 19.99", "Germany, France"):
        check(comment in text, f"no comment with '{comment}': {text}")
    store = scene.path("orders")
    done = tally("init", store, "--from", path)
    check(done.stdout.decode() == text, "another text with a store")
    check(done.stderr.decode() == f"tally: next: tally ingest {store} {path}\n", done.stderr)
    tally("ingest", store, path)
    check(tally("cat", store, "totals.json").stdout == b'{"count":3,"unique_customer":2,"revenue":64.97,"quantity":4,"mean_price":14.993333333333334}\n',
          tally("cat", store, "totals.json").stdout)


def an_input_comes_in_any_form(scene):
    records = [dict(zip(ORDERS.splitlines()[0].split(","), line.split(","))) for line in ORDERS.splitlines()[1:]]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    body = without_comments(proposed(scene.write("orders.csv", ORDERS)))
    for name, content in (("orders.tsv", ORDERS.replace(",", "\t")), ("orders.ndjson", lines), ("orders.json", json.dumps(records)),
                          ("orders.csv.gz", gzip.compress(ORDERS.encode())), ("orders.bom.csv", "\ufeff" + ORDERS)):
        check(without_comments(proposed(scene.write(name, content))) == body, name)
    text = proposed("-", stdin=lines.encode())
    check("from standard input" in text and list(without_comments(text)["streams"]) == ["events"], text)


def only_the_beginning_is_looked_at(scene):
    lines = b"".join(b'{"id":%d,"t":"2026-01-%02dT00:00:00Z","x":"%d"}\n' % (i, i // 1000 % 28 + 1, i) for i in range(10000))
    text = proposed(scene.write("big.ndjson", lines + b"garbage\n" * 10000))
    check("its first 10,000 records" in text and "refused" not in text, text)
    producer = subprocess.Popen(["cat", "-", "/dev/zero"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # it never ends
    asking = subprocess.Popen([TALLY, "init", "--from", "-"], stdin=producer.stdout, stdout=subprocess.PIPE)
    producer.stdout.close()
    producer.stdin.write(lines)
    producer.stdin.close()
    text = asking.communicate()[0].decode()
    producer.wait()
    check(asking.returncode == 0 and "its first 10,000 records" in text, text)


def a_few_large_records_are_enough(scene):
    line = json.dumps({"id": 1, "x": "x" * (3 << 20)}) + "\n"
    text = proposed(scene.write("large.ndjson", line * 8))
    check("its first 6 records" in text, text[:500])


def products_that_could_be_too_long_are_not_proposed(scene):
    lines = "".join(f'{{"quantity":{10**18 + i},"price":"{i}.{"1" * 24}"}}\n' for i in range(5))
    path = scene.write("long.ndjson", lines)
    check("revenue" not in proposed(path), "a product")
    tally("init", scene.path("long"), "--from", path)
    tally("ingest", scene.path("long"), path)


def nested_records_are_reached_by_pointers(scene):
    line = b'{"id":"e%d","a":{"b":{"c":1.5,"id":2},"x/y":"p"},"tags":[1],"a~":true,"/s":1,"d":{"d":{"d":{"d":{"d":{"d":1}}}}}}\n'
    text = proposed(scene.write("nested.ndjson", b"".join(line % i for i in range(3))))
    (stream,) = without_comments(text)["streams"].values()
    check(stream["fields"] == {"id": "string", "c": {"type": "decimal", "column": "/a/b/c"},
                               "a_b_id": {"type": "int", "column": "/a/b/id"}, "x_1y": {"type": "string", "column": "/a/x~1y"},
                               "a": {"type": "bool", "column": "a~"}, "_1s": {"type": "int", "column": "/~1s"}}, stream["fields"])
    check("left out: tags has lists" in text and "left out: /d/d/d/d/d is nested too deeply" in text, text)


def changes_of_a_table_are_seen(scene):
    lines = "".join(json.dumps({"op": op, "seq": seq, "id": key, "name": f"n{seq}"}) + "\n"
                    for seq, (op, key) in enumerate([("insert", 1), ("insert", 2), ("update", 1), ("delete", 2)]))
    path = scene.write("changes.ndjson", lines)
    (stream,) = without_comments(proposed(path))["streams"].values()
    check((stream["key"], stream["on_duplicate"], stream["delete_when"]) == ("id", {"newest": "seq"}, "op = 'delete'"), stream)
    tally("init", scene.path("changes"), "--from", path)
    tally("ingest", scene.path("changes"), path)
    check(json.loads(tally("cat", scene.path("changes"), "totals.json").stdout)["count"] == 1, "one is left")


def what_cannot_be_looked_at_is_told(scene):
    nested = '{"features":[\n{"a":1},\n{"a":2}]}\n'
    for content, *words in (
        (None, "cannot open", "No such file"),
        (b"", "has no record", "give a file with some records"),
        (b"[]", "has no record"),
        (b"{}\n{}\n", "has no value that a field could read"),
        (b"a,a\n1,2\n", "has no value that a field could read"),
        (b"\x7fELF\0\0\0", "is binary, not text", "NDJSON"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text", "iconv"),
        (gzip.compress(b"PK\3\4\0\0"), "is binary"),
        (b"a;b\n1;2\n", "has ';', but neither commas nor tabs"),
        (nested.encode(), ":1: 3 of 3 records cannot be read", "jq -c"),
        (b"a,b\n1\n2\n", "2 of 2 records cannot be read", "names the columns"),
        (gzip.compress(b"a\n" * 100000)[:60], "ends"),
    ):
        path = scene.path("missing") if content is None else scene.write("bad", content)
        for store in ((), (scene.path("never"),)):
            done = tally("init", *store, "--from", path, status=1)
            said = done.stderr.decode()
            check(said.startswith(f"tally: {path}:") and all(word in said for word in words), f"{content}: {said}")
            check(done.stdout == b"", "printed all the same")
    check(not os.path.exists(scene.path("never")), "a store was made")
    check("is a directory" in tally("init", "--from", scene.path(), status=1).stderr.decode(), "a directory")


def options_that_do_not_go_together_are_told(scene):
    schema = scene.write("s.json", json.dumps({"streams": {"s": {"fields": {"a": "int"}}}, "views": {}}))
    for arguments, words in (((scene.path("x"), "--schema", schema, "--from", schema), "--schema and --from do not go together"),
                             ((scene.path("x"),), "--schema FILE is missing, or --from FILE"),
                             (("--schema", schema), "STORE is missing"), ((), "--schema FILE is missing")):
        said = tally("init", *arguments, status=1).stderr.decode()
        check(words in said, f"{arguments}: {said}")
    tally("init", scene.path("taken"), "--schema", schema)
    done = tally("init", scene.path("taken"), "--from", scene.write("orders.csv", ORDERS), status=1)
    check("there is a store already" in done.stderr.decode() and not done.stdout, done.stderr)
    lines = tally("init", "--help").stdout.decode().splitlines()
    check(len(lines) <= 24 and max(map(len, lines)) <= 80, "the help does not fit a terminal")


def comments_stay_in_the_store(scene):
    text = '// mine\n{"streams": {"s": {"fields": {"a": "int"}}}, /* none */\n "views": {"n": {"measures": {"n": "count()"}}}}\n'
    store = scene.path("commented")
    tally("init", store, "--schema", scene.write("commented.json", text))
    check(tally("schema", store).stdout.decode() == text, "not as it was written")
    tally("ingest", store, "-", stdin=b'{"a":1}\n')
    place = scene.mount(store)
    before = os.stat(os.path.join(place, "n.json")).st_mtime_ns
    check(json.loads(read(place, ".tallyfs/schema.json"))["views"]["n"], "the mount shows JSON")
    changed = text.replace("mine", "yours").replace("/* none */", "")
    said = tally("schema", store, "--apply", scene.write("next.json", changed)).stdout
    check(b"0 changed, 0 dropped, 1 unchanged" in said, said)
    check(tally("schema", store).stdout.decode() == changed, "the comment is not the new one")
    check(os.stat(os.path.join(place, "n.json")).st_mtime_ns == before, "a comment made a view anew")
    scene.unmount(place)
    bad = tally("init", scene.path("open"), "--schema", scene.write("open.json", '{\n  /* "streams": {}\n}'), status=1)
    check("open.json: a comment without an end at line 2, column 3 (end it with */)" in bad.stderr.decode(), bad.stderr)


def main():
    with Scene() as scene:
        for test in (a_proposal_is_what_one_would_write, an_input_comes_in_any_form, only_the_beginning_is_looked_at,
                     a_few_large_records_are_enough, products_that_could_be_too_long_are_not_proposed,
                     nested_records_are_reached_by_pointers, changes_of_a_table_are_seen, what_cannot_be_looked_at_is_told,
                     options_that_do_not_go_together_are_told, comments_stay_in_the_store):
            test(scene)
            print(test.__name__)


main()
