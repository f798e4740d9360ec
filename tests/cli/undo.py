"""Batches taken back, batches with names that take each other's place, and what is told of both.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally, wait_until

FIELDS = {"id": "string", "n": "int"}
VIEWS = {"s": {"by": ["id"], "measures": {"n": "sum(n)"}}, "most": {"measures": {"n": "max(n)"}}}


def schema(rule="replace", views=VIEWS, **stream):
    declared = {"key": "id", "on_duplicate": rule, "fields": FIELDS, **stream}
    return {"streams": {"t": {name: value for name, value in declared.items() if value is not None}}, "views": views}


def csv(**events):
    return "id,n\n" + "".join(f"{name},{n}\n" for name, n in events.items())


def ingest(scene, store, *options, status=0, **events):
    return tally("ingest", store, *options, scene.write("f.csv", csv(**events)), status=status)


def rows(store):
    """A view without rows is not there."""
    shown = tally("cat", store, "s.csv", status=None if b"s.csv" not in tally("ls", store).stdout else 0).stdout.decode()
    return dict(line.split(",") for line in shown.splitlines()[1:] if line)


def document(store, number):
    return json.loads(tally("cat", store, f".tallyfs/batches/{number}.json").stdout)


def verifies(store):
    check(b" 0 differ" in tally("verify", store).stdout, "it verifies")


def a_batch_is_as_if_it_had_not_come(scene):
    store = scene.store("undo", schema())
    ingest(scene, store, a=1, b=1)
    ingest(scene, store, b=2, c=2)
    said = tally("undo", store, "2", "--dry-run").stdout.decode()
    check(said == "undo of batch 2: removed 1, restored 1, kept 0, nothing committed (dry run)\n", said)
    check(rows(store) == {"a": "1", "b": "2", "c": "2"}, "a dry run changes nothing")
    said = tally("undo", store, "2").stdout.decode()
    check(said == "undo of batch 2: removed 1, restored 1, kept 0, commit 4\n", said)
    check(rows(store) == {"a": "1", "b": "1"}, rows(store))
    check(document(store, 2)["undone_by"] == 3 and document(store, 3)["undoes"] == 2, "the ledger tells it")
    check((document(store, 3)["kind"], document(store, 3)["removed"], document(store, 3)["restored"]) == ("undo", 1, 1), document(store, 3))
    refused = tally("undo", store, "2", status=1).stderr
    check(b"batch 2 is undone already, by batch 3 (tally undo STORE 3 brings it back)" in refused, refused)
    tally("undo", store, "3")
    check(rows(store) == {"a": "1", "b": "2", "c": "2"} and "undone_by" not in document(store, 2), "an undo is undone")
    check(b"there is no batch '99' (see .tallyfs/batches/; the last one is 4)" in tally("undo", store, "99", status=1).stderr, "no such batch")
    verifies(store)


def what_later_batches_changed_stays(scene):
    store = scene.store("kept", schema())
    ingest(scene, store, a=1, b=1, c=1)
    ingest(scene, store, b=2)
    tally("delete", store, "--key", "c")
    said = tally("undo", store, "1", status=2).stdout.decode()
    check(said == 'kept as of batch 2: {"id":"b"}\nkept as of batch 3: {"id":"c"}\n'
                  "undo of batch 1: removed 1, restored 0, kept 2, commit 5\n", said)
    check(rows(store) == {"b": "2"}, rows(store))
    tally("undo", store, "2")
    check(rows(store) == {}, "b was of a batch that is undone: it does not come back")
    tally("undo", store, "3")
    check(rows(store) == {}, "nor does c")
    tally("undo", store, "4")
    check(rows(store) == {"a": "1", "b": "1", "c": "1"}, rows(store))
    verifies(store)


def deletes_are_undone(scene):
    store = scene.store("deleted", schema())
    ingest(scene, store, a=1, b=2, c=3)
    said = tally("delete", store, "--where", "n > 1", "--dry-run").stdout
    check(said == b"delete: deleted 2, duplicate 0, nothing committed (dry run)\n" and len(rows(store)) == 3, said)
    tally("delete", store, "--where", "n > 1")
    tally("undo", store, "2")
    check(rows(store) == {"a": "1", "b": "2", "c": "3"}, rows(store))
    ingest(scene, store, c=4, d=5)
    check(b"deleted 2" in tally("delete", store, "--batch", "4").stdout, "what came with a batch is deleted")
    check(rows(store) == {"a": "1", "b": "2"}, "and what it replaced is not back")
    check(b"deleted 1" in tally("delete", store, "--batch", "1", "--where", "n = 2").stdout, "both are asked for")
    verifies(store)


def streams_without_a_key(scene):
    store = scene.store("keyless", schema(None, key=None))
    ingest(scene, store, a=1)
    ingest(scene, store, a=10, b=1)
    tally("undo", store, "1")
    check(rows(store) == {"a": "10", "b": "1"}, rows(store))
    check(json.loads(tally("cat", store, "most.json").stdout) == {"n": 10}, "a view that knows its greatest alone is made anew")
    check(b"new 1" in ingest(scene, store, a=1).stdout, "what is undone is no repeat")
    check(b"already loaded" in ingest(scene, store, a=1).stdout, "then it is")
    verifies(store)


def a_name_is_an_identity(scene):
    store = scene.store("named", schema())
    ingest(scene, store, "--batch", "day 1", a=1, b=1)
    check(b"already loaded (batch 1, commit 2)\n" in ingest(scene, store, "--batch", "day 1", a=1, b=1).stdout, "a repeat")
    refused = ingest(scene, store, "--batch", "day 1", a=2, status=1).stderr
    check(b"'day 1' is batch 1 already, with other bytes" in refused and b"(give --replace" in refused, refused)
    ingest(scene, store, "--batch", "day 2", c=1)
    said = ingest(scene, store, "--batch", "day 1", "--replace", "--dry-run", a=1, d=1).stdout
    check(b"read 2, new 2, duplicate 0, rejected 0, in the place of batch 1, nothing committed" in said, said)
    check(rows(store) == {"a": "1", "b": "1", "c": "1"}, "a dry run changes nothing")
    said = ingest(scene, store, "--batch", "day 1", "--replace", a=1, d=1).stdout
    check(b"in the place of batch 1, commit 4" in said, said)
    check(rows(store) == {"a": "1", "c": "1", "d": "1"}, rows(store))
    check((document(store, 3)["name"], document(store, 3)["replaces"], document(store, 1)["undone_by"]) == ("day 1", 1, 3), "the ledger")
    ingest(scene, store, "--batch", "day 1", "--replace", a=1, b=1)
    check(rows(store) == {"a": "1", "b": "1", "c": "1"}, "an earlier content is back")
    check(b"already loaded" in ingest(scene, store, "--batch", "day 1", "--replace", a=1, b=1).stdout, "nothing has changed since")
    ingest(scene, store, a=7)
    ingest(scene, store, "--batch", "day 1", "--replace", a=1, b=1)
    check(rows(store)["a"] == "1", "the last to arrive stays")
    names = tally("events", store, "--batch", "day 1").stdout.decode()
    check([json.loads(line)["id"] for line in names.splitlines()] == ["a", "b"], names)
    tally("undo", store, "day 1")
    check(rows(store) == {"a": "7", "b": "1", "c": "1"}, "a name is as good as a number")
    check(b"in the place of batch 4" in ingest(scene, store, "--batch", "day 1", "--replace", e=1).stdout, "the one before has the name again")
    verifies(store)


def what_a_name_replaced_is_back(scene):
    """As it was before the name was first loaded, not as the name had it."""
    store = scene.store("chain", schema())
    ingest(scene, store, a=1)
    for n in (2, 3):
        ingest(scene, store, "--batch", "fix", "--replace", a=n, b=n)
    ingest(scene, store, "--batch", "fix", "--replace", b=4)
    check(rows(store) == {"a": "1", "b": "4"}, rows(store))
    tally("undo", store, "fix")
    check(rows(store) == {"a": "3", "b": "3"}, rows(store))
    refused = ingest(scene, store, "--replace", a=1, status=1).stderr
    check(b"--replace goes with --batch NAME" in refused, refused)
    verifies(store)


def rules_of_the_stream_do_not_matter(scene):
    for rule in ("ignore", {"newest": "n"}):
        store = scene.store(f"rule-{len(str(rule))}", schema(rule))
        ingest(scene, store, "--batch", "x", a=5, b=5)
        ingest(scene, store, "--batch", "x", "--replace", a=2)
        check(rows(store) == {"a": "2"}, f"{rule}: {rows(store)}")
        verifies(store)


def a_replacement_is_one_commit(scene):
    """Readers never see the one without the other, and a kill leaves one of them."""
    store = scene.store("whole", schema())
    scene.write("one.csv", csv(**{f"k{i}": 1 for i in range(20000)}))
    scene.write("two.csv", csv(**{f"k{i}": 2 for i in range(20000)}))
    tally("ingest", store, "--batch", "x", scene.path("one.csv"))
    mount = scene.mount(store)
    process = subprocess.Popen([TALLY, "ingest", store, "--batch", "x", "--replace", scene.path("two.csv")], stdout=subprocess.DEVNULL)
    seen = set()
    while process.poll() is None:
        seen.add(tuple(sorted({line.split(b",")[1] for line in read(mount, "s.csv").split(b"\n")[1:] if line})))
    check(process.returncode == 0 and seen <= {(b"1",), (b"2",)}, f"one of them: {seen}")
    for after in (0.01, 0.05, 0.1, 0.2):
        process = subprocess.Popen([TALLY, "ingest", store, "--batch", "x", "--replace", scene.path("one.csv")], stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        check(len(set(rows(store).values())) == 1 and len(rows(store)) == 20000, "whole after a kill")
    refused = tally("ingest", store, "--batch", "x", "--replace", "--memory", "16M", scene.write("large.csv", csv(**{f"k{i}": 3 for i in range(200000)})),
                    status=1).stderr
    check(b"is more than one commit can take with this --memory (give it more, as --memory 32M)" in refused, refused)
    verifies(store)


def the_log_is_forgotten(scene):
    """What "undo" says; the clock is moved by libfaketime."""
    store = scene.store("window", schema(undo="2 days"))
    ingest(scene, store, a=1)
    ingest(scene, store, a=2, b=2)
    ingest(scene, store, a=3)
    later = {**os.environ, "LD_PRELOAD": faketime(), "FAKETIME": "+3d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    subprocess.run([TALLY, "ingest", store, scene.write("g.csv", csv(c=1))], check=True, env=later, stdout=subprocess.DEVNULL)
    refused = tally("undo", store, "2", status=1).stderr
    check(b"what batch 2 replaced or deleted is not kept any longer" in refused and b'"undo" of a stream' in refused, refused)
    tally("undo", store, "4")
    check(rows(store) == {"a": "3", "b": "2"}, "a batch of new events alone needs no log")
    off = scene.store("off", schema(undo=0))
    ingest(scene, off, a=1)
    ingest(scene, off, a=2)
    check(b"not kept" in tally("undo", off, "2", status=1).stderr, "0 turns it off")
    tally("schema", off, "--apply", scene.write("next.json", json.dumps(schema(undo="1 week"))))
    ingest(scene, off, a=3)
    tally("undo", off, "3")
    check(rows(off) == {"a": "2"}, "from then on it is kept")
    wrong = tally("schema", off, "--apply", scene.write("next.json", json.dumps(schema(undo=7))), status=1).stderr
    check(b"a number without a unit is no duration" in wrong and b'"30 days", or 0 for none' in wrong, wrong)


def faketime():
    found = subprocess.run(["find", "/usr/lib", "-name", "libfaketime.so.1"], capture_output=True, check=True).stdout.decode().split()
    check(found, "libfaketime is installed")
    return found[0]


def a_followed_file_is_not(scene):
    store = scene.store("followed", schema())
    with open(scene.path("log"), "w", encoding="ascii") as log:
        log.write('{"id":"a","n":1}\n')
    follower = subprocess.Popen([TALLY, "follow", store, scene.path("log")], stdout=subprocess.DEVNULL)
    try:
        wait_until("the record is loaded", lambda: rows(store) == {"a": "1"})
    finally:
        follower.terminate()
        follower.wait()
    ingest(scene, store, a=2, b=2)
    with open(scene.path("log"), "a", encoding="ascii") as log:
        log.write('{"id":"a","n":3}\n')
    follower = subprocess.Popen([TALLY, "follow", store, scene.path("log")], stdout=subprocess.DEVNULL)
    try:
        wait_until("the next record is loaded", lambda: rows(store)["a"] == "3")
    finally:
        follower.terminate()
        follower.wait()
    said = tally("undo", store, "2", status=2).stdout.decode()
    check(said.startswith('kept as of batch 1: {"id":"a"}\n') and rows(store) == {"a": "3"}, f"what has come from it since stays: {said}")
    refused = tally("undo", store, "1", status=1).stderr
    check(b"batch 1 is of an input that grows (delete what has come so far: tally delete STORE --batch 1)" in refused, refused)


def main():
    with Scene() as scene:
        a_batch_is_as_if_it_had_not_come(scene)
        what_later_batches_changed_stays(scene)
        deletes_are_undone(scene)
        streams_without_a_key(scene)
        a_name_is_an_identity(scene)
        what_a_name_replaced_is_back(scene)
        rules_of_the_stream_do_not_matter(scene)
        a_replacement_is_one_commit(scene)
        the_log_is_forgotten(scene)
        a_followed_file_is_not(scene)


main()
