"""A mount goes on with the store that takes the place of its own, and an open file stays what it was.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally, tree, wait_until

SCHEMA = {
    "streams": {"s": {"key": "id", "fields": {"id": "int", "g": "string"}}},
    "views": {"n": {"measures": {"c": "count()"}}, "v": {"by": ["g"], "measures": {"c": "count()", "last": "max(id)"}},
              "rows": {"by": ["id"], "measures": {"g": "any_value(g)"}}},
}
OTHER = {
    "streams": {"s": {"fields": {"x": "int"}}},
    "views": {"n": {"measures": {"sum": "sum(x)"}}, "w": {"by": ["x"], "measures": {"c": "count()"}}},
}
PATHS = ("n.json", "v.json", "v/a.json", "v/b.json", "v/.total.json", "rows.json", ".tallyfs/generation",
         ".tallyfs/status.json", ".tallyfs/schema.json")


def put(store, *records):
    tally("ingest", store, "-", stdin="".join(json.dumps(record) + "\n" for record in records).encode())


def event(number, group):
    return {"id": number, "g": group}


def shows(place, store):
    """Whether the mount is, byte for byte and name for name, what the store holds now."""
    names = tally("ls", store).stdout.decode().split()
    if sorted(os.listdir(place)) != sorted(name.rstrip("/") for name in names) and names:
        return False
    files = tree(place)
    return not files or b"".join(files.values()) == tally("cat", store, *map(os.fsdecode, files)).stdout


def warm(place):
    """The kernel holds everything, and some names that are not there."""
    files = tree(place, skip=())
    for name in ("v/none.json", "w.json", "v/b.json", "nothing"):
        os.path.exists(os.path.join(place, name))
    return files


def status(store):
    mounts = json.loads(tally("status", store, "--json").stdout)["mounts"]
    return mounts, tally("status", store).stdout.decode()


def restored(scene):
    """What a backup holds, behind, level with and ahead of what is shown, and other content under the same numbers."""
    store, backup = scene.store("restored", SCHEMA), scene.path("backup")
    put(store, event(1, "a"))
    tally("backup", store, backup)
    place = scene.mount(store)
    put(store, event(2, "a"), event(3, "b"))
    put(store, *[event(number, "c") for number in range(10, 2000)])
    warm(place)
    numbers = {path: os.stat(os.path.join(place, path)).st_ino for path in PATHS}
    contents = {path: read(place, path) for path in PATHS}
    held = {path: open(os.path.join(place, path), "rb", buffering=0) for path in PATHS}
    head = held["rows.json"].read(100)
    listing = os.scandir(place + "/rows")
    names = [next(listing).name]

    os.rename(store, store + ".old")
    mounts, text = status(store + ".old")
    check(not mounts, mounts)
    check(shows(place, store + ".old"), "it does not go on with what it has")
    tally("restore", backup, store)
    check(shows(place, store), "the mount is not what was restored")
    check(read(place, "n.json") == b'{"c":1}\n' and not os.path.exists(place + "/v/b.json"), "the old store is shown")
    mounts, text = status(store)
    check(mounts == [{"place": place, "commit": 2, "behind": 0}] and "shows this commit" in text, text)

    put(store, event(7, "z"))
    check(json.loads(read(place, "v/z.json")) == {"g": "z", "c": 1, "last": 7}, "an ingest does not show")
    check(not os.path.exists(place + "/v/b.json"), "a name of the old store")
    put(store, event(8, "b"))
    put(store, event(9, "a"))  # the number of the commit passes that of the old store
    check(shows(place, store), "ingests do not show")
    for path in PATHS:
        new = os.stat(os.path.join(place, path)).st_ino
        check(new != numbers[path] or read(place, path) == contents[path], f"{path}: its number means other content")
        old = (head if path == "rows.json" else b"") + held[path].read()
        check(old == contents[path], f"{path}: an open file changed")
        held[path].close()
    names += [entry.name for entry in listing]
    check(len(names) > 1990, "an open listing changed")
    scene.unmount(place)
    check(not os.listdir(store + "/mounts") and not os.listdir(store + ".old/mounts"), "sockets are left")


def same_numbers(scene):
    """Copies that went on by themselves have commits of one number, and of one size, with other content."""
    store, backup = scene.store("numbers", SCHEMA), scene.path("copy")
    put(store, event(1, "a"))
    tally("backup", store, backup)
    put(store, event(2, "a"))
    put(backup, event(3, "a"))
    place = scene.mount(store)
    warm(place)
    with open(place + "/v/a.json", "rb", buffering=0) as held:
        before = os.stat(place + "/v/a.json")
        os.rename(store, store + ".old")
        os.rename(backup, store)
        wait_until("the other copy", lambda: shows(place, store))  # nobody was told when all of it is
        check(read(place, "v/a.json") == b'{"g":"a","c":2,"last":3}\n', "the first one is shown")
        check(os.stat(place + "/v/a.json").st_ino != before.st_ino, "one number for two contents")
        check(held.read() == b'{"g":"a","c":2,"last":2}\n', "an open file changed")
        os.rename(store, backup)
        os.rename(store + ".old", store)  # whose data may be open still
        wait_until("the first one again", lambda: shows(place, store))
        check(read(place, "v/a.json") == b'{"g":"a","c":2,"last":2}\n', "the other one is shown")
    put(store, event(4, "d"))
    check(shows(place, store), "it does not follow")
    scene.unmount(place)
    tally("verify", store)


def made_anew(scene, empties):
    """Removed and made again with another schema, in a new directory or in the emptied one."""
    store = scene.store("anew", SCHEMA)
    put(store, event(1, "a"))
    place = scene.mount(store)
    warm(place)
    schema = scene.write("other.json", json.dumps(OTHER))
    shutil.rmtree(store)
    if empties:
        os.mkdir(store)
    check(read(place, "v/a.json") == b'{"g":"a","c":1,"last":1}\n', "it does not go on with what it has")
    tally("init", store, "--schema", schema)
    put(store, {"x": 5}, {"x": 6})
    check(read(place, "n.json") == b'{"sum":11}\n' and not os.path.exists(place + "/v"), "the old store is shown")
    check(read(place, "w/6.json") == b'{"x":6,"c":1}\n' and shows(place, store), "the new one is not")
    scene.unmount(place)
    shutil.rmtree(store)


def emptied(scene):
    """Made again in the same directory, which is never another one."""
    store = scene.store("emptied", SCHEMA)
    put(store, event(1, "a"))
    place = scene.mount(store)
    warm(place)
    for name in os.listdir(store):
        path = os.path.join(store, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    check(read(place, "v/a.json") == b'{"g":"a","c":1,"last":1}\n', "it does not go on with what it has")
    tally("init", store, "--schema", scene.write("other.json", json.dumps(OTHER)))
    check(shows(place, store) and not os.path.exists(place + "/v"), "init returned before the mount showed it")
    put(store, {"x": 5})
    check(read(place, "n.json") == b'{"sum":5}\n', "an ingest does not show")
    scene.unmount(place)


def moved_in(scene):
    """By hand, with an ingest at once: it waits for the mount that nobody told of the store."""
    for turn in range(20):
        store, next_store = scene.path("moved"), scene.store(f"next{turn}", SCHEMA)
        if turn == 0:
            os.rename(next_store, store)
            place = scene.mount(store)
            continue
        os.rename(store, store + f".{turn}")
        os.rename(next_store, store)
        put(store, event(turn, "m"))
        check(read(place, "v/m.json") == b'{"g":"m","c":1,"last":%d}\n' % turn, "an ingest does not show")
    scene.unmount(place)


def gone(scene):
    """It says so, and that it shows what was there."""
    store = scene.store("gone", SCHEMA)
    put(store, event(1, "a"))
    place = scene.mount(store)

    def in_place():
        return b"\ntallyfs_store_in_place 1\n" in read(place, ".tallyfs/daemon.prom")

    check(in_place(), "it is in its place")
    os.rename(store, store + ".old")
    wait_until("it is told to be gone", lambda: not in_place())
    check(shows(place, store + ".old"), "it does not go on with what it has")
    put(store + ".old", event(2, "b"))
    check(shows(place, store + ".old"), "nor with what comes to it")
    os.rename(store + ".old", store)
    wait_until("it is told to be back", in_place)
    scene.unmount(place)


def not_followed(scene):
    """A mount that is told to stay shows the old store, and the status says that it is another one."""
    store, backup = scene.store("stays", SCHEMA), scene.path("stays-backup")
    put(store, event(1, "a"))
    tally("backup", store, backup)
    place = scene.mount(store, options=("-o", "nofollow"))
    pid = scene.mounts[-1][0].pid
    put(store, event(2, "b"))
    os.rename(store, store + ".old")
    os.rename(backup, store)
    put(store, event(3, "c"))  # as many commits
    mounts, text = status(store)
    check(mounts == [{"place": place, "commit": None, "behind": None, "other_store": True}], mounts)
    check(f"{place} by process {pid} shows another store" in text, text)
    check(os.path.exists(place + "/v/b.json"), "it does not stay")
    wait_until("it is told", lambda: b"\ntallyfs_store_in_place 0\n" in read(place, ".tallyfs/daemon.prom"))
    scene.unmount(place)


with Scene() as scene:
    restored(scene)
    same_numbers(scene)
    made_anew(scene, False)
    made_anew(scene, True)
    emptied(scene)
    moved_in(scene)
    gone(scene)
    not_followed(scene)
