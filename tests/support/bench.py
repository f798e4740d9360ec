"""What benchmarks share: contenders take turns, and a table tells medians, spread and ratios.

SPDX-License-Identifier: Apache-2.0
"""

import os
import platform
import shutil
import statistics
import subprocess
import time

BUILD = os.environ.get("BUILD", os.path.join(os.path.dirname(__file__), "../../build-test"))
LOOPS = os.path.join(BUILD, "tests/loops")
GENERATE = os.path.join(BUILD, "examples/generate")
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def machine():
    """One line: what this ran on."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        cpu = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    return f"{cpu}, {os.cpu_count()} cores, Linux {platform.release()}"


def version(*command):
    """The first line that a program says of itself, or None where it is not installed."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return lines[0] if lines else command[0]


def has_module(name):
    """Whether node finds it, by NODE_PATH."""
    return shutil.which("node") and subprocess.run(["node", "-e", f"require('{name}')"], capture_output=True, check=False).returncode == 0


def databases():
    """Versions of the peers that hold events, for a heading."""
    return {"SQLite": version("sqlite3", "--version"), "node": version("node", "--version"),
            **{name: version("node", "-p", f"require('{module}/package.json').version") if has_module(module) else None
               for name, module in (("@duckdb/node-api", "@duckdb/node-api"), ("chdb", "chdb"))}}


def timed(action):
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def by_turns(contenders, rounds=ROUNDS):
    """name -> figures: A B C A B C, so that what disturbs the machine disturbs all of them."""
    figures = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            figures[name].append(measure())
    return figures


def table(title, unit, figures, base, missing=(), notes=None):
    """Markdown. BASE is what the ratios are to; MISSING names what could not be measured, and why."""
    notes = notes or {}
    reference = statistics.median(figures[base])
    print(f"\n### {title}\n\n| | median, {unit} | least to most | times {base} | |\n|---|---|---|---|---|")
    for name, values in figures.items():
        middle = statistics.median(values)
        print(f"| {name} | {middle:.3g} | {min(values):.3g} to {max(values):.3g} | {middle / reference:.2f} | {notes.get(name, '')} |")
    for name, reason in missing:
        print(f"| {name} | not measured: {reason} | | | |")


def heading(name, **versions):
    print(f"## {name}\n\n{machine()}; {ROUNDS} rounds by turns.")
    print("; ".join(f"{program}: {said or 'not installed'}" for program, said in versions.items()))
