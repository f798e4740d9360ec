"""tally follow DIR: what is put aside, and why; what is given again; what is not followed.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from follower import SCHEMA, Follower, expect, lines, shown
from mounted import Scene, check, has_lock, tally, wait_until

KEYED = {
    "streams": {"e": {"key": "id", "on_duplicate": "replace", "fields": {"id": "string", "state": "string"}}},
    "views": {"s": {"by": ["id"], "measures": {"state": "any_value(state)"}}},
}
BROKEN = b"\x1f\x8b\x08\x00 no archive"


class Spool:
    def __init__(self, scene, name):
        self.scene, self.path = scene, scene.path(name)
        os.mkdir(self.path)

    def put(self, name, content):
        """Moved in as a whole, as whoever writes into a spool does."""
        os.rename(self.scene.write("moved-in", content), self.path + "/" + name)

    def there(self, *names):
        wait_until(names, lambda: all(os.path.exists(self.path + "/" + name) for name in names))

    def gone(self, *names):
        wait_until(names, lambda: not any(os.path.exists(self.path + "/" + name) for name in names))

    def reason(self, name):
        self.there(f"failed/{name}.error")
        with open(f"{self.path}/failed/{name}.error", encoding="utf-8") as file:
            wait_until("the reason", lambda: file.seek(0) == 0 and file.read().endswith("\n"))
            file.seek(0)
            return file.read()


def the_reason_is_beside_what_failed(scene):
    store, spool = scene.store("reasons", SCHEMA), Spool(scene, "reasons-spool")
    follower = Follower(store, spool.path)
    spool.there("done", "failed")
    spool.put("a.gz", BROKEN)
    told = spool.reason("a.gz")
    check(told.startswith(f"tally: {spool.path}/a.gz: ") and told.count("\n") == 1, told)
    spool.put("b", "no\n" * 20 + lines(0, 5))
    spool.put("c.ndjson", '{"n":"x"}\n' * 20)
    refused = spool.reason("c.ndjson")
    check("20 of 20 records are refused" in refused and f"\nrefused records: {store}/rejects/" in refused, refused)
    with open(refused.splitlines()[1].split(": ")[1], encoding="utf-8") as rejects:
        check(len(rejects.readlines()) == 20, refused)
    # The same name again: both are kept, each with its reason.
    spool.put("a.gz", BROKEN + b"!")
    spool.reason("a.gz.1")
    # A file may be called so itself.
    spool.put("d", BROKEN)
    spool.put("d.error", BROKEN)
    spool.there("failed/d", "failed/d.error", "failed/d.error.1", "failed/d.error.1.error")
    os.unlink(spool.path + "/failed/d")
    # Moved back, as it is or mended: it goes with its reason.
    os.rename(spool.path + "/failed/a.gz.1", spool.path + "/a.gz.1")
    spool.put("c.ndjson", lines(0, 5))
    spool.there("done/c.ndjson")
    os.unlink(spool.path + "/failed/c.ndjson")
    os.rename(spool.path + "/failed/b", spool.path + "/b.tmp")
    os.rename(spool.path + "/failed/b.error", spool.path + "/b.error")
    spool.gone("b.error", "failed/c.ndjson.error", "failed/d.error")
    spool.reason("a.gz.1")
    follower.shows(expect(0, 5))
    said = follower.stop(status=2)
    check(sorted(os.listdir(spool.path + "/failed")) ==
          ["a.gz", "a.gz.1", "a.gz.1.error", "a.gz.error", "d.error.1", "d.error.1.error"], os.listdir(spool.path + "/failed"))
    check(told.strip() in said and sorted(os.listdir(spool.path)) == ["b.tmp", "done", "failed"], said)


def what_is_corrected_is_loaded_under_its_name(scene):
    store, spool = scene.store("corrected", KEYED), Spool(scene, "corrected-spool")
    follower = Follower(store, spool.path)
    spool.there("done", "failed")
    for i, state in enumerate(("on", "off", "on")):  # the third has the bytes of the first
        spool.put("f.csv", f"id,state\nheater,{state}\n")
        spool.there("done/f.csv" + (f".{i}" if i else ""))
        check(b"heater," + state.encode() in tally("cat", store, "s.csv").stdout, state)
    spool.put("g.csv", "name\nheater\n")
    check("none of the stream's columns" in spool.reason("g.csv"), "no reason")
    spool.put("g.csv", "id,state\nlamp,on\n")
    spool.there("done/g.csv")
    check(b"lamp,on" in tally("cat", store, "s.csv").stdout, "the corrected file is not loaded")
    follower.stop(status=2)


def a_file_that_takes_the_place_of_one_that_is_loaded(scene):
    """It must not be moved on as if it were that."""
    store, spool = scene.store("raced", SCHEMA), Spool(scene, "raced-spool")
    spool.put("a", lines(0, 200000))
    follower = Follower(store, spool.path, "--memory", "16M")
    wait_until("it is at it", lambda: has_lock(store, follower.process.pid) and shown(store) and shown(store)["count"] > 0)
    follower.process.send_signal(19)
    check(os.path.exists(spool.path + "/a"), "it was too fast")
    spool.put("a", lines(200000, 10))
    follower.process.send_signal(18)
    follower.shows(expect(0, 200010))
    spool.there("done/a")
    follower.stop()


def a_link_is_not_followed(scene):
    store, spool = scene.store("linked", SCHEMA), Spool(scene, "linked-spool")
    os.symlink(scene.write("secret", lines(0, 10)), spool.path + "/a")
    follower = Follower(store, spool.path)
    said = follower.process.stderr.readline().decode()
    check(said == f"tally: {spool.path}/a: is a link, and is not followed (move the file itself there)\n", said)
    spool.put("b", lines(10, 10))
    spool.there("done/b")
    os.rename(scene.write("file", lines(20, 5)), spool.path + "/a")  # no link any more
    follower.shows(expect(10, 15))
    check("link" not in follower.stop(), "it is told twice")


if __name__ == "__main__":
    with Scene() as scene:
        for case in (
            the_reason_is_beside_what_failed,
            what_is_corrected_is_loaded_under_its_name,
            a_file_that_takes_the_place_of_one_that_is_loaded,
            a_link_is_not_followed,
        ):
            case(scene)
            print("ok", case.__name__)
