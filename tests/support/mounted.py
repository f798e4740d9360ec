"""What tests of the real programs share: a private folder, stores, mounts, comparison.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time

# Who is started in the background by a shell ignores it, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

TALLY = os.environ.get("TALLY", "build-test/ingest/tally")
TALLYFS = os.environ.get("TALLYFS", "build-test/fs/tallyfs")
DATA = os.environ.get("TALLY_TEST_DATA", os.path.join(os.path.dirname(__file__), "../../../shared/data"))


def check(good, what):
    """A test that fails says what was wrong and ends."""
    if not good:
        print("FAILED:", what)
        sys.exit(1)


def tally(*arguments, status=0, stdin=None):
    """Runs tally and checks its exit status; gives what it printed."""
    done = subprocess.run([TALLY, *map(str, arguments)], input=stdin, capture_output=True, check=False)
    if status is not None:
        check(
            done.returncode == status,
            f"tally {str(arguments)[:1000]}: status {done.returncode}, not {status}: {done.stderr.decode()}",
        )
    return done


# For what must come, on however slow a machine: whoever waits that long waits for ever.
WAIT_SECONDS = 300


def wait_until(what, condition):
    """Waits for a state that must come. What another process does is looked at by this, never at once."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        check(time.monotonic() < deadline, f"it does not come: {what}")
        time.sleep(0.01)


def is_mounted(place):
    """Whether something is mounted there, alive or dead; without asking it."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
        return place in [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in mounts]


class Scene:
    """A folder of its own; stores in it, mounts on it; nothing of it is left afterwards."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tally-test-")
        self.mounts = []
        return self

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def store(self, name, schema):
        tally("init", self.path(name), "--schema", self.write(name + ".json", json.dumps(schema)))
        return self.path(name)

    def mount(self, store, name="mnt", options=()):
        """Starts the daemon in the foreground, so that its pid is known; waits until it answers."""
        place = self.path(name)
        os.makedirs(place, exist_ok=True)
        daemon = subprocess.Popen([TALLYFS, store, place, "-f", *options])
        self.mounts.append((daemon, place))
        self.await_answer(daemon, place)
        return place

    @staticmethod
    def await_answer(daemon, place):
        def answers():
            check(daemon.poll() is None, "the daemon ended")
            return os.path.exists(os.path.join(place, ".tallyfs/generation"))

        wait_until("the mount answers", answers)

    def unmount(self, place):
        for daemon, mounted in list(self.mounts):
            if mounted == place:
                self.mounts.remove((daemon, mounted))
                if daemon.poll() is None:
                    # Who had something open may not have ended yet.
                    wait_until("it can be unmounted", lambda: daemon.poll() is not None or
                               subprocess.run(["umount", mounted], check=False).returncode == 0)
                    check(daemon.wait(timeout=WAIT_SECONDS) == 0, "the daemon ended with an error")

    def __exit__(self, failed, *_):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            places = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]) for line in mounts]
            left = [place for place in places if place.startswith(self.folder.name)]
        for place in left:  # also those that a test mounted by itself
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)
        serving = [daemon for daemon, _ in self.mounts if daemon.poll() is None]
        for daemon in serving:
            if failed:
                daemon.kill()
            status = daemon.wait(timeout=WAIT_SECONDS)
            check(failed or status == 0, f"a daemon ended with status {status}")
        self.folder.cleanup()


def has_lock(store, pid):
    """Whether the process has the lock of writers."""
    try:
        return read(store, "ingest.lock").decode().strip() == str(pid)
    except FileNotFoundError:
        return False


def with_fuse_for_all(scene, script, *arguments):
    """Runs the script where /dev/fuse is everybody's, as it is not on each machine."""
    device = scene.path("fuse")
    os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(10, 229))
    os.chmod(device, 0o666)
    subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$1" /dev/fuse && shift && exec "$@"', "sh", device,
                    sys.executable, script, *arguments], check=True)


def upcalls(place):
    """How often the kernel asked the daemon what."""
    text = os.getxattr(place, "user.tallyfs.upcalls").decode()
    return {name: int(count) for name, count in (line.split() for line in text.splitlines())}


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def tree(place, skip=(b".tallyfs",)):
    """Every file below PLACE: path -> content. Names are bytes, as they may be anything."""
    files = {}
    place = os.fsencode(place)
    for folder, names, leaves in os.walk(place):
        names[:] = [name for name in names if name not in skip]
        for leaf in leaves:
            path = os.path.join(folder, leaf)
            content = read(path)
            check(os.stat(path).st_size == len(content), f"size of {path!r}")
            files[os.path.relpath(path, place)] = content
    return files
