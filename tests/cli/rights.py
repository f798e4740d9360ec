"""Who may read a store: those who can enter themselves in its table of readers.

SPDX-License-Identifier: Apache-2.0
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, tally

SCHEMA = {"streams": {"e": {"fields": {"n": "int"}}}, "views": {"v": {"measures": {"n": "sum(n)"}}}}
NOBODY = 65534


def read_as_nobody(store):
    return subprocess.run([TALLY, "cat", store, "v.json"], user=NOBODY, group=NOBODY, extra_groups=[],
                          capture_output=True, check=False)


with Scene() as scene:
    os.chmod(scene.folder.name, 0o755)
    store = scene.store("store", SCHEMA)
    tally("ingest", store, "-", stdin=b'{"n":1}\n')
    os.chmod(store, 0o755)
    os.chmod(store + "/data.mdb", 0o644)
    os.chmod(store + "/lock.mdb", 0o644)
    refused = read_as_nobody(store)
    check(refused.returncode == 1 and b"lock.mdb may not be written" in refused.stderr, refused)
    check(b"give the right to write lock.mdb" in refused.stderr, refused)
    os.chmod(store + "/lock.mdb", 0o666)
    check(read_as_nobody(store).stdout == b'{"n":1}\n', read_as_nobody(store))
