"""Ends of power and of processes: what is on the disk is one commit, whatever was on its way.

Each command that changes a store has its writes recorded. Then the data file is put together as it would be if the power had
gone behind the first write, the second, ...; and in the middle of each write, at a sector of the disk. And each command is
killed at random instants. After each, the store verifies, shows what was there before or what should be, and the
command, run again, comes to its end.

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import commands, merging, preloading
from mounted import Scene, check, read

KILLS = 1000 if os.environ.get("SOAK") else 25
SECTOR, SYNC = 512, 2**64 - 1


def recorded(command):
    """The writes to data.mdb, in order: (offset, bytes)."""
    place, path = command.fresh(), command.scene.path("writes")
    command.run(place, {**preloading("writes"), "WRITES": path}, command.status)
    shutil.rmtree(place)
    content, at, writes, syncs = read(path), 0, [], 0
    while at < len(content):
        offset, length = struct.unpack_from("=QQ", content, at)
        at += 16
        if length == SYNC:
            syncs += 1
            continue
        writes.append((offset, content[at:at + length]))
        at += length
    check(len(writes) > 1 and syncs > 0, f"{command.arguments}: {len(writes)} writes, {syncs} syncs")
    return writes


def put(image, offset, content):
    if len(image) < offset + len(content):
        image.extend(bytes(offset + len(content) - len(image)))
    image[offset:offset + len(content)] = content


def images(base, writes):
    """(what, data.mdb) for every prefix of the writes, and torn ends of each."""
    image = bytearray(base)
    yield "no write", bytes(image)
    for number, (offset, content) in enumerate(writes, 1):
        sectors = len(content) // SECTOR
        for kept in sorted({1, sectors // 2, sectors - 1} & set(range(1, sectors))):
            torn = bytearray(image)
            put(torn, offset, content[:kept * SECTOR])
            yield f"{kept} sectors of write {number}", bytes(torn)
        put(image, offset, content)
        yield f"{number} writes", bytes(image)


def power_goes(command):
    count = 0
    for what, image in images(read(command.base, "data.mdb"), recorded(command)):
        place = command.fresh()
        with open(place + "/store/data.mdb", "wb") as file:
            file.write(image)
        os.unlink(place + "/store/lock.mdb")  # it does not outlive a start of the machine
        state = command.state(place)
        what = f"power gone behind {what} of tally {command.arguments}"
        check(command.is_expected(state), f"{what}: the store is neither as it was nor as it should be")
        command.finish(place, state, what)
        shutil.rmtree(place)
        count += 1
    return count


def killed(command, kills):
    """At instants over the time that it takes."""
    place = command.fresh()
    begun = time.monotonic()
    command.run(place, status=command.status)
    takes = time.monotonic() - begun
    shutil.rmtree(place)
    for _ in range(kills):
        place = command.fresh()
        process = subprocess.Popen(command.line(place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, takes))  # the instant is the test's input, nothing is waited for
        process.send_signal(signal.SIGKILL)
        process.wait()
        state = command.state(place)
        check(command.is_expected(state), f"killed {command.arguments}: neither before nor after")
        command.finish(place, state, f"killed {command.arguments}")
        shutil.rmtree(place)
    return kills


def main():
    with Scene() as scene:
        for name, command in commands(scene).items():
            if command.reads:
                continue
            # what is made as a new file is not there before it is synced and has its name
            powers = 0 if name in ("compact", "backup", "restore", "init") else power_goes(command)
            print(f"{name}: {powers} ends of power, {killed(command, KILLS)} kills", flush=True)
        command = merging(scene)
        print(f"ingest that merges runs: {power_goes(command)} ends of power, {killed(command, KILLS // 5)} kills", flush=True)


if __name__ == "__main__":
    main()
