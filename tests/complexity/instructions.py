"""An input of twice the size takes twice the instructions, whoever wrote it: n log n at most.

    instructions.py [NAME]...       without one all, or each SLICE-th

What is asserted is a count, which is the same on each machine and on each run: callgrind's, of the real program. Each case is a
schema and what makes a record stream of a size, for some onto a store that has another one already; it is run with nothing, with
n and with 2n, and what n takes is told from what nothing takes. To add a case is to add an entry to CASES.

SPDX-License-Identifier: Apache-2.0
"""

import functools
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, tally

MOST = 2.3  # 2 is linear; n log n is 2.2 at the sizes below
PARTS = 1 if os.environ.get("SOAK") else 2  # of the inputs' sizes below

COUNT = {"all": {"measures": {"n": "count()"}}}
KEYED = {"streams": {"s": {"key": "k", "fields": {"k": "string"}}}, "views": COUNT}
VALUES = {"streams": {"s": {"fields": {"s": "string", "i": "int", "d": "decimal", "f": "float", "t": "time"}}}, "views": COUNT}
GROUPED = {"streams": {"s": {"fields": {"k": "string"}}}, "views": {"v": {"by": ["k"], "measures": {"n": "count()"}}}}
SETS = {"streams": {"s": {"key": "k", "on_duplicate": "replace", "fields": {"k": "string"}}},
        "views": {"v": {"measures": {"n": "uniq(k)", "least": "min(k)", "m": "any_value(k)"}}}}
CHAIN = {"streams": {"s": {"key": "k", "on_duplicate": "replace", "fields": {"k": "int", "up": "int"}}},
         "views": {"v": {"by": ["tree(k, up)"], "measures": {"n": "count()"}}}}
GREATEST = {"streams": {"s": {"key": "k", "on_duplicate": "replace", "delete_when": "gone", "fields": {"k": "string", "gone": "bool"}}},
            "views": {"v": {"by": ["k"], "measures": {"most": "max(k)"}}}}
PATHS = {"streams": {"s": {"fields": {"p": "string"}}}, "views": {"v": {"by": ["path(p, '/')"], "measures": {"n": "count()"}}}}


def records(values, name="k"):
    return "".join(json.dumps({name: value}) + "\n" for value in values).encode()


def shuffled(values):
    values = list(values)
    random.Random(1).shuffle(values)
    return values


def one(name, text):
    """One record with one member."""
    return b'{"' + name + b'":' + text + b"}\n"


CASES = {
    # sorting of keys
    "keys that rise": (KEYED, lambda n: records(f"{i:09d}" for i in range(n)), 4000),
    "keys that fall": (KEYED, lambda n: records(f"{n - i:09d}" for i in range(n)), 4000),
    "keys in any order": (KEYED, lambda n: records(shuffled(f"{i:09d}" for i in range(n))), 4000),
    "keys that differ in the last of 200 bytes": (KEYED, lambda n: records("x" * 190 + f"{i:09d}" for i in shuffled(range(n))), 2000),
    "keys of which each is the beginning of the next": (KEYED, lambda n: records("x" * (i % 400) + f"{i:09d}" for i in range(n)), 2000),
    "one key again and again": (KEYED, lambda n: records("the same" for _ in range(n)), 4000),
    "values that replace each other": (SETS, lambda n: records(f"{i * 7919 % 500}" for i in range(n)), 4000),
    # names and dimensions
    "names that agree in what fits": (GROUPED, lambda n: records("n" * 600 + f"{i}" for i in range(n)), 250),
    "names of escapes": (GROUPED, lambda n: records("%/\\" * 20 + f"{i}" for i in range(n)), 1000),
    # parsing
    "arrays in arrays": (VALUES, lambda n: (b'{"s":"a","x":' + b"[" * 900 + b"]" * 900 + b"}\n") * n, 200),
    "brackets that are never closed": (VALUES, lambda n: b"[" * n + b"\n", 500000),
    "members of one record": (VALUES, lambda n: one(b"s", b'"a",' + b",".join(b'"m%d":%d' % (i, i) for i in range(n + 1))), 30000),
    "one member again and again": (VALUES, lambda n: one(b"s", b'"a"' + b',"i":1' * n), 30000),
    "a long string": (VALUES, lambda n: one(b"s", b'"' + b"y" * n + b'"'), 1000000),
    "a string of escapes": (VALUES, lambda n: one(b"s", b'"' + b"\\u00fc\\n" * n + b'"'), 100000),
    "a string that never ends": (VALUES, lambda n: one(b"s", b'"' + b"\\\\" * n), 300000),
    "strings that never end": (VALUES, lambda n: b'{"s":"\n' * n, 2000),
    "quotes of CSV that are never closed": (VALUES, lambda n: b"s,i\n" + b'"x,1\n' * n, 5000),
    "a quote that is opened in each line and closed in the next": (VALUES, lambda n: b"s,i\n" + b'"x\n"y,1\n' * n, 2500),
    "columns of CSV": (VALUES, lambda n: b",".join([b"s", *(b"c%d" % i for i in range(n))]) + b"\n" + b"a" + b"," * n + b"\n", 10000),
    "digits of an int": (VALUES, lambda n: one(b"i", b"9" * (n + 1)), 500000),
    "digits of a decimal": (VALUES, lambda n: one(b"d", b"9" * (n + 1)), 500000),
    "zeros behind the point of a decimal": (VALUES, lambda n: one(b"d", b"1." + b"0" * (n + 1)), 500000),
    "digits of a float": (VALUES, lambda n: one(b"f", b"9" * 300 + b"." + b"3" * (n + 1)), 500000),
    "digits of a fraction of a second": (VALUES, lambda n: one(b"t", b'"2026-01-01T00:00:00.' + b"1" * (n + 1) + b'Z"'), 500000),
    # what goes away
    "groups that go away": (GREATEST, lambda n: b"".join(b'{"k":"%0400d","gone":true}\n' % i for i in range(n)), 1000,
                            lambda n: records(f"{i:0400d}" for i in range(n + 1))),
    # trees
    "a star": (CHAIN, lambda n: b"".join(b'{"k":%d,"up":1}\n' % (i + 2) for i in range(n)), 500),
    "many short paths": (PATHS, lambda n: records((f"a/{i % 100}/{i}" for i in range(n)), "p"), 1000),
}


def chain(n):
    return b"".join(b'{"k":%d,"up":%d}\n' % (i + 1, i) for i in range(n))


CASES["a chain"] = (CHAIN, chain, 500)
CASES["a chain from its end"] = (CHAIN, lambda n: b"".join(reversed(chain(n).splitlines(True))), 500)
# A node is called by all in front of it, so what a path takes is the square of its length, up to a limit.
CASES["paths of as many segments as may be"] = (PATHS, lambda n: records((f"{i}" + "/a" * 254 for i in range(n)), "p"), 4)
CASES["segments of a path"] = (PATHS, lambda n: records(["/".join(["a"] * (n + 1))], "p"), 100000)
CASES["bytes of a path"] = (PATHS, lambda n: records(["a" * n + "/b"], "p"), 1000000)


def schema_with(where):
    return json.dumps({"streams": {"s": {"fields": {"i": "int"}}},
                       "views": {"v": {"measures": {"n": f"count() where {where}"}}}})


# Schemas: what init makes of them, whether it takes or refuses them.
SCHEMAS = {
    "terms of an expression": (lambda n: schema_with(" + ".join(["i"] * (n + 1)) + " > 0"), 400),
    "parentheses in parentheses": (lambda n: schema_with("(" * n + "i" + ")" * n + " > 0"), 10000),
    "not not": (lambda n: schema_with("not " * n + "i > 0"), 10000),
    "an open string in an expression": (lambda n: schema_with("i = '" + "x" * n), 100000),
    "fields of a stream": (lambda n: json.dumps({"streams": {"s": {"fields": {f"f{i}": "int" for i in range(n + 1)}}}, "views": COUNT}),
                           500),
    "arrays in a schema": (lambda n: '{"streams":' + "[" * n, 100000),
    "comments in a schema": (lambda n: "// \" /*\n" * n + json.dumps(KEYED), 30000),
}


def instructions(scene, *arguments):
    """What tally took. Its exit status is 1 or 2 where the input is refused, which is as well."""
    out = scene.path("callgrind.out")
    done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", TALLY, *arguments],
                          capture_output=True, check=False)
    check(done.returncode in (0, 1, 2), f"{arguments}: {done.returncode}: {done.stderr.decode()[-2000:]}")
    return int(re.search(r"Collected : (\d+)", done.stderr.decode())[1]), done


@functools.cache  # of nothing, which is the same in all cases of a schema
def of_input(schema, content, before):
    with Scene() as scene:
        store = scene.store("store", json.loads(schema))
        if before:
            tally("ingest", store, scene.write("before", before))
        count, done = instructions(scene, "ingest", store, "--max-rejects", "100%", scene.write("input", content))
        check(done.returncode != 1, done.stderr.decode()[-2000:])
        return count


def ingested(name):
    schema, make, size, *before = CASES[name]
    size //= PARTS
    text, have = json.dumps(schema), before[0] if before else lambda n: b""
    return [of_input(text, b"", have(0)), *(of_input(text, make(n), have(n)) for n in (size, 2 * size))]


@functools.cache
def of_schema(text):
    with Scene() as scene:
        count, done = instructions(scene, "init", scene.path("store"), "--schema", scene.write("schema.json", text))
        return count, done.returncode


def initialised(name):
    make, size = SCHEMAS[name]
    (once, status), (twice, _) = of_schema(make(size)), of_schema(make(2 * size))
    return [of_schema("{" if status else make(0))[0], once, twice]  # of one that is refused at once, or taken


def attempt(name):
    """The name, the counts, or what went wrong."""
    try:
        return name, (ingested if name in CASES else initialised)(name)
    except SystemExit:
        return name, None


def main():
    names = sys.argv[1:] or [*CASES, *SCHEMAS][::int(os.environ.get("SLICE") or 1)]
    bad = []
    with multiprocessing.Pool() as pool:
        for name, counts in pool.imap_unordered(attempt, names):
            if not counts:
                bad.append(name)
                continue
            nothing, once, twice = counts
            ratio = (twice - nothing) / max(1, once - nothing)
            print(f"{name}: {(once - nothing) / 1e6:.1f} million, {ratio:.2f} times as many for twice the size", flush=True)
            if ratio > MOST:
                bad.append(name)
    if bad:
        print("FAILED: too many instructions for", ", ".join(bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
