"""Input that wants to break something: each record of it is counted or refused with a reason, and the rest is loaded.

SOAK=1 also reads a line of a gigabyte.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, tally

SCHEMA = {"streams": {"s": {"key": "k", "fields": {"k": "string", "d": "decimal", "n": "int", "f": "float", "t": "time"}}},
          "views": {"v": {"by": ["k"], "max_rows": 1000, "measures": {"c": "count()", "d": "sum(d)", "f": "sum(f)"}},
                    "all": {"measures": {"c": "count()"}}}}
GOOD = b'{"k":"good","d":1.5}\n'
MIB = 1 << 20
RECORDS = {  # name: record, word of the reason; None: it is counted
    "arrays in arrays": (b'{"k":"a","x":' + b"[" * 100000 + b"]" * 100000 + b"}", b"nested"),
    "objects in objects": (b'{"x":' * 100000 + b"1" + b"}" * 100000, b"nested"),
    "open arrays": (b"[" * 5000000, b""),
    "999 arrays": (b'{"k":"b","x":' + b"[" * 999 + b"]" * 999 + b"}", None),
    "a million fields": (b'{"k":"c",' + b",".join(b'"f%d":%d' % (i, i) for i in range(1000000)) + b"}", None),
    "one field a million times": (b'{"k":"d"' + b',"n":1' * 1000000 + b"}", None),
    "10,000 digits in a decimal": (b'{"k":"e","d":' + b"9" * 10000 + b"}", b"38 digits"),
    "10,000 digits in an int": (b'{"k":"f","n":' + b"9" * 10000 + b"}", b"int"),
    "10,000 digits in a float": (b'{"k":"g","f":' + b"9" * 10000 + b"}", b"range of a double"),
    "10,000 digits behind the point of a float": (b'{"k":"h","f":0.' + b"3" * 10000 + b"}", None),
    "a large exponent": (b'{"k":"i","d":1e999999999}', b"38 digits"),
    "a large exponent of a float": (b'{"k":"j","f":1e999999999}', b"range of a double"),
    "a time in the year 99999999": (b'{"k":"k","t":"99999999-01-01"}', b"time"),
    "bytes that are not UTF-8": (b'{"k":"\xff\xfe\xc0\x80"}', None),
    "half a surrogate": (b'{"k":"\\ud800"}', b"surrogate"),
    "zero bytes in a line": (b"x" + b"\0" * 1000, b""),
    "a key of 10 MiB": (b'{"k":"' + b"x" * (10 * MIB) + b'"}', None),
    "a key of 20 MiB": (b'{"k":"' + b"x" * (20 * MIB) + b'"}', b"--memory 512M"),
    "a line of 65 MiB": (b'{"k":"' + b"y" * (65 * MIB) + b'"}', b"64 MiB"),
    "an open string": (b'{"k":"' + b"z" * MIB, b""),
}


def one_at_a_time(scene):
    """The record between two good ones."""
    for name, (record, reason) in RECORDS.items():
        store = scene.store("one", SCHEMA)
        done = tally("ingest", store, "-", "--max-rejects", "90%", stdin=GOOD + record + b"\n" + b'{"k":"last"}\n',
                     status=None)
        check(done.returncode == (0 if reason is None else 2), f"{name}: status {done.returncode}: {done}")
        counted = json.loads(tally("cat", store, "all.json").stdout)["c"]
        check(counted == (3 if reason is None else 2), f"{name}: {counted} events; {done}")
        check(b" 0 differ" in tally("verify", store).stdout, f"{name}: does not verify")
        if reason is not None:
            rejects = os.listdir(store + "/rejects")
            with open(f"{store}/rejects/{rejects[0]}", "rb") as file:
                line, told, kept = file.read().split(b"\t", 2)
            check((line, kept) == (b"2", record + b"\n"), f"{name}: line {line}, {len(kept)} bytes kept of {len(record)}")
            check(reason in told, f"{name}: {told}")
        subprocess.run(["rm", "-r", store], check=True)


def bounded_memory(scene):
    """What a line costs that is too long is bounded, though it is kept word for word."""
    length = 1 << (30 if os.environ.get("SOAK") else 28)
    with open(scene.path("long"), "wb") as file:
        file.write(GOOD + b'{"k":"')
        for _ in range(length >> 20):
            file.write(b"x" * MIB)
        file.write(b'"}\n')
    store = scene.store("long-line", SCHEMA)
    pid = os.fork()
    if pid == 0:
        os.execv(TALLY, [TALLY, "ingest", store, "--memory", "64M", scene.path("long")])
    _, status, usage = os.wait4(pid, 0)
    check(os.waitstatus_to_exitcode(status) == 2, f"status {status}")
    check(usage.ru_maxrss < 250 << 10, f"{usage.ru_maxrss >> 10} MiB for a line of {length >> 20} MiB")
    rejects = os.listdir(store + "/rejects")
    check(os.path.getsize(f"{store}/rejects/{rejects[0]}") > length, "the line is not kept")
    os.remove(scene.path("long"))


def too_many_values(scene):
    """A dimension with a value an event stops at the view's limit, and goes on when that is raised."""
    store = scene.store("values", SCHEMA)
    values = scene.write("values.ndjson", "".join(f'{{"k":"{i}"}}\n' for i in range(1000000)))
    tally("ingest", store, "-", stdin=GOOD)
    before = tally("cat", store, "v.json", "all.json").stdout
    done = tally("ingest", store, values, status=1)
    check(b"views.v: " in done.stderr and b"max_rows 1000 " in done.stderr and b"--apply" in done.stderr, done.stderr)
    check(tally("cat", store, "v.json", "all.json").stdout == before, "something was committed")
    tally("ingest", store, "-", stdin=b'{"k":"another"}\n')
    views = {**SCHEMA["views"], "v": {**SCHEMA["views"]["v"], "max_rows": 1000002}}
    wider = scene.write("wider.json", json.dumps({**SCHEMA, "views": views}))
    done = tally("schema", store, "--apply", wider)
    check(b"0 changed" in done.stdout, "another limit makes the view anew")
    tally("ingest", store, values)
    check(json.loads(tally("cat", store, ".tallyfs/views/v.json").stdout)["rows"] == 1000002, "rows")
    done = tally("ingest", store, "-", stdin=b'{"k":"one more"}\n', status=1)
    check(b"1000003 rows" in done.stderr, done.stderr)
    tally("schema", store, "--apply", scene.path("values.json"))  # a limit below what is there holds that
    tally("rebuild", store)  # which makes it as large again
    tally("delete", store, "--key", "another")
    tally("ingest", store, "-", stdin=b'{"k":"one more"}\n', status=1)
    views["w"] = {"by": ["k"], "max_rows": 5, "measures": {"c": "count()"}}
    done = tally("schema", store, "--apply", scene.write("third.json", json.dumps({**SCHEMA, "views": views})), status=1)
    check(b"views.w: " in done.stderr, done.stderr)
    for number in (0, -1, 1.5, "10", None, 1e300):
        views["v"] = {**SCHEMA["views"]["v"], "max_rows": number}
        done = tally("init", scene.path("none"), "--schema", scene.write("none.json", json.dumps({**SCHEMA, "views": views})),
                     status=1)
        check(b"views.v.max_rows: expected" in done.stderr, done.stderr)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with Scene() as scene:
        one_at_a_time(scene)
        bounded_memory(scene)
        too_many_values(scene)


main()
