"""Each command, to be disturbed by the tests of faults: what it starts from, and where it should end.

SPDX-License-Identifier: Apache-2.0
"""

import hashlib
import json
import os
import random
import shutil
import subprocess

from mounted import TALLY, WAIT_SECONDS, check, tally


def preloading(name):
    """The environment in which tally and tallyfs have tests/support/NAME.c in front of the C library; sanitizers stay in front of that."""
    linked = subprocess.run(["ldd", TALLY], capture_output=True, check=True).stdout.decode().split()
    sanitizer = [word for word in linked if word.startswith("/") and "libasan" in word]
    library = os.path.abspath(os.path.join(os.path.dirname(TALLY), f"../tests/libtally-test-{name}.so"))
    return {"LD_PRELOAD": ":".join([*sanitizer, library])}


FIELDS = {"id": "int", "t": "time", "user": "string", "n": "int"}
VIEWS = {"all": {"measures": {"c": "count()", "users": "uniq(user)", "m": "median(n)"}},
         "days": {"by": ["day(t)"], "measures": {"c": "count()", "n": "sum(n)"}}}
SCHEMA = {"streams": {"s": {"key": "id", "time": "t", "on_duplicate": "replace", "delete_when": "n < 0", "fields": FIELDS}},
          "views": VIEWS}


def events(first, count, step=1):
    return "id,t,user,n\n" + "".join(f"{i},2026-01-{i % 28 + 1:02d},user {i * 7919 % 500},{i}\n"
                                     for i in range(first, first + count * step, step))


def digest_of(place):
    """Of all names and bytes, but of the locks, which no process has any more: LMDB makes its table anew, and ours tells whose it was."""
    digest = hashlib.sha256()
    for folder, names, leaves in os.walk(place):
        names.sort()
        for name in [*names, *sorted(leaves)]:
            path = os.path.join(folder, name)
            digest.update(path[len(place):].encode() + b"\0")
            if os.path.isfile(path) and name not in ("lock.mdb", "ingest.lock"):
                with open(path, "rb") as file:
                    digest.update(hashlib.sha256(file.read()).digest())
    return digest.digest()


class Command:
    """What is run, in a copy of one store, and what of the copy tells how far it came."""

    def __init__(self, scene, base, *arguments, shown="store", status=0, again=0, parts=False, reads=False):
        self.scene, self.base, self.arguments, self.shown, self.status = scene, base, arguments, shown, status
        self.again = again  # its status where it is done already
        self.parts, self.reads, self.count = parts, reads, 0
        self.known, self.finished = {}, set()
        place = self.fresh()
        self.before = self.state(place)
        self.run(place, status=status)
        self.after = self.state(place)
        shutil.rmtree(place)

    def fresh(self):
        self.count += 1
        place = self.scene.path(f"place-{self.count}")
        os.makedirs(place)
        shutil.copytree(self.base, place + "/store")
        return place

    def line(self, place):
        return [TALLY, *(argument.replace("@", place) for argument in self.arguments)]

    def run(self, place, environment=None, status=None):
        done = subprocess.run(self.line(place), capture_output=True, check=False, timeout=WAIT_SECONDS,
                              env={**os.environ, **(environment or {})})
        check(status is None or done.returncode == status, f"{self.arguments}: {done.returncode} {done.stderr}")
        return done

    def state(self, place):
        """The schema and the files that the views show, if any; None where there is no store."""
        store = os.path.join(place, self.shown)
        if not os.path.exists(store + "/data.mdb"):
            return None
        with open(store + "/data.mdb", "rb") as file:
            bytes_of_data = hashlib.sha256(file.read()).digest()
        if bytes_of_data not in self.known:  # they are looked at once: most disturbed commands leave them as they were
            check(b" 0 differ" in tally("verify", store).stdout, f"{store} does not verify")
            shown = tally("cat", store, ".tallyfs/schema.json", "all.json", "days.json", status=None).stdout
            check(shown.startswith(b"{"), f"{store} shows no schema")
            self.known[bytes_of_data] = shown
        return self.known[bytes_of_data]

    def is_expected(self, state):
        """One commit is there or not; one in parts may have come anywhere, as long as it verifies."""
        return self.parts or state in (self.before, self.after)

    def finish(self, place, state, what):
        """Runs it again, undisturbed, from the state it is in, and looks where that ends: once from the same files."""
        left = digest_of(place)
        if left in self.finished:
            return
        self.finished.add(left)
        if state != self.after or self.shown == "store":
            again = self.run(place)
            check(again.returncode in (self.again if state == self.after else 0, self.status), f"{what}: then {again.stderr}")
        check(self.state(place) == self.after, f"{what}: the next run did not end as it should")
        check(not os.path.exists(place + "/copy.partial"), f"{what}: a partial copy is left for ever")


def scattered(seed, count):
    rng = random.Random(seed)
    return "id,t,user,n\n" + "".join(f"{rng.randrange(10**12)},2026-01-{i % 28 + 1:02d},user {i % 50:0400d},{i}\n" for i in range(count))


def merging(scene):
    """An ingest in the middle of a merge of runs: those of eight batches, each larger than what is changed in place, are being
    merged since the ninth."""
    base = scene.store("merging", SCHEMA)
    for seed in range(10):
        tally("ingest", base, scene.write("scattered.csv", scattered(seed, 800)))
    return Command(scene, base, "ingest", "@/store", scene.write("more-scattered.csv", scattered(10, 800)))


def commands(scene):
    base = scene.store("base", SCHEMA)
    tally("ingest", base, scene.write("base.csv", events(0, 2000)))
    named = scene.store("named", SCHEMA)
    tally("ingest", named, scene.write("base.csv", events(0, 1000)))
    tally("ingest", named, "--batch", "x", scene.write("middle.csv", events(500, 1000)))
    more = scene.write("more.csv", events(1000, 1500) + "x,,,\n")
    schema = scene.write("next.json", json.dumps(
        {**SCHEMA, "views": {**VIEWS, "days": {"by": ["day(t)"], "measures": {"c": "count()", "u": "uniq(user)"}}}}))
    return {
        "ingest": Command(scene, base, "ingest", "@/store", more, status=2),
        "ingest in parts": Command(scene, base, "ingest", "@/store", "--memory", "16M", scene.write("parts.csv", events(500, 15000)),
                                   parts=True),
        "replace": Command(scene, named, "ingest", "@/store", "--batch", "x", "--replace", more, status=2),
        "undo": Command(scene, named, "undo", "@/store", "x", again=1),
        "delete": Command(scene, base, "delete", "@/store", "--where", "n < 700"),
        "schema": Command(scene, base, "schema", "@/store", "--apply", schema),
        "rebuild": Command(scene, base, "rebuild", "@/store"),
        "compact": Command(scene, base, "compact", "@/store"),
        "backup": Command(scene, base, "backup", "@/store", "@/copy", shown="copy"),
        "restore": Command(scene, base, "restore", "@/store", "@/copy", shown="copy"),
        "init": Command(scene, base, "init", "@/new", "--schema", schema, shown="new"),
        "status": Command(scene, base, "status", "@/store", reads=True),
        "cat": Command(scene, base, "cat", "@/store", "days.json", ".tallyfs/status.json", reads=True),
        "ls": Command(scene, base, "ls", "@/store", "days", reads=True),
        "wait": Command(scene, base, "wait", "@/store", "--after", "1", "--path", "days", reads=True),
        "verify": Command(scene, base, "verify", "@/store", reads=True),
    }
