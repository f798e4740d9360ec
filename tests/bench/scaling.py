"""Cost against size: 10^4 to 10^7 events in 10^1 to 10^6 groups. Prints tables, writes the curves as SVG.

    EVENTS=10000000 ROWS=1000000 tests/bench/scaling.py [FOLDER]

Each size is a store of its own: EVENTS up to the number given, by tens, in 1000 groups; ROWS likewise, of a million events.
FOLDER gets scaling.svg where gnuplot is installed.

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import LOOPS, heading, timed, version
from mounted import Scene, read, tally

TALLY = os.environ.get("TALLY", "build-test/ingest/tally")
EVENTS, GROUPS = int(os.environ.get("EVENTS", "10000000")), int(os.environ.get("ROWS", "1000000"))
FIXED_GROUPS, FIXED_EVENTS, BATCH, TRIES = 1000, min(1000000, EVENTS), 1000, 5
SCHEMA = {
    "streams": {"s": {"key": "id", "time": "t", "fields": {"id": "int", "t": "time", "g": "string", "user": "int", "n": "int"}}},
    "views": {"metrics": {"measures": {"events": "count()", "users": "uniq(user)", "sum": "sum(n)"}},
              "groups": {"by": ["g"], "measures": {"events": "count()", "sum": "sum(n)"}}},
}
COLUMNS = {"ingest": "ingest, us an event", "commit": f"commit of {BATCH} events, ms", "warm": "warm read, us",
           "cold": "cold read of a group, us", "memory": "ingest, MiB", "daemon": "daemon, MiB", "verify": "verify, us an event",
           "bytes": "store, bytes an event"}


def write_events(path, first, count, groups):
    """Groups at random, a hundred thousand users at most."""
    rng = random.Random(first)
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,t,g,user,n\n")
        for number in range(first, first + count):
            file.write(f"{number},2026-01-{number % 28 + 1:02d}T00:00:00Z,group-{rng.randrange(groups):07d},"
                       f"{rng.randrange(100000)},{number % 100}\n")
    return path


def own_memory(pid):
    """What a process holds beside the pages of files, in MiB; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return next((int(line.split()[1]) / 1024 for line in status if line.startswith("RssAnon")), 0)
    except OSError:
        return 0


def ingest_watched(store, path):
    """Seconds, and the most memory that was seen."""
    begun, most = time.monotonic(), 0
    process = subprocess.Popen([TALLY, "ingest", store, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended = threading.Event()
    while not ended.wait(0.005) and process.poll() is None:
        most = max(most, own_memory(process.pid))
    assert process.returncode == 0
    return time.monotonic() - begun, most


def loop_read(path):
    done = subprocess.run([LOOPS, "read", path, "50000", "1"], check=True, capture_output=True)
    return float(done.stdout) / 1e3


def cold_reads(place, groups):
    """Files that nobody has asked for yet: a lookup and a read each."""
    numbers = random.sample(range(groups), min(groups, 200))
    return timed(lambda: [os.path.exists(f"{place}/groups/group-{n:07d}.json") and read(place, f"groups/group-{n:07d}.json")
                          for n in numbers]) / len(numbers) * 1e6


def measure(scene, events, groups):
    name = f"store-{events}-{groups}"
    store = scene.store(name, SCHEMA)
    source = write_events(scene.path("events.csv"), 0, events, groups)
    seconds, memory = ingest_watched(store, source)
    commits = []
    for i in range(TRIES):
        batch = write_events(scene.path("batch.csv"), events + i * BATCH, BATCH, groups)
        commits.append(timed(lambda batch=batch: tally("ingest", store, batch)) * 1e3)
    place = scene.mount(store, name + "-mnt")
    cold = cold_reads(place, groups)
    warm = min(loop_read(os.path.join(place, "metrics.json")) for _ in range(TRIES))
    subprocess.run(["ls", "-lU", place + "/groups"], check=True, stdout=subprocess.DEVNULL)
    daemon = own_memory(scene.mounts[-1][0].pid)
    scene.unmount(place)
    figures = {"ingest": seconds / events * 1e6, "commit": statistics.median(commits), "warm": warm, "cold": cold,
               "memory": memory, "daemon": daemon, "verify": timed(lambda: tally("verify", store)) / events * 1e6,
               "bytes": os.stat(store + "/data.mdb").st_blocks * 512 / events}
    shutil.rmtree(store)
    return figures


def powers(least, most):
    while least <= most:
        yield least
        least *= 10


def curve(scene, title, sizes, take):
    print(f"\n### {title}\n\n| | {' | '.join(COLUMNS.values())} |\n|---|{'---|' * len(COLUMNS)}")
    rows = []
    for size in sizes:
        figures = take(size)
        rows.append((size, figures))
        print(f"| {size} | {' | '.join(f'{figures[key]:.3g}' for key in COLUMNS)} |", flush=True)
    return rows


def plot(folder, curves):
    """Each figure over the size, as a multiple of what it is at the smallest: a flat line costs the same at any size."""
    lines = ["set terminal svg size 1000,420 dynamic font 'sans-serif,12' background '#ffffff'",
             f"set output '{folder}/scaling.svg'", "set multiplot layout 1,2", "set logscale xy", "set grid lc rgb '#dddddd'",
             "set key top left Left reverse", "set format x '10^{%L}'", "set yrange [0.05:*]",
             "set ylabel 'times the cost at the smallest size'"]
    shown = ("ingest", "commit", "warm", "cold", "verify")
    for number, (label, rows) in enumerate(curves):
        lines.append(f"$data{number} << END")
        lines += [" ".join([str(size), *(str(figures[key] / rows[0][1][key]) for key in shown)]) for size, figures in rows]
        lines.append("END")
    for number, (label, _) in enumerate(curves):
        lines.append(f"set xlabel '{label}'")
        lines.append("plot " + ", ".join(f"$data{number} using 1:{i + 2} with linespoints lw 2 title '{COLUMNS[key].split(',')[0]}'"
                                         for i, key in enumerate(shown)))
    subprocess.run(["gnuplot"], input="\n".join(lines + ["unset multiplot"]), text=True, check=True)


def main():
    heading("Scaling", tallyfs=version(TALLY, "--version"), gnuplot=version("gnuplot", "--version"))
    with Scene() as scene:
        by_events = curve(scene, f"Events, in {FIXED_GROUPS} groups", powers(10000, EVENTS),
                          lambda events: measure(scene, events, FIXED_GROUPS))
        by_groups = curve(scene, f"Groups, of {FIXED_EVENTS} events", powers(10, GROUPS),
                          lambda groups: measure(scene, FIXED_EVENTS, groups))
    if len(sys.argv) > 1 and shutil.which("gnuplot"):
        plot(sys.argv[1], [("events", by_events), ("groups", by_groups)])
    elif len(sys.argv) > 1:
        print("\nscaling.svg: not drawn, gnuplot is not installed")


main()
