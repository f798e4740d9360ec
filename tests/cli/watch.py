"""`tally watch`: whoever applies its lines has the rows of the tree at each line that ends a commit, through a random history, across kills.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, WAIT_SECONDS, Scene, check, read, tally, wait_until

FIELDS = {"id": "int", "region": "string", "day": "string", "n": "int", "parent": "int"}
VIEWS = {"by": {"by": ["region", "day"], "measures": {"n": "sum(n)", "most": "max(n)", "users": "uniq(id)"}}, "all": {"measures": {"c": "count()"}},
         "nodes": {"by": ["tree(id, parent)"], "measures": {"n": "sum(n)"}, "within": {"days": {"by": ["day"], "measures": {"n": "sum(n)"}}}}}
SCHEMA = {"timezone": "Europe/Berlin", "streams": {"s": {"key": "id", "on_duplicate": "replace", "delete_when": "n < 0", "fields": FIELDS}},
          "views": VIEWS}
LONG = ["l" * 400 + end for end in "ab"]


def event(number, region="eu", day="a", n=1, parent=None):
    return {"id": number, "region": region, "day": day, "n": n, "parent": parent}


def ingest(store, *records):
    tally("ingest", store, "--strict", "-", stdin="".join(json.dumps(record) + "\n" for record in records).encode())


def newest(store):
    return int(tally("cat", store, ".tallyfs/generation").stdout)


def rows_of(place):
    """Every file of one row of a mounted tree: path -> what it holds."""
    found = {}
    for folder, names, files in os.walk(place):
        names[:] = [name for name in names if name != ".tallyfs"]
        inside = os.path.relpath(folder, place)
        for name in files:
            is_total = name == ".total.json" and (not inside.startswith("nodes") or inside == "nodes")
            is_row = name.endswith(".json") and not name.startswith(".") and name[:-5] not in names
            if is_total or is_row:
                found[os.path.normpath(os.path.join(inside, name))] = json.loads(read(folder, name))
    ids = os.path.join(place, "nodes/.node")  # which is not listed
    found.update({f"nodes/.node/{name}": json.loads(read(ids, name)) for name in (os.listdir(ids) if os.path.exists(ids) else ())})
    return found


def difference(wanted, rows):
    return {path: (wanted.get(path), rows.get(path)) for path in {*wanted, *rows} if wanted.get(path) != rows.get(path)}


class Copy:
    """What somebody has who applies the lines, and the commit that it is of."""

    def __init__(self):
        self.rows, self.pending, self.commit, self.nonce = {}, [], None, None
        self.seen = {"snapshot": 0, "c": 0, "u": 0, "d": 0, "r": 0, "commit": 0, "since": 0}

    def apply(self, line):
        self.seen[line["op"]] += 1
        self.seen["since"] += line["op"] in "ud" and "before" not in line
        if line["op"] != "commit":
            self.pending.append(line)
            return False
        for change in self.pending:
            check((change["commit"], change["time"]) == (line["commit"], line["time"]), f"{change} of {line}")
            self.apply_one(change)
        self.pending = []
        self.commit, self.nonce = line["commit"], line["nonce"]
        return True

    def apply_one(self, change):
        op, path = change["op"], change.get("path")
        if op == "snapshot":
            self.rows = {}
            return
        before = self.rows.get(path)
        if op in "rc":
            check(before is None and change["before"] is None and change["after"] is not None, f"{change} of {before}")
        elif "before" in change:
            check(before is not None and before == change["before"] != change["after"], f"{change} of {before}")
        check((change["after"] is None) == (op == "d"), change)
        if op == "d":
            self.rows.pop(path, None)
        else:
            self.rows[path] = change["after"]

    def forget_half(self):
        """Of a commit that did not end: it comes again."""
        self.pending = []


class Watch:
    """A process that watches, and a thread that applies what it prints."""

    started = []

    def __init__(self, copy, store, *options, expected=None):
        self.copy, self.expected = copy, expected
        self.process = subprocess.Popen([TALLY, "watch", store, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.started.append(self.process)
        self.fault = None
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        try:
            for line in self.process.stdout:
                if not line.endswith(b"\n"):
                    break  # it was killed
                if self.copy.apply(json.loads(line)) and self.expected is not None:
                    wanted = self.expected.get(self.copy.commit)
                    if wanted is not None and wanted != self.copy.rows:
                        self.fault = f"commit {self.copy.commit}: {difference(wanted, self.copy.rows)}"
        except (SystemExit, ValueError) as fault:
            self.fault = str(fault)

    def reaches(self, commit):
        def reached():
            check(not self.fault, self.fault)
            check(self.process.poll() is None or self.copy.commit == commit, "it ended")
            return self.copy.commit == commit

        wait_until(f"commit {commit}", reached)

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        """Gives its status, and what it said."""
        status = self.process.wait(timeout=WAIT_SECONDS)
        self.thread.join()
        said = self.process.stderr.read().decode()
        check(not self.fault, self.fault)
        self.copy.forget_half()
        return status, said


def lines_of(store, *options, count):
    """The first lines, whose reader then goes away."""
    process = subprocess.Popen([TALLY, "watch", store, *options], stdout=subprocess.PIPE)
    lines = [json.loads(process.stdout.readline()) for _ in range(count)]
    process.stdout.close()
    check(process.wait(timeout=WAIT_SECONDS) == -signal.SIGPIPE, f"status {process.returncode}")
    return lines


def form_of_the_lines(scene):
    store = scene.store("form", SCHEMA)
    ingest(store, event(1, "e/ü", "a", 2), event(2, "us", "b", 3))
    copy = Copy()
    watch = Watch(copy, store)
    watch.reaches(2)
    check(copy.rows == {} and copy.seen["snapshot"] == 0, "it begins behind the newest commit")
    watch.kill()
    first, *rows, last = lines_of(store, "--from", "0", "by/us", "all.json", count=5)
    nonce, time = last["nonce"], last["time"]
    check(first == {"commit": 2, "time": time, "op": "snapshot", "reason": "it was asked for"}, first)
    check(time.endswith("+01:00") or time.endswith("+02:00"), "the time of the schema's zone")
    values = {"n": 3, "most": 3, "users": 1}
    check(sorted(rows, key=lambda row: row["path"]) == [
        {"commit": 2, "time": time, "op": "r", "path": path, "before": None, "after": after} for path, after in (
            ("all.json", {"c": 2}), ("by/us/.total.json", {"region": "us", **values}), ("by/us/b.json", {"region": "us", "day": "b", **values}))], rows)
    check(last == {"commit": 2, "time": time, "op": "commit", "nonce": nonce} and len(nonce) == 16, last)
    check([row["path"] for row in lines_of(store, "--from", "0", "by/e%2Fü.csv", count=4)[1:3]] == ["by/e%2Fü/.total.json", "by/e%2Fü/a.json"],
          "what a file of rows has")
    check(lines_of(store, "--from", "2:" + nonce, count=1)[0]["op"] == "commit", "it goes on")
    for wrong in ("2:" + "0" * 16, "7"):
        check(lines_of(store, "--from", wrong, count=1)[0]["reason"] == "the commit is not of this store", wrong)
    ingest(store, event(1, "e/ü", "a", 5), event(2, "us", "b", -1))
    lines = lines_of(store, "--from", "2", "by/e%2Fü/a.json", "by/us/b.json", count=3)
    check([(line["op"], line.get("path"), "before" in line, line.get("after")) for line in lines] == [
        ("u", "by/e%2Fü/a.json", False, {"region": "e/ü", "day": "a", "n": 5, "most": 5, "users": 1}), ("d", "by/us/b.json", False, None),
        ("commit", None, False, None)], lines)


def wrong_arguments(scene):
    store = scene.store("wrong", SCHEMA)
    ingest(store, event(1, parent=2))
    for wrong in ("", "x", "-1", "1:", "1:12", "1:" + "G" * 16, "9" * 30):
        check(b"--from: " in tally("watch", store, "--from", wrong, status=1).stderr, wrong)
    check(b"by_regio: no such name" in tally("watch", store, "by_regio", status=1).stderr, "no such view")
    for wrong in (".tallyfs", ".tallyfs/status.json", "index.html", "nodes/1", "nodes/1/.days.json"):
        check(b"is no file of one row" in tally("watch", store, wrong, status=1).stderr, wrong)


def random_commit(rng, store, keys):
    """One commit of any kind."""
    kind = rng.random()
    if kind < 0.1 and keys:
        tally("delete", store, "--where", f"n < {rng.randrange(40)}" if rng.random() < 0.3 else f"id = {rng.choice(sorted(keys))}")
        return
    made = []
    for _ in range(rng.choice([1, 1, 3, 30])):
        number = rng.choice(sorted(keys)) if keys and rng.random() < 0.5 else rng.randrange(60)
        keys.add(number)
        made.append({"t": f"2026-01-{rng.randrange(1, 8 + len(keys) // 3):02d}", **event(number, rng.choice(["eu", "us", "ü/%", *LONG, None]), rng.choice(["a", "b", None]),
                          -1 if rng.random() < 0.2 else rng.randrange(100), rng.choice([None, rng.randrange(number + 1) - 1]))})
    ingest(store, *made)


def random_history(scene, seed):
    rng = random.Random(seed)
    views = {**VIEWS, "over": {"from": "by", "by": ["most"], "measures": {"c": "count()", "n": "sum(n)"}},
             "kept": {"by": ["day(t)"], "retain": "5 days", "measures": {"n": "sum(n)"}}}
    streams = {"s": {**SCHEMA["streams"]["s"], "time": "t", "fields": {**FIELDS, "t": "time"}}}
    store = scene.store("random", {**SCHEMA, "streams": streams, "views": views})
    place = scene.mount(store)
    expected, keys, copy = {1: rows_of(place)}, set(), Copy()
    watch = Watch(copy, store, "--from", "0", expected=expected)
    for n in (1, 2, -1):  # each kind of line once
        watch.reaches(newest(store))
        ingest(store, event(99, n=n))
        expected[newest(store)] = rows_of(place)
    for step in range(int(os.environ.get("COMMITS", "60"))):
        kind = rng.random()
        if kind < 0.1 and copy.commit:
            watch.kill()
            for _ in range(rng.choice([0, 1, 4])):
                random_commit(rng, store, keys)
                expected[newest(store)] = rows_of(place)
            behind = f"{copy.commit}:{copy.nonce}" if rng.random() < 0.5 else str(copy.commit)
            watch = Watch(copy, store, "--from", behind, expected=expected)
        elif kind < 0.2:  # several commits between two looks
            watch.reaches(newest(store))
            watch.process.send_signal(signal.SIGSTOP)
            for _ in range(rng.choice([2, 5])):
                random_commit(rng, store, keys)
                expected[newest(store)] = rows_of(place)
            watch.process.send_signal(signal.SIGCONT)
        elif kind < 0.25:
            tally("compact", store)
        random_commit(rng, store, keys)
        expected[newest(store)] = rows_of(place)
        watch.reaches(newest(store))
        check(copy.rows == expected[copy.commit], f"seed {seed}, step {step}: {difference(expected[copy.commit], copy.rows)}")
    watch.kill()
    check(all(copy.seen[op] for op in ("c", "u", "d", "commit")), f"seed {seed}: all kinds of lines come: {copy.seen}")
    scene.unmount(place)


def more_than_is_listed(scene):
    """A commit that changed too much for a list: both snapshots are compared, or all is told again."""
    store = scene.store("large", {"streams": {"s": {"key": "id", "on_duplicate": "replace", "fields": {"id": "int", "n": "int"}}},
                                  "views": {"ids": {"by": ["id"], "measures": {"n": "sum(n)"}}}})
    tally("ingest", store, scene.write("many.ndjson", "".join(f'{{"id":{i},"n":{i % 3}}}\n' for i in range(70000))))
    copy, loaded = Copy(), newest(store)
    watch = Watch(copy, store, "--from", "0")
    watch.reaches(loaded)
    check(len(copy.rows) == 70001, len(copy.rows))
    tally("delete", store, "--where", "id >= 10")
    watch.reaches(loaded + 1)
    rows = {f"ids/{i}.json": {"id": i, "n": i % 3} for i in range(10)}
    check(copy.rows == {**rows, "ids/.total.json": {"n": 9}}, copy.rows)
    check((copy.seen["d"], copy.seen["u"], copy.seen["snapshot"]) == (69990, 1, 1), copy.seen)
    tally("rebuild", store)  # the list says nothing, and no row differs
    watch.reaches(loaded + 2)
    check((copy.seen["d"], copy.seen["u"], copy.seen["snapshot"]) == (69990, 1, 1), copy.seen)
    watch.kill()
    copy.commit = None
    watch = Watch(copy, store, "--from", str(loaded))
    watch.reaches(loaded + 2)
    check(copy.seen["snapshot"] == 2 and copy.rows == {**rows, "ids/.total.json": {"n": 9}}, copy.seen)
    watch.kill()


def another_schema_and_store(scene):
    store = scene.store("other", SCHEMA)
    ingest(store, event(1), event(2, "us"))
    tally("backup", store, scene.path("copy"))
    copy = Copy()
    watch = Watch(copy, store, "by", "all.json", "--from", "0")
    watch.reaches(2)
    ingest(store, event(3, "us"))
    watch.reaches(3)
    views = {**VIEWS, "by": {"by": ["region"], "measures": {"n": "sum(n)"}}}
    tally("schema", store, "--apply", scene.write("next.json", json.dumps({**SCHEMA, "views": views})))
    watch.reaches(4)
    check(copy.seen["snapshot"] == 2 and copy.rows["by/us.json"] == {"region": "us", "n": 2} and "by/us/a.json" not in copy.rows, copy.rows)
    shutil.move(store, store + "-before")
    tally("restore", scene.path("copy"), store)
    watch.reaches(2)
    check(copy.seen["snapshot"] == 3 and copy.rows["by/us/a.json"]["n"] == 1, copy.rows)
    # A copy that continues what was told: no snapshot.
    shutil.copytree(store, scene.path("next-copy"))
    ingest(scene.path("next-copy"), event(9, "new"))
    shutil.move(store, store + "-restored")
    os.rename(scene.path("next-copy"), store)
    watch.reaches(3)
    check(copy.seen["snapshot"] == 3 and copy.rows["by/new/a.json"]["n"] == 1, copy.seen)
    tally("schema", store, "--apply", scene.write("less.json", json.dumps({**SCHEMA, "views": {"all": VIEWS["all"]}})), "--allow-loss")
    status, said = watch.end()
    check(status == 1 and "by: no such name" in said, f"what is watched is gone: {status} {said}")


def a_compaction(scene):
    """The file that was there before is let go of, also while nothing is committed."""
    store = scene.store("compacted", SCHEMA)
    ingest(store, event(1))
    copy = Copy()
    watch = Watch(copy, store, "--from", "0")
    watch.reaches(2)
    tally("compact", store)

    def has_let_go():
        with open(f"/proc/{watch.process.pid}/maps", encoding="utf-8") as maps:
            return not any("data.mdb" in line and "(deleted)" in line for line in maps)

    wait_until("the old file is let go of", has_let_go)
    ingest(store, event(2))
    watch.reaches(3)
    check(copy.seen["snapshot"] == 1 and copy.rows["all.json"] == {"c": 2}, copy.rows)
    watch.kill()


def a_reader_that_goes_away(scene):
    """It ends although there is nothing to write; and no damage is done by one who reads nothing."""
    store = scene.store("unread", SCHEMA)
    process = subprocess.Popen([TALLY, "watch", store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(json.loads(process.stdout.readline())["op"] == "commit", "it watches")
    process.stdout.close()
    check(process.wait(timeout=WAIT_SECONDS) == -signal.SIGPIPE and not process.stderr.read(), f"status {process.returncode}")
    with open("/dev/full", "wb") as full:
        failed = subprocess.run([TALLY, "watch", store], stdout=full, stderr=subprocess.PIPE, check=False, timeout=WAIT_SECONDS)
    check(failed.returncode == 1 and b"cannot write to standard output: No space left" in failed.stderr, failed)


def main():
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print("SEED", seed)
    try:
        with Scene() as scene:
            form_of_the_lines(scene)
            wrong_arguments(scene)
            a_reader_that_goes_away(scene)
            a_compaction(scene)
            another_schema_and_store(scene)
            more_than_is_listed(scene)
            random_history(scene, seed)
    finally:
        for process in Watch.started:  # of a test that failed
            process.kill()


main()
