"""The same bytes again: left alone while they would change nothing, applied by the stream's rule where something came since.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, tally, wait_until

FIELDS = {"id": "string", "state": "string"}
VIEW = {"s": {"by": ["id", "state"], "measures": {"n": "count()"}}}


def schema(rule="replace", **stream):
    return {"streams": {"t": {"key": "id", "on_duplicate": rule, "fields": FIELDS, **stream}}, "views": VIEW}


def ingest(scene, store, content, *options, status=0):
    return tally("ingest", store, scene.write("f.csv", content), *options, status=status).stdout.decode()


def rows(store):
    return [line for line in tally("cat", store, "s.csv").stdout.decode().splitlines()[1:] if line]


def states(scene, store, *order):
    """Loads a file for each; what is told, and what the heater is at the end."""
    said = [ingest(scene, store, f"id,state\nheater,{state}\n") for state in order]
    return said, rows(store)


def batch(store, number):
    return json.loads(tally("cat", store, f".tallyfs/batches/{number}.json").stdout)


def the_last_to_arrive_stays(scene):
    store = scene.store("replace", schema())
    check(states(scene, store, "on", "off", "on")[1] == ["heater,on,1"], "a file that comes again counts")
    check(states(scene, store, "off")[1] == ["heater,off,1"], "and again")
    said, shown = states(scene, store, "off", "off")
    check(all("already loaded (batch 4, commit 5); --again" in line for line in said), said)
    check(shown == ["heater,off,1"], shown)
    check(batch(store, 4)["repeats"] == 2 and "repeats" not in batch(store, 2), "the ledger tells of which it is a repeat")
    check([record["state"] for record in map(json.loads, tally("events", store, "--batch", "4").stdout.splitlines())] == ["off"],
          "the event is of the batch that brought it last")
    ingest(scene, store, "id,state\nstove,on\n")
    check("duplicate 1" in states(scene, store, "off")[0][0], "something changed the stream: it is applied, and changes nothing")
    check("already loaded (batch 6" in states(scene, store, "off")[0][0], "since then nothing has")


def the_first_stays(scene):
    store = scene.store("ignore", schema("ignore"))
    said, shown = states(scene, store, "on", "off", "on", "off")
    check("duplicate 1" in said[1] and all("already loaded" in line for line in said[2:]), said)
    check(shown == ["heater,on,1"], shown)


def what_was_deleted_comes_back(scene):
    store = scene.store("deleted", schema())
    states(scene, store, "on")
    tally("delete", store, "--key", "heater")
    check(b"s.json" not in tally("ls", store).stdout, "it is deleted")
    check(states(scene, store, "on")[1] == ["heater,on,1"], "it is there again")


def another_schema(scene):
    """A field more is filled from the same file; a record that was refused is taken."""
    store, content = scene.store("schema", schema()), "id,state,watt\nheater,on,5\n"
    ingest(scene, store, content)
    fields = {**FIELDS, "watt": "int"}
    views = {"s": {"by": ["id", "state"], "measures": {"watt": "sum(watt)"}}}
    changed = {"streams": {"t": {"key": "id", "on_duplicate": "replace", "fields": fields}}, "views": views}
    tally("schema", store, "--apply", scene.write("next.json", json.dumps(changed)))
    check("replaced 1" in ingest(scene, store, content) and rows(store) == ["heater,on,5"], "the field is filled")
    check("already loaded" in ingest(scene, store, content), "now it is as it is")

    fields = {"id": "string", "state": "int"}
    strict = {"streams": {"t": {"key": "id", "fields": fields}}, "views": VIEW}
    store, content = scene.store("refused", strict), "id,state\nheater,on\nstove,1\n"
    said = ingest(scene, store, content, status=2)
    check("rejected 1" in said, said)
    refused = os.listdir(os.path.join(store, "rejects"))
    fields["state"] = "string"
    tally("schema", store, "--allow-loss", "--apply", scene.write("next.json", json.dumps(strict)), status=None)
    mended = json.loads(json.dumps(strict))
    mended["streams"]["t"]["fields"] = {"id": "string", "text": {"type": "string", "column": "state"}}
    mended["views"] = {"s": {"by": ["id", "text"], "measures": {"n": "count()"}}}
    tally("schema", store, "--allow-loss", "--apply", scene.write("next.json", json.dumps(mended)))
    check("new 1, duplicate 1, rejected 0" in ingest(scene, store, content), "the record that was refused is taken")
    check(os.listdir(os.path.join(store, "rejects")) == refused, "what was refused then stays to be looked at")


def a_repeat_has_rejects_of_its_own(scene):
    store, bad = scene.store("twice", schema()), '{"id":"a","state":"x"}\n{"state":"y"}\n'
    first = ingest(scene, store, bad, status=2)
    ingest(scene, store, "id,state\nb,x\n")
    again = ingest(scene, store, bad, status=2)
    names = [said.split("/rejects/")[1].split(")")[0] for said in (first, again)]
    check(names[0] != names[1] and sorted(os.listdir(os.path.join(store, "rejects"))) == sorted(names), names)
    for name in names:
        check(tally("cat", store, f".tallyfs/rejects/{name}").stdout == b'2\tid: key is missing\t{"state":"y"}\n', name)


def without_a_key_it_is_asked_for(scene):
    store = scene.store("keyless", {"streams": {"t": {"fields": FIELDS}}, "views": VIEW})
    content = "id,state\nheater,on\n"
    ingest(scene, store, content)
    check("already loaded (batch 1, commit 2); --again loads it once more" in ingest(scene, store, content), "a repeat")
    check(rows(store) == ["heater,on,1"], "it is not counted")
    check("new 1" in ingest(scene, store, content, "--again") and rows(store) == ["heater,on,2"], "asked for, it counts again")
    check("already loaded (batch 2" in ingest(scene, store, content), "and is known as the later one")


def in_a_spool(scene):
    store, spool = scene.store("spool", schema()), scene.path("spool-in")
    os.mkdir(spool)
    follower = subprocess.Popen([TALLY, "follow", store, spool], stderr=subprocess.PIPE)
    try:
        for number, state in enumerate(("on", "off", "on")):
            path = scene.write(f"{number}.csv", f"id,state\nheater,{state}\n")
            os.rename(path, os.path.join(spool, f"{number}.csv"))
            wait_until(f"{number} is done", lambda name=f"{number}.csv": os.path.exists(os.path.join(spool, "done", name)))
    finally:
        follower.send_signal(signal.SIGTERM)
        follower.communicate()
    check(rows(store) == ["heater,on,1"], rows(store))


def a_killed_repeat_goes_on(scene):
    """However often: at the end all of it came last."""
    def content(state):
        return "id,state\n" + "".join(f"{number},{state}\n" for number in range(40000))

    store = scene.store("killed", {"streams": schema()["streams"], "views": {"s": {"by": ["state"], "measures": {"n": "count()"}}}})
    paths = {state: scene.write(state + ".csv", content(state)) for state in ("on", "off")}
    for state in ("on", "off"):
        tally("ingest", store, paths[state])
    seconds, kills = 0.01, 0
    while True:
        process = subprocess.Popen([TALLY, "ingest", store, paths["on"], "--memory", "16M"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            said = process.communicate(timeout=seconds)[0]
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills, seconds = kills + 1, seconds * 1.3
    check(kills > 0 and (b"replaced 40000" in said or b"already loaded (batch 3" in said), said)  # or before the last kill
    check(rows(store) == ["on,40000"], rows(store))
    number = json.loads(tally("status", store, "--json").stdout)["batches"]
    check(number == 3 and batch(store, 3)["repeats"] == 1, "it is one batch")
    check(b" 0 differ" in tally("verify", store).stdout, "verify")


def main():
    with Scene() as scene:
        the_last_to_arrive_stays(scene)
        the_first_stays(scene)
        what_was_deleted_comes_back(scene)
        another_schema(scene)
        a_repeat_has_rejects_of_its_own(scene)
        without_a_key_it_is_asked_for(scene)
        in_a_spool(scene)
        a_killed_repeat_goes_on(scene)


main()
