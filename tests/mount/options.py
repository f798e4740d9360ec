"""The mount as users of other FUSE file systems know it: options, errors, signals, life and death.

SPDX-License-Identifier: Apache-2.0
"""

import errno
import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLYFS, WAIT_SECONDS, Scene, check, is_mounted, read, tally, wait_until

SCHEMA = {"streams": {"s": {"key": "k", "fields": {"k": "string", "v": "int"}}},
          "views": {"v": {"by": ["k"], "measures": {"n": "count()", "v": "sum(v)"}}}}


def expect_errno(expected, call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        check(error.errno in expected, f"{call.__name__}{arguments}: {error}")
        return
    check(False, f"{call.__name__}{arguments} succeeded")


def writes_are_refused(place):
    file, read_only = place + "/v.json", (errno.EROFS,)
    for call, *arguments in ((os.open, file, os.O_WRONLY), (os.open, file, os.O_RDWR | os.O_TRUNC),
                             (os.open, place + "/new", os.O_CREAT | os.O_WRONLY), (os.mkdir, place + "/d"),
                             (os.rmdir, place + "/v"), (os.unlink, file), (os.rename, file, place + "/w"),
                             (os.chmod, file, 0o777), (os.chown, file, 1, 1), (os.truncate, file, 0),
                             (os.utime, file), (os.symlink, "x", place + "/l"), (os.link, file, place + "/l"),
                             (os.setxattr, file, "user.x", b"1"), (os.removexattr, file, "user.tallyfs.commit")):
        expect_errno(read_only, call, *arguments)
    check(not os.access(file, os.W_OK) and os.access(file, os.R_OK), "access")


def metadata_is_true(place):
    status = os.stat(place + "/v.json")
    check(status.st_mode == 0o100444 and status.st_nlink == 1, oct(status.st_mode))
    check(status.st_blocks == -(-status.st_size // 512), "blocks")
    check(os.stat(place + "/v").st_mode == 0o040555, "a directory's mode")
    check(os.getxattr(place + "/v.json", "user.tallyfs.commit") == b"2", "the commit")
    check(os.listxattr(place + "/v.json") == ["user.tallyfs.commit"], "the list of attributes")
    expect_errno((errno.ENODATA,), os.getxattr, place + "/v.json", "user.other")
    # `ls -l` asks for these once a device if they are not supported, else once a file
    expect_errno((errno.EOPNOTSUPP,), os.getxattr, place + "/v.json", "security.selinux")
    expect_errno((errno.EOPNOTSUPP,), os.getxattr, place + "/v.json", "system.posix_acl_access")
    usage = os.statvfs(place)
    check(usage.f_blocks > 0 and usage.f_namemax == 255 and usage.f_flag & os.ST_RDONLY, usage)
    check(os.path.exists(place + "/v.ndjson") and "v.ndjson" not in os.listdir(place), "formats are listed")


def signals_unmount(scene, store):
    for number in (signal.SIGTERM, signal.SIGINT):
        place = scene.mount(store, "signal")
        daemon = scene.mounts.pop()[0]
        daemon.send_signal(number)
        check(daemon.wait(timeout=WAIT_SECONDS) == 0, f"{number}: status {daemon.returncode}")
        wait_until("nothing is left", lambda: not is_mounted(place) and os.listdir(store + "/mounts") == [])


def commands_mount(scene, store):
    """In the background: the command returns when the mount answers, and tells errors."""
    place = scene.path("background")
    os.mkdir(place)
    environment = dict(os.environ)
    fstab = f"{store} {place} fuse.tallyfs ro,noauto,_netdev,nofail,x-systemd.automount,allow_other 0 0\n"
    for command in ([TALLYFS, store, place, "-o", "allow_other,uid=1,gid=2,umask=007"],
                    ["mount", "-t", "fuse.tallyfs", "-o", "allow_other,umask=007", store, place],
                    ["mount", "-T", scene.write("fstab", fstab), place]):
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=WAIT_SECONDS)
        check(done.returncode == 0, (command, done.stderr))
        check(b'"n":1' in read(place, "v.json"), "the mount does not answer")
        found = subprocess.run(["findmnt", "-n", "-t", "fuse.tallyfs", "-o", "SOURCE,TARGET"],
                               capture_output=True, check=True).stdout.decode()
        check(store in found and place in found, found)
        if "uid" in command[-1]:
            status = os.stat(place + "/v.json")
            check((status.st_uid, status.st_gid, status.st_mode & 0o777) == (1, 2, 0o440), status)
        done = subprocess.run([TALLYFS, store, place], capture_output=True, check=False, timeout=WAIT_SECONDS)
        check(done.returncode == 1 and b"already" in done.stderr, done.stderr)
        subprocess.run(["umount", place], check=True)
        await_no_sockets(store)


def tells_the_service_manager(scene, store):
    """READY once the mount answers, STOPPING before it goes; to a path or an abstract address."""
    for address in (scene.path("notify"), "\0tallyfs-test-" + os.path.basename(scene.folder.name)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(address)
            manager.settimeout(WAIT_SECONDS)
            place = scene.path("service")
            os.makedirs(place, exist_ok=True)
            daemon = subprocess.Popen([TALLYFS, store, place, "-f"],
                                      env={**os.environ, "NOTIFY_SOCKET": address.replace("\0", "@")})
            scene.mounts.append((daemon, place))
            check(manager.recv(100) == b"READY=1" and os.path.exists(place + "/v.json"), "READY, but nothing is mounted")
            daemon.send_signal(signal.SIGTERM)
            check(manager.recv(100) == b"STOPPING=1" and daemon.wait(timeout=WAIT_SECONDS) == 0, "STOPPING")
    unit = scene.path("tallyfs@.service")
    with open(os.path.join(os.path.dirname(__file__), "../../examples/systemd/tallyfs@.service"), encoding="utf-8") as file:
        scene.write("tallyfs@.service", file.read().replace("/usr/bin/tallyfs", os.path.abspath(TALLYFS)))
    done = subprocess.run(["systemd-analyze", "verify", unit.replace("@.", "@shop.")], capture_output=True, check=False)
    check(done.returncode == 0 and not done.stderr, done.stderr)


class InPath:
    """mount(8) looks for the daemon in the system's own folders only."""

    place = "/usr/local/bin/tallyfs"

    def __enter__(self):
        self.made = not os.path.lexists(self.place)
        if self.made:
            os.symlink(os.path.abspath(TALLYFS), self.place)

    def __exit__(self, *_):
        if self.made:
            os.unlink(self.place)


def await_no_sockets(store):
    wait_until("no socket is left", lambda: os.listdir(store + "/mounts") == [])


def mistakes_are_told(scene, store):
    full = scene.path("full")
    os.makedirs(full + "/x")
    for arguments, word in (([], b"store"), ([store], b"mount point"), ([store, scene.path("none")], b"No such"),
                            ([scene.path(), scene.path("full")], b"not empty"), ([store, full], b"not empty"),
                            ([store, store + "/data.mdb"], b"not a directory"),
                            ([store, scene.path("background"), "-o", "frobnicate"], b"frobnicate"),
                            ([scene.path("full"), scene.path("background")], b"no store")):
        done = subprocess.run([TALLYFS, *arguments], capture_output=True, check=False, timeout=WAIT_SECONDS)
        check(done.returncode == 1 and word in done.stderr, (arguments, done.stderr))
    for option in ("-h", "-V"):
        check(subprocess.run([TALLYFS, option], capture_output=True, check=True).stdout, option)


def dead_and_hung_mounts(scene, store):
    place = scene.mount(store, "dead")
    daemon = scene.mounts.pop()[0]
    daemon.kill()
    daemon.wait()
    check(os.listdir(store + "/mounts") != [], "a killed daemon leaves its socket")
    tally("ingest", store, "-", stdin=b'{"k":"dead","v":1}\n')
    check(os.listdir(store + "/mounts") == [], "the socket of a dead mount stays")
    done = subprocess.run([TALLYFS, store, place], capture_output=True, check=False)
    check(done.returncode == 1 and b"replace" in done.stderr, done.stderr)
    done = subprocess.run([TALLYFS, store, place, "-o", "replace"], capture_output=True, check=False, timeout=WAIT_SECONDS)
    check(done.returncode == 0 and b"dead" in read(place, "v.json"), done.stderr)
    subprocess.run(["umount", place], check=True)
    await_no_sockets(store)

    place = scene.mount(store, "hung")
    daemon = scene.mounts[-1][0]
    daemon.send_signal(signal.SIGSTOP)
    done = tally("ingest", store, "-", stdin=b'{"k":"hung","v":1}\n')
    check(done.stderr, "a hung mount is not told")
    daemon.send_signal(signal.SIGCONT)
    wait_until("the commit shows", lambda: b"hung" in read(place, "v.json"))
    scene.unmount(place)


def main():
    with Scene() as scene:
        store = scene.store("s", SCHEMA)
        tally("ingest", store, "-", stdin=b'{"k":"a","v":1}\n')
        place = scene.mount(store)
        writes_are_refused(place)
        metadata_is_true(place)
        scene.unmount(place)
        signals_unmount(scene, store)
        with InPath():
            commands_mount(scene, store)
        tells_the_service_manager(scene, store)
        mistakes_are_told(scene, store)
        dead_and_hung_mounts(scene, store)


main()
