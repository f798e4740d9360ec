"""`tally delete` by key, by condition and by file, with single and composite keys; and what it refuses.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally

FIELDS = {"a": "string", "b": "int", "n": "int"}
VIEWS = {"v": {"from": "s", "measures": {"c": "count()", "m": "max(n)", "sum": "sum(n)"}}}
EVENTS = "".join(f'{{"a":"{a}","b":{b},"n":{n}}}\n' for n, (a, b) in enumerate(
    [("x", 1), ("x", 2), ("y", "null"), ("z", 4), ("b,c", 5), ("ü", 6), ("id", 7), ("a", 8)]))


def store_of(scene, name, **stream):
    store = scene.store(name, {"streams": {"s": {"fields": FIELDS, **stream}, "t": {"fields": {"k": "string"}}}, "views": VIEWS})
    tally("ingest", store, "--stream", "s", "-", stdin=EVENTS.encode())
    return store


def left(store):
    done = tally("cat", store, "v.json", status=None)
    return json.loads(done.stdout)["sum"] if done.returncode == 0 else None


def delete(store, *arguments, stdin=None, deleted, duplicate=0):
    said = tally("delete", store, "--stream", "s", *arguments, stdin=stdin).stdout.decode()
    check(said.startswith(f"delete: deleted {deleted}, duplicate {duplicate}, commit "), said)
    tally("verify", store)


def single(scene):
    store = store_of(scene, "single", key="n")
    check(left(store) == 28, left(store))
    delete(store, "--key", "7", "--key", "6", "--key", "6", deleted=2, duplicate=1)
    check(left(store) == 15, left(store))
    delete(store, "-", stdin=b"5\r\n\n4", deleted=2)
    delete(store, "-", stdin=b"b,n\n9,3\n", deleted=1)
    delete(store, "-", stdin=b'{"n":2}\n{"n":99}\n', deleted=1, duplicate=1)
    check(left(store) == 1, left(store))
    delete(store, "--where", "a like 'x%'", deleted=2)
    check(left(store) is None, "a view without events is there")
    batch = json.loads(tally("cat", store, ".tallyfs/batches/2.json").stdout)
    check((batch["kind"], batch["deleted"], batch["duplicate"]) == ("delete", 2, 1), batch)


def composite(scene):
    store = store_of(scene, "composite", key=["a", "b"])
    delete(store, "--key", '["x",2]', "--key", '[ "y" , null ]', deleted=2)
    delete(store, "-", stdin='["b,c", 5]\n["\\u00fc",6]\n["x",2]\n'.encode(), deleted=2, duplicate=1)
    delete(store, "-", stdin=b"b\ta\n4\tz\n", deleted=1)
    check(left(store) == 0 + 6 + 7, left(store))


def names_of_columns_in_keys(scene):
    """A file of keys is no CSV because its first key contains the name of the column."""
    store = store_of(scene, "names", key="a")
    delete(store, "-", stdin=b"ab\nid\n", deleted=1, duplicate=1)
    delete(store, "-", stdin=b"x\na\n", deleted=2)


def comes_again(scene):
    """What is deleted may come again, but with versions only a newer one."""
    store = store_of(scene, "again", key="a", on_duplicate={"newest": "n"})
    delete(store, "--key", "z", deleted=1)
    for number, words in ((2, "stale 1"), (3, "duplicate 1"), (4, "new 1")):
        said = tally("ingest", store, "--stream", "s", "-", stdin=b'{"a":"z","n":%d}\n' % number).stdout.decode()
        check(words in said, said)
    tally("verify", store)


def refused(scene):
    store, keyless = store_of(scene, "refused", key=["a", "b"]), store_of(scene, "keyless")
    before = left(store)
    for place, arguments, words in (
        (store, ["--stream", "s"], "which events?"),
        (store, ["--stream", "s", "--key", "1", "--where", "true"], "exclude each other"),
        (store, ["--key", "1"], "several streams"),
        (store, ["--stream", "q", "--key", "1"], "no stream 'q'"),
        (store, ["--stream", "s", "--key", "x"], "no key of 2 fields"),
        (store, ["--stream", "s", "--key", '["x",1,2]'], "no key of 2 fields"),
        (store, ["--stream", "s", "--key", '["x","1o"]'], "'1o' is not"),
        (store, ["--stream", "s", "--key", "[null,null]"], "key is missing"),
        (store, ["--stream", "s", "--where", "c = 1"], "no field 'c'"),
        (store, ["--stream", "s", "--where", "n + 1"], "true or false"),
        (store, ["--stream", "s", "/nowhere"], "/nowhere"),
        (keyless, ["--stream", "s", "--key", "1"], "have no key"),
    ):
        done = tally("delete", place, *arguments, status=1)
        check(words in done.stderr.decode(), f"{arguments}: {done.stderr.decode()}")
    done = tally("delete", store, "--stream", "s", "-", stdin=b'["x",1]\n["z"]\n', status=1)
    check("2: '[\"z\"]' is no key" in done.stderr.decode(), done.stderr.decode())
    check(left(store) == before, "a refused delete did something")
    delete(keyless, "--where", "n >= 6", deleted=2)


with Scene() as scene:
    single(scene)
    composite(scene)
    names_of_columns_in_keys(scene)
    comes_again(scene)
    refused(scene)
