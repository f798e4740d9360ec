"""Commits that change all that a mount holds, and readers that keep an old version, do not keep requests waiting throughout.

How long that takes is not measured, but how much is handled at a time, which the daemon counts. Requests that come in between are
of one version each, the old one or the new one.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally, wait_until

SCHEMA = {"streams": {"s": {"key": "k", "on_duplicate": "replace", "fields": {"k": "int", "v": "int"}}},
          "views": {"v": {"by": ["k"], "measures": {"v": "max(v)"}}}}
ROWS, PORTION = int(os.environ.get("ROWS", 30000)), 1024  # a slot of a table is handled as a whole


def put(store, version):
    tally("ingest", store, "-", stdin="".join(f'{{"k":{k},"v":{version}}}\n' for k in range(ROWS)).encode())


def row(k, version):
    return f'{{"k":{k},"v":{version}}}\n'.encode()


def longest(place):
    text = read(place, ".tallyfs/daemon.prom").decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("tallyfs_longest_portion ")))


def hold(place, count):
    """The kernel holds so many files, and some of their content."""
    with os.scandir(place + "/v") as entries:
        check(sum(entry.stat(follow_symlinks=False).st_size > 0 and entry.name.endswith(".json") for entry in entries) == ROWS + 1, "the listing")
    for k in range(0, ROWS, ROWS // count):
        read(place, f"v/{k}.json")


class Readers:
    """Look names up, list and read all the while; what was open when a version began is read to its end."""

    def __init__(self, place, versions):
        self.place, self.versions, self.wrong, self.ending = place, versions, [], threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(3)]

    def run(self, number):
        k = number
        while not self.ending.is_set():
            k = (k + 7919) % ROWS
            with open(f"{self.place}/v/{k}.json", "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                content = file.read()
            if content not in {row(k, version) for version in self.versions} or len(content) != size:
                self.wrong.append((k, content, size))
            if os.path.exists(f"{self.place}/v/{k + ROWS}.json"):
                self.wrong.append(k + ROWS)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        check(not self.wrong, self.wrong[:3])


def commits(scene):
    """With a list of changes, and without one: then all that is held is compared."""
    store = scene.store("s", SCHEMA)
    put(store, 1)
    place = scene.mount(store)
    hold(place, 1000)
    with Readers(place, (1, 22, 333)):
        for version in (22, 333):
            with open(place + "/v/77.json", "rb", buffering=0) as held:
                before = read(place, "v/77.json")
                put(store, version)
                check(held.read() == before, "an open file changed")
            check(read(place, "v/77.json") == row(77, version), "the commit does not show")
            hold(place, 1000)
    check(0 < longest(place) < 1.1 * PORTION, f"{longest(place)} at a time")
    check(json.loads(read(place, "v.json"))[77] == {"k": 77, "v": 333}, "the rows")
    scene.unmount(place)


def compared(scene):
    """Another store: all that the kernel holds is compared."""
    store, other = scene.store("first", SCHEMA), scene.store("second", SCHEMA)
    put(store, 1)
    put(other, 22)
    place = scene.mount(store)
    hold(place, 1000)
    with Readers(place, (1, 22)):
        os.rename(store, store + ".old")
        os.rename(other, store)
        wait_until("the other store", lambda: read(place, "v/5.json") == row(5, 22))
    put(store, 22)  # loaded already: it returns when the mount has told the kernel all
    for k in range(0, ROWS, 500):
        check(read(place, f"v/{k}.json") == row(k, 22), f"{k} is of the store before")
    check(0 < longest(place) < 1.1 * PORTION, f"{longest(place)} at a time")
    scene.unmount(place)


def held_on(scene):
    """An open listing and open files of an old version are copied when its time is over."""
    store = scene.store("held", SCHEMA)
    put(store, 1)
    place = scene.mount(store, options=("-o", "snapshot_deadline=1"))
    files = [open(f"{place}/v/{k}.json", "rb", buffering=0) for k in range(800)]
    listing = os.scandir(place + "/v")
    names = {next(listing).name}
    put(store, 22)
    wait_until("the old snapshot goes", lambda: b"\ntallyfs_snapshots 1\n" in read(place, ".tallyfs/daemon.prom"))
    check(all(file.read() == row(k, 1) for k, file in enumerate(files)), "an open file changed")
    names |= {entry.name for entry in listing}
    check(len(names) == ROWS + 1, f"the open listing has {len(names)} names")  # and .total.json
    check(0 < longest(place) < 1.1 * PORTION, f"{longest(place)} at a time")
    for file in files:
        file.close()
    scene.unmount(place)


with Scene() as scene:
    commits(scene)
    compared(scene)
    held_on(scene)
