"""What a daemon that was taken over, another user, or whoever may write into a store, can not do.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import pwd
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import preloading
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, is_mounted, tally, wait_until, with_fuse_for_all

SCHEMA = {"streams": {"s": {"key": "k", "fields": {"k": "string", "v": "int"}}},
          "views": {"v": {"by": ["k"], "measures": {"n": "count()", "v": "sum(v)"}}}}
NOBODY = pwd.getpwnam("nobody")
CAP_DAC_OVERRIDE = 1 << 1


def programs_are_hardened():
    for program in (TALLY, TALLYFS):
        text = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", program], capture_output=True, check=True).stdout
        for word in (b"DYN (Position-Independent", b"GNU_RELRO", b"BIND_NOW", b"__stack_chk_fail", b"__memcpy_chk"):
            check(word in text, f"{program}: no {word.decode()}")
        stack = next(line for line in text.splitlines() if b"GNU_STACK" in line)
        check(b"RWE" not in stack, f"{program}: the stack can be executed")


def event(name):
    return f'{{"k":"{name}","v":1}}\n'.encode()


def gives_up_privileges(scene, store):
    scene.mount(store, "privileges")
    daemon = scene.mounts[-1][0]
    tasks = os.listdir(f"/proc/{daemon.pid}/task")
    check(len(tasks) == 2, f"threads: {tasks}")
    for task in tasks:
        with open(f"/proc/{daemon.pid}/task/{task}/status", encoding="utf-8") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        check((status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status)
        for kind in ("CapEff", "CapPrm", "CapInh"):
            check(int(status[kind], 16) & ~CAP_DAC_OVERRIDE == 0, status)
    with open(f"/proc/{daemon.pid}/task/{daemon.pid}/children", encoding="utf-8") as file:
        helpers = file.read().split()
    check(len(helpers) == 1, f"the process that unmounts: {helpers}")

    def holds_only_its_pipe():
        files = [os.readlink(f"/proc/{helpers[0]}/fd/{fd}") for fd in os.listdir(f"/proc/{helpers[0]}/fd")]
        return all(file == "/dev/null" or file.startswith("pipe:") for file in files)

    wait_until("it holds no other files", holds_only_its_pipe)  # it may just have been forked
    with open(f"/proc/{daemon.pid}/maps", encoding="utf-8") as maps:
        lines = [line for line in maps if line.rstrip().endswith("data.mdb")]
    check(lines and all(line.split()[1] == "r--s" for line in lines), "data.mdb can be written")
    scene.unmount(scene.path("privileges"))


def cannot_escape(scene, store, secret, options=()):
    """A file that is not in the folder of the store, or with nofollow one that is, cannot be reached."""
    with open(secret, "w", encoding="utf-8") as file:
        file.write("secret")
    heard, place = scene.path("heard"), scene.path("escape")
    os.makedirs(place, exist_ok=True)
    with open(heard, "wb") as errors:
        daemon = subprocess.Popen([TALLYFS, store, place, "-f", *options], stderr=errors,
                                  env={**os.environ, **preloading("escape"), "ESCAPE_INTO": secret})
    scene.mounts.append((daemon, place))
    wait_until("it mounts", lambda: os.path.exists(place + "/v.json"))
    tally("ingest", store, "-", stdin=event("escape"))
    with open(heard, encoding="utf-8") as file:
        tried = dict(line.rstrip().split(": ")[1:] for line in file if line.startswith("escape: "))
    check(len(tried) == 17 and "done" not in tried.values(), tried)
    for what in ("read", "write", "make", "list"):
        check(tried[what] == "Permission denied", tried)
    check(os.path.exists(secret) and os.path.exists(place + "/v/escape.json"), "it does not serve any more")
    scene.unmount(place)


def links_are_not_followed(scene):
    """Whoever may write into a store must not lead the programs of others to their files."""
    for name in ("data.mdb", "lock.mdb", "ingest.lock", "mounts", "rejects"):
        store, elsewhere = scene.store("linked-" + name, SCHEMA), scene.path("elsewhere-" + name)
        tally("ingest", store, "-", "--max-rejects", "90%", stdin=event("a") + b"broken\n", status=2)
        if name == "ingest.lock":
            os.remove(f"{store}/{name}")
            scene.write("elsewhere-" + name, "precious")
        else:
            os.rename(f"{store}/{name}", elsewhere)
        os.symlink(elsewhere, f"{store}/{name}")
        before = os.stat(elsewhere)
        done = tally("ingest", store, "-", "--max-rejects", "90%", stdin=event("b") + b"too\n", status=None)
        after = os.stat(elsewhere)
        check((before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns), f"{name}: written through a link")
        if name == "mounts":
            check(done.returncode == 2 and b"mounts" in done.stderr, done.stderr)
        else:
            check(done.returncode == 1 and name.encode() in done.stderr, (name, done.stderr))
        if name.endswith(".mdb"):
            done = subprocess.run([TALLYFS, store, scene.folder.name + "/mnt", "-f"], capture_output=True, check=False)
            check(done.returncode == 1, f"{name}: mounted")
        if name == "rejects":
            reject = os.listdir(elsewhere)[0]
            done = tally("cat", store, ".tallyfs/rejects/" + reject, status=1)
            check(done.stderr and not done.stdout, done)


def connect(address, number):
    """What becomes of an announcement of commit NUMBER: the answer, b"" where the mount hangs up, None without a way in."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(30)
        try:
            connection.connect(address)
            connection.send(number.to_bytes(8, "little"))
            return connection.recv(8)
        except (PermissionError, ConnectionResetError, BrokenPipeError) as error:
            return None if isinstance(error, PermissionError) else b""


def as_user(user, groups, call):
    """Runs CALL as another user in a process of its own; whether it gave something true."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(user)
            os.setuid(user)
            os._exit(0 if call() else 1)
        finally:
            os._exit(2)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    check(status in (0, 1), "the other user's process failed")
    return status == 0


def peers_are_checked(scene):
    """Only who may write the store is listened to, whatever the mode of the socket."""
    store, owner, group = scene.store("peers", SCHEMA), 12345, 23456
    os.chmod(scene.folder.name, 0o755)
    os.chown(store + "/data.mdb", owner, group)
    for mode, expected in ((0o644, (True, False, False)), (0o664, (True, True, False)), (0o666, (True, True, True))):
        os.chmod(store + "/data.mdb", mode)
        place = scene.mount(store, f"peers-{mode:o}")
        address = f"{store}/mounts/" + os.listdir(store + "/mounts")[0]
        check(os.stat(address).st_mode & 0o777 == mode, "the socket's mode")
        os.chmod(address, 0o777)
        found = tuple(as_user(user, groups, lambda: len(connect(address, 1) or b"") == 8)
                      for user, groups in ((owner, []), (34567, [group]), (45678, [])))
        check(found == expected, f"{mode:o}: {found}")
        scene.unmount(place)


def others_are_kept_out(scene, store):
    """Without allow_other, or without the permission, nobody else sees anything; nobody at all can write."""
    os.chmod(scene.folder.name, 0o755)
    for options, readable in (((), False), (("-o", "allow_other,umask=077"), False), (("-o", "allow_other"), True)):
        place = scene.mount(store, "others", options)

        def read():
            try:
                with open(place + "/v.json", "rb") as file:
                    return b"escape" in file.read()
            except PermissionError:
                return False

        def write():
            try:
                os.close(os.open(place + "/v.json", os.O_WRONLY))
                return True
            except OSError:
                return False

        check(read() and as_user(NOBODY.pw_uid, [], read) == readable, f"{options}: others read")
        check(not as_user(NOBODY.pw_uid, [], write), "others write")
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            line = next(line for line in mounts if f" {place} " in line)
        for word in ("ro,nosuid,nodev", "default_permissions"):
            check(word in line, line)
        scene.unmount(place)


def without_being_root():
    """Mounts, shows a commit and unmounts as an ordinary user, whose daemon has no more rights than root's."""
    with Scene() as scene:
        home = scene.path("home")
        for folder in ("", "/mnt"):
            os.mkdir(home + folder)
            os.chown(home + folder, NOBODY.pw_uid, NOBODY.pw_gid)
        os.chmod(scene.folder.name, 0o755)
        who = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}
        schema = scene.write("nobody.json", json.dumps(SCHEMA))

        def run(command, stdin=None):
            done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=WAIT_SECONDS, **who)
            check(done.returncode == 0, (command, done.stderr))
            return done.stdout

        run([TALLY, "init", home + "/s", "--schema", schema])
        run([TALLYFS, home + "/s", home + "/mnt"])
        run([TALLY, "ingest", home + "/s", "-"], event("mine"))
        check(b'"mine"' in run(["cat", home + "/mnt/v.json"]), "the commit does not show")
        sockets = os.listdir(home + "/s/mounts")
        check(len(sockets) == 1, sockets)
        os.kill(int(sockets[0].split("-")[0]), signal.SIGTERM)
        wait_until("it ends", lambda: not os.listdir(home + "/s/mounts"))
        wait_until("it unmounts", lambda: not is_mounted(home + "/mnt"))  # the socket goes first


def main():
    if sys.argv[1:] == ["ordinary"]:
        without_being_root()
        return
    with Scene() as scene:
        store = scene.store("s", SCHEMA)
        tally("ingest", store, "-", stdin=event("a"))
        programs_are_hardened()
        gives_up_privileges(scene, store)
        cannot_escape(scene, store, scene.path("secret"), ("-o", "nofollow"))
        os.mkdir(scene.path("stores"))
        apart = scene.store("stores/s", SCHEMA)
        tally("ingest", apart, "-", stdin=event("a"))
        cannot_escape(scene, apart, scene.path("secret"))
        links_are_not_followed(scene)
        peers_are_checked(scene)
        others_are_kept_out(scene, store)
        with_fuse_for_all(scene, __file__, "ordinary")


main()
