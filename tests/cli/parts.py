"""A batch in parts: each is committed by a thread of its own while the next one is read. For the thread sanitizer, too.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally

GENERATE = os.environ.get("GENERATE", "build-test/examples/generate")
EVENTS = int(os.environ.get("EVENTS", 200000))


def main():
    with Scene() as scene:
        with open(scene.path("events"), "wb") as file:
            subprocess.run([GENERATE, str(EVENTS)], stdout=file, check=True)
        store = scene.path("store")
        tally("init", store, "--schema", "examples/slow-api/schema.json")
        tally("ingest", store, "--memory", "16M", scene.path("events"))
        status = json.loads(tally("status", store, "--json").stdout)
        check(status["commit"] > 2, f"it was not committed in parts: {status}")
        check(json.loads(tally("cat", store, "metrics.json").stdout)["total_events"] == EVENTS, "not all events are there")
        tally("verify", store)


if __name__ == "__main__":
    main()
