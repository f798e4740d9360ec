"""tally ingest as scripts use it: repeats, halves, kills, rejects, exit status.

SPDX-License-Identifier: Apache-2.0
"""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, has_lock, tally, tree, wait_until

LINES = int(os.environ.get("LINES", "150000"))  # of a batch that is killed: some commits

KEYED = {
    "streams": {"e": {"key": "id", "time": "t", "fields": {
        "id": "string", "t": "time", "user": "string", "region": "string", "amount": "decimal"}}},
    "views": {
        "all": {"measures": {"n": "count()", "users": "uniq(user)", "sum": "sum(amount)", "last": "max(t)"}},
        "by_day": {"by": ["region", "day(t)"], "measures": {"n": "count()", "users": "uniq(user)"}},
    },
}
UNKEYED = json.loads(json.dumps(KEYED))
del UNKEYED["streams"]["e"]["key"]


def changing(rule):
    """The stream, where events are replaced and deleted; views that must know the next best."""
    (name, stream), (views,) = *KEYED["streams"].items(), [KEYED["views"]]
    fields = {**stream["fields"], "version": "int", "gone": "bool"}
    measures = {"n": "count()", "most": "max(amount)", "mid": "median(amount)", "users": "uniq(user)",
                "best": "arg_max(user, amount)"}
    return {"streams": {name: {**stream, "fields": fields, "on_duplicate": rule, "delete_when": "gone"}},
            "views": {**views, "changing": {"by": ["region"], "measures": measures},
                      "over": {"from": "changing", "measures": {"n": "sum(n)", "most": "max(most)"}}}}


def lines(first, count):
    return [json.dumps({"id": f"e{i}", "t": f"2026-01-{i * 7 % 28 + 1:02d}T{i % 24:02d}:00:00Z",
                        "user": f"u{i % 997}", "region": f"r{i % 5}", "amount": f"{i % 100}.19"}) + "\n"
            for i in range(first, first + count)]


def shown(scene, store):
    place = scene.mount(store, "shown")
    files = tree(place)
    scene.unmount(place)
    return files


def same_files_however_they_come(scene):
    all_lines = lines(0, 20000)
    whole = scene.write("whole.ndjson", "".join(all_lines))
    plain = scene.store("plain", KEYED)
    tally("ingest", plain, whole)
    expected = shown(scene, plain)
    check(expected[b"all.json"].startswith(b'{"n":20000,"users":997,"sum":993800,'), expected[b"all.json"])

    twice = scene.store("twice", KEYED)
    tally("ingest", twice, whole)
    check(b"already loaded" in tally("ingest", twice, whole).stdout, "a repeat is not told")
    tally("ingest", twice, "-", stdin="".join(all_lines[5:9000]).encode())

    halves = scene.store("halves", KEYED)
    tally("ingest", halves, scene.write("2.ndjson", "".join(all_lines[9000:])),
          scene.write("1.ndjson.gz", gzip.compress("".join(all_lines[:9100]).encode())))

    shuffled = scene.store("shuffled", KEYED)
    mixed = all_lines * 2
    random.Random(7).shuffle(mixed)
    tally("ingest", shuffled, "-", stdin="".join(mixed).encode())
    for store in (twice, halves, shuffled):
        check(shown(scene, store) == expected, f"{store} shows other files")
        tally("verify", store)


def changing_lines(count):
    """Events that come again with other amounts, older and newer versions, and are deleted now and then."""
    rng = random.Random(5)
    for i in range(count):
        number = rng.randrange(count // 4)
        yield (f'{{"id":"e{number}","t":"2026-01-{number % 28 + 1:02d}T00:00:00Z","region":"r{rng.randrange(5)}",'
               f'"user":"u{rng.randrange(500)}","amount":{rng.randrange(9999) / 100},"version":{rng.randrange(6)},'
               f'"gone":{"true" if rng.random() < 0.1 else "false"}}}\n')


def killed_and_resumed(scene, schema, name, content):
    """SIGKILL at random moments; the same command again, until it ends by itself."""
    source = scene.write(name + ".ndjson", content)
    clean = scene.store(name + "-clean", schema)
    begun = time.monotonic()
    tally("ingest", clean, source, "--memory", "16M")
    whole = time.monotonic() - begun
    expected = shown(scene, clean)
    store = scene.store(name, schema)
    rng, kills = random.Random(3), 0
    while True:
        ingest = subprocess.Popen([TALLY, "ingest", store, source, "--memory", "16M"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            ingest.wait(timeout=rng.random() * whole * (0.5 + kills * 0.1))  # longer, lest no part is ever done
        except subprocess.TimeoutExpired:
            ingest.send_signal(signal.SIGKILL)
            kills += 1
        _, errors = ingest.communicate()
        if ingest.returncode == 0:
            break
        check(ingest.returncode == -signal.SIGKILL, errors)
        check(kills < 1000, "it never gets to the end")
    check(kills > 0, "nothing was killed")
    check(shown(scene, store) == expected, f"{name}: killed {kills} times, it shows other files")
    tally("verify", store)
    check(b"already loaded" in tally("ingest", store, source).stdout, "a resumed batch is not whole")


def rejects_are_kept(scene):
    store = scene.store("rejects", KEYED)
    bad = ['{"id":"x1","t":"2026-01-01","amount":"abc"}', '{"id":"x2","t":', "\x01\x02 what?",
           '{"t":"2026-01-01"}', '{"id":"x5","t":"2026-02-30"}']
    content = "".join(lines(0, 3)) + "\n".join(bad) + "\n" + "".join(lines(3, 2))
    done = tally("ingest", store, scene.write("bad.ndjson", content), status=2)
    check(b"read 10, new 5, duplicate 0, rejected 5" in done.stdout, done.stdout)
    folder = os.path.join(store, "rejects")
    (name,) = os.listdir(folder)
    check(name.encode() in done.stdout, "the summary does not name the file")
    with open(os.path.join(folder, name), "rb") as file:
        kept = file.read().split(b"\n")[:-1]
    for number, (line, record) in enumerate(zip(kept, bad), 4):
        at, reason, text = line.split(b"\t", 2)
        check(int(at) == number and reason and text == record.encode(), line)
    check(json.loads(tally("cat", store, "all.json").stdout)["n"] == 5, "good records were lost")
    check(tally("cat", store, ".tallyfs/rejects/" + name).stdout.count(b"\n") == 5, "not in the tree")
    batch = json.loads(tally("cat", store, ".tallyfs/batches/1.json").stdout)
    check(batch["rejected"] == 5 and sum(r["count"] for r in batch["reasons"]) == 5, batch)

    strict = scene.store("strict", KEYED)
    done = tally("ingest", strict, "--strict", scene.path("bad.ndjson"), status=1)
    check(b"bad.ndjson:4" in done.stderr, done.stderr)
    check(tally("ls", strict).stdout == b".tallyfs/\n", "strict committed something")
    done = tally("ingest", strict, "--dry-run", scene.path("bad.ndjson"), status=2)
    check(tally("ls", strict).stdout == b".tallyfs/\n", "a dry run committed something")

    many = "".join(lines(0, 50)) + "nonsense\n" * 50
    done = tally("ingest", strict, scene.write("many.ndjson", many), status=1)
    check(b"--max-rejects" in done.stderr, done.stderr)
    check(tally("ls", strict).stdout == b".tallyfs/\n", "a stopped batch was committed")
    tally("ingest", strict, "--max-rejects", "60%", scene.path("many.ndjson"), status=2)


def streams_without_key_catch_repeats(scene):
    store = scene.store("unkeyed", UNKEYED)
    content = "".join(lines(0, 10)).encode()
    tally("ingest", store, "-", stdin=content)
    check(b"already loaded" in tally("ingest", store, "-", stdin=content).stdout, "not caught")
    check(b"already loaded" in tally("ingest", store, scene.write("same", content)).stdout, "not caught")
    tally("ingest", store, "-", stdin=content + b"\n")  # another batch: every record counts
    check(json.loads(tally("cat", store, "all.json").stdout)["n"] == 20, "records were lost")


def ingests_queue(scene):
    store = scene.store("queue", KEYED)
    first = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_until("the first has the lock", lambda: has_lock(store, first.pid))
    second = subprocess.Popen([TALLY, "ingest", store, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    said = second.stderr.readline()
    check(b"waiting" in said and str(first.pid).encode() in said, said)
    first.communicate("".join(lines(0, 10)).encode())
    out, _ = second.communicate("".join(lines(5, 10)).encode())
    check(second.returncode == 0 and b"new 5, duplicate 5" in out, out)


def usage_is_refused(scene):
    store = scene.store("usage", KEYED)
    for arguments, word in ((["ingest", store, "/nonexistent"], b"No such file"),
                            (["ingest", scene.path("nothing"), "-"], b"tally init"),
                            (["frobnicate"], b"frobnicate"), (["ingest", store, "--frob"], b"frob"),
                            (["ingest", store, "--stream", "f", "-"], b"'f'"),
                            (["init", store, "--schema", scene.path("usage.json")], b"already"),
                            (["cat", store, "nothing.json"], b"nothing.json")):
        done = tally(*arguments, status=1, stdin=b"")
        check(word in done.stderr and done.stderr.count(b"\n") <= 2, (arguments, done.stderr))
    wrong = scene.write("wrong.json", json.dumps(KEYED).replace("day(t)", "day(tt)"))
    done = tally("init", scene.path("wrong"), "--schema", wrong, status=1)
    check(b"views.by_day.by[1]" in done.stderr and b"no field 'tt'" in done.stderr, done.stderr)
    check(not os.path.exists(scene.path("wrong")), "a refused init left a directory")


def main():
    with Scene() as scene:
        same_files_however_they_come(scene)
        for schema, name in ((KEYED, "killed"), (UNKEYED, "killed-unkeyed")):
            killed_and_resumed(scene, schema, name, "".join(lines(0, LINES)))
        for rule, name in (("replace", "replaced"), ({"newest": "version"}, "newest")):
            killed_and_resumed(scene, changing(rule), "killed-" + name, "".join(changing_lines(LINES)))
        rejects_are_kept(scene)
        streams_without_key_catch_repeats(scene)
        ingests_queue(scene)
        usage_is_refused(scene)


main()
