"""Commits while the tree is being read: what is shown is always one commit, at once, and stays.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally, upcalls, wait_until

SCHEMA = {
    "streams": {"e": {"key": "id", "time": "t", "fields": {
        "id": "string", "t": "time", "user": "string", "region": "string", "amount": "decimal"}}},
    "views": {
        "all": {"measures": {"n": "count()", "users": "uniq(user)", "sum": "sum(amount)"}},
        "by_day": {"by": ["region", "day(t)"], "measures": {"n": "count()", "sum": "sum(amount)"}},
    },
}
COMMITS, EVENTS = int(os.environ.get("COMMITS", 100)), 50
VISIBLE = int(os.environ.get("VISIBLE", 1000 if os.environ.get("SOAK") else 300))


def batch(first, count):
    lines = []
    for i in range(first, first + count):
        lines.append(json.dumps({"id": f"e{i}", "t": f"2026-01-{i * 7 % 28 + 1:02d}T00:00:00Z",
                                 "user": f"u{i % 17}", "region": f"r{i % 5}", "amount": f"{i % 100}.25"}))
    return ("\n".join(lines) + "\n").encode()


def loop_cat(place, stop, errors):
    """Totals that were read from one file must agree with each other: one version of it."""
    while not stop.is_set():
        rows = json.loads(read(place, "by_day.json"))
        if sum(row["n"] for row in rows) % EVENTS:
            errors.append("by_day.json is of no commit")
        whole = json.loads(read(place, "all.json"))
        if whole["n"] % EVENTS:
            errors.append("all.json is of no commit")


def loop_walk(place, stop, errors):
    """Every listed file is there, and as long as it says."""
    while not stop.is_set():
        for folder, _, leaves in os.walk(place):
            for leaf in leaves:
                path = os.path.join(folder, leaf)
                if "/.tallyfs/" in path:
                    continue
                with open(path, "rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    content = file.read()
                if len(content) != size:
                    errors.append(f"{path}: {len(content)} bytes of {size}")
                json.loads(content)


def loop_command(command):
    def run(place, stop, errors):
        while not stop.is_set():
            done = subprocess.run(command, cwd=place, shell=True, capture_output=True, check=False)
            if done.returncode:
                errors.append(f"{command}: {done.stderr.decode()[:300]}")
    return run


def guarded(loop, *arguments):
    try:
        loop(*arguments)
    except Exception as error:  # a reader must never fail, whatever it is
        arguments[2].append(f"{loop.__name__}: {error!r}")


def visible_at_once(scene):
    store = scene.store("visible", SCHEMA)
    place = scene.mount(store, "m1")
    check(not os.path.exists(place + "/all.json"), "an empty store shows a view")
    for i in range(VISIBLE):
        tally("ingest", store, "-", stdin=batch(i * 3, 3))
        check(json.loads(read(place, "all.json"))["n"] == (i + 1) * 3, f"commit {i} does not show")
        listed = set(os.listdir(place + "/by_day"))
        check(all(f"r{r}.json" in listed for r in range(min(5, (i + 1) * 3))), "a name is missing")
    scene.unmount(place)
    wait_until("no socket is left", lambda: os.listdir(store + "/mounts") == [])


def warm_reads_ask_nobody(scene):
    store = scene.store("warm", SCHEMA)
    place = scene.mount(store, "m2")
    tally("ingest", store, "-", stdin=batch(0, 100))
    for _ in range(2):  # the second time, everything is known
        read(place, "all.json"), read(place, "by_day", "r1.json"), os.path.exists(place + "/by_day/r9.json")
    before = upcalls(place)
    for _ in range(1000):
        read(place, "all.json"), read(place, "by_day", "r1.json")
        check(not os.path.exists(place + "/by_day/r9.json"), "there is no r9")
    check(upcalls(place) == before, f"warm reads asked the daemon: {before} {upcalls(place)}")
    tally("ingest", store, "-", stdin=batch(100, 5))
    read(place, ".tallyfs", "generation")
    before = upcalls(place)
    read(place, "all.json")
    after = upcalls(place)
    asked = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    check(asked == {"lookup": 1, "read": 1}, f"a changed file costs {asked}")


def a_long_listing_is_one_pass(scene):
    """`ls -l` of a large directory: what readdirplus tells is not asked for again, file by file."""
    schema = {"streams": SCHEMA["streams"], "views": {"by_user": {"by": ["user"], "measures": {"n": "count()"}}}}
    store, users = scene.store("listing", schema), 3000
    tally("ingest", store, "-", stdin="".join(f'{{"id":"{i}","user":"user {i}"}}\n' for i in range(users)).encode())
    place = scene.mount(store, "m6")
    os.stat(place + "/by_user")
    before = upcalls(place)
    listed = subprocess.run(["ls", "-lU", place + "/by_user"], check=True, capture_output=True).stdout
    after = upcalls(place)
    check(listed.count(b".json") == users, "not all users are listed")
    asked = {name: after[name] - before[name] for name in after}
    check(asked["lookup"] == asked["getattr"] == 0, f"ls -l asked for {asked}")
    check(asked["readdir"] < users / 10, f"a reply has few entries: {asked}")


def await_one_snapshot(place):
    """Until the daemon has replaced what old snapshots still served by copies."""
    wait_until("no old snapshot is pinned", lambda: upcalls(place)["snapshots"] <= 1)


def held_files_keep_their_version(scene, name, options, pinned):
    """From their snapshot, which is PINNED, or from copies."""
    store = scene.store("held-" + name, SCHEMA)
    place = scene.mount(store, name, options)
    tally("ingest", store, "-", stdin=batch(0, 500))
    names = ["all.json", "by_day.json", "by_day.csv", "by_day/r1.json", ".tallyfs/status.json"]
    expected = [read(place, name) for name in names]
    held = [open(os.path.join(place, name), "rb", buffering=0) for name in names]
    listing = os.scandir(place + "/by_day")
    for i in range(5):
        tally("ingest", store, "-", stdin=batch(1000 + i * 10, 10))
        check([file.read(3) for file in held] == [text[i * 3:i * 3 + 3] for text in expected],
              "a held file changed")
    if pinned:
        check(upcalls(place)["snapshots"] > 1, "held files pin no snapshot")
    else:
        await_one_snapshot(place)
    for file, text in zip(held, expected):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        check(os.pread(file.fileno(), 1 << 24, 0) == text, f"{file.name} lost its version")
        file.close()
    check(len(list(listing)) == 11, "a held listing changed")


def readers_never_see_half_a_commit(scene):
    store = scene.store("loop", SCHEMA)
    place = scene.mount(store, "m4")
    tally("ingest", store, "-", stdin=batch(0, EVENTS))
    stop, errors = threading.Event(), []
    loops = [loop_cat] * 3 + [loop_walk] * 2 + [loop_command("ls -lR . >/dev/null"),
                                               loop_command("tar -cf - by_day all.json by_day.json | tar -tf - >/dev/null"),
                                               loop_command("grep -r region by_day >/dev/null")]
    threads = [threading.Thread(target=guarded, args=(loop, place, stop, errors)) for loop in loops]
    for thread in threads:
        thread.start()
    for i in range(1, COMMITS + 1):
        tally("ingest", store, "-", stdin=batch(i * EVENTS, EVENTS))
        check(json.loads(read(place, "all.json"))["n"] == (i + 1) * EVENTS, "not visible")
    stop.set()
    for thread in threads:
        thread.join()
    check(not errors, errors[:5])
    tally("verify", store)


def main():
    with Scene() as scene:
        visible_at_once(scene)
        warm_reads_ask_nobody(scene)
        a_long_listing_is_one_pass(scene)
        held_files_keep_their_version(scene, "m3", [], pinned=True)
        held_files_keep_their_version(scene, "m5", ["-o", "snapshot_deadline=1"], pinned=False)
        readers_never_see_half_a_commit(scene)


main()
