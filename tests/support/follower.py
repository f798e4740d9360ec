"""What tests of tally follow share: records that tell if one is missing or there twice, and a follower.

SPDX-License-Identifier: Apache-2.0
"""

import atexit
import json
import mmap
import os
import signal
import subprocess

from mounted import TALLY, WAIT_SECONDS, check, tally, wait_until

# Without a key nothing tells a repeat from a new record but the checkpoints.
SCHEMA = {
    "streams": {"e": {"fields": {"n": "int", "text": "string"}}},
    "views": {"all": {"measures": {"count": "count()", "sum": "sum(n)", "kinds": "uniq(n)"}}},
}


def lines(first, count):
    return "".join(json.dumps({"n": i, "text": "x" * (i % 50)}) + "\n" for i in range(first, first + count))


def expect(first, count):
    numbers = range(first, first + count)
    return {"count": len(numbers), "sum": sum(numbers), "kinds": len(numbers)}


def shown(store):
    done = tally("cat", store, "all.json", status=None)
    return json.loads(done.stdout) if done.returncode == 0 else None


def newest_commit(store):
    """What tells it from others, without a process that reads the store: LMDB's two meta pages, one of which each commit writes."""
    with open(os.path.join(store, "data.mdb"), "rb") as file:
        return os.fstat(file.fileno()).st_ino, file.read(2 * mmap.PAGESIZE)


class Follower:
    all = []

    def __init__(self, store, *arguments, stdin=None):
        Follower.all.append(self)
        self.process = subprocess.Popen([TALLY, "follow", store, *arguments], stdin=stdin, stderr=subprocess.PIPE)
        self.store = store

    def shows(self, figures):
        looked_at = None

        def condition():
            nonlocal looked_at
            check(self.process.poll() is None, f"the follower ended before {figures}")
            commit = newest_commit(self.store)
            if commit == looked_at:
                return False
            looked_at = commit
            return shown(self.store) == figures

        wait_until(figures, condition)

    def stop(self, status=0, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(timeout=WAIT_SECONDS)  # before its standard input is closed
        said = self.process.communicate(timeout=WAIT_SECONDS)[1].decode()
        check(self.process.returncode == status, f"status {self.process.returncode}: {said}")
        return said

    def ends(self, status):
        """By itself; what it says."""
        said = self.process.communicate(timeout=60)[1].decode()
        check(self.process.returncode == status, f"status {self.process.returncode}: {said}")
        return said

    def kill(self):
        self.process.kill()
        self.process.communicate()


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def held_by(pid):
    return [os.path.realpath(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]


atexit.register(lambda: [follower.process.kill() for follower in Follower.all])
