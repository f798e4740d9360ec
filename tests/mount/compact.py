"""`tally compact` under a live mount: the data file shrinks, nothing that is shown or held open changes.

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally

SCHEMA = {
    "streams": {"s": {"key": "id", "on_duplicate": "replace", "fields": {"id": "int", "g": "string", "n": "int"}}},
    "views": {"v": {"by": ["g"], "measures": {"c": "count()", "n": "sum(n)", "m": "max(n)", "u": "uniq(n)"}}},
}
EVENTS = 20000


def lines(version):
    return "".join(f'{{"id":{i},"g":"g{i % 50}","n":{i * version % 1009}}}\n' for i in range(EVENTS)).encode()


def make_garbage(store):
    for version in range(1, 4):
        tally("ingest", store, "-", stdin=lines(version))
    tally("delete", store, "--where", f"id >= {EVENTS // 10}")


def data_bytes(store):
    return os.stat(os.path.join(store, "data.mdb")).st_size


def tree(store):
    return {path: tally("cat", store, path).stdout for path in ("v.json", "v.csv", "v/.total.json", "v/g7.json")}


def holds_deleted(pid):
    """Whether the daemon still has the old data file open or mapped."""
    with open(f"/proc/{pid}/maps") as maps:
        return any("data.mdb (deleted)" in line for line in maps)


def wait_until(what, condition):
    deadline = time.monotonic() + 60
    while not condition():
        check(time.monotonic() < deadline, f"never happened: {what}")
        time.sleep(0.01)


def under_a_mount(scene):
    store = scene.store("mounted", SCHEMA)
    make_garbage(store)
    place = scene.mount(store, options=("-o", "snapshot_deadline=1"))
    pid = scene.mounts[-1][0].pid
    before, big = tree(store), data_bytes(store)
    held = open(os.path.join(place, "v/g7.json"), "rb")
    tally("compact", store)
    check(data_bytes(store) < big / 2, f"{big} bytes became {data_bytes(store)}")
    check(tree(store) == before, "the tree changed")
    for path, content in before.items():
        check(read(place, path) == content, f"the mount shows another {path}")
    tally("ingest", store, "-", stdin=b'{"id":7,"g":"g7","n":5}\n')
    check(read(place, "v/g7.json") == tally("cat", store, "v/g7.json").stdout, "the mount does not follow")
    check(held.read() == before["v/g7.json"], "an open file changed")
    held.close()
    wait_until("the daemon lets the old file go", lambda: not holds_deleted(pid))
    tally("verify", store)


def killed(scene):
    store = scene.store("killed", SCHEMA)
    make_garbage(store)
    before = tree(store)
    rng = random.Random(1)
    for _ in range(100 if os.environ.get("SOAK") else 25):
        process = subprocess.Popen([TALLY, "compact", store], stdout=subprocess.DEVNULL)
        time.sleep(rng.random() * 0.03)  # anywhere in its way
        process.send_signal(signal.SIGKILL)
        process.wait()
        check(tree(store) == before, "a killed compact changed the tree")
    tally("verify", store)
    tally("compact", store)
    check(not os.path.exists(os.path.join(store, "data.mdb.new")), "a left-over stayed")


def beside_writers(scene):
    """Writers that wait for the lock while the file is replaced go on with the new one."""
    store = scene.store("writers", SCHEMA)
    make_garbage(store)
    processes = []
    for i in range(12):
        processes.append(subprocess.Popen([TALLY, "compact", store], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL))
        writer = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        writer.stdin.write(f'{{"id":{EVENTS + i},"g":"new","n":{i}}}\n'.encode())
        writer.stdin.close()
        processes.append(writer)
    for process in processes:
        check(process.wait() == 0, "a writer failed")
    check(b'"c":12,' in tally("cat", store, "v/new.json").stdout, "events of a waiting writer are gone")
    tally("verify", store)


with Scene() as scene:
    under_a_mount(scene)
    killed(scene)
    beside_writers(scene)
