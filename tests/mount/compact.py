"""`tally compact` under a live mount: the data file shrinks, nothing that is shown or held open changes.

tests/unit/files_test.c kills it before each of its steps; here it is killed at any instant, with real mounts and writers.

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally, wait_until
from mounted import tree as mounted_tree

SCHEMA = {
    "streams": {"s": {"key": "id", "on_duplicate": "replace", "fields": {"id": "int", "g": "string", "n": "int"}}},
    "views": {
        "v": {"by": ["g"], "measures": {"c": "count()", "n": "sum(n)", "m": "max(n)", "u": "uniq(n)"}},
        "rows": {"by": ["id"], "measures": {"n": "sum(n)"}},
    },
}
EVENTS, LEFT = 20000, 10000
TEMPORARY = ("data.mdb.new", "lock.mdb.new", "lock.mdb.old")


def lines(version):
    return "".join(f'{{"id":{i},"g":"g{i % 50}","n":{i * version % 1009}}}\n' for i in range(EVENTS)).encode()


def make_garbage(store):
    for version in range(1, 4):
        tally("ingest", store, "-", stdin=lines(version))
    tally("delete", store, "--where", f"id >= {LEFT}")


def put(store, number, group):
    tally("ingest", store, "-", stdin=f'{{"id":{number},"g":"{group}","n":5}}\n'.encode())


def data_bytes(store):
    return os.stat(os.path.join(store, "data.mdb")).st_size


def tree(store):
    paths = ("v.json", "v.csv", "v/.total.json", "v/g7.json", "rows.json", "rows/9.json")
    return {path: tally("cat", store, path).stdout for path in paths}


def check_tidy(store):
    left = [name for name in TEMPORARY if os.path.exists(os.path.join(store, name))]
    check(not left, f"left over: {left}")


def holds_deleted(pid):
    """Whether the daemon still has a replaced data or lock file open or mapped."""
    with open(f"/proc/{pid}/maps") as maps:
        names = [line.rstrip("\n") for line in maps]
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed by now
    return any(".mdb" in name and name.endswith(" (deleted)") for name in names)


class Reader:
    """Reads a file of the mount over and over, and looks that it is one of those it may be."""

    def __init__(self, place, path, *contents):
        self.path, self.contents, self.reads, self.wrong = os.path.join(place, path), set(contents), 0, []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ending.is_set():
            try:
                if read(self.path) not in self.contents:
                    self.wrong.append("other bytes")
                os.listdir(os.path.dirname(self.path))
            except OSError as error:
                self.wrong.append(str(error))
            self.reads += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()
        check(self.reads > 0, "nothing was read")
        check(not self.wrong, f"{self.path}: {self.wrong[:3]}")


def under_a_mount(scene):
    store = scene.store("mounted", SCHEMA)
    make_garbage(store)
    place = scene.mount(store)
    pid = scene.mounts[-1][0].pid
    before, whole, big = tree(store), mounted_tree(place), data_bytes(store)
    generation = read(place, ".tallyfs/generation")
    with open(os.path.join(place, "rows.json"), "rb", buffering=0) as held, Reader(
        place, "v/g7.json", before["v/g7.json"]
    ):
        head = held.read(4096)
        done = tally("compact", store)
        check(done.stdout.startswith(b"compacted: %d bytes before, %d now" % (big, data_bytes(store))), done.stdout)
        check(data_bytes(store) < big * 2 / 3, f"{big} bytes became {data_bytes(store)}")
        check_tidy(store)
        # what is held open is of the commit that is shown, so the new file has it too
        wait_until("the daemon moves to the new file", lambda: not holds_deleted(pid))
        check(read(place, ".tallyfs/generation") == generation, "it made a commit of nothing")
        check(tree(store) == before, "the tree changed")
        for path, content in before.items():
            check(read(place, path) == content, f"the mount shows another {path}")
        check(mounted_tree(place) == whole, "the mount shows other files")
        put(store, LEFT + 1, "new")
        check(b'"c":1,' in read(place, "v/new.json"), "the mount does not follow")
        check(head + held.read() == before["rows.json"], "an open file changed")
    check(read(place, "rows.json") == tally("cat", store, "rows.json").stdout, "the mount shows another rows.json")
    scene.unmount(place)
    tally("verify", store)


def held_of_an_older_commit(scene):
    """What is of an older commit than the compacted one is read in the old file, until its time is over."""
    store = scene.store("older", SCHEMA)
    make_garbage(store)
    place = scene.mount(store, options=("-o", "snapshot_deadline=1"))
    pid = scene.mounts[-1][0].pid
    before = tree(store)["rows.json"]
    with open(os.path.join(place, "rows.json"), "rb", buffering=0) as held:
        head = held.read(4096)
        put(store, LEFT + 1, "new")
        tally("compact", store)
        for number in range(20):
            put(store, number, f"other{number}")
        wait_until("the daemon copies what is held", lambda: not holds_deleted(pid))
        check(head + held.read() == before, "an open file changed")
    scene.unmount(place)


def unannounced(scene):
    """A mount that nobody told of it finds the new file by itself."""
    store = scene.store("unannounced", SCHEMA)
    make_garbage(store)
    place = scene.mount(store)
    pid = scene.mounts[-1][0].pid
    for name in os.listdir(os.path.join(store, "mounts")):
        os.unlink(os.path.join(store, "mounts", name))
    tally("compact", store)
    check(os.listdir(os.path.join(store, "mounts")) == [], "the test proves nothing: it was told")
    wait_until("the daemon finds the new file", lambda: not holds_deleted(pid))
    scene.unmount(place)


def killed(scene):
    store = scene.store("killed", SCHEMA)
    make_garbage(store)
    place = scene.mount(store)
    before = tree(store)
    begun = time.monotonic()
    tally("compact", store)
    seconds = time.monotonic() - begun
    rng = random.Random(1)
    with Reader(place, "v/g7.json", before["v/g7.json"]):
        for i in range(300 if os.environ.get("SOAK") else 20):
            process = subprocess.Popen([TALLY, "compact", store], stdout=subprocess.DEVNULL)
            time.sleep(rng.random() * seconds * 1.1)  # anywhere in its way
            process.send_signal(signal.SIGKILL)
            process.wait()
            check(tree(store) == before, "a killed compact changed the tree")
            if i % 4 == 0:
                put(store, EVENTS + i, f"k{i}")  # any writer tidies up
                check_tidy(store)
                check(b'"c":1,' in read(place, f"v/k{i}.json"), "the mount does not follow")
                tally("delete", store, "--key", EVENTS + i)
    tally("compact", store)
    check_tidy(store)
    check(tree(store) == before, "the tree changed")
    scene.unmount(place)
    tally("verify", store)


def beside_writers(scene):
    """Writers that wait for the lock while the file is replaced go on with the new one."""
    store = scene.store("writers", SCHEMA)
    make_garbage(store)
    processes = []
    for i in range(12):
        record = scene.write(f"record{i}", f'{{"id":{EVENTS + i},"g":"new","n":{i}}}\n')
        for command in (("compact", store), ("ingest", store, record)):
            processes.append(subprocess.Popen([TALLY, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    for process in processes:
        errors = process.communicate()[1]
        check(process.returncode == 0, f"{process.args[1]}: status {process.returncode}: {errors.decode()}")
    check(b'"c":12,' in tally("cat", store, "v/new.json").stdout, "events of a waiting writer are gone")
    check_tidy(store)
    tally("verify", store)


def full_disk(scene):
    """No room for the copy: it says so, and leaves the store as it was."""
    disk = scene.path("disk")
    os.mkdir(disk)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], check=True)
    store = scene.store("disk/store", SCHEMA)
    make_garbage(store)
    with open(os.path.join(disk, "filler"), "wb") as filler:
        room = os.statvfs(disk)
        filler.write(bytes(room.f_bavail * room.f_frsize - (256 << 10)))
    before = tree(store)
    with Reader(scene.mount(store), "v/g7.json", before["v/g7.json"]):
        done = tally("compact", store, status=1)
        check(b"No space left" in done.stderr and b"data.mdb.new" in done.stderr, done.stderr)
    check_tidy(store)
    check(tree(store) == before, "the tree changed")
    os.unlink(os.path.join(disk, "filler"))
    tally("compact", store)
    check(tree(store) == before, "the tree changed")
    tally("verify", store)
    scene.unmount(scene.path("mnt"))


def read_only(scene):
    """A store on a read-only medium is mounted and read, and not compacted; its writers are elsewhere."""
    store = scene.store("medium", SCHEMA)
    make_garbage(store)
    before = tree(store)
    medium = scene.path("read-only")
    os.mkdir(medium)
    subprocess.run(["mount", "--bind", store, medium], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", medium], check=True)
    check(tree(medium) == before, "the tree differs")
    place = scene.mount(medium)
    tally("compact", medium, status=1)
    tally("compact", store)
    check(read(place, "v.json") == before["v.json"], "the mount shows something else")
    put(store, LEFT + 1, "new")
    wait_until("the mount follows", lambda: os.path.exists(os.path.join(place, "v/new.json")))
    scene.unmount(place)


def of_another_user(scene):
    """Who could use the store before can use it afterwards, be it root who compacts it."""
    nobody = 65534
    os.chmod(scene.folder.name, 0o755)
    store = scene.store("owned", SCHEMA)
    make_garbage(store)
    for folder, names, files in os.walk(store):
        for name in [".", *names, *files]:
            os.chown(os.path.join(folder, name), nobody, nobody)
    for name in ("data.mdb", "lock.mdb"):
        os.chmod(os.path.join(store, name), 0o640)
    tally("compact", store)
    for name in ("data.mdb", "lock.mdb"):
        status = os.stat(os.path.join(store, name))
        check((status.st_uid, status.st_gid) == (nobody, nobody), f"{name} is another's")
        check(status.st_mode & 0o777 == 0o640, f"{name} has mode {status.st_mode:o}")


with Scene() as scene:
    under_a_mount(scene)
    held_of_an_older_commit(scene)
    unannounced(scene)
    killed(scene)
    beside_writers(scene)
    of_another_user(scene)
    full_disk(scene)
    read_only(scene)
