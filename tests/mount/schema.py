"""Another schema under a live mount: the old tree until the new one is there, also when apply or delete is killed.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally

STREAM = {"key": "id", "time": "t", "fields": {"id": "int", "t": "time", "g": "string", "n": "int"}}
OLD = {"streams": {"s": STREAM}, "views": {
    "kept": {"by": ["g"], "measures": {"c": "count()"}},
    "changed": {"by": ["g"], "measures": {"c": "count()", "n": "sum(n)"}},
    "dropped": {"measures": {"c": "count()"}}}}
NEW = {"streams": {"s": {**STREAM, "fields": {"extra": "string", **STREAM["fields"]}}}, "views": {
    "added": {"from": "s", "by": [{"day": "day(t)"}, "extra"], "measures": {"c": "count()", "m": "median(n)"}},
    "over": {"from": "changed", "measures": {"groups": "count()", "n": "sum(n)"}},
    "changed": {"by": ["g", {"month": "month(t)"}], "measures": {"n": "sum(n)"}},
    "kept": OLD["views"]["kept"]}}
EVENTS = 20000


def events(first, count, extra=""):
    return "".join(f'{{"id":{i},"t":"2026-0{i % 3 + 1}-{i % 28 + 1:02d}T00:00:00Z","g":"g{i % 9}","n":{i % 101}{extra}}}\n'
                   for i in range(first, first + count)).encode()


def shown(place):
    return sorted(name for name in os.listdir(place) if name != ".tallyfs")


OLD_NAMES = sorted(["kept", "kept.json", "changed", "changed.json", "dropped.json"])
NEW_NAMES = sorted(["added", "added.json", "over.json", "changed", "changed.json", "kept", "kept.json"])


def apply_under_a_mount(scene):
    store = scene.store("applied", OLD)
    tally("ingest", store, "-", stdin=events(0, EVENTS))
    place = scene.mount(store, "mnt-applied")
    check(shown(place) == OLD_NAMES, shown(place))
    check(not os.path.exists(os.path.join(place, "added.json")), "a view of the future")  # the kernel may remember that
    held, kept = open(os.path.join(place, "dropped.json"), "rb"), os.stat(os.path.join(place, "kept.json"))
    seen, stop = set(), threading.Event()

    def look():
        while not stop.is_set():
            seen.add(tuple(shown(place)))

    reader = threading.Thread(target=look)
    reader.start()
    said = tally("schema", store, "--apply", scene.write("new.json", json.dumps(NEW))).stdout.decode()
    check(shown(place) == NEW_NAMES, shown(place))
    stop.set()
    reader.join()
    check(seen <= {tuple(OLD_NAMES), tuple(NEW_NAMES)}, f"a tree between the two: {seen}")
    check("2 added, 1 changed, 1 dropped, 1 unchanged" in said, said)
    check(held.read() == b'{"c":%d}\n' % EVENTS, "an open file changed")
    held.close()
    after = os.stat(os.path.join(place, "kept.json"))
    check((after.st_ino, after.st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns), "a view that stays has moved")
    check(json.loads(read(place, "added/2026-01-01/%null.json"))["c"] > 0, "a field is not null in older events")
    check(read(place, "over.json") == b'{"groups":9,"n":%d}\n' % sum(i % 101 for i in range(EVENTS)), read(place, "over.json"))
    tally("ingest", store, "-", stdin=events(EVENTS, 10, ',"extra":"x"'))
    check(sum(row["c"] for row in json.loads(read(place, "added.json")) if row["extra"] == "x") == 10, "the new field")
    tally("verify", store)


def losses_need_leave(scene):
    store = scene.store("losses", OLD)
    tally("ingest", store, "-", stdin=events(0, 10))
    without_field = json.loads(json.dumps(OLD))
    del without_field["streams"]["s"]["fields"]["n"], without_field["views"]["changed"]["measures"]["n"]
    other_key = {**OLD, "streams": {"s": {**STREAM, "key": ["id", "g"]}}}
    other_type = {**OLD, "streams": {"s": {**STREAM, "fields": {**STREAM["fields"], "g": "int"}}}}
    other_stream = {"streams": {"r": STREAM}, "views": {"v": {"measures": {"c": "count()"}}}}
    for schema, words in ((without_field, "streams.s.fields.n: the field is gone"), (other_key, "streams.s.key: the key"),
                          (other_type, "streams.s.fields.g: the type"), (other_stream, "streams.s: the stream is gone")):
        done = tally("schema", store, "--apply", scene.write("loss.json", json.dumps(schema)), status=1)
        check(words in done.stderr.decode(), done.stderr.decode())
        check(tally("cat", store, "dropped.json").stdout == b'{"c":10}\n', "something was lost")
    for schema in (without_field, other_stream):
        tally("schema", store, "--apply", scene.write("loss.json", json.dumps(schema)), "--allow-loss")
        tally("verify", store)
    check(json.loads(tally("status", store, "--json").stdout)["events"] == 0, "events of a dropped stream are there")
    tally("ingest", store, "-", stdin=events(0, 10))
    check(tally("cat", store, "v.json").stdout == b'{"c":10}\n', "the same batch in another stream")


def killed(scene):
    """At any instant: the store is as before or as after."""
    store = scene.store("killed", OLD)
    tally("ingest", store, "-", stdin=events(0, EVENTS))
    rng, tries = random.Random(2), 200 if os.environ.get("SOAK") else 30
    schemas = [scene.write("old.json", json.dumps({**OLD, "streams": NEW["streams"]})), scene.write("new.json", json.dumps(NEW))]
    events_left = EVENTS
    for i in range(tries):
        command = (["schema", store, "--apply", schemas[(i + 1) % 2]] if i % 3 else
                   ["delete", store, "--where", f"id < {100 * (i + 1)}"])
        process = subprocess.Popen([TALLY, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.12)  # anywhere in its way
        process.send_signal(signal.SIGKILL)
        process.wait()
        names = sorted(set(tally("ls", store).stdout.decode().replace("/", "").split()) - {".tallyfs"})
        check(names in (OLD_NAMES, NEW_NAMES), f"neither the old schema nor the new one: {names}")
        count = json.loads(tally("status", store, "--json").stdout)["events"]
        check(count in (events_left, EVENTS - 100 * (i + 1)), f"{count} events: half of a delete")
        events_left = count
        if i % 5 == 0:
            tally("verify", store)
    tally("verify", store)


with Scene() as scene:
    apply_under_a_mount(scene)
    losses_need_leave(scene)
    killed(scene)
