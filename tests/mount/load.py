"""Hundreds of readers, the tools that walk trees, files that are held open, a reader that is stopped, during commits: nobody sees
a mixture of two, nothing hangs, and memory and store stop growing.

    tests/mount/load.py         SECONDS=20 of it, an hour with SOAK=1

Each batch gives every event the same new number, so that all rows of one commit agree.

SPDX-License-Identifier: Apache-2.0
"""

import contextlib
import json
import mmap
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, WAIT_SECONDS, Scene, check, tally

SECONDS = int(os.environ.get("SECONDS") or (3600 if os.environ.get("SOAK") else 20))
PROCESSES, THREADS = 8, 25
GROUPS, LEAVES = 10, 40
SCHEMA = {"streams": {"s": {"key": "k", "on_duplicate": "replace", "fields": {"k": "int", "g": "string", "h": "string", "v": "int"}}},
          "views": {"all": {"measures": {"n": "count()", "v": "max(v)", "least": "min(v)"}},
                    "by": {"by": ["g", "h"], "measures": {"n": "count()", "v": "max(v)"}}}}
FILES = ["all.json", "by.json", "by.csv", "by.ndjson", *(f"by/g{g}.json" for g in range(GROUPS)),
         *(f"by/g{g}/.total.json" for g in range(GROUPS)), *(f"by/g{g}/h{h}.json" for g in range(GROUPS) for h in range(LEAVES))]


def batch(version):
    return "".join(f'{{"k":{i},"g":"g{i % GROUPS}","h":"h{i // GROUPS}","v":{version}}}\n' for i in range(GROUPS * LEAVES))


def version_of(path, content):
    """The commit's number that all of the file agrees on; a mixture fails."""
    if path.endswith(".csv"):
        versions = {line.rsplit(b",", 1)[1] for line in content.splitlines()[1:]}
    elif path.endswith(".ndjson"):
        versions = {json.loads(line)["v"] for line in content.splitlines()}
    else:
        rows = json.loads(content)
        versions = {row["v"] for row in (rows if isinstance(rows, list) else [rows])}
        versions |= {rows["least"]} if path == "all.json" else set()
    check(len(versions) == 1, f"{path}: a mixture of {versions}")
    return int(versions.pop())


class Reader(threading.Thread):
    """Reads files at random; no file of it ever goes back to an older commit."""

    def __init__(self, place, ending, number):
        super().__init__()
        self.place, self.ending, self.random, self.reads, self.seen = place, ending, random.Random(number), 0, {}

    def run(self):
        while not self.ending.is_set():
            path = self.random.choice(FILES)
            with open(os.path.join(self.place, path), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if self.random.random() < 0.2 and size:
                    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                        content = mapped[:]
                elif self.random.random() < 0.2:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                    content = b"".join(os.pread(file.fileno(), 1000, at) for at in range(0, size, 1000))
                else:
                    content = file.read()
            check(len(content) == size, f"{path}: {len(content)} bytes of {size}")
            version = version_of(path, content)
            check(version >= self.seen.get(path, 0), f"{path}: {version} after {self.seen.get(path)}")
            self.seen[path] = version
            self.reads += 1


def read_along(place):
    """A process of readers, until its standard input ends; tells how often the laziest has read."""
    ending = threading.Event()
    readers = [Reader(place, ending, os.getpid() * 1000 + i) for i in range(THREADS)]
    for reader in readers:
        reader.start()
    sys.stdin.read()
    ending.set()
    for reader in readers:
        reader.join()
    print(min(reader.reads for reader in readers), sum(reader.reads for reader in readers))


class Walker(threading.Thread):
    """Runs a command over and over; it has to succeed each time, and to say as much."""

    def __init__(self, command, ending, expected=None):
        super().__init__()
        self.command, self.ending, self.expected, self.runs, self.failure = command, ending, expected, 0, None

    def run(self):
        while not self.ending.is_set() and not self.failure:
            done = subprocess.run(["sh", "-c", self.command], capture_output=True, check=False, timeout=WAIT_SECONDS)
            if done.returncode != 0 or done.stderr or (self.expected and done.stdout.split()[:1] != [self.expected]):
                self.failure = done
            self.runs += 1


class Writer(threading.Thread):
    def __init__(self, store, ending):
        super().__init__()
        self.store, self.ending, self.version, self.failure = store, ending, 1, None

    def run(self):
        while not self.ending.is_set() and not self.failure:
            self.version += 1
            done = subprocess.run([TALLY, "ingest", self.store, "-"], input=batch(self.version).encode(), capture_output=True,
                                  check=False, timeout=WAIT_SECONDS)
            if done.returncode != 0 or done.stderr:
                self.failure = done


class Held:
    """Files that were opened at some commit and stay that, a directory that was listed half, and a process that is stopped."""

    def __init__(self, place):
        self.files = []
        self.listing = os.scandir(place + "/by/g1")
        self.names = {next(self.listing).name}
        self.stopped = subprocess.Popen(["sh", "-c", f"exec 3<{place}/by.json; kill -STOP $$; cat <&3"], stdout=subprocess.PIPE)
        self.tail = subprocess.Popen(["tail", "-c", "+1", "-f", place + "/by.json"], stdout=subprocess.PIPE)

    def hold(self, place):
        for path in ("by.json", "by/g3.json", "all.json", "by/g3/h3.json"):
            file = open(os.path.join(place, path), "rb")
            self.files.append((path, file, version_of(path, file.read())))

    def look(self):
        for path, file, version in self.files:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            file.seek(0)
            check(version_of(path, file.read()) == version, f"{path}: an open file has changed")
            file.close()
        self.names |= {entry.name for entry in self.listing}
        check(len(self.names) == LEAVES + 1, f"half a listing and its rest: {len(self.names)}")
        self.stopped.send_signal(signal.SIGCONT)
        check(version_of("by.json", self.stopped.communicate(timeout=WAIT_SECONDS)[0]) == 1, "what a stopped reader has open has changed")
        self.tail.terminate()
        version_of("by.json", self.tail.communicate(timeout=WAIT_SECONDS)[0])


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))


def levels_off(what, samples, spare):
    """No more in the last third than in the one before, but for what is spare."""
    third = len(samples) // 3
    check(max(samples[-third:]) <= max(samples[third:-third]) * 1.1 + spare, f"{what} goes on growing: {samples}")


def main():
    with Scene() as scene, contextlib.ExitStack() as ends:
        store = scene.store("s", SCHEMA)
        tally("ingest", store, "-", stdin=batch(1).encode())
        place = scene.mount(store, options=("-o", "snapshot_deadline=2"))
        daemon = scene.mounts[-1][0]
        copy, ending, held = scene.path("copy"), threading.Event(), Held(place)
        readers = [subprocess.Popen([sys.executable, __file__, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                   for _ in range(PROCESSES)]
        for process in (*readers, held.stopped, held.tail):
            ends.callback(process.kill)
        rows = str(GROUPS * LEAVES).encode()
        walkers = [Walker(f"find {place} -type f -path '*/by/*/h*' -size +0 | wc -l", ending, rows),
                   Walker(f"grep -r -l '\"v\"' {place}/by --include='h*.json' | wc -l", ending, rows),
                   # the list of batches grows, which tar tells
                   Walker(f"tar -cf - -C {place} --exclude ./.tallyfs . | tar -tf - | grep -c '/h'", ending, rows),
                   Walker(f"rsync -a --delete {place}/ {copy}/ && find {copy} -path '*/by/*/h*' | wc -l", ending, rows),
                   Walker(f"ls -lR {place} | grep -c 'h[0-9]*.json'", ending, rows),
                   Walker(f"du -s {place} && df {place} >/dev/null && stat {place}/by.json >/dev/null", ending)]
        writer = Writer(store, ending)
        for thread in (writer, *walkers):
            thread.start()
        memory, sizes, begun = [], [], time.monotonic()
        while time.monotonic() - begun < SECONDS:
            if len(held.files) < 200:
                held.hold(place)
            memory.append(resident_kib(daemon.pid))
            sizes.append(os.path.getsize(store + "/data.mdb"))
            time.sleep(SECONDS / 100)  # the distance of samples; nothing is waited for
        ending.set()
        for thread in (writer, *walkers):
            thread.join(timeout=WAIT_SECONDS)
            check(not thread.is_alive() and not thread.failure, f"{thread.failure}")
        said = [reader.communicate(timeout=WAIT_SECONDS)[0].decode() for reader in readers]
        check(not any("FAILED" in text for text in said) and all(reader.returncode == 0 for reader in readers), "".join(said))
        counts = [[int(number) for number in text.split()] for text in said]
        check(all(least > 0 for least, _ in counts), f"a reader hangs: {counts}")
        check(all(walker.runs > 0 for walker in walkers), "a walker never came to an end")
        held.look()
        with open(place + "/all.json", "rb") as file:
            check(version_of("all.json", file.read()) == writer.version, "the last commit does not show")
        levels_off("memory", memory, 1024)
        levels_off("the store", sizes, 1 << 20)
        check(b" 0 differ" in tally("verify", store).stdout, "verify")
        print(f"{writer.version} commits, {sum(total for _, total in counts)} reads by {PROCESSES * THREADS} readers, "
              f"{sum(walker.runs for walker in walkers)} walks; the daemon took {max(memory)} KiB, the store {max(sizes) >> 10} KiB")
        scene.unmount(place)


if len(sys.argv) > 1:
    read_along(sys.argv[1])
else:
    main()
