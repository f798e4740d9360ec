"""A store that an earlier build of this format wrote is read, verified and written as the one that a new build makes.

    golden.py          opens each N.tar.gz beside this, N the number of its format
    golden.py --make   makes that of the present format anew, with what it answers: N.json

A store of another format is refused, and left as it is. README.md tells when to make one.

SPDX-License-Identifier: Apache-2.0
"""

import glob
import gzip
import io
import json
import os
import re
import shutil
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally, tree

HERE = os.path.dirname(os.path.abspath(__file__))
MAKE = "python3 tests/golden/golden.py --make"

# Something of each table: keys, versions, deletes, references, views over views, entities, trees, multisets, ranks,
# retention, refused records.
SCHEMA = {
    "timezone": "Europe/Berlin",
    "streams": {
        "sales": {"key": "id", "time": "at", "on_duplicate": "replace", "delete_when": "gone",
                  "fields": {"id": "int", "at": "time", "shop": {"type": "string", "references": "shops"}, "user": "string",
                             "price": "decimal", "weight": "float", "gone": "bool"}},
        "shops": {"key": "name", "on_duplicate": {"newest": "version"},
                  "fields": {"name": "string", "version": "int", "country": "string", "owner": "string"}},
        "clicks": {"fields": {"user": "string", "n": "int", "path": "string"}},
        "log": {"time": "at", "keep": "30 days", "fields": {"at": "time", "bytes": "int"}},
    },
    "views": {
        "all": {"from": "sales", "measures": {"n": "count()", "revenue": "sum(price)", "users": "uniq(user)", "w": "sum(weight)"}},
        "days": {"from": "sales", "by": ["shop.country", "day(at)"],
                 "measures": {"n": "count()", "revenue": "sum(price)", "cheapest": "min(price)", "median": "median(price)",
                              "p90": "approx_quantile(price, 0.9)", "best": "top(user, 2)"}},
        "countries": {"from": "days", "by": ["country"], "measures": {"days": "count()", "revenue": "sum(revenue)"}},
        "habits": {"from": "sales", "by": ["hour(at)"], "measures": {"spent": "mean(sum(price) per user)"}},
        "owners": {"from": "shops", "by": ["tree(name, owner)"], "measures": {"n": "count()"},
                   "within": {"lands": {"by": ["country"], "measures": {"n": "count()"}}}},
        "clicks": {"from": "clicks", "measures": {"n": "count()", "about": "approx_uniq(user)", "p9": "approx_quantile(n, 0.9)"}},
        "site": {"from": "clicks", "by": ["path(path, '/')"], "measures": {"hits": "count()", "n": "sum(n)"}},
        "recent": {"from": "log", "by": ["day(at)"], "retain": "10 days", "measures": {"hits": "count()", "bytes": "sum(bytes)"}},
    },
}


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def sale(number):
    return {"id": number, "at": f"2026-{number % 2 * 7 + 3:02d}-{number % 5 + 21:02d}T{number % 4 * 6:02d}:30:00Z", "shop": f"s{number % 7}",
            "user": f"user {number * 7919 % 50}", "price": f"{number % 90}.{number % 100:02d}", "weight": number / 7}


def fill(store):
    """Loads what is the same each time; some records are refused."""
    def ingest(stream, records, status=0):
        tally("ingest", store, "--stream", stream, "--max-rejects", "50%", "-", stdin=lines(records), status=status)

    ingest("shops", [{"name": f"s{i}", "version": 2, "country": ["de", "fr", None, "x" * 300][i % 4], "owner": f"s{i // 2}" if i else None}
                     for i in range(7)])
    ingest("sales", [sale(number) for number in range(80)] + [{"id": 1000, "at": "never"}, {"id": None}], status=2)
    ingest("sales", [{**sale(number), "gone": True} for number in range(0, 30, 5)] + [{**sale(7), "shop": None, "user": ""}])
    ingest("shops", [{"name": "s1", "version": 3, "country": "at"}, {"name": "s2", "version": 1, "country": "stale"}])
    ingest("clicks", [{"user": f"u{number % 99}", "n": number, "path": f"/a/{number % 3}/%zz/{number % 5}"}
                      for number in range(1400)])  # enough for a dictionary
    ingest("log", [{"at": f"2026-{day // 28 + 1:02d}-{day % 28 + 1:02d}T12:00:00+01:00", "bytes": day * 10**12}
                   for day in range(40)])
    tally("delete", store, "--stream", "sales", "--where", "price > 89")


def more(store):
    """What a store that was opened goes on with."""
    tally("ingest", store, "--stream", "sales", "-", stdin=lines([sale(5), {**sale(6), "price": "1000000.01"}]))
    tally("delete", store, "--stream", "shops", "--key", "s3")


def walk(store, path=""):
    """All files of the tree."""
    for name in tally("ls", store, *([path] if path else [])).stdout.decode().splitlines():
        if name.endswith("/"):
            yield from walk(store, path + name)
        elif path + name != ".tallyfs/README":  # which is of the program
            yield path + name


def cat(store, *paths):
    return tally("cat", store, *paths).stdout.decode()


def views_of(paths):
    return [path for path in paths if not path.startswith(".tallyfs")]


def answers(store):
    """What each command that reads says, but for what moves with the clock and the disk."""
    paths = sorted({*walk(store), *walk(store, ".tallyfs/")} - {".tallyfs/status.json"})
    files = {path: cat(store, path) for path in paths}
    for path in views_of(paths):
        done = tally("cat", store, path[:-len("json")] + "csv", status=None)
        if done.returncode == 0:
            files[path[:-len("json")] + "csv"] = done.stdout.decode()
    return {"files": files, "listed": paths, **said(store)}


def said(store):
    status = json.loads(tally("status", store, "--json").stdout)
    for moving in ("age_seconds", "disk", "mounts", "bytes", "store"):
        status.pop(moving, None)
    verified = tally("verify", store).stdout.decode()
    check(" 0 differ" in verified, verified)
    return {"schema": tally("schema", store).stdout.decode(), "status": status}


def present_format():
    """The number in format.h."""
    header = glob.glob(os.path.join(HERE, "../../store/**/format.h"), recursive=True)
    return int(re.search(r"FORMAT_VERSION = (\d+)", read(header[0]).decode())[1])


def make(scene, number):
    store, copy = scene.store("store", SCHEMA), scene.path("copy")
    fill(store)
    tally("backup", store, copy)  # as small as it can be
    for name in ("lock.mdb", "ingest.lock"):
        os.unlink(os.path.join(copy, name))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        def plain(info):
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            return info
        tar.add(copy, "store", filter=plain)
    with open(os.path.join(HERE, f"{number}.tar.gz"), "wb") as file:
        file.write(gzip.compress(archive.getvalue(), 9, mtime=0))
    answer = answers(unpacked(scene, number))
    with open(os.path.join(HERE, f"{number}.json"), "w", encoding="utf-8") as file:
        json.dump(answer, file, indent=1, sort_keys=True)
        file.write("\n")
    print(f"made {number}.tar.gz, {len(answer['files'])} files in it")


def unpacked(scene, number):
    place = scene.path(f"format-{number}")
    shutil.rmtree(place, ignore_errors=True)
    with tarfile.open(os.path.join(HERE, f"{number}.tar.gz")) as tar:
        tar.extractall(place)
    return place + "/store"


def same(found, expected, what):
    for name in sorted({*found, *expected}):
        check(found.get(name) == expected.get(name),
              f"{what}: {name}:\n  found    {found.get(name)!r}\n  expected {expected.get(name)!r}")


def without_estimates(text):
    """Each store estimates numbers of values with a secret of its own."""
    return re.sub(r'"about":\d+', "", text)


def is_read(scene, number):
    """By each command, by a mount, and by the next commits, which end where those of a store made today do."""
    with open(os.path.join(HERE, f"{number}.json"), encoding="utf-8") as file:
        expected = json.load(file)
    store, what = unpacked(scene, number), f"golden store of format {number}"
    listed, files = expected.pop("listed"), expected.pop("files")
    same({path: path for path in {*walk(store), *walk(store, ".tallyfs/")} - {".tallyfs/status.json"}},
         {path: path for path in listed}, what)
    if cat(store, *files) != "".join(files.values()):
        same({path: cat(store, path) for path in files}, files, what)
    same(said(store), expected, what)
    place = scene.mount(store)
    shown = {os.fsdecode(path): text.decode() for path, text in tree(place).items()}
    check(set(shown) >= set(views_of(listed)), "the mount has fewer")
    for path in shown:
        check(shown[path] == (files[path] if path in files else cat(store, path)), f"{path} is another one in the mount")
    scene.unmount(place)
    today = scene.store("today", SCHEMA)
    fill(today)
    for each in (store, today):
        more(each)
        said(each)
    paths = sorted(views_of(walk(today)))
    check(paths == sorted(views_of(walk(store))), "with more events, there are other files")
    tops = [path for path in paths if "/" not in path]
    same({path: without_estimates(cat(store, path)) for path in tops},
         {path: without_estimates(cat(today, path)) for path in tops}, f"format {number}, with more events")
    print(f"format {number}: {len(shown)} files of a mount as expected")


def is_refused(scene, number, present):
    store = unpacked(scene, number)
    before = read(store, "data.mdb")
    for command in (["status"], ["verify"], ["ls"], ["cat", "all.json"], ["ingest", "-"]):
        said = tally(command[0], store, *command[1:], stdin=b"", status=1).stderr.decode()
        check(f"the store has format {number}, this program reads format {present}" in said, said)
    check(read(store, "data.mdb") == before, "a store that was refused has changed")
    print(f"format {number}: refused")


def main():
    present = present_format()
    with Scene() as scene:
        if sys.argv[1:] == ["--make"]:
            make(scene, present)
            return
        numbers = sorted(int(os.path.basename(path)[:-len(".tar.gz")]) for path in glob.glob(os.path.join(HERE, "*.tar.gz")))
        check(present in numbers, f"there is no golden store of format {present}: make it with {MAKE}")
        for number in numbers:
            if number == present:
                is_read(scene, number)
            else:
                is_refused(scene, number, present)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        if end.code and "--make" not in sys.argv:
            print(f"if format or answers change on purpose, before the format is frozen: {MAKE}, and commit what it made")
        raise
