"""A small disk (a tmpfs) that fills up: at each size between nothing and enough, each command says so or is done, and nothing is lost.

SPDX-License-Identifier: Apache-2.0
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import SCHEMA, events
from mounted import TALLY, Scene, check, tally

DISK, PAGE = 8 << 20, 4096
SIZES = range(0, 120, 7)  # pages that are left


def leave(disk, pages):
    """Fills the disk, but for PAGES."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize // PAGE
    with open(disk + "/filling", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - pages, 1) * PAGE)


def main():
    with Scene() as scene:
        disk, told = scene.path("disk"), 0
        os.mkdir(disk)
        base = scene.store("base", SCHEMA)
        tally("ingest", base, scene.write("first.csv", events(0, 6000)))
        before = tally("cat", base, "all.json").stdout
        more = scene.write("more.csv", events(4000, 6000))
        schema = scene.path("base.json")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tally-test", disk], check=True)
        store, other = disk + "/store", disk + "/other"
        for command in (["ingest", store, more], ["rebuild", store], ["compact", store], ["backup", store, other],
                        ["restore", base, other], ["init", other, "--schema", schema], ["delete", store, "--where", "n < 3000"],
                        ["verify", store], ["cat", store, "all.json"]):
            for pages in SIZES:
                shutil.copytree(base, store)
                leave(disk, pages)
                done = tally(*command, status=None)
                what = f"{command[0]} with {pages} pages: {done.returncode} {done.stderr.decode()}"
                check(done.returncode in (0, 1), what)
                if done.returncode == 1:
                    check(b"No space left on device" in done.stderr and b"make room" in done.stderr, what)
                    told += 1
                os.remove(disk + "/filling")
                tally("verify", store)
                if done.returncode == 1:
                    check(tally("cat", store, "all.json").stdout == before, f"{what}: something was done")
                    tally(*command)
                for place in (store, other):
                    shutil.rmtree(place, ignore_errors=True)
        check(told > 20, f"the disk was full {told} times")
    print(f"a full disk was told {told} times")


main()
