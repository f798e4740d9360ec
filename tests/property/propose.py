"""What tally init --from proposes is a schema that is taken, and with which the very file can be loaded.

    propose.py [--seed N] [--cases N]

Random files: names that are no names, values of all forms with dirt between them, nulls, nested records, headers with
repeats, none or one record; and the real data sets where they are at hand. One seed is one case.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import csv
import glob
import gzip
import io
import json
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import DATA, TALLY, read

NAMES = ["id", "order_id", "user", "userID", "time", "created_at", "updated_at", "date", "price", "quantity", "qty", "status",
         "country", "isRobot", "count", "day", "month", "hour", "revenue", "unique_user", "by_x", "op", "seq", "phone", "lat"]
WEIRD = ["", " ", "a b", "Straße", "日本語", "🙂", "a/b", "/a", "/a/b", "~", "~1", "and", "NULL", "where", "2020", "9 lives",
         '"quoted"', "it's", "a\\b", "new\nline", "tab\there", "x" * 300, "ü" * 100, ".hidden", "totals", "count()", "// no",
         "/* no", "a,b", "a;b", "\u00a0", "\u0085", "\x01", "\x7f", "%", "sum(x)", "null", "_", "__", "Ünïcödé name", "key"]
WORDS = ["alpha", "beta", "gamma delta", "ümlaut", "", " ", "a,b", 'say "x"', "line\nbreak", "//", "*/", "\x1b[31m", "日本",
         "NA", "null", "true", "1", "00", "-", "\u2028"]


def text(chance):
    return "".join(chance.choice(WORDS) for _ in range(chance.randint(1, 3)))


def moment(chance, pattern):
    return time.strftime(pattern, time.gmtime(chance.randint(0, 2_000_000_000)))


def kinds(chance):
    """Makers of values, each of one kind for a whole column."""
    few = [text(chance) for _ in range(chance.randint(1, 6))]
    pattern = chance.choice(["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y", "%d/%m/%Y %H:%M", "%d.%m.%Y",
                             "%d.%m.%y %H:%M:%S", "%m/%d/%y %I:%M %p", "%d/%b/%Y:%H:%M:%S +0000", "%b %d, %Y", "%Y%m%d",
                             "%a, %d %b %Y %H:%M:%S GMT", "%Y/%m/%d %H:%M", "%Y-%m", "%H:%M"])
    digits, scale = chance.randint(1, 45), chance.randint(0, 12)
    counter = iter(range(chance.randint(0, 5000), 10**9))
    truths = chance.choice([("true", "false"), ("yes", "no"), ("T", "F"), ("0", "1"), ("y",)])
    unit = chance.choice([1, 10**3, 10**6, 10**9])
    return chance.choice([
        lambda: next(counter), lambda: next(counter), lambda: chance.randint(-5, 100), lambda: chance.randint(0, 10**digits),
        lambda: f"{chance.randint(-10**6, 10**6) / 100:.2f}", lambda: f"{chance.random():.{scale}f}",
        lambda: chance.random() * 10 ** chance.randint(-20, 20), lambda: f"{chance.random():.3e}", lambda: "1e999",
        lambda: chance.choice(few), lambda: chance.choice(few), lambda: text(chance), lambda: f"{chance.randint(0, 99999):05d}",
        lambda: moment(chance, pattern), lambda: moment(chance, pattern), lambda: chance.randint(10**9, 17 * 10**8) * unit,
        lambda: chance.choice(truths), lambda: chance.random() < 0.5, lambda: chance.choice(["upsert", "delete"]),
        lambda: f"+49{chance.randint(10**8, 10**10)}", lambda: None, lambda: "always", lambda: f"${chance.randint(1, 99)}.00",
    ])


def column(chance, nested):
    make, dirt = kinds(chance), chance.choice([0, 0, 0, 0.005, 0.2])
    other, nulls = kinds(chance), chance.choice([0, 0, 0.1, 0.9])

    def value():
        if chance.random() < nulls:
            return None
        if nested and chance.random() < 0.002:
            return chance.choice([[], [1], {}, {"x": 1}])
        return other() if chance.random() < dirt else make()
    return value


def shape(chance, depth=0):
    """A JSON record: member -> maker of values, or a shape."""
    members = {}
    for _ in range(chance.randint(0 if depth else 1, 7)):
        name = chance.choice(NAMES if chance.random() < 0.7 else WEIRD)
        roll = chance.random()
        if roll < 0.15 and depth < 7:
            members[name] = shape(chance, depth + 1)
        else:
            members[name] = (lambda: [1, {"a": 2}]) if roll < 0.2 else column(chance, True)
    return members


def record(chance, members):
    return {name: record(chance, value) if isinstance(value, dict) else value()
            for name, value in members.items() if chance.random() < 0.97}


def json_file(chance, count):
    members = shape(chance)
    records = [json.dumps(record(chance, members), ensure_ascii=chance.random() < 0.5) for _ in range(count)]
    if chance.random() < 0.3:
        return "[" + ",\n".join(records) + "]"
    return "".join(line + "\n" for line in records)


def cell(value):
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def csv_file(chance, count):
    names = [chance.choice(NAMES if chance.random() < 0.7 else WEIRD) for _ in range(chance.randint(1, 12))]
    columns = [column(chance, False) for _ in names]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=chance.choice(",\t"), lineterminator=chance.choice(["\n", "\r\n"]))
    writer.writerow(names)
    for i in range(count):
        writer.writerow([cell(make()) for make in columns] + (["more"] if i > 150 and chance.random() < 0.005 else []))
    return out.getvalue()


def random_file(chance):
    count = chance.choice([0, 1, 2, 3, 30, 150, 400, 1000])
    content = (json_file if chance.random() < 0.5 else csv_file)(chance, count).encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        content = b"\xef\xbb\xbf" + content
    return gzip.compress(content) if chance.random() < 0.2 else content


class Failure(Exception):
    pass


def run(*arguments, status=(0,), stdin=None):
    done = subprocess.run([TALLY, *arguments], input=stdin, capture_output=True, check=False)
    if done.returncode not in status:
        raise Failure(f"tally {' '.join(arguments)}: status {done.returncode}: {done.stderr.decode()}{done.stdout.decode()}")
    return done


def told_refused(proposed):
    found = re.search(r"^// ([\d,]+) records? would be refused", proposed, re.MULTILINE)
    return int(found.group(1).replace(",", "")) if found else 0


def check_file(folder, path, is_random=True):
    """None: refused with a reason. Else what became of the file."""
    done = run("init", "--from", path, status=(0, 1))
    if done.returncode == 1:
        said = done.stderr.decode()
        if done.stdout or not re.search(r": has no |cannot be read|neither commas nor tabs|header cannot be read", said):
            raise Failure("refused: " + said)
        return None
    proposed = done.stdout.decode()
    store, again = os.path.join(folder, "store"), os.path.join(folder, "again")
    made = run("init", store, "--from", path)
    if made.stdout != done.stdout or f"tally ingest {store} " not in made.stderr.decode():
        raise Failure("with a store something else is printed")
    run("init", again, "--schema", "-", stdin=done.stdout)
    if run("schema", again).stdout != done.stdout:
        raise Failure("the schema is not kept as it was printed")
    schema = json.loads(run("cat", store, ".tallyfs/schema.json").stdout)
    (stream,) = schema["streams"].values()
    # dirt of the file itself, such as lines with too many cells, may be more than ingest lets pass: then it is told
    let_pass = ["--max-rejects", "100%"] if "tally ingest needs --max-rejects" in proposed else []
    said = run("ingest", store, path, *let_pass, status=(0, 2)).stdout.decode()
    if let_pass and b"' is not " in b"".join(map(read, glob.glob(os.path.join(store, "rejects/*")))):
        raise Failure(f"too many values do not fit their type: {said}\n{proposed}")
    counts = dict(re.findall(r"(read|new|duplicate|rejected|deleted|replaced|stale) (\d+)", said))
    if is_random and int(counts.get("rejected", 0)) != told_refused(proposed):
        raise Failure(f"told {told_refused(proposed)} refused records: {said}\n{proposed}")
    run("verify", store)
    total = run("cat", store, "totals.json", status=(0, 1)).stdout
    kept = next(iter(json.loads(total).values())) if total else 0  # the first is count()
    if "key" not in stream and kept != int(counts["new"]):
        raise Failure(f"{kept} records counted: {said}")
    return {"key": "key" in stream, "time": "time" in stream, "groups": len(schema["views"]) > 2,
            "fields": {(field if isinstance(field, str) else field["type"]) for field in stream["fields"].values()},
            "refused": told_refused(proposed) > 0}


def attempt(seed):
    folder = tempfile.mkdtemp(prefix="tally-propose-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        path = os.path.join(folder, "data")
        with open(path, "wb") as file:
            file.write(random_file(random.Random(seed)))
        return seed, None, check_file(folder, path)
    except Failure as failure:
        return seed, str(failure), None
    finally:
        shutil.rmtree(folder)


def real(path):
    folder = tempfile.mkdtemp(prefix="tally-propose-")
    try:
        return None, check_file(folder, path, is_random=False)
    except Failure as failure:
        return f"{path}: {failure}", None
    finally:
        shutil.rmtree(folder)


def real_sets():
    names = ["online-retail/*.gz", "wikipedia-edits/*.gz", "access-logs/*.ndjson.gz", "flights-20k/*.gz", "pge-outages/*.gz",
             "nezha-traces/hipster/*_04_03.csv.gz", "file-tree/*.gz", "cookie-cats/*.gz", "homepage-actions/*.csv", "resume-callbacks/*.gz",
             "covid-daily-reports/daily/*-15-2020.csv.gz"]
    return [path for name in names for path in sorted(glob.glob(os.path.join(DATA, name)))]


def main():
    parser = argparse.ArgumentParser()
    soak = bool(os.environ.get("SOAK"))
    parser.add_argument("--seed", type=int, default=int(time.time()) * 1000 if soak else 1)
    parser.add_argument("--cases", type=int, default=20000 if soak else 150)
    arguments = parser.parse_args()
    failures, seen = [], {}
    with multiprocessing.Pool() as pool:
        for seed, failure, found in pool.imap_unordered(attempt, range(arguments.seed, arguments.seed + arguments.cases)):
            if failure:
                failures.append(f"seed {seed}: {failure}")
            for what in ["refused as a whole"] if found is None else [name for name, is_so in found.items() if is_so]:
                seen[what] = seen.get(what, 0) + 1
            for kind in found["fields"] if found else ():
                seen[kind] = seen.get(kind, 0) + 1
        sets = real_sets()
        for failure, found in pool.imap_unordered(real, sets):
            if failure or not found:
                failures.append(failure or "a real set was refused as a whole")
        print(f"{len(sets)} real data sets" if sets else f"not tested: there is no {DATA}")
    print(", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    print("\n".join(failures[:3]))
    # a generator that never gets there proves nothing
    missing = {"key", "time", "groups", "refused", "string", "bool", "int", "decimal", "float", "refused as a whole"} - set(seen)
    if missing and arguments.cases >= 500:
        failures.append(f"never seen: {missing}")
        print(failures[-1])
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
