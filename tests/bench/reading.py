"""Reading metrics.json from a mount, beside what bounds it and what people use instead.

    READS=200000 ROWS=1000000 ROUNDS=5 tests/bench/reading.py

ROWS is for the file of all rows; a tenth of it are listed.

SPDX-License-Identifier: Apache-2.0
"""

import os
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import LOOPS, by_turns, heading, table, version
from mounted import Scene, read, tally

SCHEMA = {
    "streams": {"s": {"key": "id", "fields": {"id": "int", "g": "string", "n": "int"}}},
    "views": {"metrics": {"measures": {"total_events": "count()", "sum": "sum(n)"}},
              "groups": {"by": ["g"], "measures": {"c": "count()", "n": "sum(n)"}}},
}
READS, ASKS = int(os.environ.get("READS", "200000")), 20000
ROWS = int(os.environ.get("ROWS", "1000000"))
LISTED = ROWS // 10
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; keepalive_requests 10000000; client_body_temp_path {folder}; proxy_temp_path {folder};
        fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
        server {{ listen 127.0.0.1:{port}; location /mount/ {{ alias {mount}/; }} location /disk/ {{ alias {folder}/; }} }} }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit(f"nobody listens at {port}")


def loops(*arguments):
    return float(subprocess.run([LOOPS, *map(str, arguments)], check=True, capture_output=True).stdout) / 1e3


def request(path):
    return f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"


def files(scene, place):
    """The same file on a mount, on tmpfs and on the disk."""
    content, copies = read(place, "metrics.json"), {"tallyfs": os.path.join(place, "metrics.json")}
    shared = f"/dev/shm/tally-bench-{os.getpid()}"
    for name, path in (("tmpfs", shared), ("the disk's file system", scene.write("metrics.json", content))):
        with open(path, "wb") as file:
            file.write(content)
        copies[name] = path
    for threads in (1, 8):
        figures = by_turns({name: lambda path=path, threads=threads: loops("read", path, READS // threads, threads) 
                            for name, path in copies.items()})
        table(f"open, read, close; {threads} at a time", "us", figures, "tmpfs")
    os.unlink(shared)


def servers(scene, place):
    """Answers over a connection that stays open."""
    contenders, missing, started = {}, [], []
    port = free_port()
    if shutil.which("nginx"):
        os.chmod(scene.path(), 0o755)
        config = scene.write("nginx.conf", NGINX.format(folder=scene.path(), mount=place, port=port))
        started.append(subprocess.Popen(["nginx", "-c", config]))
        wait_for(port)
        contenders["nginx over tallyfs"] = lambda: loops("ask", port, request("/mount/metrics.json"), ASKS)
        contenders["nginx over the disk"] = lambda: loops("ask", port, request("/disk/metrics.json"), ASKS)
    else:
        missing.append(("nginx", "it is not installed"))
    if shutil.which("redis-server"):
        redis = free_port()
        started.append(subprocess.Popen(["redis-server", "--port", str(redis), "--save", "", "--dir", scene.path()],
                                        stdout=subprocess.DEVNULL))
        wait_for(redis)
        content = read(place, "metrics.json").decode().strip().replace('"', '\\"')
        loops("ask", redis, f'SET metrics "{content}"\\r\\n', 1)
        contenders["Redis GET"] = lambda: loops("ask", redis, "GET metrics\\r\\n", ASKS)
    else:
        missing.append(("Redis GET", "redis-server is not installed"))
    if contenders:
        table("One answer over loopback", "us", by_turns(contenders), next(iter(contenders)), missing)
    for process in started:
        process.terminate()
        process.wait()


def listing(store, scene):
    """`ls -l` of many groups, on a mount that has not been looked at."""
    seconds = []

    def once():
        place = scene.mount(store, f"ls-{len(seconds)}")
        begun = time.monotonic()
        done = subprocess.run(["ls", "-lU", os.path.join(place, "groups")], check=True, capture_output=True)
        seconds.append(time.monotonic() - begun)
        scene.unmount(place)
        assert done.stdout.count(b"\n") > LISTED
        return seconds[-1] * 1e3

    table(f"ls -lU of {LISTED} files, cold", "ms", by_turns({"tallyfs": once}), "tallyfs")


def rows_file(store, scene):
    """One file of all rows, from a mount that has not been looked at, its store in memory or not; and from the disk."""
    place = scene.mount(store, "rows-mnt")
    plain = scene.write("groups.json", read(place, "groups.json"))
    os.sync()
    scene.unmount(place)
    count = 0

    def sequential(path):
        with open(path, "rb", buffering=0) as file:
            begun, length = time.monotonic(), 0
            while piece := file.read(1 << 20):
                length += len(piece)
            return length / (time.monotonic() - begun) / 1e6

    def drop(path):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def mounted(whole_disk=False):
        nonlocal count
        count += 1
        if whole_disk:
            drop(os.path.join(store, "data.mdb"))
        fresh = scene.mount(store, f"rows-{count}")
        speed = sequential(os.path.join(fresh, "groups.json"))
        scene.unmount(fresh)
        return speed

    def from_disk():
        drop(plain)
        return sequential(plain)

    figures = by_turns({"tallyfs": mounted, "tallyfs, its store not in memory": lambda: mounted(True),
                        "the disk's file system": from_disk})
    table(f"Sequential read of {os.path.getsize(plain) / 1e6:.1f} MB of rows, cold", "MB/s", figures, "tallyfs")


def grouped_store(scene, name, groups):
    store = scene.store(name, SCHEMA)
    lines = "".join(f'{{"id":{i},"g":"group {i:07d}","n":{i % 100}}}\n' for i in range(groups))
    tally("ingest", store, "-", stdin=lines.encode())
    return store


def main():
    heading("Reading", nginx=version("nginx", "-v"), redis=version("redis-server", "--version"))
    with Scene() as scene:
        store = grouped_store(scene, "store", LISTED)
        place = scene.mount(store, options=("-o", "allow_other"))
        files(scene, place)
        servers(scene, place)
        scene.unmount(place)
        listing(store, scene)
        rows_file(grouped_store(scene, "rows", ROWS), scene)


main()
