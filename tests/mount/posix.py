"""What POSIX says of a read-only file system, call by call beside a read-only tmpfs, and fio's read engines on a large file.

The cases are those of pjdfstest (github.com/pjd/pjdfstest) that need no file of their own making: its EROFS tests (chmod/09,
chown/09, ftruncate/10, link/16, mkdir/09, mkfifo/08, open/14 and 15, rename/16, rmdir/14, symlink/10, truncate/10,
unlink/12), and of ENOENT, ENOTDIR, ENAMETOOLONG, EFAULT, EISDIR and EINVAL those that can be met here; what tmpfs answers is right. As pjdfstest makes its files
on the file system under test, it cannot run itself.

SPDX-License-Identifier: Apache-2.0
"""

import ctypes
import errno
import json
import os
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import WAIT_SECONDS, Scene, check, read, tally

SCHEMA = {"streams": {"s": {"key": "k", "fields": {"k": "int", "g": "string"}}},
          "views": {"v": {"by": ["g", "k"], "measures": {"n": "count()"}}, "all": {"measures": {"n": "count()"}}}}
LIBC = ctypes.CDLL(None, use_errno=True)
LONG_NAME, LONG_PATH = "x" * 256, "/".join(["x" * 200] * 25)


def tells_nothing_of_inodes(place):
    """There is no table of inodes that could be full, and directories do not count their subdirectories."""
    usage = os.statvfs(place)
    check((usage.f_files, usage.f_ffree, usage.f_favail) == (0, 0, 0), usage)
    printed = subprocess.run(["df", "--output=ipcent", place], capture_output=True, check=True, text=True).stdout
    check(printed.split()[-1] == "-", printed)
    with os.scandir(place) as entries:  # readdirplus
        check({entry.stat(follow_symlinks=False).st_nlink for entry in entries} == {1}, "links")
    for path in ("", "/v", "/v/a", "/.tallyfs", "/all.json"):
        check(os.stat(place + path).st_nlink == 1, f"links of {path}")
    found = subprocess.run(["find", place, "-type", "d"], capture_output=True, check=True, text=True).stdout.split()
    check({place, place + "/v", place + "/v/a"} <= set(found), found)


def opened(path, flags):
    os.close(os.open(path, flags))


def on_descriptor(path, call, *arguments):
    fd = os.open(path, os.O_RDONLY)
    try:
        call(fd, *arguments)
    finally:
        os.close(fd)


def through_libc(name, *arguments):
    ctypes.set_errno(0)
    if getattr(LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def cases(place, outside):
    file, folder, missing = place + "/all.json", place + "/v/a", place + "/new"
    rofs = [
        (os.chmod, file, 0o600), (os.chmod, folder, 0o700), (on_descriptor, file, os.fchmod, 0o600),
        (os.chown, file, 1, 1), (os.lchown, file, 1, 1), (on_descriptor, folder, os.fchown, 1, 1),
        (os.truncate, file, 0), (os.truncate, file, 1000), (os.link, file, missing), (os.symlink, "test", missing),
        (os.mkdir, missing), (os.mkfifo, missing), (os.mknod, missing, stat.S_IFREG | 0o600), (os.mknod, missing, stat.S_IFSOCK),
        (opened, file, os.O_WRONLY), (opened, file, os.O_RDWR), (opened, file, os.O_RDONLY | os.O_TRUNC),
        (opened, file, os.O_WRONLY | os.O_APPEND), (opened, missing, os.O_RDONLY | os.O_CREAT),
        (opened, missing, os.O_WRONLY | os.O_CREAT | os.O_EXCL), (os.rename, file, missing), (os.rename, folder, missing),
        (os.rmdir, folder), (os.unlink, file), (os.utime, file, (1, 1)), (on_descriptor, file, os.utime, (1, 1)),
        (os.setxattr, file, "user.a", b"b"), (os.removexattr, file, "user.tallyfs.commit"), (os.chmod, place, 0o700),
    ]
    others = [
        (os.stat, place + "/none"), (opened, place + "/v/none/x.json", os.O_RDONLY),
        (os.chmod, place + "/none", 0), (os.unlink, place + "/none"), (os.stat, ""),
        (os.stat, file + "/x"), (opened, file + "/", os.O_RDONLY),
        (opened, file, os.O_RDONLY | os.O_DIRECTORY), (os.rmdir, file + "/x"),
        (os.listdir, file), (os.stat, f"{place}/{LONG_NAME}"),
        (os.stat, f"{place}/{LONG_PATH}"), (os.mkdir, f"{place}/v/{LONG_NAME}"),
        (opened, folder, os.O_WRONLY), (opened, folder, os.O_RDWR),
        (on_descriptor, folder, os.read, 10), (os.mkdir, folder), (os.symlink, "x", file),
        (opened, file, os.O_RDONLY | os.O_CREAT | os.O_EXCL), (os.readlink, file),
        (on_descriptor, file, os.lseek, -1, os.SEEK_SET), (on_descriptor, file, os.pread, 10, -1),
        (on_descriptor, file, os.write, b"x"), (on_descriptor, file, os.ftruncate, 0),
        (os.link, file, outside), (os.rename, file, outside), (through_libc, "open", 1, 0),
        (through_libc, "stat", file.encode(), 1), (on_descriptor, file, lambda fd: through_libc("ioctl", fd, 0x5401, 0)),
        (os.execv, file, ["x"]),
    ]
    return rofs, others


def answer(call, *arguments):
    try:
        call(*arguments)
        return "done"
    except OSError as error:
        return errno.errorcode[error.errno]


def errors_are_those_of_posix(place, reference, outside):
    rofs, others = cases(place, outside)
    expected = ["EROFS"] * len(rofs) + [answer(*case) for case in cases(reference, outside)[1]]
    check(len(set(expected)) > 8, f"the reference does not tell much: {expected}")
    for (call, *arguments), right in zip(rofs + others, expected):
        found = answer(call, *arguments)
        shown = [argument for argument in arguments if not callable(argument)]
        check(found == right, f"{call.__name__}{shown}: {found}, not {right}")
    check(answer(os.getxattr, place + "/all.json", "user.none") == "ENODATA", "no such attribute")
    return len(expected) + 1


def tmpfs_like(scene):
    """The same names, on a tmpfs that is read-only."""
    reference = scene.path("reference")
    os.mkdir(reference)
    subprocess.run(["mount", "-t", "tmpfs", "tallyfs-test", reference], check=True)
    os.makedirs(reference + "/v/a")
    for name in ("/all.json", "/v.json"):
        with open(reference + name, "w", encoding="utf-8") as file:
            file.write("{}\n")
        os.chmod(reference + name, 0o444)
    subprocess.run(["mount", "-o", "remount,ro", reference], check=True)
    return reference


def files_are_files(place):
    """Offsets, holes, maps and copies as of any file."""
    path = place + "/v.json"
    content = read(path)
    fd = os.open(path, os.O_RDONLY)
    size = os.fstat(fd).st_size
    check(size == len(content), "size")
    check(os.pread(fd, 10, size) == b"" and os.pread(fd, 10, size + (1 << 40)) == b"", "behind the end")
    check(os.pread(fd, 100, size - 3) == content[-3:], "over the end")
    check(os.preadv(fd, [bytearray(7), bytearray(9)], 5) == 16, "preadv")
    check(os.lseek(fd, 0, os.SEEK_END) == size and os.lseek(fd, 5, os.SEEK_HOLE) == size, "holes")
    check(os.lseek(fd, 5, os.SEEK_DATA) == 5, "data")
    copied = os.memfd_create("copy")
    check(os.sendfile(copied, fd, 0, size) == size and os.pread(copied, size, 0) == content, "sendfile")
    os.close(copied)
    os.close(fd)
    for entry in os.scandir(place + "/v/a"):
        status = entry.stat()
        check(entry.inode() == status.st_ino and stat.S_ISREG(status.st_mode) == entry.is_file(), f"d_ino and d_type of {entry.name}")
    here, above = os.stat(place + "/v/a/."), os.stat(place + "/v/a/..")
    check(os.path.samestat(here, os.stat(place + "/v/a")) and os.path.samestat(above, os.stat(place + "/v")), "dots")


def engines_read(scene, place):
    """At random offsets, in parallel, and by each way that a program may take; what they leave in the page cache is right."""
    path, content = place + "/v.json", tally("cat", scene.path("s"), "v.json").stdout
    size = os.path.getsize(path)
    jobs = ["[global]", "rw=randread", "bsrange=1-128k", "bs_unaligned=1", f"filename={path}",
            f"size={size}", f"io_size={4 * size}", "allow_file_create=0", "thread"]
    for engine in ("sync", "psync", "vsync", "pvsync2", "mmap", "posixaio"):
        jobs += [f"[{engine}]", f"ioengine={engine}", "numjobs=2"]
    done = subprocess.run(["fio", "--output-format=json", "--readonly", scene.write("jobs.fio", "\n".join(jobs) + "\n")],
                          capture_output=True, check=False, timeout=WAIT_SECONDS)
    check(done.returncode == 0, done.stderr[-500:] + done.stdout[-500:])
    report = json.loads(done.stdout[done.stdout.index(b"{"):])
    check(len(report["jobs"]) == 12 and all(job["error"] == 0 and job["read"]["total_ios"] > 0 for job in report["jobs"]), "fio")
    check(read(path) == content, "what was read")


def main():
    with Scene() as scene:
        store = scene.store("s", SCHEMA)
        tally("ingest", store, "-", stdin="".join(f'{{"k":{i},"g":"a"}}\n' for i in range(50000)).encode())
        place = scene.mount(store)
        print(errors_are_those_of_posix(place, tmpfs_like(scene), scene.path("outside")), "calls that fail as they should")
        files_are_files(place)
        tells_nothing_of_inodes(place)
        engines_read(scene, place)
        scene.unmount(place)


main()
