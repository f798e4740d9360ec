"""Calls of the system that fail in the daemon, one at a time: it does not start and says why, or serves right content, or
an error that does not stay; what it shows at the end is the newest commit.

SOAK=1 tries every call instead of some of each kind.

SPDX-License-Identifier: Apache-2.0
"""

import errno
import os
import shutil
import subprocess
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import SCHEMA, VIEWS, events, preloading
from mounted import TALLYFS, WAIT_SECONDS, Scene, check, read, tally, wait_until

FAULTS = preloading("faults")
# writev is not among them: what the kernel is answered it takes, or the request is gone.
KINDS = {"malloc": errno.ENOMEM, "mmap": errno.ENOMEM, "open": errno.EMFILE, "openat": errno.ENFILE, "read": errno.EIO,
         "pread": errno.EIO, "write": errno.ENOSPC, "flock": errno.ENOLCK,
         "fstat": errno.EIO, "fcntl": errno.EMFILE, "poll": errno.EINTR, "accept4": errno.EMFILE, "pthreadcreate": errno.EAGAIN}
TRIES = 10**9 if os.environ.get("SOAK") else 8
# The rows are more than an old version may take of the memory: its copy is a file.
ROWS = {**SCHEMA, "views": {**VIEWS, "ids": {"by": ["id"], "measures": {"c": "count()", "users": "uniq(user)"}}}}
FILES = [b"all.json", b"days.json", b"days/.total.json", b"days/2026-01-06.json", b"ids.json", b"ids/7.json", b"ids/5999.json"]
ERRORS = (errno.EIO, errno.ENOMEM, errno.ENOTCONN, errno.ECONNABORTED)


class Session:
    """A daemon that is used: read, held open over a commit until its snapshot expires, read again, unmounted."""

    def __init__(self, scene, number, fault):
        self.fault = fault
        self.scene, self.store, self.place = scene, scene.path(f"store-{number}"), scene.path(f"mnt-{number}")
        self.said = scene.path(f"said-{number}")
        self.errors = Counter()

    def __enter__(self):
        shutil.copytree(self.scene.path("base"), self.store)
        os.mkdir(self.place)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.place], check=False, capture_output=True)
        shutil.rmtree(self.store)

    def start(self, environment):
        with open(self.said, "wb") as said:
            daemon = subprocess.Popen([TALLYFS, self.store, self.place, "-f", "-o", "snapshot_deadline=0"], stderr=said,
                                      env={**os.environ, **FAULTS, **environment})
        wait_until(f"{self.fault}: it mounts or ends",
                   lambda: daemon.poll() is not None or os.path.ismount(self.place))
        return daemon

    def read(self, path, size=-1):
        """The content, or None where an error was told."""
        try:
            with open(os.path.join(os.fsencode(self.place), path), "rb") as file:
                return file.read(size)
        except OSError as error:
            check(error.errno in ERRORS or self.ended(), f"{self.fault}: {path}: {error}")
            self.errors[error.errno] += 1
            return None

    def all_of(self, files, others):
        """Whether every file is read as it should be; a version of another commit may still be there."""
        good = True
        for path, content in files.items():
            found = self.read(path)
            check(found in (None, content, others.get(path)), f"{self.fault}: {path}: {found}")
            good &= found == content
        return good

    def use(self, before, after):
        self.all_of(before, before)
        try:
            held = os.open(os.path.join(os.fsencode(self.place), b"ids.json"), os.O_RDONLY)
        except OSError as error:
            check(error.errno in ERRORS or self.ended(), f"{self.fault}: {error}")
            held = -1
        done = tally("ingest", self.store, self.scene.path("more.csv"), status=None)
        check(done.returncode == 0, done.stderr)
        # It looks by itself every two seconds.
        wait_until(f"{self.fault}: the commit shows", lambda: self.all_of(after, before) or self.ended())
        if held >= 0:
            for name in ("again.csv", "twice.csv"):  # what is held is copied between a commit and the next
                tally("ingest", self.store, self.scene.path(name))
            with os.fdopen(held, "rb", buffering=0) as file:
                try:
                    check(file.readall() == before[b"ids.json"], f"{self.fault}: an open file has changed")
                except OSError as error:
                    check(error.errno in ERRORS, f"{self.fault}: {error}")

    def ended(self):
        """Whether nobody serves any more: the mount is dead, or gone."""
        try:
            return os.statvfs(self.place).f_flag & os.ST_RDONLY == 0
        except OSError as error:
            return error.errno in (errno.ENOTCONN, errno.ECONNABORTED)


def end(daemon, what):
    try:
        return daemon.wait(timeout=WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        check(False, f"{what}: it does not end")


def attempt(scene, number, fault, before, after):
    with Session(scene, number, fault) as session:
        daemon = session.start({"FAULT": fault})
        if daemon.poll() is None:
            session.use(before, after)
            subprocess.run(["umount", session.place], check=False, capture_output=True)
        status = end(daemon, fault)
        with open(session.said, encoding="utf-8", errors="replace") as file:
            said = file.read()
        check(status in (0, 1), f"{fault}: status {status}: {said}")
        check(status == 0 or len(said) > 15, f"{fault}: nothing is said")
        check(not session.errors or said, f"{fault}: errors {session.errors} and nothing is said")
        again = session.start({})
        check(again.poll() is None or b"replace" in open(session.said, "rb").read(), f"{fault}: the next does not start")
        if again.poll() is None:
            subprocess.run(["umount", session.place], check=True)
            check(end(again, fault) == 0, f"{fault}: the next does not end")
        return status


def count_calls(scene, before, after):
    with Session(scene, 0, "no fault") as session:
        counts = session.store + "/counts"  # it can write nowhere else
        daemon = session.start({"FAULT_COUNTS": counts})
        session.use(before, after)
        subprocess.run(["umount", session.place], check=True)
        check(end(daemon, "no fault") == 0 and not session.errors, "without a fault")
        with open(counts, encoding="utf-8") as file:
            return {name: int(number) for name, number in (line.split() for line in file)}


def main():
    tried, statuses = Counter(), Counter()
    with Scene() as scene:
        base = scene.store("base", ROWS)
        tally("ingest", base, scene.write("base.csv", events(0, 6000)))
        scene.write("more.csv", events(5500, 1500))
        scene.write("again.csv", events(0, 1))  # they change nothing
        scene.write("twice.csv", events(0, 2))
        content = []
        for _ in range(2):
            place = scene.mount(base)
            content.append({path: read(os.fsencode(place), path) for path in FILES})
            scene.unmount(place)
            if len(content) == 1:
                shutil.copytree(base, scene.path("kept"))
                tally("ingest", base, scene.path("more.csv"))
        shutil.rmtree(base)
        os.rename(scene.path("kept"), base)
        check(sum(content[0][path] != content[1][path] for path in FILES) >= 4, "the commit changes nothing")
        calls = count_calls(scene, *content)
        check(all(calls[call] for call in KINDS), f"not all are called: {calls}")
        number = 0
        for call, reason in KINDS.items():
            count = calls[call]
            for nth in sorted({1 + i * count // min(count, TRIES) for i in range(min(count, TRIES))}):
                number += 1
                statuses[attempt(scene, number, f"{call}:{nth}:{reason}", *content)] += 1
                tried[call] += 1
    print(f"{sum(tried.values())} faults: " + ", ".join(f"{call} {count}" for call, count in sorted(tried.items())))
    print("ended with status " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))


main()
