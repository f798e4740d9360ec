"""Views by tree() and path() on a real mount: every file against a naive recomputation, under random inserts, replaces,
deletes, parents that come late and cycles; nodes that move while they are watched.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from forests import Forest, closes_cycle
from mounted import Scene, check, read, tally, tree

FIELDS = {"k": "string", "id": "string", "parent_id": "string", "file": "string", "x": "int", "u": "string", "op": "string"}
MEASURES = {"n": "count()", "s": "sum(x)", "us": "uniq(u)", "mx": "max(x)", "md": "quantile_disc(x, 0.5)", "tp": "top(u, 2)"}


def numbers(events):
    return sorted(event["x"] for event in events if event["x"] is not None)


def median(events):
    xs = numbers(events)
    return xs[(len(xs) + 1) // 2 - 1] if xs else None


def top(events):
    counts = {}
    for event in events:
        if event["u"] is not None:
            counts[event["u"]] = counts.get(event["u"], 0) + 1
    return [{"value": u, "count": counts[u]} for u in sorted(counts, key=lambda u: (-counts[u], u))[:2]]


NAIVE = {"n": len, "s": lambda events: sum(numbers(events)) if numbers(events) else None,
         "us": lambda events: len({event["u"] for event in events if event["u"] is not None}),
         "mx": lambda events: max(numbers(events), default=None), "md": median, "tp": top}


WITHIN = {"by_u": {"by": ["u"], "measures": {"n": "count()", "s": "sum(x)", "md": "quantile_disc(x, 0.5)"}},
          "far": {"by": ["depth()", "u"], "where": "x is null or x < 40", "measures": {"n": "count()", "mx": "max(x)"}}}


def schema(rule, deletes):
    stream = {"fields": FIELDS}
    if rule:
        stream.update(key="k", on_duplicate=rule)
    if deletes:
        stream["delete_when"] = "op = 'd'"
    return {"streams": {"e": stream}, "views": {
        "t": {"by": ["tree(id, parent_id)"], "measures": MEASURES, "within": WITHIN},
        "deep": {"by": ["tree(id, parent_id)"], "depth": 3, "where": "x is null or x > 20", "measures": MEASURES,
                 "within": {"ids": {"by": ["id"], "measures": {"n": "count()"}}}},
        "p": {"by": ["path(file, '/')"], "measures": MEASURES, "within": WITHIN},
        "dots": {"by": ["path(id, '..')"], "depth": 16, "measures": MEASURES}}}


DIVIDED = {"by_u": (["u"], lambda event: True, {name: NAIVE[name] for name in ("n", "s", "md")}),
           "far": (["depth", "u"], lambda event: event["x"] is None or event["x"] < 40, {name: NAIVE[name] for name in ("n", "mx")})}


class Model:
    def __init__(self, rule, deletes):
        self.rule, self.deletes, self.events, self.count = rule, deletes, {}, 0

    def after(self, record):
        """The events when the record has been applied."""
        events = dict(self.events)
        if not self.rule:
            self.count += 1
            events[self.count] = record
        elif self.deletes and record["op"] == "d":
            events.pop(record["k"], None)
        elif record["k"] not in events or self.rule == "replace":
            events[record["k"]] = record
        return events

    def apply(self, record):
        """Whether the record is taken."""
        events = self.after(record)
        if closes_cycle(events.values(), ("id", "parent_id")) or closes_cycle(
                [event for event in events.values() if event["x"] is None or event["x"] > 20], ("id", "parent_id")):
            return False
        self.events = events
        return True

    def forests(self):
        events = list(self.events.values())
        some = [event for event in events if event["x"] is None or event["x"] > 20]
        ids = {"ids": (["id"], lambda event: True, {"n": len})}
        return {"t": Forest(events, NAIVE, tree=("id", "parent_id"), within=DIVIDED),
                "deep": Forest(some, NAIVE, levels=3, tree=("id", "parent_id"), within=ids),
                "p": Forest(events, NAIVE, path=("file", "/"), within=DIVIDED),
                "dots": Forest(events, NAIVE, levels=16, path=("id", ".."))}


IDS = ["a", "b", "c", "d..e", "f/g", "-h", ".i", "j.json", "%k", "", "länge", "m" * 200 + "1", "m" * 200 + "2"]


def random_record(rng, size):
    ids = IDS[:size]
    parents = ids if rng.random() < 0.9 else ["nowhere", "else"]
    return {"k": str(rng.randrange(3 * size)), "id": rng.choice(ids) if rng.random() < 0.95 else None,
            "parent_id": rng.choice(parents) if rng.random() < 0.8 else None,
            "file": "/".join(rng.choice(["", "a", "b", "c.csv", "~"]) for _ in range(rng.randrange(6))) if rng.random() < 0.95 else None,
            "x": rng.choice([None, *range(1, 60)]), "u": rng.choice([None, "p", "q", "r"]),
            "op": "d" if rng.random() < 0.3 else None}


def compare(place, model, what):
    expected = {}
    for view, forest in model.forests().items():
        listed, hidden = forest.files(view)
        expected.update(listed)
        for path, content in hidden.items():
            check(read(place, path).decode() == content, f"{what}: {path}: {read(place, path).decode()}\nnot {content}")
        if forest.own:
            names = {path.split("/")[-1] for path in hidden if path.startswith(view + "/.node/") and path.endswith(".json")}
            check(set(os.listdir(os.path.join(place, view, ".node"))) == names, f"{what}: {view}/.node")
        check(os.path.exists(os.path.join(place, view)) == bool(forest.own), f"{what}: {view}")
    found = {os.fsdecode(path): content.decode() for path, content in tree(place).items()}
    for path in sorted(set(found) | set(expected)):
        check(found.get(path) == expected.get(path), f"{what}: {path}: {found.get(path)}\nnot {expected.get(path)}")


def random_changes(scene, seed, rule, deletes, rounds):
    rng = random.Random(seed)
    model = Model(rule, deletes)
    name = f"random-{seed}"
    store = scene.store(name, schema(rule, deletes))
    place = scene.mount(store, name + "-mnt")
    size = rng.randrange(3, len(IDS) + 1)
    refused = 0
    for turn in range(rounds):
        what = f"seed {seed}, turn {turn}"
        records = [random_record(rng, size) for _ in range(rng.choice([1, 2, 5, 30]))]
        taken = [model.apply(record) for record in records]
        batch = scene.write("batch.ndjson", "".join(json.dumps(record) + "\n" for record in records))
        done = tally("ingest", store, "--max-rejects", "100%", batch, status=0 if all(taken) else None)
        told = done.stdout.decode() + done.stderr.decode()
        refused += taken.count(False)
        check(f"rejected {taken.count(False)}" in told, f"{what}: {taken.count(False)} close a cycle: {told}")
        if turn % 5 == 4 and rule:
            keys = rng.sample(sorted(model.events), min(2, len(model.events)))
            events = {key: event for key, event in model.events.items() if key not in keys}
            if keys and not closes_cycle(events.values(), ("id", "parent_id")):
                tally("delete", store, *[word for key in keys for word in ("--key", key)])
                model.events = events
        compare(place, model, what)
    tally("verify", store)
    tally("rebuild", store)
    compare(place, model, f"seed {seed}, made again")
    scene.unmount(place)
    return refused


PLAIN = {"streams": {"e": {"key": "k", "on_duplicate": "replace", "delete_when": "op = 'd'", "fields": FIELDS}},
         "views": {"t": {"by": ["tree(id, parent_id)"], "measures": {"n": "count()", "s": "sum(x)"}}}}


def put(scene, store, *records, status=0, options=()):
    batch = scene.write("put.ndjson", "".join(json.dumps(record) + "\n" for record in records))
    return tally("ingest", store, *options, batch, status=status)


def node(k, parent=None, **more):
    return {"k": k, "id": k, "parent_id": parent, **more}


def moves(scene):
    """Who watches a node while it moves: old names go, new ones come, what is open stays."""
    store = scene.store("moves", PLAIN)
    put(scene, store, node("a", x=1), node("b", x=2), node("x", "a", x=4), node("y", "x", x=8), node("z", "y", x=16))
    place = scene.mount(store, "moves-mnt")

    def at(*parts):
        return os.path.join(place, "t", *parts)

    def gone(*parts):
        return not os.path.exists(at(*parts)) and not os.path.exists(at(*parts) + ".json")

    before = read(at("a/x/.total.json"))
    check(gone("b", "x") and sorted(os.listdir(at("a/x"))) == [".total.json", "y", "y.json"], "before the move")
    with open(at("a/x/y/z/.total.json"), "rb") as held, open(at("a/x/y.json"), "rb") as rows:
        inside, number = os.open(at("a/x"), os.O_DIRECTORY), os.stat(at("a/x/y")).st_ino
        put(scene, store, node("x", "b", x=32))
        check(gone("a", "x"), "the old name is still there")
        check(os.listdir(at("a")) == [".total.json"] and read(at("a.json")) == b"[]\n", "the old parent still lists it")
        check(sorted(os.listdir(at("b"))) == [".total.json", "x", "x.json"], "the new parent does not list it")
        check(json.loads(read(at("b/x/y/z/.total.json")))["id"] == "z", "a node below is not at its new place")
        check(json.loads(read(at("b/x/.total.json")))["subtree"] == {"n": 3, "s": 56}, "what it took along")
        check(read(at(".node/x.json")) == read(at("b/x/.total.json")) != before, "by its id")
        check(os.stat(at("b/x/y")).st_ino == number, "a directory below has another number")
        check(json.loads(held.read())["id"] == "z" and json.loads(rows.read())[0]["id"] == "z", "what was open")
        for name in ("y", "y.json", ".total.json"):
            try:
                os.stat(name, dir_fd=inside)
                check(name != ".total.json", "a directory that is gone has a total")
            except FileNotFoundError:
                pass
        os.close(inside)
    check(sorted(os.listdir(at("b/x"))) == [".total.json", "y", "y.json"], "below the new name")
    put(scene, store, node("y", "x", x=100))
    check(json.loads(read(at("b/x/y/.total.json")))["direct"]["s"] == 100, "a change below the new name")
    put(scene, store, node("q", "y", x=1))
    check(json.loads(read(at("b/x/y/q/.total.json")))["direct"]["s"] == 1, "what comes below the new name")
    put(scene, store, node("x", "a", x=32))
    check(gone("b", "x") and json.loads(read(at("a/x/y/q/.total.json")))["id"] == "q", "and back again")
    put(scene, store, node("x", op="d"))
    check(gone("a", "x") and json.loads(read(at("y/q/.total.json")))["id"] == "q", "without the node in between")
    check(json.loads(read(at("y/.total.json")))["parent"] == "x", "the parent that its events say")
    check(not os.path.exists(at(".node/x.json")), "a node without events has an id")
    put(scene, store, node("x", "a", x=1))
    check(gone("y") and json.loads(read(at("a/x/y/q/.total.json")))["id"] == "q", "with it again")
    tally("verify", store)
    scene.unmount(place)


def cycles(scene):
    """Refused word for word, in the order of arrival; alike with --strict and --dry-run."""
    store = scene.store("cycles", PLAIN)
    put(scene, store, node("a"), node("b", "a"), node("c", "b"))
    wrong = json.dumps(node("a", "c"))
    batch = scene.write("wrong.ndjson", json.dumps(node("d", "c")) + "\n" + wrong + "\n" + json.dumps(node("e", "e")) + "\n"
                        + json.dumps(node("c", op="d")) + "\n" + json.dumps(node("a", "d", x=7)) + "\n")
    strict = tally("ingest", "--strict", store, batch, status=1).stderr.decode()
    check("line 2: parent_id: closes a cycle: a -> c -> b -> a" in strict.replace(batch + ":2", "line 2"), strict)
    dry = tally("ingest", "--dry-run", store, batch, status=None).stdout.decode()
    check("rejected 2" in dry, dry)
    tally("ingest", store, "--max-rejects", "2", batch, status=None)
    folder = os.path.join(store, "rejects")
    lines = read(folder, os.listdir(folder)[0]).decode().splitlines()
    check(lines == [f"2\tparent_id: closes a cycle: a -> c -> b -> a\t{wrong}",
                    "3\tparent_id: closes a cycle: e -> e\t" + json.dumps(node("e", "e"))], lines)
    rows = json.loads(tally("cat", store, "t.json").stdout)
    check([row["id"] for row in rows] == ["d"] and rows[0]["subtree"] == {"n": 3, "s": 7}, rows)
    tally("verify", store)


def deep(scene):
    """A chain of 10,000 nodes and an event at its end; one more is refused."""
    store = scene.store("deep", PLAIN)
    chain = [node(f"n{i}", f"n{i - 1}" if i else None, x=i) for i in range(10000)]
    put(scene, store, *chain)
    put(scene, store, node("n9999", "n9998", x=0))
    done = put(scene, store, node("one", "n9999", x=0), status=None)
    check("rejected 1" in (done.stdout + done.stderr).decode(), done)
    place = scene.mount(store, "deep-mnt")
    total = json.loads(read(place, "t/.total.json"))
    check(total["subtree"] == {"n": 10000, "s": sum(range(9999))}, total)
    check(json.loads(read(place, "t/.node/n9999.json"))["parent"] == "n9998", "the end of the chain")
    check(json.loads(read(place, "t", *[f"n{i}" for i in range(500)], ".total.json"))["subtree"]["n"] == 9501, "on the way")
    put(scene, store, node("n5000", "n9", x=5000))
    check(json.loads(read(place, "t/.node/n4999.json"))["subtree"]["n"] == 1, "half of it has moved")
    check(json.loads(read(place, "t/.node/n9.json"))["subtree"]["n"] == 9991, "to the beginning")
    scene.unmount(place)


def many_values(scene):
    """A chain in which each node has a value of its own: more of them change at once than are sorted at once."""
    views = {"t": {"by": ["tree(id, parent_id)"], "measures": {"us": "uniq(u)", "md": "quantile_disc(x, 0.5)"},
                   "within": {"op": {"by": ["op"], "measures": {"us": "uniq(u)"}}}}}
    store = scene.store("values", {**PLAIN, "views": views})
    nodes = 1500
    put(scene, store, *[node(f"n{i}", f"n{i - 1}" if i else None, x=i, u=str(i)) for i in range(nodes)])
    put(scene, store, node("n700", "n3", x=700, u="700"), node("n5", "n4", x=0, u="another"))

    def at(name):
        return json.loads(tally("cat", store, f"t/.node/{name}.json").stdout)["subtree"]

    check(at("n0") == {"us": nodes, "md": 749}, at("n0"))
    check(at("n4") == {"us": 696, "md": 351}, at("n4"))
    check(at("n699") == {"us": 1, "md": 699} and at("n700") == {"us": 800, "md": 1099}, "apart")
    inside = json.loads(tally("cat", store, "t/n0/n1/n2/n3/.op.json").stdout)
    check(inside == [{"op": None, "us": nodes - 3}], inside)
    tally("verify", store)


def several_streams(scene):
    """One tree over the events of two streams, and a path that references lead to."""
    store = scene.store("streams", {
        "streams": {"calls": {"key": "id", "on_duplicate": "replace", "fields": {"id": "string", "up": "string", "file_id": "string"}},
                    "costs": {"fields": {"call": "string", "cost": "int"}},
                    "files": {"key": "id", "on_duplicate": "replace", "fields": {"id": "string", "path": "string"}},
                    "reads": {"fields": {"file": {"type": "string", "references": "files"}, "bytes": "int"}}},
        "views": {"t": {"from": {"calls": {}, "costs": {"id": "call"}}, "by": ["tree(id, up)"],
                        "measures": {"n": "count()", "cost": "sum(cost)"}},
                  "p": {"from": "reads", "by": ["path(file.path, '/')"], "measures": {"bytes": "sum(bytes)"},
                        "within": {"files": {"by": ["file"], "measures": {"bytes": "sum(bytes)"}}}}}})

    def load(stream, *records, status=0):
        batch = scene.write("load.ndjson", "".join(json.dumps(record) + "\n" for record in records))
        return tally("ingest", store, "--stream", stream, batch, status=status)

    load("costs", {"call": "b", "cost": 5}, {"call": "a", "cost": 7})
    load("calls", {"id": "b", "up": "a"}, {"id": "a"})
    rows = json.loads(tally("cat", store, "t.json").stdout)
    check([(row["id"], row["subtree"]) for row in rows] == [("a", {"n": 4, "cost": 12})], rows)
    done = load("calls", {"id": "a", "up": "b"}, status=None)
    check("rejected 1" in (done.stdout + done.stderr).decode(), done)
    load("reads", {"file": "1", "bytes": 10}, {"file": "2", "bytes": 20})
    check(json.loads(tally("cat", store, "p/.total.json").stdout)["direct"]["bytes"] == 30, "files that are not there yet")
    load("files", {"id": "1", "path": "a/b"}, {"id": "2", "path": "a/c"})
    check(json.loads(tally("cat", store, "p/a/.total.json").stdout)["subtree"]["bytes"] == 30, "files that have come")
    load("files", {"id": "2", "path": "d"})
    check(json.loads(tally("cat", store, "p/a/.files.json").stdout) == [{"file": "1", "bytes": 10}], "a file that has moved")
    tally("verify", store)


def other_schemas(scene):
    """A tree over events that are there, and one that goes."""
    store = scene.store("schemas", {**PLAIN, "views": {"all": {"measures": {"n": "count()"}}}})
    put(scene, store, node("b", "a"), node("a"), node("c", "b"))
    both = {**PLAIN, "views": {"all": {"measures": {"n": "count()"}}, **PLAIN["views"]}}
    tally("schema", store, "--apply", scene.write("both.json", json.dumps(both)))
    check(json.loads(tally("cat", store, "t/a/b.json").stdout)[0]["id"] == "c", "a tree that was added")
    both["views"]["t"]["depth"] = 3
    tally("schema", store, "--apply", scene.write("deeper.json", json.dumps(both)))
    check([row["id"] for row in json.loads(tally("cat", store, "t.json").stdout)] == ["a", "b", "c"], "a tree that was changed")
    tally("verify", store)
    both["views"]["t"]["within"] = {"ids": {"by": ["id"], "measures": {"n": "count()"}}}
    tally("schema", store, "--apply", scene.write("within.json", json.dumps(both)))
    check(len(json.loads(tally("cat", store, "t/a/.ids.json").stdout)) == 3, "a division that was added")
    tally("verify", store)
    del both["views"]["t"]
    tally("schema", store, "--apply", scene.write("none.json", json.dumps(both)))
    status = json.loads(tally("cat", store, ".tallyfs/status.json").stdout)
    check(status["rows"] == 1 and status["bytes"]["links"] == 0, status)
    tally("verify", store)
    put(scene, store, node("a", "c"))  # nobody asks
    both["views"].update(PLAIN["views"])
    done = tally("schema", store, "--apply", scene.write("again.json", json.dumps(both)), status=1)
    check("the parents of nodes are a cycle: " in done.stderr.decode(), done.stderr)
    tally("verify", store)


def main():
    base = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("SEEDS", 6))
    print("seed", base)
    with Scene() as scene:
        few = os.environ.get("SEEDS")  # where each access is looked at, millions of values take minutes
        for test in (moves, cycles, deep, *([] if few else [many_values]), several_streams, other_schemas):
            test(scene)
            print(test.__name__)
        refused = 0
        for seed in range(base, base + count):
            rule, deletes = [("replace", True), ("replace", True), (None, False), ("ignore", False), ("replace", False)][seed % 5]
            refused += random_changes(scene, seed, rule, deletes, 15)
        check(refused > 0, "no record closed a cycle")
        print("random changes, refused", refused)


main()
