"""`tally status` for monitoring: what it says as JSON, and by its exit status.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally

SCHEMA = {"streams": {"s": {"key": "id", "fields": {"id": "int"}}}, "views": {"all": {"measures": {"n": "count()"}}}}


def status(store, *options, code=0):
    return tally("status", store, *options, status=code)


def last_batch_as_json(scene):
    store = scene.store("json", SCHEMA)
    check(json.loads(status(store, "--json").stdout)["last_batch"] is None, "there is none")
    tally("ingest", store, "-", stdin=b'{"id":1}\n')
    tally("ingest", store, "--max-rejects", "9", "-", stdin=b'{"id":2}\n{"id":"x"}\n', status=2)
    told = json.loads(status(store, "--json").stdout)
    batch = json.loads(tally("cat", store, ".tallyfs/batches/2.json").stdout)
    check(told["last_batch"] == batch and batch["rejected"] == 1 and batch["reasons"], told)
    check({"commit", "age_seconds", "disk", "mounts", "streams", "events"} <= told.keys(), told.keys())
    return store


def limits(store):
    for options in (("--max-age", "1d"), ("--max-rejects", "1"), ("--max-age", "1d", "--max-rejects", "1", "--json")):
        check(not status(store, *options).stderr, options)
    failed = status(store, "--max-rejects", "0", code=3)
    check(failed.stdout and b"batch 2, the last, has 1 refused records (--max-rejects 0)" in failed.stderr, failed)
    time.sleep(0.002)  # so old is it at least
    failed = status(store, "--max-age", "0s", "--json", code=3)
    check(json.loads(failed.stdout)["commit"] == 3 and b"seconds old (--max-age 0s)" in failed.stderr, failed)
    check(status(store, "--max-age", "1ms", "--max-rejects", "0", code=3).stderr.count(b"\n") == 2, "each limit is told")
    tally("ingest", store, "-", stdin=b'{"id":3}\n')
    check(not status(store, "--max-rejects", "0").stderr, "the last batch counts")
    for wrong in (("--max-age", "5"), ("--max-age", "x"), ("--max-rejects", "1%"), ("--max-rejects", "-1")):
        check(wrong[0].encode() in status(store, *wrong, code=1).stderr, wrong)


def main():
    with Scene() as scene:
        limits(last_batch_as_json(scene))


main()
