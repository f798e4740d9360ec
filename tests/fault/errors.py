"""Calls of the system that fail, one at a time, in each command: what was not done is told, nothing is lost and, where the
program is built with the address sanitizer, nothing leaks.

    tests/fault/errors.py [COMMAND]     all commands, or one

Of the calls of each kind TRIES fail, evenly spread, 8 if nothing is said; SOAK=1 tries every call. With ONLY_FAULTED=1 the
program that meets the fault is all that is looked at, as under a sanitizer: what it leaves is what another build leaves.

SPDX-License-Identifier: Apache-2.0
"""

import errno
import os
import shutil
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import commands, preloading
from mounted import Scene, check

FAULTS = preloading("faults")
KINDS = {"malloc": [errno.ENOMEM], "mmap": [errno.ENOMEM], "open": [errno.EMFILE, errno.EACCES],
         "openat": [errno.EMFILE, errno.ENFILE], "read": [errno.EIO, errno.EINTR, "short"], "pread": [errno.EIO],
         "write": [errno.ENOSPC, errno.EINTR, "short"], "pwrite": [errno.ENOSPC, errno.EIO, "short"],
         "writev": [errno.ENOSPC, errno.EINTR, "short"], "fsync": [errno.EIO], "fdatasync": [errno.EIO, errno.ENOSPC],
         "ftruncate": [errno.EIO], "flock": [errno.ENOLCK, errno.EINTR], "fstat": [errno.EIO], "mkdir": [errno.EDQUOT],
         "renameat": [errno.EIO], "fcntl": [errno.ENOLCK, errno.EMFILE], "lseek": [errno.EIO],
         "pthreadcreate": [errno.EAGAIN]}
TRIES = 10**9 if os.environ.get("SOAK") else int(os.environ.get("TRIES") or 5)


def count_calls(command):
    place, counts = command.fresh(), command.scene.path("counts")
    command.run(place, {**FAULTS, "FAULT_COUNTS": counts}, command.status)
    shutil.rmtree(place)
    with open(counts, encoding="utf-8") as file:
        return {name: int(number) for name, number in (line.split() for line in file)}


def attempt(command, fault):
    place = command.fresh()
    done = command.run(place, {**FAULTS, "FAULT": fault})
    said = done.stderr.decode(errors="replace")
    what = f"{fault} in tally {command.arguments}: status {done.returncode}: {said}"
    check(done.returncode in (command.status, 1), what)
    if os.environ.get("ONLY_FAULTED"):
        shutil.rmtree(place)
        return done.returncode
    state = command.state(place)
    check(command.is_expected(state), f"{what}: the store is neither as it was nor as it should be")
    if done.returncode == command.status:
        check(state == command.after, f"{what}: it was not done")
    else:
        check(said.startswith("tally: ") and len(said) > 20, f"{what}: nothing is said")
    if "out of memory" not in said:  # which ends the program where it stands, as a kill does
        check(not os.path.exists(place + "/copy.partial"), f"{what}: a partial copy is left")
    command.finish(place, state, what)
    shutil.rmtree(place)
    return done.returncode


def main():
    tried, statuses = Counter(), Counter()
    with Scene() as scene:
        for name, command in commands(scene).items():
            if len(sys.argv) > 1 and name != sys.argv[1]:
                continue
            calls = count_calls(command)
            for call, kinds in KINDS.items():
                count = calls[call]
                for kind in kinds:
                    for number in sorted({1 + i * count // min(count, TRIES) for i in range(min(count, TRIES))}):
                        statuses[attempt(command, f"{call}:{number}:{kind}")] += 1
                        tried[call] += 1
    print(f"{sum(tried.values())} faults: " + ", ".join(f"{call} {count}" for call, count in sorted(tried.items())))
    print("ended with status " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))


if __name__ == "__main__":
    main()
