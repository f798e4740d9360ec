"""tally init: what stands in its way is told, and nothing else is touched.

SPDX-License-Identifier: Apache-2.0
"""

import fcntl
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally

SCHEMA = {"streams": {"e": {"fields": {"n": "int"}}}, "views": {"v": {"measures": {"n": "sum(n)"}}}}


def refused(store, schema, text):
    done = tally("init", store, "--schema", schema, status=1)
    check(text in done.stderr.decode(), done.stderr)


with Scene() as scene:
    schema = scene.write("schema.json", json.dumps(SCHEMA))
    for name in ("mounts", "rejects", "init.partial"):
        store, elsewhere = scene.path("linked-" + name), scene.path("elsewhere-" + name)
        os.mkdir(store)
        os.mkdir(elsewhere)
        os.symlink(elsewhere, os.path.join(store, name))
        refused(store, schema, f"{name} is not a folder")
        check(os.listdir(elsewhere) == [] and os.path.islink(os.path.join(store, name)), "something is made there")
    # Left of an init that was killed.
    left = scene.path("left")
    os.makedirs(left + "/init.partial")
    os.mkdir(left + "/mounts")
    scene.write("left/init.partial/data.mdb", "half")
    tally("init", left, "--schema", schema)
    check(sorted(os.listdir(left)) == ["data.mdb", "lock.mdb", "mounts", "rejects"], os.listdir(left))
    refused(left, schema, "there is a store already")
    held = os.open(left, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)  # as who opens it
    refused(left, schema, "there is a store already")
    empty = scene.path("empty")
    os.mkdir(empty)
    making = os.open(empty, os.O_RDONLY)
    fcntl.flock(making, fcntl.LOCK_EX)
    refused(empty, schema, "another program makes a store there")
    os.close(making)
    tally("init", empty, "--schema", schema)
