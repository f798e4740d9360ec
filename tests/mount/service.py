"""A daemon in service: its own metrics, its signals, and what it says where.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, read, tally, wait_until

SCHEMA = {"streams": {"a \"b": {"time": "t", "fields": {"t": "time", "g": "string"}}, "other": {"fields": {"x": "int"}}},
          "views": {"v": {"from": "a \"b", "by": ["g"], "measures": {"n": "count()"}}}}
METRICS = ".tallyfs/daemon.prom"


def put(store, *groups):
    tally("ingest", store, "--stream", "a \"b", "-",
          stdin=b"".join(b'{"t":"2026-01-02T00:00:0%dZ","g":"%s"}\n' % (i, g.encode()) for i, g in enumerate(groups)))


def samples(text):
    return dict(line.rsplit(" ", 1) for line in text.decode().splitlines() if not line.startswith("#"))


def metrics_are_of_the_moment(scene):
    store = scene.store("metrics", SCHEMA)
    put(store, "x", "y")
    place = scene.mount(store)
    first = samples(read(place, METRICS))
    check(first["tallyfs_commit"] == "2" and first["tallyfs_events"] == "2", first)
    check(first['tallyfs_newest_event_timestamp_seconds{stream="a \\"b"}'] == "1767312001", first)
    check(not [name for name in first if "other" in name], "a stream without events has a newest one")
    held = os.open(os.path.join(place, METRICS), os.O_RDONLY)
    size = os.fstat(held).st_size
    put(store, "z")
    check(samples(os.read(held, 1 << 16))["tallyfs_commit"] == "2", "an open file changed")
    os.close(held)
    text = read(place, METRICS)
    second = samples(text)
    check(second["tallyfs_commit"] == "3" and second["tallyfs_commits_shown_total"] == "1", second)
    check(second["tallyfs_events_added_total"] == "1" and second["tallyfs_rows"] == "3", second)
    check(os.stat(os.path.join(place, METRICS)).st_size in range(size - 20, len(text) + 20), "size")
    reads = int(second['tallyfs_upcalls_total{call="read"}'])
    check(int(samples(read(place, METRICS))['tallyfs_upcalls_total{call="read"}']) == reads + 1, "the kernel has kept it")
    inodes = int(samples(read(place, METRICS))["tallyfs_inodes"])
    for _ in range(50):
        read(place, METRICS)
    check(int(samples(read(place, METRICS))["tallyfs_inodes"]) <= inodes + 5, "inodes are left")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    check(checked.returncode == 0 and not checked.stderr, checked)
    scene.unmount(place)


def metrics_tell_of_batches(scene):
    """Refused records, the last batch, and how far a followed log is, across its rotation and another store."""
    store, log = scene.store("followed", SCHEMA), scene.path('l"\\og\udcff')
    place = scene.mount(store)
    told = samples(read(place, METRICS))
    check(told["tallyfs_rejected_records_total"] == "0" and not [name for name in told if "last_batch" in name or "follow_" in name], told)
    put(store, "x")
    tally("ingest", store, "--stream", "other", "--max-rejects", "9", "-", stdin=b'{"x":1}\n{"x":"a"}\n', status=2)
    told = samples(read(place, METRICS))
    check([told["tallyfs_" + name] for name in ("last_batch_number", "last_batch_records", "last_batch_rejected_records", "rejected_records_total")] ==
          ["2", "2", "1", "1"], told)
    check(told["tallyfs_last_batch_timestamp_seconds"] == told["tallyfs_commit_timestamp_seconds"], told)
    written = b'{"x":2}\n{"x":"b"}\n'
    with open(log, "wb") as file:
        file.write(written)
    follower = subprocess.Popen([TALLY, "follow", store, "--stream", "other", "--max-rejects", "99", "--commit-every", "50ms", log])
    try:
        name = 'tallyfs_follow_%s{batch="%d",stream="other",source="' + os.path.dirname(log) + '/l\\"\\\\og%%FF"}'

        def reaches(number, offset, rejected):
            def reached():
                told = samples(read(place, METRICS))
                return told.get(name % ("offset_bytes", number)) == str(offset) and told["tallyfs_rejected_records_total"] == str(rejected)

            wait_until(f"batch {number} reaches {offset}", reached)

        reaches(3, len(written), 2)
        with open(log, "ab") as file:
            file.write(b'{"x":3}\n')
        reaches(3, len(written) + 8, 2)
        told = samples(read(place, METRICS))
        check(told[name % ("checkpoint_timestamp_seconds", 3)] == told["tallyfs_commit_timestamp_seconds"], told)
        os.rename(log, log + ".1")
        with open(log, "wb") as file:
            file.write(b'{"x":"c"}\n')
        reaches(4, 10, 3)
        wait_until("the first file is followed no more", lambda: name % ("offset_bytes", 3) not in samples(read(place, METRICS)))
    finally:
        follower.terminate()
        follower.wait(timeout=WAIT_SECONDS)
    put(store, "y")
    told = samples(read(place, METRICS))
    check(told["tallyfs_rejected_records_total"] == "3" and told["tallyfs_last_batch_number"] == "5", told)
    checked = subprocess.run(["promtool", "check", "metrics"], input=read(place, METRICS), capture_output=True, check=False)
    check(checked.returncode == 0 and not checked.stderr, checked)
    os.rename(store, store + "-before")
    tally("init", store, "--schema", scene.path("followed.json"))
    wait_until("the other store is told", lambda: samples(read(place, METRICS))["tallyfs_rejected_records_total"] == "0")
    scene.unmount(place)


def metrics_are_listed_once(scene):
    store = scene.store("listed", SCHEMA)
    place = scene.mount(store)
    names = os.listdir(place + "/.tallyfs")
    check(sorted(names) == ["README", "batches", "daemon.prom", "generation", "rejects", "schema.json", "status.json",
                            "views"], names)
    check(b"daemon.prom" not in tally("ls", store, ".tallyfs").stdout, "the store knows of a daemon")
    subprocess.run(["ls", "-la", place + "/.tallyfs"], check=True, capture_output=True)
    check(os.listdir(place + "/.tallyfs") == names, "another order")
    scene.unmount(place)


def signals_are_answered(scene):
    store, place = scene.store("signals", SCHEMA), scene.path("signals-mnt")
    put(store, "x")
    os.mkdir(place)
    daemon = subprocess.Popen([TALLYFS, store, place, "-f"], stderr=subprocess.PIPE)
    scene.mounts.append((daemon, place))
    wait_until("it answers", lambda: os.path.exists(place + "/.tallyfs"))
    daemon.send_signal(signal.SIGHUP)
    daemon.send_signal(signal.SIGUSR1)
    line = daemon.stderr.readline().decode()
    check(line.startswith("tallyfs: shows commit 2; 0 commits shown, ") and "1 snapshots" in line, line)
    check(read(place, "v/x.json") == b'{"g":"x","n":1}\n', "it does not serve")
    daemon.send_signal(signal.SIGTERM)
    check(daemon.wait(timeout=WAIT_SECONDS) == 0 and daemon.stderr.read() == b"", "its end")


def the_journal_is_told_levels(scene):
    store, place, log = scene.store("journal", SCHEMA), scene.path("journal-mnt"), scene.path("log")
    os.mkdir(place)
    with open(log, "wb") as stream:
        stat = os.fstat(stream.fileno())
        for journal, begin in ((f"{stat.st_dev}:{stat.st_ino}", "<6>tallyfs: shows"), ("1:2", "tallyfs: shows")):
            stream.truncate(0)
            daemon = subprocess.Popen([TALLYFS, store, place, "-f"], stderr=stream,
                                      env={**os.environ, "JOURNAL_STREAM": journal})
            scene.mounts.append((daemon, place))
            wait_until("it answers", lambda: os.path.exists(place + "/.tallyfs"))
            daemon.send_signal(signal.SIGUSR1)
            wait_until("a line", lambda: read(log).endswith(b"\n"))
            check(read(log).decode().strip("\0").startswith(begin), read(log))
            scene.unmount(place)


def status_tells_of_mounts(scene):
    store = scene.store("status", SCHEMA)
    put(store, "x")
    check("mounted" not in tally("status", store).stdout.decode(), "a mount that is not there")
    place, other = scene.mount(store, "a b"), scene.mount(store, "other")
    said = tally("status", store).stdout.decode()
    check(f"mounted  {place} shows this commit\n" in said and f"mounted  {other} shows this commit\n" in said, said)
    check('newest   a "b: 2026-01-02T00:00:00Z, ' in said and " days ago\n" in said, said)
    check("commit   2, " in said and (" seconds ago" in said or " second ago" in said), said)
    (daemon,) = [daemon for daemon, mounted in scene.mounts if mounted == other]
    daemon.send_signal(signal.SIGSTOP)
    put(store, "y")
    told = json.loads(tally("status", store, "--json").stdout)
    daemon.send_signal(signal.SIGCONT)
    check(told["commit"] == 3 and 0 <= told["age_seconds"] < 600 and told["disk"]["bytes"] > 0, told)
    mounts = {mount.pop("place"): mount for mount in told["mounts"]}
    check(mounts[place] == {"commit": 3, "behind": 0}, mounts)
    check(mounts[other] == {"commit": None, "behind": None}, mounts)
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    check(f"mounted  {other} does not answer\n" in tally("status", store).stdout.decode(), "a dead mount")
    scene.unmount(place)


with Scene() as scene:
    status_tells_of_mounts(scene)
    metrics_are_of_the_moment(scene)
    metrics_tell_of_batches(scene)
    metrics_are_listed_once(scene)
    signals_are_answered(scene)
    the_journal_is_told_levels(scene)
