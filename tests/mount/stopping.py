"""A daemon that is told to stop while the kernel waits for listings, and its own notifications for the kernel.

SPDX-License-Identifier: Apache-2.0
"""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, is_mounted, tally, wait_until, with_fuse_for_all

SCHEMA = {"streams": {"e": {"key": "k", "fields": {"k": "int", "g": "string"}}},
          "views": {"v": {"by": ["g"], "measures": {"n": "count()"}}}}
NOBODY = 65534


class Lister:
    """A process of a user that has read the beginning of a directory, and reads the rest when it is told."""

    def __init__(self, place, user):
        begun, go = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setgid(user)
                os.setuid(user)
                entries = os.scandir(place)
                next(entries)
                os.write(begun[1], b"x")
                os.read(go[0], 1)
                list(entries)
            finally:  # an error, as the daemon is gone; nothing here is for this process
                os._exit(0)
        self.go = go[1]
        check(os.read(begun[0], 1) == b"x", "a listing")

    def go_on(self):
        os.write(self.go, b"x")

    def wait(self):
        os.waitpid(self.pid, 0)


GETDENTS64 = {"x86_64": "217", "aarch64": "61"}[os.uname().machine]


def waits_in(pid):
    """The number of the system call that the process sleeps in."""
    with open(f"/proc/{pid}/syscall", encoding="utf-8") as file:
        return file.read().split()[0]


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def stop_while_listings_wait(scene, name, user):
    store, place = scene.store(name, SCHEMA), scene.path(name + "-mnt")
    tally("ingest", store, "-", stdin=b"".join(b'{"k":%d,"g":"g%d"}\n' % (i, i) for i in range(3000)))
    os.mkdir(place)
    for folder, names, files in os.walk(store):
        for each in [".", *names, *files]:
            os.chown(os.path.join(folder, each), user, user)
    os.chown(place, user, user)
    daemon = subprocess.Popen([TALLYFS, store, place, "-f"], user=user, group=user, extra_groups=[])
    scene.mounts.append((daemon, place))
    run = {"user": user, "group": user, "extra_groups": [], "stderr": subprocess.DEVNULL}
    answers = ["test", "-e", place + "/.tallyfs/generation"]
    wait_until("it answers", lambda: subprocess.run(answers, check=False, **run).returncode == 0)
    # The kernel has not kept the listing of a commit that nobody has listed.
    tally("ingest", store, "-", stdin=b'{"k":-1,"g":"new"}\n')
    listings = [Lister(place + "/v", user) for _ in range(4)]
    daemon.send_signal(signal.SIGSTOP)
    wait_until("it stands", lambda: state(daemon.pid) == "T")
    for listing in listings:
        listing.go_on()
        wait_until("it waits for the daemon", lambda pid=listing.pid: waits_in(pid) == GETDENTS64)
    ingest = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    ingest.stdin.write(b'{"k":-2,"g":"other"}\n')
    ingest.stdin.close()
    generation = os.path.join(store, "data.mdb")
    before = os.stat(generation).st_mtime_ns
    wait_until("the commit", lambda: os.stat(generation).st_mtime_ns != before or ingest.poll() is not None)
    daemon.send_signal(signal.SIGTERM)
    daemon.send_signal(signal.SIGCONT)
    try:
        check(daemon.wait(timeout=WAIT_SECONDS) == 0, f"{name}: the daemon ended with {daemon.returncode}")
    except subprocess.TimeoutExpired:
        check(False, f"{name}: the daemon hangs")
    wait_until(f"{name}: it unmounts", lambda: not is_mounted(place))
    for process in [*listings, ingest]:
        process.wait()


with Scene() as scene:
    os.chmod(scene.folder.name, 0o755)
    if sys.argv[1:] == ["user"]:
        stop_while_listings_wait(scene, "user", NOBODY)
    else:
        stop_while_listings_wait(scene, "root", 0)
        with_fuse_for_all(scene, __file__, "user")
