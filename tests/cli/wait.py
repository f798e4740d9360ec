"""`tally wait`: it returns with the next commit, or the next that changes a file or folder, and says by its status where none came.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, WAIT_SECONDS, Scene, check, read, tally, wait_until

LONG = "x" * 300
SCHEMA = {"streams": {"s": {"key": "id", "on_duplicate": "replace", "delete_when": "n < 0",
                            "fields": {"id": "int", "region": "string", "day": "string", "n": "int", "parent": "int"}}},
          "views": {"by": {"by": ["region", "day"], "measures": {"n": "sum(n)", "most": "max(n)"}}, "all": {"measures": {"c": "count()"}},
                    "nodes": {"by": ["tree(id, parent)"], "measures": {"n": "sum(n)"}}}}


def ingest(store, *records):
    """One commit; gives its number."""
    tally("ingest", store, "--strict", "-", stdin="".join(json.dumps(record) + "\n" for record in records).encode())
    return newest(store)


def newest(store):
    return int(tally("cat", store, ".tallyfs/generation").stdout)


def event(number, region, day, n, parent=None):
    return {"id": number, "region": region, "day": day, "n": n, "parent": parent}


class Waiting:
    """A process that waits; it is known to when it is made."""

    def __init__(self, store, *options):
        self.process = subprocess.Popen([TALLY, "wait", store, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until("it waits", self.watches)

    def watches(self):
        check(self.process.poll() is None, "it ended by itself")
        folder = f"/proc/{self.process.pid}/fd"
        try:
            return any(os.readlink(os.path.join(folder, fd)) == "anon_inode:inotify" for fd in os.listdir(folder))
        except FileNotFoundError:
            return False

    def end(self, number=None, status=0):
        out, err = self.process.communicate(timeout=WAIT_SECONDS)
        check(self.process.returncode == status, f"status {self.process.returncode}: {err}")
        check(number is None or out == f"{number}\n".encode(), f"{out}, not {number}")
        return err.decode()


def waited(store, *options, status=0):
    out = tally("wait", store, *options, status=status).stdout
    return int(out) if out else None


def any_commit(scene):
    store = scene.store("any", SCHEMA)
    check(waited(store, "--timeout", "0s", status=3) is None, "nothing came")
    check(waited(store, "--after", "1", "--timeout", "20ms", status=3) is None, "nothing came behind 1")
    waiting = Waiting(store)
    check(ingest(store, event(1, "eu", "a", 1)) == 2, "the second commit")
    waiting.end(2)
    check(waited(store, "--after", "0") == 2 and waited(store, "--after", "1") == 2, "it is there already")
    check(b"there is no commit 7 (the newest is 2)" in tally("wait", store, "--after", "7", status=1).stderr, "no such commit")
    for wrong in ("x", "-1", ""):
        check(b"--after: " in tally("wait", store, "--after", wrong, status=1).stderr, wrong)
        check(b"--timeout: " in tally("wait", store, "--timeout", wrong, status=1).stderr, wrong)
    check(b"--timeout: '5'" in tally("wait", store, "--timeout", "5", status=1).stderr, "a number has no unit")


def a_path(scene):
    store = scene.store("path", SCHEMA)
    ingest(store, event(1, "eu", "a", 1), event(2, "us", "a", 1))
    cases = (("by/us/a.json", event(3, "us", "a", 1)), ("by/us", event(4, "us", "b", 1)), ("by/us.csv", event(5, "us", "b", 1)),
             ("/by/us/.total.json", event(6, "us", "c", 1)), (f"by/us/{'x' * 3}.json", event(7, "us", "xxx", 1)),
             (f"by/{LONG[:213]}%~{'0' * 32}.json", None), ("nodes/1", event(9, "us", "a", 1, 1)), ("nodes/.node", event(10, "us", "a", 1)),
             ("by/new/a.json", event(11, "new", "a", 1)), ("by", event(12, "us", "a", 1)), ("", event(13, "us", "a", 1)))
    for number, (path, change) in enumerate(cases):
        if change is None:  # a name that nothing may ever have
            check(waited(store, "--path", path, "--timeout", "0s", status=3) is None, path)
            continue
        waiting = Waiting(store, "--path", path)
        other = path not in ("by", "", "nodes/.node")
        if other:
            ingest(store, event(100 + number, "eu", "a", 1))
        wanted = ingest(store, change)
        waiting.end(wanted)
        check(waited(store, "--after", wanted - 1, "--path", path) == wanted, f"{path}: it is there already")
        check(waited(store, "--after", wanted, "--path", path, "--timeout", "0s", status=3) is None, f"{path}: nothing since")
    before = newest(store)
    ingest(store, event(200, "eu", "a", 1))
    check(waited(store, "--after", before, "--path", "by/us", "--timeout", "0s", status=3) is None, "another region")
    check(waited(store, "--after", before, "--path", "by/no/such.json", "--timeout", "0s", status=3) is None, "it never was")
    check(waited(store, "--after", before, "--path", ".tallyfs") == before + 1, "the documents change with each commit")
    check(b"no such name in the tree" in tally("wait", store, "--path", "by_regio", status=1).stderr, "no such view")
    check(b"no such name" in tally("wait", store, "--path", "by/eu/a.xml", "--timeout", "0s", status=1).stderr, "no file of a view")


def what_goes(scene):
    """A file that is gone has changed: while somebody waits, and before."""
    store = scene.store("gone", SCHEMA)
    before = ingest(store, event(1, "eu", "a", 1), event(2, "us", "a", 1))
    for path in ("by/us/a.json", "by/us", "nodes/2", "nodes/.node/2.json"):
        waiting = Waiting(store, "--path", path)
        ingest(store, event(1, "eu", "a", 1 + newest(store)))
        gone = ingest(store, event(2, "us", "a", -1))
        waiting.end(gone)
        check(waited(store, "--after", before, "--path", path) == gone, f"{path} is gone")
        check(waited(store, "--after", gone, "--path", path, "--timeout", "0s", status=3) is None, f"{path} was gone")
        ingest(store, event(1, "eu", "a", 1 + newest(store)))
        check(waited(store, "--after", gone, "--path", path, "--timeout", "0s", status=3) is None, f"{path} did not come")
        before = ingest(store, event(2, "us", "a", 1))


def a_store_that_is_replaced(scene):
    store = scene.store("replaced", SCHEMA)
    ingest(store, event(1, "eu", "a", 1))
    waiting = Waiting(store)
    os.rename(store, store + "-old")
    tally("init", store, "--schema", scene.path("replaced.json"))
    check("another store has taken the place" in waiting.end(status=1), "it is told")
    waiting = Waiting(store, "--path", "all.json")
    tally("compact", store)
    waiting.end(ingest(store, event(1, "eu", "a", 1)))


def a_mount_shows_it(scene):
    """Whoever was waited for finds the commit in the mount."""
    store = scene.store("mounted", SCHEMA)
    place = scene.mount(store)
    for number in range(2, 22):
        waiting = Waiting(store)
        writer = subprocess.Popen([TALLY, "ingest", store, scene.write("one.ndjson", json.dumps(event(number, "eu", "a", 1)))],
                                  stdout=subprocess.DEVNULL)
        waiting.end(number)
        check(read(place, ".tallyfs/generation") == f"{number}\n".encode(), f"commit {number} is shown")
        check(writer.wait(timeout=WAIT_SECONDS) == 0, "ingest")
    it_asks_the_mount(scene, store, place, 22)
    scene.unmount(place)


def it_asks_the_mount(scene, store, place, number):
    """One that is slow is waited for."""
    daemon, waiting = scene.mounts[-1][0], Waiting(store)
    children = f"/proc/{waiting.process.pid}/task/{waiting.process.pid}/children"

    def asks():
        check(waiting.process.poll() is None, "it does not wait for the mount")
        return read(children) != b""

    daemon.send_signal(signal.SIGSTOP)
    writer = subprocess.Popen([TALLY, "ingest", store, scene.write("one.ndjson", json.dumps(event(number, "eu", "a", 1)))], stdout=subprocess.DEVNULL)
    wait_until("it asks the mount", asks)
    daemon.send_signal(signal.SIGCONT)
    waiting.end(number)
    check(read(place, ".tallyfs/generation") == f"{number}\n".encode(), f"commit {number} is shown")
    check(writer.wait(timeout=WAIT_SECONDS) == 0, "ingest")


def time_is_bounded(scene):
    """Commits that change something else do not give more time."""
    store = scene.store("bounded", SCHEMA)
    ingest(store, event(1, "eu", "a", 1))
    waiting = subprocess.Popen([TALLY, "wait", store, "--path", "by/us", "--timeout", "1s"])
    started = time.monotonic()
    number = 1
    while waiting.poll() is None:
        check(time.monotonic() - started < WAIT_SECONDS, "it does not end")
        number += 1
        ingest(store, event(number, "eu", "a", 1))
    check(waiting.returncode == 3, f"status {waiting.returncode}")


def main():
    with Scene() as scene:
        any_commit(scene)
        a_path(scene)
        what_goes(scene)
        a_store_that_is_replaced(scene)
        a_mount_shows_it(scene)
        time_is_bounded(scene)


main()
