"""tally backup and restore: whole or not at all, while the store is in use.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally, tree

SCHEMA = {
    "streams": {"s": {"key": "id", "time": "t", "fields": {"id": "int", "t": "time", "user": "string", "n": "int"}}},
    "views": {"all": {"measures": {"c": "count()", "users": "uniq(user)", "n": "sum(n)"}},
              "days": {"by": ["day(t)"], "measures": {"c": "count()", "users": "uniq(user)"}}},
}
EVENTS, KILLS = 60000, 20


def events(count):
    """One of a thousand has no number where one should be."""
    return "id,t,user,n\n" + "".join(f"{i},2026-01-{i % 28 + 1:02d},{i * 7919 % 5000} user,{'x' if i % 1000 == 9 else i}\n"
                                     for i in range(count))


def shown(scene, store):
    place = scene.mount(store, "look")
    files = tree(place)
    rejects = {name: read(store, "rejects", name) for name in os.listdir(os.path.join(store, "rejects"))}
    scene.unmount(place)
    return files, rejects


def while_it_is_in_use(scene):
    """Each copy that is made while events come in is of one commit, and goes on from there to the same end."""
    store, source = scene.store("busy", SCHEMA), scene.write("events.csv", events(EVENTS))
    place = scene.mount(store, "busy-mnt")
    ingest = subprocess.Popen([TALLY, "ingest", store, source, "--memory", "16M"], stdout=subprocess.DEVNULL)
    copies = []
    while ingest.poll() is None:
        copies.append(scene.path(f"copy-{len(copies)}"))
        tally("backup", store, copies[-1])
    check(ingest.returncode == 2, f"ingest ended with {ingest.returncode}")
    whole = shown(scene, store)
    counts = [json.loads(tally("status", copy, "--json").stdout)["events"] for copy in copies]
    partial = sum(0 < count < EVENTS - EVENTS // 1000 for count in counts)
    check(partial > 0, f"no copy is of the middle of the batch: {counts}")
    for copy in copies:
        tally("verify", copy)
        again = tally("ingest", copy, source, "--memory", "16M", status=None)
        check(again.returncode in (0, 2), again.stderr)
        check(shown(scene, copy) == whole, f"{copy} did not come to the same end")
    check(tree(place) == whole[0], "the mount shows something else")
    scene.unmount(place)
    print(f"{len(copies)} copies, {partial} of them in the middle of the batch")
    return store, whole


def there_and_back(scene, store, whole):
    os.chmod(os.path.join(store, "data.mdb"), 0o640)
    tally("backup", store, scene.path("backup") + "/")
    restored = tally("restore", scene.path("backup"), scene.path("restored"))
    check(b"verified" in restored.stdout, restored.stdout)
    check(shown(scene, scene.path("restored")) == whole, "what was restored is something else")
    check(os.stat(scene.path("restored", "data.mdb")).st_mode & 0o777 == 0o640, "others may read the copy")
    for target in ("backup", "restored"):
        refused = tally("backup", store, scene.path(target), status=1)
        check(b"there already" in refused.stderr, refused.stderr)
    refused = tally("backup", store, scene.path("no", "such", "folder"), status=1)
    check(b"No such file" in refused.stderr, refused.stderr)
    check(b"no store here" in tally("restore", scene.path("nothing"), scene.path("x"), status=1).stderr, "restored nothing")
    check(not any(name.endswith(".partial") for name in os.listdir(scene.path())), "something is left")


def killed(scene, store, whole):
    """At any instant: the target is not there, or whole; the next try does it."""
    for i in range(KILLS):
        target = scene.path(f"killed-{i}")
        process = subprocess.Popen([TALLY, "backup", store, target], stdout=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.02))  # the instant is the test's input, nothing is waited for
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not os.path.exists(target):
            tally("backup", store, target)
        check(not os.path.exists(target + ".partial"), "a killed backup left its copy")
        tally("verify", target)
    check(shown(scene, target) == whole, "a backup after a kill is something else")


def two_at_once(scene, store):
    import fcntl

    os.makedirs(scene.path("two.partial"))
    with open(scene.path("two.partial", "ingest.lock"), "w", encoding="utf-8") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused = tally("backup", store, scene.path("two"), status=1)
        check(b"another process is writing it" in refused.stderr, refused.stderr)
    tally("backup", store, scene.path("two"))


def damaged(scene, store):
    """Any event that is not as it was: the backup is refused, and nothing is left of the try."""
    tally("backup", store, scene.path("damaged"))
    data = scene.path("damaged", "data.mdb")
    content = bytearray(read(data))
    places = [i for i in range(0, len(content)) if content.startswith(b" user", i)]  # nearly all in events
    at = places[len(places) // 2] + 1
    with open(data, "r+b") as file:
        file.seek(at)
        file.write(bytes([content[at] ^ 1]))
    refused = tally("restore", scene.path("damaged"), scene.path("y"), status=1)
    check(b"an entry is damaged" in refused.stderr, refused.stderr)
    check(not os.path.exists(scene.path("y")) and not os.path.exists(scene.path("y.partial")), "something is left")


def full_disk(scene, store):
    small = scene.path("small")
    os.makedirs(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], check=True)
    try:
        refused = tally("backup", store, small + "/backup", status=1)
        check(b"No space left" in refused.stderr, refused.stderr)
        check(os.listdir(small) == [], f"left: {os.listdir(small)}")
    finally:
        subprocess.run(["umount", small], check=True)


def main():
    with Scene() as scene:
        store, whole = while_it_is_in_use(scene)
        there_and_back(scene, store, whole)
        killed(scene, store, whole)
        two_at_once(scene, store)
        damaged(scene, store)
        full_disk(scene, store)


if __name__ == "__main__":
    main()
