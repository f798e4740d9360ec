"""Bytes of the data file that change, anywhere, and files that are cut: what is shown is right, or it is said that it is not.

    SOAK=1 tries 20,000 changes instead of 500

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import shutil
import subprocess
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from changing import SCHEMA, VIEWS, events
from mounted import TALLY, Scene, check, read, tally

CHANGES, PAGE = 20000 if os.environ.get("SOAK") else 500, 4096
SHOWN = ["all.json", "days.json", "users.csv", "users/user 7.json"]


def changed(rng, data):
    """Another byte somewhere, or in what a page says of itself; a page of zeros; an end that is missing."""
    content, kind = bytearray(data), rng.choice(["byte", "bit", "head", "head", "zeros", "cut"])
    at = rng.randrange(len(data))
    if kind == "head":
        at = at // PAGE * PAGE + rng.randrange(96)
    if kind == "zeros":
        content[at // PAGE * PAGE:(at // PAGE + 1) * PAGE] = bytes(PAGE)
    elif kind == "cut":
        content = content[:at]
    else:
        content[at] ^= 1 << rng.randrange(8) if kind == "bit" else rng.randrange(1, 256)
    return f"{kind} at {at}", content


def look(place, what, *arguments):
    """An answer in time, with a word on what is wrong if it is not the answer."""
    try:
        done = subprocess.run([TALLY, *arguments], capture_output=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        check(False, f"{what}: tally {arguments[0]} hangs")
    check(done.returncode in (0, 1), f"{what}: tally {arguments[0]} ended with {done.returncode}: {done.stderr}")
    said = done.stderr or (arguments[0] == "verify" and done.stdout)
    check(done.returncode == 0 or said, f"{what}: tally {arguments[0]} says nothing")
    return done


def main():
    rng, found = random.Random(1), Counter()
    with Scene() as scene:
        store = scene.store("store", {**SCHEMA, "views": {**VIEWS, "users": {"by": ["user"], "measures": {"c": "count()"}}}})
        for i in range(4):
            tally("ingest", store, scene.write("events.csv", events(i * 3000, 8000)))
        right, data = tally("cat", store, *SHOWN).stdout, read(store, "data.mdb")
        place = scene.path("changed")
        shutil.copytree(store, place)
        for _ in range(CHANGES):
            what, content = changed(rng, data)
            with open(os.path.join(place, "data.mdb"), "wb") as file:
                file.write(content)
            verified = look(place, what, "verify", place)
            shown = look(place, what, "cat", place, *SHOWN)
            check(shown.returncode == 1 or shown.stdout == right, f"{what}: a wrong figure is shown")
            found["found by verify" if verified.returncode else "nothing that is read"] += 1
            found["refused by cat"] += shown.returncode
    print(f"{CHANGES} changes: " + ", ".join(f"{name} {count}" for name, count in found.items()))


if __name__ == "__main__":
    main()
