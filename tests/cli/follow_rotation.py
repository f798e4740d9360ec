"""tally follow FILE: whatever happens to the log while nobody looks, each record is loaded once, or it is told what is not.

SPDX-License-Identifier: Apache-2.0
"""

import gzip
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from follower import SCHEMA, Follower, append, expect, held_by, lines, shown
from mounted import TALLY, Scene, check, has_lock, tally, wait_until


class Log:
    """One that is rotated; each file has ten records more."""

    def __init__(self, scene, name):
        self.path = scene.path(name)
        self.written = self.rotations = 0

    def write(self, count=10):
        append(self.path, lines(self.written, count))
        self.written += count

    def chain(self):
        """logrotate's default: log.1 becomes log.2, and log becomes log.1."""
        for number in range(self.rotations, 0, -1):
            for ending in ("", ".gz"):
                if os.path.exists(f"{self.path}.{number}{ending}"):
                    os.rename(f"{self.path}.{number}{ending}", f"{self.path}.{number + 1}{ending}")
        os.rename(self.path, self.path + ".1")
        self.rotations += 1

    def date(self):
        self.rotations += 1
        os.rename(self.path, f"{self.path}-202601{self.rotations:02d}")

    def number(self):
        """The last one has the highest number."""
        self.rotations += 1
        os.rename(self.path, f"{self.path}.{self.rotations}")

    def copy(self):
        for number in range(self.rotations, 0, -1):
            for ending in ("", ".gz"):
                if os.path.exists(f"{self.path}.{number}{ending}"):
                    os.rename(f"{self.path}.{number}{ending}", f"{self.path}.{number + 1}{ending}")
        shutil.copyfile(self.path, self.path + ".1")
        os.truncate(self.path, 0)
        self.rotations += 1

    def compress(self):
        """All but the last one, as logrotate does with delaycompress."""
        for number in range(2, self.rotations + 1):
            if os.path.exists(f"{self.path}.{number}"):
                compress(f"{self.path}.{number}")

    def all(self):
        return expect(0, self.written)


def follow(store, log):
    return Follower(store, log.path, "--commit-every", "1ms")


def compress(path):
    """As gzip does: the new file has the old one's times."""
    with open(path, "rb") as plain, gzip.open(path + ".gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    shutil.copystat(path, path + ".gz")
    os.unlink(path)


def busy(store):
    """Another writer, which ends when it is told to."""
    other = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_until("the other has the lock", lambda: has_lock(store, other.pid))
    return other


def batches(store):
    """What was read, batch by batch."""
    count = len(tally("ls", store, ".tallyfs/batches").stdout.split())
    found = [json.loads(tally("cat", store, f".tallyfs/batches/{i}.json").stdout) for i in range(1, count + 1)]
    return [(batch["read"], batch["state"]) for batch in found if batch["kind"] == "follow"]


def rotations_while_it_waits_for_its_turn(scene):
    for name in ("chain", "date", "number"):
        store, log = scene.store(f"turn-{name}", SCHEMA), Log(scene, f"turn-{name}.log")
        log.write()
        follower = follow(store, log)
        follower.shows(log.all())
        other = busy(store)
        log.write()
        said = follower.process.stderr.readline().decode()
        check("waiting for another ingest" in said, said)
        for _ in range(5):
            getattr(log, name)()
            log.write()
        other.communicate(b"")
        follower.shows(log.all())
        check(follower.stop() == "", "it said something")
        check(batches(store) == [(20, "loaded")] + 4 * [(10, "loaded")] + [(10, "followed")], batches(store))


def what_is_deleted_while_it_waits_is_held(scene):
    store, log = scene.store("deleted", SCHEMA), Log(scene, "deleted.log")
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    other = busy(store)
    log.write()
    check("waiting" in follower.process.stderr.readline().decode(), "it does not wait")
    for _ in range(3):
        log.chain()
        log.write()
        wait_until("it holds the file", lambda: log.path in held_by(follower.process.pid))
    for number in range(1, 4):
        os.unlink(f"{log.path}.{number}")
    other.communicate(b"")
    follower.shows(log.all())
    check(follower.stop() == "", "it said something")


def rotations_while_nobody_follows(scene):
    store, log = scene.store("away", SCHEMA), Log(scene, "away.log")
    for number in range(1, 4):  # which were there before
        scene.write(f"away.log.{number}", lines(1000 * number, 10))
    log.rotations = 3
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    follower.stop()
    log.write()
    for _ in range(4):
        log.chain()
        log.write()
    scene.write("away.log.backup", lines(5000, 10))  # no name that rotation gives
    scene.write("away.log_error", lines(5000, 10))
    follower = follow(store, log)
    follower.shows(log.all())
    check("going on at line 11" in follower.stop(), "it did not go on")
    # The last one that was read is loaded to its end, but the next one is not begun.
    log.chain()
    follower = follow(store, log)
    log.write()
    follower.shows(log.all())
    follower.stop()
    check(len(batches(store)) == 6, batches(store))


def what_was_compressed_meanwhile_is_read(scene):
    store, log = scene.store("packed", SCHEMA), Log(scene, "packed.log")
    old = scene.write("packed.log.1", lines(1000, 10))
    compress(old)
    log.rotations = 1
    log.write(1000)
    follower = follow(store, log)
    follower.shows(log.all())
    follower.stop()
    log.write()
    for _ in range(3):
        log.chain()
        compress(log.path + ".1")
        log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    said = follower.stop()
    check("going on at line 1001" in said and said.count("\n") == 1, said)
    check(batches(store) == [(1010, "loaded"), (10, "loaded"), (10, "loaded"), (10, "followed")], batches(store))
    # A kill within one that was compressed.
    log.write()
    log.chain()
    log.write(50000)
    log.chain()
    compress(log.path + ".1")
    log.write()
    for _ in range(3):
        follower = Follower(store, log.path, "--commit-every", "1ms", "--memory", "16M")
        wait_until("it has begun", lambda: shown(store)["count"] > 1041)
        follower.kill()
    follower = follow(store, log)
    follower.shows(log.all())
    follower.stop()


def what_cannot_be_read_is_told(scene):
    store, log = scene.store("gaps", SCHEMA), Log(scene, "gaps.log")
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    follower.stop()
    log.chain()
    with lzma.open(log.path + ".2.xz", "wb") as packed:
        packed.write(lines(500, 10).encode())
    xz_bytes = os.path.getsize(log.path + ".2.xz")
    with gzip.open(log.path + ".3.gz", "wb") as packed:
        packed.write(lines(600, 1000).encode())
    os.truncate(log.path + ".3.gz", 500)
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    said = follower.stop()
    check(f"gaps.log.2.xz beside it is compressed in a form that cannot be read; its {xz_bytes} bytes are not loaded" in said, said)
    check("ends too early (the 500 bytes of a rotated file are not loaded" in said, said)
    # Of the file that was read nothing is left; what came behind it is.
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    follower.stop()
    log.chain()
    log.write()
    log.chain()
    log.write()
    os.unlink(log.path + ".2")
    follower = follow(store, log)
    follower.shows(log.all())
    said = follower.stop()
    check("the file that was followed is gone; what it had behind line 20 is not loaded" in said, said)


def what_comes_and_goes_unseen_is_told(scene):
    store, log = scene.store("unseen", SCHEMA), Log(scene, "unseen.log")
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    follower.process.send_signal(signal.SIGSTOP)
    log.chain()
    scene.write("unseen.log", lines(900, 10))
    os.unlink(log.path)
    log.write()
    follower.process.send_signal(signal.SIGCONT)
    follower.shows(log.all())
    log.write()
    follower.shows(log.all())
    said = follower.stop()
    check(said == f"tally: {log.path}: 1 files that had this name came and went unseen; what they had is not loaded\n", said)


def a_copy_is_not_loaded_again(scene):
    store, log = scene.store("copy", SCHEMA), Log(scene, "copy.log")
    log.write(1000)
    follower = follow(store, log)
    follower.shows(log.all())
    shutil.copyfile(log.path, log.path + "-20260101")
    log.write()
    follower.shows(log.all())
    log.chain()
    log.write()
    follower.shows(log.all())
    said = follower.stop()
    check("copy.log-20260101 beside it is a copy of what was taken" in said and said.count("\n") == 1, said)


def copied_and_truncated_twice(scene):
    """While it waits; the copies that there were before are none of its own."""
    store, log = scene.store("copied", SCHEMA), Log(scene, "copied.log")
    scene.write("copied.log", "")
    scene.write("copied.log.1", lines(7000, 10))  # the log is older than its copy
    log.rotations = 1
    log.write(1000)
    follower = follow(store, log)
    follower.shows(log.all())
    other = busy(store)
    log.write()
    check("waiting" in follower.process.stderr.readline().decode(), "it does not wait")
    for _ in range(3):
        log.copy()
        log.write()
    other.communicate(b"")
    follower.shows(log.all())
    log.chain()
    log.write()
    follower.shows(log.all())
    follower.stop()
    log.chain()
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    follower.stop()


def any_mixture_of_it(scene):
    """While it runs, waits for its turn, or is not there."""
    chance = random.Random(int(os.environ.get("SEED", "4")))
    store, log = scene.store("mixed", SCHEMA), Log(scene, "mixed.log")
    log.write()
    follower = follow(store, log)
    follower.shows(log.all())
    for _ in range(200 if os.environ.get("SOAK") else 8):
        state = chance.choice(("runs", "waits", "stopped", "killed"))
        if state == "waits":
            other = busy(store)
        elif state != "runs":
            follower.process.send_signal(signal.SIGKILL if state == "killed" else signal.SIGTERM)
            follower.process.communicate()
        for _ in range(chance.randrange(1, 5)):
            log.write(chance.randrange(1, 50))
            chance.choice((log.write, log.chain, log.copy, log.compress))()
        log.write(chance.randrange(1, 20))
        if state == "waits":
            other.communicate(b"")
        elif state != "runs":
            follower = follow(store, log)
        follower.shows(log.all())
    follower.stop()


def a_truncation_tells_what_is_lost(scene):
    store, log = scene.store("cut", SCHEMA), Log(scene, "cut.log")
    log.write()
    follower = Follower(store, log.path, "--commit-every", "10ms")
    follower.shows(log.all())
    append(log.path, '{"n":')  # which is seen, and has no end
    wait_until("it is seen", lambda: looks(follower, log))
    os.truncate(log.path, 0)
    log.write()
    follower.shows(log.all())
    said = follower.stop()
    check("begins anew; 5 bytes that it had, or more, are not loaded" in said, said)


def looks(follower, log):
    """Whether it has looked since."""
    before = reads_of(follower)
    os.utime(log.path)
    wait_until("a look", lambda: reads_of(follower) >= before + 3)
    return True


def reads_of(follower):
    with open(f"/proc/{follower.process.pid}/io", encoding="utf-8") as file:
        return int(dict(line.split(": ") for line in file)["syscr"])


if __name__ == "__main__":
    with Scene() as scene:
        for case in (
            rotations_while_it_waits_for_its_turn,
            what_is_deleted_while_it_waits_is_held,
            rotations_while_nobody_follows,
            what_was_compressed_meanwhile_is_read,
            what_cannot_be_read_is_told,
            what_comes_and_goes_unseen_is_told,
            a_copy_is_not_loaded_again,
            copied_and_truncated_twice,
            any_mixture_of_it,
            a_truncation_tells_what_is_lost,
        ):
            case(scene)
            print("ok", case.__name__)
