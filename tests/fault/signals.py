"""Signals that somebody sends, that are ignored or blocked before a program starts, and limits that would be a signal.

SPDX-License-Identifier: Apache-2.0
"""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, read, tally, wait_until

SCHEMA = {"streams": {"e": {"key": "n", "fields": {"n": "int"}}}, "views": {"v": {"measures": {"n": "count()"}}}}


def shell(command):
    return subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=WAIT_SECONDS,
                          env={**os.environ, "TALLY": TALLY, "TALLYFS": TALLYFS})


def what_is_sent_is_no_damage(scene):
    """A program that waits for its input, and a daemon: each ends by the signal, and does not speak of damage."""
    store = scene.store("sent", SCHEMA)
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT):
        with subprocess.Popen([TALLY, "follow", store, "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE) as waiting:
            waiting.stdin.write(b'{"n":1}\n')
            waiting.stdin.flush()
            wait_until("it reads", lambda: tally("cat", store, "v.json", status=None).stdout == b'{"n":1}\n')
            waiting.send_signal(number)
            check(waiting.wait(timeout=WAIT_SECONDS) == -number, f"{number}: ended with {waiting.returncode}")
            check(waiting.stderr.read() == b"", "it said something")
        place = scene.mount(store, f"mnt-{int(number)}")
        daemon = scene.mounts[-1][0]
        daemon.send_signal(number)
        check(daemon.wait(timeout=WAIT_SECONDS) == -number, f"{number}: the daemon ended with {daemon.returncode}")
        subprocess.run(["umount", "-l", place], check=True)
    tally("verify", store)


def a_file_that_is_cut_under_a_daemon_is_told(scene):
    """The one fault that is the store's: a page that is no longer there when it is read."""
    store, place = scene.store("cut", SCHEMA), scene.path("cut-mnt")
    tally("ingest", store, "-", stdin=b'{"n":1}\n')
    os.mkdir(place)
    with open(scene.path("said"), "wb") as said:
        daemon = subprocess.Popen([TALLYFS, store, place, "-f"], stderr=said)
    scene.mounts.append((daemon, place))
    wait_until("it answers", lambda: os.path.exists(place + "/.tallyfs"))
    os.truncate(store + "/data.mdb", 8192)
    try:
        read(place, "v.json")
        check(False, "it read what is not there")
    except OSError:
        pass
    check(daemon.wait(timeout=WAIT_SECONDS) == 1, f"the daemon ended with {daemon.returncode}")
    text = read(scene.path("said")).decode()
    check(text.startswith(f"tallyfs: {os.path.realpath(store)}: the store is damaged") and text.count("\n") == 1, text)
    subprocess.run(["umount", "-l", place], check=True)


def what_is_inherited_does_no_harm(scene):
    store = scene.store("inherited", SCHEMA)
    for i in range(20):
        tally("ingest", store, "-", stdin=b'{"n":%d}\n' % i)
    place = scene.path("inherited-mnt")
    os.mkdir(place)
    for command in (f"trap '' CHLD; exec $TALLY verify {store}", f"trap '' CHLD; exec $TALLY status {store}",
                    f"trap '' CHLD PIPE; $TALLYFS {store} {place} && cat {place}/v.json && umount {place}",
                    f"exec $TALLY verify {store} <&-"):
        done = shell(command)
        check(done.returncode == 0 and not done.stderr, (command, done))


def blocked_signals_still_end_a_daemon(scene):
    store, place = scene.store("blocked", SCHEMA), scene.path("blocked-mnt")
    os.mkdir(place)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT, signal.SIGCHLD])
    try:
        daemon = subprocess.Popen([TALLYFS, store, place, "-f"])
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGINT, signal.SIGCHLD])
    scene.mounts.append((daemon, place))
    wait_until("it answers", lambda: os.path.exists(place + "/.tallyfs"))
    daemon.terminate()
    check(daemon.wait(timeout=WAIT_SECONDS) == 0, "it does not end")


def a_file_size_limit_is_told(scene):
    """Which would be SIGXFSZ: with a core, and without a word."""
    store = scene.store("limited", SCHEMA)
    events = scene.write("events", "".join('{"n":%d}\n' % i for i in range(50000)))
    done = shell(f"ulimit -f 100; exec $TALLY ingest {store} {events}")
    check(done.returncode == 1 and b"File too large" in done.stderr and b"ulimit -f" in done.stderr, done)
    tally("verify", store)
    tally("ingest", store, events)
    check(tally("cat", store, "v.json").stdout == b'{"n":50000}\n', "it does not go on")


def what_is_no_data_file_is_told(scene):
    os.makedirs(scene.path("folder", "data.mdb"))
    os.makedirs(scene.path("pipe"))
    os.mkfifo(scene.path("pipe", "data.mdb"))
    for name, said in (("folder", b"data.mdb is a directory"), ("pipe", b"data.mdb is not a regular file")):
        for command in (["ingest", scene.path(name), "-"], ["cat", scene.path(name), "v.json"], ["verify", scene.path(name)]):
            done = tally(*command, status=1, stdin=b"")
            check(said in done.stderr, done.stderr)


def main():
    with Scene() as scene:
        what_is_sent_is_no_damage(scene)
        a_file_that_is_cut_under_a_daemon_is_told(scene)
        what_is_inherited_does_no_harm(scene)
        blocked_signals_still_end_a_daemon(scene)
        a_file_size_limit_is_told(scene)
        what_is_no_data_file_is_told(scene)


main()
