"""tally follow and ingest: what stands in a log beside its records does not stop it, and is told.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from follower import SCHEMA, Follower, append, expect, lines, shown
from mounted import Scene, check, tally


def a_log_that_begins_with_no_json(scene):
    store, log = scene.store("listening", SCHEMA), scene.write("listening.log", "Listening on port 8080\n" + lines(0, 10))
    follower = Follower(store, log, "--commit-every", "10ms")
    said = follower.ends(1)
    check("Listening on port 8080" in said and "or give --format ndjson)" in said, said)
    follower = Follower(store, log, "--commit-every", "10ms", "--format", "ndjson")
    follower.shows(expect(0, 10))
    append(log, "Listening on port 8081\n[1]\n" + lines(10, 5))
    follower.shows(expect(0, 15))
    said = follower.stop(status=2)
    check("1 of 11 records refused so far, the first: line 1: " in said and "3 of 18 records" in said, said)
    follower = Follower(store, log, "--commit-every", "10ms", "--format", "ndjson")
    append(log, lines(15, 5))
    follower.shows(expect(0, 20))
    follower.stop()


def a_format_that_is_given(scene):
    store, file = scene.store("given", SCHEMA), scene.write("given.log", "Listening on port 8080\n" + lines(0, 10))
    check("(the first line must name the columns)" in tally("ingest", store, file, status=1).stderr.decode(), "no remedy")
    said = tally("ingest", store, "--format", "ndjson", file, status=2).stdout.decode()
    check("read 11, new 10" in said and shown(store) == expect(0, 10), said)
    # One record; the member that the header names is no column's name as CSV has it.
    odd = scene.write("odd.csv", "{n},n\nx,10\n")
    check("read 2, new 0" in tally("ingest", store, odd, status=2).stdout.decode(), "not taken for JSON")
    odd = scene.write("odder.csv", "{n},n\ny,10\n")
    tally("ingest", store, "--format", "csv", odd)
    check(shown(store) == expect(0, 11), shown(store))
    for command in (["ingest", store, file], ["follow", store, file]):
        said = tally(*command, "--format", "xml", status=1).stderr.decode()
        check("--format 'xml' is not known (give ndjson or csv)" in said, said)


def holes_are_left_out(scene):
    """copytruncate under a writer without O_APPEND, which goes on where it was."""
    store, log = scene.store("hole", SCHEMA), scene.path("hole.log")
    hole = 300 << 20
    with open(log, "wb") as writer:
        writer.write(lines(0, 10).encode())
        writer.flush()
        follower = Follower(store, log, "--commit-every", "10ms", "--memory", "16M")
        follower.shows(expect(0, 10))
        os.truncate(log, 0)
        writer.seek(hole)
        writer.write(lines(10, 5).encode())
        writer.flush()
        follower.shows(expect(0, 15))
        writer.seek(10000, os.SEEK_CUR)
        writer.write(lines(15, 5).encode())
        writer.flush()
        follower.shows(expect(0, 20))
        writer.write(b"\0" * 10000 + lines(20, 5).encode())  # no hole, but bytes
        writer.flush()
        follower.shows(expect(0, 25))
    said = follower.stop()
    told = [f"tally: {log}: {count} zero bytes in front of records, as a hole has them, are left out" for count in (hole, 10000, 10000)]
    check(said.splitlines() == [f"tally: {log}: begins anew", *told], said)
    check(os.stat(log).st_blocks < 1000, "the file has no hole")
    # The same as a whole, and as CSV.
    for name, text in (("ndjson", lines(0, 5)), ("csv", "n,text\n" + "".join(f"{i},\n" for i in range(5)))):
        store, path = scene.store("whole-" + name, SCHEMA), scene.path("whole." + name)
        with open(path, "wb") as file:
            file.seek(hole)
            file.write(text.encode())
            file.seek(5, os.SEEK_CUR)
        os.truncate(path, os.path.getsize(path) + 5)
        said = tally("ingest", store, "--memory", "16M", path)
        check(b"read 5, new 5" in said.stdout and f"{hole + 5} zero bytes" in said.stderr.decode(), said)


if __name__ == "__main__":
    with Scene() as scene:
        for case in (
            a_log_that_begins_with_no_json,
            a_format_that_is_given,
            holes_are_left_out,
        ):
            case(scene)
            print("ok", case.__name__)
