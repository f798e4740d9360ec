"""What the daemon allocates for a request: nothing for a read of a group's file, one inode for a lookup.

SPDX-License-Identifier: Apache-2.0
"""

import json
import mmap
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import preloading
from mounted import Scene, check, read, tally, upcalls

SCHEMA = {
    "streams": {"s": {"key": "id", "time": "t", "fields": {"id": "int", "t": "time", "region": "string", "n": "int"}}},
    "views": {"metrics": {"measures": {"c": "count()", "n": "sum(n)"}},
              "v": {"by": ["region", "day(t)"], "measures": {"c": "count()", "n": "sum(n)"}}},
}
FILES = ["metrics.json", "v/eu central/.total.json", "v/eu central/2026-01-01.json", "v/eu central/2026-01-01.csv"]
ROUNDS = 50


def ingest(store, number):
    event = {"id": number, "t": "2026-01-01T05:00:00Z", "region": "eu central", "n": number}
    tally("ingest", store, "-", stdin=json.dumps(event).encode())


def forget_pages(path):
    """So that the next read asks the daemon again; the name stays known."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main():
    with Scene() as scene:
        counter = scene.write("count", bytes(8))
        with open(counter, "r+b") as file:
            shared = mmap.mmap(file.fileno(), 8)
        store = scene.store("store", SCHEMA)
        ingest(store, 1)
        os.environ.update({**preloading("allocations"), "ALLOCATIONS": counter})
        place = scene.mount(store)
        del os.environ["LD_PRELOAD"]

        def allocations():
            return struct.unpack("Q", shared[:8])[0]

        check(allocations() > 0, "nothing is counted")
        for name in FILES:
            read(place, name)
        for name in FILES:
            reads, before = upcalls(place)["read"], allocations()
            for _ in range(ROUNDS):
                forget_pages(os.path.join(place, name))
                read(place, name)
            check(allocations() == before, f"{allocations() - before} allocations for {ROUNDS} reads of {name}")
            check(upcalls(place)["read"] == reads + ROUNDS, "the kernel did not ask for each read")

        for name in FILES:
            lookups, before = upcalls(place)["lookup"], allocations()
            for number in range(ROUNDS):
                ingest(store, 1000 + lookups * ROUNDS + number)
                read(place, name)
            # (the directories stay the same; the tables of inodes do not grow by four)
            check(upcalls(place)["lookup"] == lookups + ROUNDS, "the kernel did not look up each version")
            check(allocations() - before == ROUNDS, f"{allocations() - before} allocations for {ROUNDS} lookups of {name}")
        print("a read of a group's file allocates nothing, a lookup one inode")


if __name__ == "__main__":
    main()
