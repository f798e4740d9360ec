"""tally follow: a spool directory, files that grow, are rotated and truncated, pipes; each record once, also across kills.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from follower import SCHEMA, Follower, append, expect, held_by, lines, shown
from mounted import TALLY, WAIT_SECONDS, Scene, check, has_lock, tally, wait_until

KILLS = int(os.environ.get("KILLS") or (200 if os.environ.get("SOAK") else 25))


def a_spool_is_emptied_in_order(scene):
    store, spool = scene.store("spooled", SCHEMA), scene.path("spool")
    os.mkdir(spool)
    scene.write("spool/2.ndjson", lines(100, 100))
    scene.write("spool/1.ndjson", lines(0, 100))
    scene.write("spool/.hidden", "not mine")
    scene.write("spool/half.tmp", "not yet")
    follower = Follower(store, spool)
    follower.shows(expect(0, 200))
    batches = [json.loads(tally("cat", store, f".tallyfs/batches/{i}.json").stdout) for i in (1, 2)]
    check([os.path.basename(batch["source"]) for batch in batches] == ["1.ndjson", "2.ndjson"], batches)
    # Written elsewhere, moved in.
    os.rename(scene.write("3.csv", "n,text\n200,a\n201,\"b\nc\"\n"), spool + "/3.csv")
    follower.shows(expect(0, 202))
    # Written here: it is taken when it is closed.
    with open(spool + "/4.ndjson", "w", encoding="utf-8") as file:
        file.write(lines(202, 1))
        file.flush()
        os.rename(scene.write("5.ndjson", lines(203, 1)), spool + "/5.ndjson")
        wait_until("5", lambda: os.path.exists(spool + "/done/5.ndjson"))
        check(shown(store)["count"] == 203, "a file that is being written was taken")
        file.write(lines(204, 1))
    follower.shows(expect(0, 205))
    # One that cannot be loaded is put aside, one that was loaded before is known.
    os.rename(scene.write("bad", b"\x1f\x8b\x08\x00 no archive"), spool + "/6.bad")
    wait_until("the bad one", lambda: os.path.exists(spool + "/failed/6.bad"))
    os.rename(scene.write("again", lines(0, 100)), spool + "/1.ndjson")
    wait_until("the repeat", lambda: os.path.exists(spool + "/done/1.ndjson.1"))
    said = follower.stop(status=2)
    check("6.bad: goes to failed" in said and "already loaded (batch 1)" in said, said)
    check(shown(store) == expect(0, 205), shown(store))
    check(sorted(os.listdir(spool)) == [".hidden", "done", "failed", "half.tmp"], os.listdir(spool))
    check(sorted(os.listdir(spool + "/done")) == ["1.ndjson", "1.ndjson.1", "2.ndjson", "3.csv", "4.ndjson", "5.ndjson"],
          os.listdir(spool + "/done"))


def a_growing_file_is_taken_line_by_line(scene):
    store, log = scene.store("grown", SCHEMA), scene.path("app.log")
    follower = Follower(store, log, "--commit-every", "10ms")
    told = follower.process.stderr.readline().decode()
    check(told == f"tally: {log}: is not there yet, and is waited for\n", told)
    append(log, lines(0, 10))
    follower.shows(expect(0, 10))
    half = lines(10, 1)
    append(log, half[:7])
    append(log, half[7:] + lines(11, 4))
    follower.shows(expect(0, 15))
    check(follower.stop() == "", "it said something")
    append(log, lines(15, 5))
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 20))
    check("going on at line 16" in follower.stop(number=signal.SIGINT), "it did not say where")
    batch = json.loads(tally("cat", store, ".tallyfs/batches/1.json").stdout)
    check((batch["kind"], batch["state"], batch["read"]) == ("follow", "followed", 20), batch)
    check(json.loads(tally("status", store, "--json").stdout)["unfinished_batches"] == 0, "it counts as unfinished")


def a_line_waits_for_its_end(scene):
    store, log = scene.store("waiting", SCHEMA), scene.write("wait.log", lines(0, 3) + '{"n":3')
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 3))
    append(log, ',"text":"a"}\n')
    follower.shows(expect(0, 4))
    follower.stop()
    store, log = scene.store("quoted", SCHEMA), scene.write("wait.csv", 'n,text\n0,a\n1,"b\n')
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 1))
    append(log, 'c"\n2,d\n')
    follower.shows(expect(0, 3))
    append(log, '3,"' + "x" * 600000 + '"\n4,"' + "a,b\n" * 125000)  # a long record, and a cell that is open
    follower.shows(expect(0, 4))
    append(log, '"\n5,e\n')
    follower.shows(expect(0, 6))
    follower.stop()


def a_renamed_file_is_read_to_its_end(scene):
    store, log = scene.store("renamed", SCHEMA), scene.path("r.log")
    writer = open(log, "w", encoding="utf-8")
    writer.write(lines(0, 10))
    writer.flush()
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 10))
    os.rename(log, log + ".1")
    append(log, lines(20, 5))
    writer.write(lines(10, 10)[:-1])  # whoever has the old one open goes on; its last line has no end
    writer.close()
    follower.shows(expect(0, 25))
    os.rename(log + ".1", log + ".2")
    os.rename(log, log + ".1")
    append(log, lines(25, 5))
    follower.shows(expect(0, 30))
    follower.stop()
    # While nobody follows.
    append(log, lines(30, 5))
    os.rename(log, log + ".0")
    append(log, lines(35, 5))
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 40))
    follower.stop()
    states = [json.loads(tally("cat", store, f".tallyfs/batches/{i}.json").stdout)["state"] for i in range(1, 5)]
    check(states == ["loaded", "loaded", "loaded", "followed"], states)


def a_truncated_file_begins_anew(scene):
    store, log = scene.store("truncated", SCHEMA), scene.write("t.log", lines(0, 10))
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 10))
    with open(log, "r+", encoding="utf-8") as file:
        file.truncate(0)
    append(log, lines(10, 5))
    follower.shows(expect(0, 15))
    check("begins anew" in follower.stop(), "it did not say so")
    # Copied and truncated while nobody follows, and grown beyond where it was: no size tells.
    append(log, lines(15, 5))
    with open(log, "rb") as file:
        scene.write("t.log.1", file.read())
    with open(log, "w", encoding="utf-8") as file:
        file.write(lines(20, 30))
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 50))
    # And while somebody does.
    with open(log, "rb") as file:
        content = file.read()
    scene.write("t.log.2", content.decode() + lines(50, 5))
    with open(log, "w", encoding="utf-8") as file:
        file.write(lines(55, 1))
    follower.shows(expect(0, 56))
    follower.stop()


def a_copy_has_what_was_not_taken(scene):
    """Copied and truncated before anything of the file was committed."""
    store, log = scene.store("copied", SCHEMA), scene.write("c.log", "")
    follower = Follower(store, log, "--commit-every", "3s")
    wait_until("it holds the file", lambda: log in held_by(follower.process.pid))
    before = reads_of(follower.process.pid)
    append(log, lines(0, 2))
    wait_until("it has looked", lambda: reads_of(follower.process.pid) >= before + 3)  # the event, a probe, the line
    with open(log, "rb") as file:
        scene.write("c.log.1", file.read())
    with open(log, "w", encoding="utf-8") as file:
        file.write(lines(2, 1))
    follower.shows(expect(0, 3))
    follower.stop()


def reads_of(pid):
    with open(f"/proc/{pid}/io", encoding="utf-8") as file:
        return int(dict(line.split(": ") for line in file)["syscr"])


def a_file_that_changes_while_it_waits_for_its_turn(scene):
    store, log = scene.store("turn", SCHEMA), scene.write("turn.log", lines(0, 50))
    follower = Follower(store, log, "--commit-every", "1ms")
    follower.shows(expect(0, 50))
    other = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_until("the other has the lock", lambda: has_lock(store, other.pid))
    append(log, lines(50, 1))
    wait_until("it waits", lambda: os.stat(log).st_size > 0)
    with open(log, "w", encoding="utf-8") as file:
        file.write(lines(51, 200))
    other.communicate(lines(50, 1).encode())
    follower.shows(expect(0, 251))
    follower.stop()


def it_is_stopped_while_another_writes(scene):
    store, log = scene.store("stopped", SCHEMA), scene.write("stopped.log", lines(0, 5))
    other = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_until("the other has the lock", lambda: has_lock(store, other.pid))
    follower = Follower(store, log, "--commit-every", "1ms")
    check("waiting for another ingest" in follower.process.stderr.readline().decode(), "it does not wait")
    follower.stop()
    other.communicate(b"")


def what_is_too_old_is_refused(scene):
    """An event that `keep` has dropped cannot be told from a repeat, however it comes."""
    keep = {"streams": {"e": {"key": "id", "time": "t", "keep": "1 day", "fields": {"id": "int", "t": "time"}}},
            "views": {"all": {"measures": {"count": "count()"}}}}
    old = "".join(f'{{"id":{i},"t":"2026-01-01T00:00:00Z"}}\n' for i in range(1000))
    new = "".join(f'{{"id":{i},"t":"2026-01-10T00:00:00Z"}}\n' for i in range(10000, 210000))
    log = scene.write("keep.log", old)
    store = scene.store("keep", keep)
    follower = Follower(store, log, "--commit-every", "1ms", "--memory", "16M", "--max-rejects", "100%")
    follower.shows({"count": 1000})
    append(log, new + old)
    follower.shows({"count": 201000})
    follower.stop()


def a_spool_has_odd_things(scene):
    store, spool = scene.store("odd", SCHEMA), scene.path("odd-spool")
    os.makedirs(spool + "/folder")
    os.mkfifo(spool + "/fifo")
    os.symlink("nowhere", spool + "/dangling")
    long = "n" * 255
    follower = Follower(store, spool)
    for i in range(2):
        os.rename(scene.write("long", lines(i, 1)), f"{spool}/{long}")
        follower.shows(expect(0, i + 1))
        wait_until("it is moved", lambda: not os.path.exists(f"{spool}/{long}"))
    os.rename(scene.write("newline", lines(2, 1)), spool + "/a\nb")
    follower.shows(expect(0, 3))
    os.rmdir(spool + "/failed")
    os.rename(scene.write("broken", b"\x1f\x8b\x08\x00 no archive"), spool + "/broken")
    os.rename(scene.write("behind", lines(3, 1)), spool + "/c")
    follower.shows(expect(0, 4))
    said = follower.stop(status=2)
    check("cannot move it to failed" in said and said.count("/broken") == 2, said)
    check(sorted(os.listdir(spool)) == ["broken", "dangling", "done", "fifo", "folder"], os.listdir(spool))
    check(sorted(os.listdir(spool + "/done")) == ["a\nb", "c", "n" * 243 + ".1", long], os.listdir(spool + "/done"))


def what_cannot_be_followed_is_told(scene):
    store = scene.store("plain", SCHEMA)
    for arguments, text in (
        ([scene.path("no/such.log")], "/no: No such file"),
        ([scene.write("x.gz", b"\x1f\x8b\x08\x00\n")], "compressed"),
        ([scene.write("array.json", "[\n{}\n")], "is a JSON array, and cannot be followed (write an object a line"),
        (["-", "--commit-every", "5m"], "--commit-every: '5m'"),
        (["/dev/null"], "not a file that can grow"),
        (["-", "--commit-every", "5"], "--commit-every: '5' is neither a time"),
        (["-", "--commit-every", "0s"], "--commit-every: '0s'"),
        (["-", "--stream", "other"], "other"),
        ([], "usage"),
    ):
        done = tally("follow", store, *arguments, status=1)
        check(text in done.stderr.decode(), done.stderr)
    check("none: " in tally("follow", scene.path("none"), "-", status=1).stderr.decode(), "no store")
    done = tally("ingest", store, "--commit-every", "1s", scene.write("f", lines(0, 1)), status=1)
    check("is for standard input" in done.stderr.decode(), done.stderr)


def more_refused_records_than_allowed_stop_it(scene):
    store, log = scene.store("refusing", SCHEMA), scene.write("bad.log", lines(0, 10))
    follower = Follower(store, log, "--commit-every", "10ms")
    follower.shows(expect(0, 10))
    append(log, "no\n" + lines(10, 1))
    follower.shows(expect(0, 11))
    append(log, "no\n" * 10 + lines(11, 1))
    said = follower.process.communicate(timeout=WAIT_SECONDS)[1].decode()
    check(follower.process.returncode == 1 and "11 of 23 records are refused" in said, said)
    follower = Follower(store, log, "--commit-every", "10ms", "--max-rejects", "100%")
    follower.shows(expect(0, 12))
    told = follower.stop(status=2)
    check("11 of 23 records refused so far, the first: line 11: " in told and f"({store}/rejects/" in told, told)
    batch = json.loads(tally("cat", store, ".tallyfs/batches/1.json").stdout)
    check((batch["rejected"], batch["new"], batch["first_error"][:7]) == (11, 12, "line 11"), batch)
    refused = tally("cat", store, ".tallyfs/rejects/" + batch["rejects"]).stdout.decode()
    check([line.split("\t")[0] for line in refused.splitlines()] == ["11", *map(str, range(13, 23))], refused)


def a_pipe_is_committed_as_it_comes(scene):
    for name, command in (("follow", ["follow"]), ("ingest", ["ingest"])):
        store = scene.store("pipe-" + name, SCHEMA)
        process = subprocess.Popen([TALLY, *command, store, "-", "--commit-every", "10ms"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        for i in range(5):
            process.stdin.write(lines(i * 10, 10).encode())
            process.stdin.flush()
            wait_until("the pipe's records", lambda n=i: shown(store) == expect(0, n * 10 + 10))
        process.stdin.write(lines(50, 1).encode()[:-1])  # the last line needs no end
        said = process.communicate()[0].decode()
        check(process.returncode == 0 and shown(store) == expect(0, 51), (said, shown(store)))
        if name == "ingest":
            check(said.startswith("standard input: read 51, new 51, duplicate 0, rejected 0, commit"), said)
        batch = json.loads(tally("cat", store, ".tallyfs/batches/1.json").stdout)
        check((batch["state"], batch["read"]) == ("loaded", 51), batch)
        check([name for name in os.listdir(store) if name.startswith(".spool")] == [], "a spool is left")


def a_pipe_that_is_stopped_keeps_what_came(scene):
    store = scene.store("pipe-stopped", SCHEMA)
    follower = Follower(store, "-", "--commit-every", "1min", stdin=subprocess.PIPE)
    follower.process.stdin.write(lines(0, 10).encode() + b'{"n":')
    follower.process.stdin.flush()
    wait_until("the pipe is read", lambda: not pending(follower.process.stdin))
    said = follower.stop()
    check("the 5 bytes of a last line without its end are not loaded" in said, said)
    check(shown(store) == expect(0, 10), shown(store))


def take_place(scene, store, copy):
    """The copy is where the store was."""
    os.rename(store, scene.path(os.path.basename(store) + ".before"))
    tally("restore", copy, store)


def another_store_gets_nothing(scene):
    """A backup from before: what came since is loaded again from the very line, through rotations, by the next run."""
    store, log, copy = scene.store("replaced", SCHEMA), scene.path("replaced.log"), scene.path("replaced.backup")
    append(log, lines(0, 100))
    follower = Follower(store, "--commit-every", "1ms", log)
    follower.shows(expect(0, 100))
    tally("backup", store, copy)
    append(log, lines(100, 100))
    follower.shows(expect(0, 200))
    os.rename(log, log + ".1")
    append(log, lines(200, 100))
    follower.shows(expect(0, 300))
    take_place(scene, store, copy)
    append(log, lines(300, 100))
    said = follower.ends(1)
    check("another store" in said and "start tally follow again" in said, said)
    check(shown(store) == expect(0, 100), "it has loaded into the other store")
    follower = Follower(store, "--commit-every", "1ms", log)
    follower.shows(expect(0, 400))
    follower.stop()


def a_pipe_or_a_spool_is_not_loaded_into_another_store(scene):
    spool = scene.path("replaced-spool")
    os.mkdir(spool)
    for name, inputs in (("piped-other", ["-"]), ("spooled-other", [spool])):
        store = scene.store(name, SCHEMA)
        follower = Follower(store, "--commit-every", "1ms", *inputs, stdin=subprocess.PIPE)
        if inputs == ["-"]:
            follower.process.stdin.write(lines(0, 10).encode())
            follower.process.stdin.flush()
        else:
            scene.write("replaced-spool/1", lines(0, 10))
        follower.shows(expect(0, 10))
        os.rename(store, store + ".before")
        scene.store(name, SCHEMA)
        if inputs == ["-"]:
            follower.process.stdin.write(lines(10, 10).encode())
            follower.process.stdin.flush()
        else:
            scene.write("replaced-spool/2", lines(10, 10))
        check("another store" in follower.ends(1), "it does not tell")
        check(shown(store) is None, "it has loaded into the other store")
    check("2" in os.listdir(spool), "it has moved a file that is not loaded")


def a_copy_that_has_what_was_taken_is_gone_on_with(scene):
    store, log, copy = scene.store("copied-store", SCHEMA), scene.path("copied-store.log"), scene.path("copied-store.backup")
    append(log, lines(0, 100))
    follower = Follower(store, "--commit-every", "1ms", log)
    follower.shows(expect(0, 100))
    tally("backup", store, copy)
    take_place(scene, store, copy)
    append(log, lines(100, 100))
    follower.shows(expect(0, 200))
    follower.stop()


def pending(pipe):
    import fcntl
    import struct
    import termios

    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"))[0]


def a_size_commits_before_the_time(scene):
    store, log = scene.store("sized", SCHEMA), scene.path("s.log")
    follower = Follower(store, log, "--commit-every", "1min", "--commit-every", "4K")
    append(log, lines(0, 10))
    append(log, lines(10, 200))
    follower.shows(expect(0, 210))
    append(log, lines(210, 1))  # which waits, until it is told to stop
    follower.stop()
    check(shown(store) == expect(0, 211), shown(store))


def others_get_their_turn(scene):
    store, log = scene.store("shared", SCHEMA), scene.path("o.log")
    follower = Follower(store, log, "--commit-every", "1ms")
    append(log, lines(0, 10))
    follower.shows(expect(0, 10))
    tally("ingest", store, "-", stdin=lines(10, 10).encode())
    follower.shows(expect(0, 20))
    tally("compact", store)
    append(log, lines(20, 10))
    follower.shows(expect(0, 30))
    follower.stop()
    tally("verify", store)


def the_service_manager_is_told(scene):
    store, address = scene.store("service", SCHEMA), scene.path("notify")
    os.mkdir(scene.path("served"))
    for source in (scene.path("served"), scene.write("served.log", lines(0, 1)), "-"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address)
            manager.settimeout(WAIT_SECONDS)
            process = subprocess.Popen([TALLY, "follow", store, source], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env={**os.environ, "NOTIFY_SOCKET": address})
            check(manager.recv(100) == b"READY=1", "READY")
            process.send_signal(signal.SIGTERM)
            check(manager.recv(100) == b"STOPPING=1" and process.wait(timeout=WAIT_SECONDS) == 0, "STOPPING")
            process.communicate()
        os.unlink(address)
    with open(os.path.join(os.path.dirname(__file__), "../../examples/systemd/tally-follow@.service"),
              encoding="utf-8") as file:
        unit = scene.write("tally-follow@.service", file.read().replace("/usr/bin/tally", os.path.abspath(TALLY)))
    done = subprocess.run(["systemd-analyze", "verify", unit.replace("@.", "@shop.")], capture_output=True, check=False)
    check(done.returncode == 0 and not done.stderr, done.stderr)


def the_journal_is_told_levels(scene):
    store, spool, log = scene.store("journal", SCHEMA), scene.path("journalled"), scene.path("journal.log")
    os.mkdir(spool)
    scene.write("journalled/1", lines(0, 1))
    scene.write("journalled/2", b"\x1f\x8b\x08\x00 no archive")
    with open(log, "wb") as stream:
        stat = os.fstat(stream.fileno())
        process = subprocess.Popen([TALLY, "follow", store, spool], stderr=stream,
                                   env={**os.environ, "JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})
        wait_until("both", lambda: os.path.exists(spool + "/failed/2"))
        process.terminate()
        process.wait(timeout=WAIT_SECONDS)
    with open(log, encoding="utf-8") as file:
        said = file.read().splitlines()
    check([line[:10] for line in said] == ["<6>tally: ", "<3>tally: ", "<6>tally: "], said)


def each_record_is_loaded_once_across_kills(scene):
    """A writer appends and rotates, the follower is killed at any moment."""
    chance = random.Random(int(os.environ.get("SEED", "1")))
    store, log = scene.store("killed", SCHEMA), scene.path("k.log")
    written, rotations = 0, 0
    for _ in range(KILLS):
        follower = Follower(store, log, "--commit-every", "1ms")
        for _ in range(chance.randrange(1, 8)):
            count = chance.randrange(1, 300)
            text = lines(written, count)
            cut = chance.randrange(len(text))
            append(log, text[:cut])
            append(log, text[cut:])
            written += count
            if chance.random() < 0.3:
                # Rotations that come one behind the other are follow_rotation.py's.
                follower.shows(expect(0, written))
                for number in range(rotations, 0, -1):
                    os.rename(f"{log}.{number}", f"{log}.{number + 1}")
                os.rename(log, f"{log}.1")
                rotations += 1
        follower.kill()
        follower = Follower(store, log, "--commit-every", "1ms")
        follower.shows(expect(0, written))
        follower.kill()
    tally("verify", store)


if __name__ == "__main__":
    with Scene() as scene:
        for case in (
            a_spool_is_emptied_in_order,
            a_growing_file_is_taken_line_by_line,
            a_line_waits_for_its_end,
            a_renamed_file_is_read_to_its_end,
            a_truncated_file_begins_anew,
            a_copy_has_what_was_not_taken,
            a_file_that_changes_while_it_waits_for_its_turn,
            it_is_stopped_while_another_writes,
            what_is_too_old_is_refused,
            a_spool_has_odd_things,
            what_cannot_be_followed_is_told,
            more_refused_records_than_allowed_stop_it,
            a_pipe_is_committed_as_it_comes,
            a_pipe_that_is_stopped_keeps_what_came,
            another_store_gets_nothing,
            a_pipe_or_a_spool_is_not_loaded_into_another_store,
            a_copy_that_has_what_was_taken_is_gone_on_with,
            a_size_commits_before_the_time,
            others_get_their_turn,
            the_service_manager_is_told,
            the_journal_is_told_levels,
            each_record_is_loaded_once_across_kills,
        ):
            case(scene)
            print("ok", case.__name__)
