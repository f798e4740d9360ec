"""Numbers of inodes, and the table that they are found by, cannot be foretold by whoever chooses the names.

SPDX-License-Identifier: Apache-2.0
"""

import mmap
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import preloading
from collisions import flood, pair
from mounted import Scene, check, tally

SCHEMA = {"streams": {"s": {"fields": {"k": "string"}}}, "views": {"v": {"by": ["k"], "measures": {"c": "count()"}}}}
NAMES = 3000


def filled(scene, name, values):
    store = scene.store(name, SCHEMA)
    tally("ingest", store, "-", stdin=b"".join(b'{"k":"%s"}\n' % value for value in values))
    return store


def numbers(place):
    with os.scandir(os.path.join(place, "v")) as entries:
        return {os.fsencode(entry.name): entry.stat().st_ino for entry in entries}


def inode_numbers(scene):
    values = list(flood(NAMES, 2, 6)) + pair(900)  # files are numbered with their commit
    store = filled(scene, "numbers", values)
    place = scene.mount(store)
    first = numbers(place)
    check(len(first) >= len(values) and len(set(first.values())) == len(first), "two files have one number")
    scene.unmount(place)
    check(numbers(scene.mount(store, "again")) == first, "numbers change with the mount")
    shutil.copytree(store, store + ".copy", ignore=shutil.ignore_patterns("mounts"))
    os.mkdir(store + ".copy/mounts")
    check(numbers(scene.mount(store + ".copy", "copy-mnt")) == first, "the copy of a store has other numbers")
    other = numbers(scene.mount(filled(scene, "other", values), "other-mnt"))
    check(set(other) == set(first) and not set(other.values()) & set(first.values()), "the numbers can be foretold")


def comparisons(scene, name, values):
    counter = scene.write(name + ".count", bytes(8))
    with open(counter, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    store = filled(scene, name, values)
    os.environ.update({**preloading("comparisons"), "COMPARISONS": counter})
    place = scene.mount(store, name + ".mnt")
    del os.environ["LD_PRELOAD"], os.environ["COMPARISONS"]
    numbers(place)
    numbers(place)
    return struct.unpack("Q", shared[:8])[0]


def floods(scene):
    evil, plain = (comparisons(scene, f"flood-{twin}", flood(NAMES, 0, 6, twin)) for twin in (False, True))
    check(plain > NAMES, f"{plain} comparisons: nothing is counted")
    check(evil < 2 * plain, f"{evil} comparisons for crafted names, {plain} for their twins")


def main():
    with Scene() as scene:
        inode_numbers(scene)
        floods(scene)


main()
