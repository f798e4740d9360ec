"""Standard files that are closed, read twice, or not what they seem.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, read, tally, wait_until

SCHEMA = {"streams": {"e": {"key": "n", "fields": {"n": "int"}}}, "views": {"v": {"measures": {"n": "count()"}}}}


def shell(command, status=0, **arguments):
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=WAIT_SECONDS,
                          env={**os.environ, "TALLY": TALLY, "TALLYFS": TALLYFS}, **arguments)
    check(done.returncode == status, (command, done))
    return done


def standard_input_is_still_there_behind_other_inputs(scene):
    store, known = scene.store("known", SCHEMA), scene.write("known.ndjson", '{"n":1}\n')
    tally("ingest", store, known)
    for first in (known, scene.path("missing.ndjson")):
        done = tally("ingest", store, first, "-", status=None, stdin=b'{"n":2}\n')
        check(b"standard input: " in done.stdout, done)
    check(json.loads(tally("cat", store, "v.json").stdout) == {"n": 2}, "standard input was not read")


def closed_ones_are_not_written_into(scene):
    store = scene.store("closed", SCHEMA)
    before = read(store, "data.mdb")
    shell(f"exec $TALLY status {store} >&-", status=1)
    shell(f"exec $TALLY ingest {store} /none 2>&-", status=1)
    check(read(store, "data.mdb") == before, "the store was printed into")
    shell(f"exec $TALLYFS {scene.path('none')} {scene.folder.name} >&- 2>&-", status=1)
    place = scene.path("closed-mnt")
    os.mkdir(place)
    daemon = subprocess.Popen(["bash", "-c", f"exec $TALLYFS {store} {place} -f <&- >&- 2>&-"],
                              env={**os.environ, "TALLYFS": TALLYFS})
    scene.mounts.append((daemon, place))
    wait_until("it answers", lambda: os.path.exists(place + "/.tallyfs"))
    tally("ingest", store, "-", stdin=b'{"n":1}\n')
    check(read(place, "v.json") == b'{"n":1}\n', "it does not serve")
    scene.unmount(place)


def what_is_no_file_is_not_waited_for(scene):
    store = scene.store("fifo", SCHEMA)
    tally("ingest", store, "-", stdin=b'{"n":1}\nbroken\n', status=2)
    (name,) = os.listdir(store + "/rejects")
    os.remove(f"{store}/rejects/{name}")
    os.mkfifo(f"{store}/rejects/{name}")
    done = subprocess.run([TALLY, "cat", store, ".tallyfs/rejects/" + name], capture_output=True, check=False, timeout=WAIT_SECONDS)
    check(done.returncode == 1 and done.stderr, done)


with Scene() as scene:
    standard_input_is_still_there_behind_other_inputs(scene)
    closed_ones_are_not_written_into(scene)
    what_is_no_file_is_not_waited_for(scene)
