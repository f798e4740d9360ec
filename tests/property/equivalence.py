"""Whatever happens to the events, every file is what a naive recomputation gives, byte for byte.

    equivalence.py [--seed N] [--cases N] [--with references,streams,entities,trees]

Random schemas over all measures, views over views; random records with duplicates, replacements, stale
versions, deletes, late and missing values; batches, kills, schema changes. One seed is one case. A case
that fails is made smaller and printed. SQLite is asked the same where its SQL can say it.
--with says what there is besides: streams that refer to each other, views over several of them, measures over
entities, trees; --with "" nothing. If it is left out, both are tried.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import copy
import functools
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
import additions
import cases
import measures
import model
import references
import second_opinion
import trees
from measures import KEY
from mounted import TALLY
from values import sort_key

SHRINK_SECONDS = 60
RUN_SECONDS = 60


class Failure(Exception):
    pass


def run(*arguments, stdin=None, status=(0,)):
    try:
        done = subprocess.run([TALLY, *arguments], input=stdin, capture_output=True, check=False, timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"tally {arguments} does not end") from late
    if done.returncode not in status:
        raise Failure(f"tally {arguments}: status {done.returncode}: {done.stderr.decode()} {done.stdout.decode()}")
    return done.stdout


class World:
    """A store, and what it should be."""

    def __init__(self, folder, case):
        self.store, self.folder = os.path.join(folder, "store"), folder
        self.streams = {name: model.Stream(stream) for name, stream in copy.deepcopy(case["streams"]).items()}
        self.views, self.listed = copy.deepcopy(case["views"]), set()
        self.batch, self.loaded = 0, {}  # the number of the newest one; what was loaded, and as which
        self.log = {}  # of a batch: its stream, what it takes back and what takes it back, its name, whether it is an undo
        self.plant()
        run("init", self.store, "--schema", self.write("schema.json", self.schema()))

    def plant(self):
        """Tells the streams which trees are of their events."""
        for name, stream in self.streams.items():
            stream.trees = [functools.partial(self.has_cycle_with, view, name) for view in self.views.values()
                            if "tree" in view and name in references.sources_of(view)]

    def has_cycle_with(self, view, name, events):
        """Whether the tree had a cycle if these were the events of that stream."""
        if "path" in view["tree"]:
            return False
        seen = references.all_seen(events, name, view, self.streams)
        for other in references.sources_of(view):
            if other != name:
                seen += references.all_seen(self.streams[other].survivors(), other, view, self.streams)
        return trees.has_cycle(view, seen)

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def schema(self):
        return json.dumps(cases.schema_of({name: stream.declared for name, stream in self.streams.items()}, self.views))

    def do(self, step):
        getattr(self, step["do"])(step)

    def ingest(self, step):
        stream, counts = self.streams[step["stream"]], Counter()
        before = {**vars(stream), "events": dict(stream.events), "batches": dict(stream.batches),
                  "history": {key: list(changes) for key, changes in stream.history.items()}}
        stream.batch = self.batch + 1
        instead = self.named(step)
        if instead and not step["replace"]:
            run(*self.ingest_line(step), stdin=self.bytes_of(step), status=(1,))
            return
        if instead:
            stream.toggle(instead, [instead], [], stream.batch)
        for record in step["records"]:
            stream.apply(stream.typed(record), counts)
        stream.end_batch(before["events"])
        content, arguments = self.bytes_of(step), self.ingest_line(step)
        if "kill_after" in step:
            process = subprocess.Popen([TALLY, *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            try:
                process.stdin.write(content)
                process.stdin.close()
                process.wait(timeout=step["kill_after"])
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        said = run(*arguments, stdin=content, status=(0, 2)).decode()
        key = (step["stream"], step["number"])
        if "already loaded" in said and key in self.loaded:
            proves = stream.declared["key"] and "keep" not in stream.declared  # by now some records are too old
            undone = self.log[self.loaded[key]]["undone_by"]
            if step.get("again") or undone or (proves and stream.events != before["events"]):
                raise Failure(f"it would have changed something: {said}")
            vars(stream).update(before)
            return
        self.add_batch(stream=step["stream"], undoes=instead, name=step.get("name"))
        self.loaded[key] = self.batch
        model.drop_old(self.views, self.streams)
        model.let_go(self.views, self.streams)
        if "already loaded" in said:  # before it was killed
            return
        told = dict(part.rsplit(" ", 1) for part in said.split(": ", 1)[1].split(" (")[0].split(", commit")[0].split(", "))
        for name in ("new", "duplicate", "replaced", "stale", "deleted", "rejected"):
            if int(told.get(name, 0)) != counts[name]:
                raise Failure(f"{name}: told {told.get(name, 0)}, expected {counts[name]}: {said}")

    def bytes_of(self, step):
        return ("".join(map(cases.line_of, step["records"])) + "\n" * step["number"]).encode()  # no two batches alike

    def ingest_line(self, step):
        options = ("--again",) if step.get("again") else ("--batch", step["name"]) if "name" in step else ()
        options += ("--replace",) if step.get("replace") else ()
        return ("ingest", self.store, "--max-rejects", "100%", *options, "--stream", step["stream"], "-")

    def named(self, step):
        """The batch in force that has the step's name."""
        for number, batch in self.log.items():
            if (batch["stream"], batch["name"]) == (step["stream"], step.get("name", 0)) and not batch["undone_by"]:
                return number
        return None

    def add_batch(self, stream, undoes=None, name=None, is_undo=False):
        self.batch += 1
        self.log[self.batch] = {"stream": stream, "undoes": undoes, "name": name, "is_undo": is_undo, "undone_by": None}
        if undoes:
            self.log[undoes]["undone_by"] = self.batch

    def undo(self, step):
        """Of the last batches in force; of streams that keep all, as an event that was let go at once leaves no trace."""
        choice = [number for number, batch in self.log.items()
                  if not batch["undone_by"] and "keep" not in self.streams[batch["stream"]].declared][-4:]
        if not choice:
            return
        number = choice[step["pick"] % len(choice)]
        stream = self.streams[self.log[number]["stream"]]
        gone, back = self.toggled_with(number)
        kept_names = [batch["name"] for other, batch in self.log.items()
                      if not batch["undone_by"] and other not in gone and batch["stream"] == self.log[number]["stream"]]
        taken = any(self.log[other]["name"] and self.log[other]["name"] in kept_names for other in back)
        counts = None if taken else stream.toggle(number, gone, back, self.batch + 1)
        said = run("undo", self.store, str(number), status=(1,) if counts is None else (0, 2)).decode()
        if counts is None:
            return
        for other in back:
            self.log[other]["undone_by"] = None
        for other in gone[1:]:
            self.log[other]["undone_by"] = back[gone.index(other) - 1]
        self.add_batch(stream=self.log[number]["stream"], undoes=number, is_undo=True)
        told = dict(part.rsplit(" ", 1) for part in said.split("undo of batch ")[1].split(": ", 1)[1].split(", commit")[0].split(", "))
        if any(int(told[name]) != counts[name] for name in ("removed", "restored", "kept")):
            raise Failure(f"undo of {number}: told {said}, expected {dict(counts)}")

    def toggled_with(self, number):
        """What goes with a batch that is undone, and what comes back."""
        gone, back = [number], []
        while self.log[gone[-1]]["undoes"]:
            back.append(self.log[gone[-1]]["undoes"])
            beyond = self.log[back[-1]]["undoes"]
            if not beyond or self.log[beyond]["undone_by"]:
                break
            gone.append(beyond)
            if not self.log[back[-1]]["is_undo"]:
                break
        return gone, back

    def delete(self, step):
        stream = self.streams[step["stream"]]
        stream.batch = self.batch + 1
        arguments = ["delete", self.store, "--stream", step["stream"]]
        if "where" in step:
            may = stream.delete(lambda _, event: measures.holds(step["where"], event))
            if may:
                self.add_batch(stream=step["stream"])
            run(*arguments, "--where", measures.condition_text(step["where"]), status=(0 if may else 1,))
            return
        keys = [[key[field] for field in stream.declared["key"]] for key in step["keys"]]
        texts = ["[" + ",".join(json.dumps(value) if not hasattr(value, "as_tuple") else str(value) for value in key) + "]"
                 for key in keys]
        wanted = [tuple(map(sort_key, key)) for key in keys]
        may = stream.delete(lambda key, _: key in wanted)  # without some events a tree had a cycle
        if may:
            self.add_batch(stream=step["stream"])
        status = (0 if may else 1,)
        if step["file"]:
            run(*arguments, self.write("keys", "\n".join(texts) + "\n"), status=status)
        else:
            run(*arguments, *(part for text in texts for part in ("--key", text)), status=status)

    def apply(self, step):
        before, views = json.loads(self.schema())["views"], copy.deepcopy(step["views"])
        for name, fields in step["fields"].items():
            stream = self.streams[name]
            for field, types in step.get("widened", {}).get(name, {}).items():
                stream.widen(field, *types)
            for old, new in step.get("renamed", {}).get(name, {}).items():
                stream.rename(old, new)
                stream.declared["was"] = {**stream.declared.get("was", {}), new: old}
            for field in fields:
                stream.add_field(field)
            stream.declared["fields"] = fields
        for name, known in step.get("references", {}).items():
            self.streams[name].declared["references"] = known
        after = cases.schema_of({}, views)["views"]
        for name in views:
            if is_kept(name, before, json.loads(json.dumps(after))):
                views[name] = self.views[name]
        self.views = views
        self.refuse_cycles()
        model.drop_old(self.views, self.streams)
        model.let_go(self.views, self.streams)
        run("schema", self.store, "--allow-loss", "--apply", self.write("next.json", self.schema()))

    def refuse_cycles(self):
        """Trees that the events cannot be are refused; then the rest is applied."""
        wrong = [name for name, view in self.views.items() if "tree" in view and
                 trees.has_cycle(view, references.events_of(view, self.streams))]
        if wrong:
            run("schema", self.store, "--allow-loss", "--apply", self.write("next.json", self.schema()), status=(1,))
        for name in wrong:
            del self.views[name]
        self.plant()

    def rebuild(self, _):
        for view in self.views.values():
            view.pop("dropped", None)
            view.pop("cut", None)
        model.let_go(self.views, self.streams)
        run("rebuild", "--allow-loss", self.store)

    def list_views(self, shown):
        listed = set(run("ls", self.store).decode().split())
        if {name for name in listed if name.endswith(".json")} != shown:
            raise Failure(f"lists {listed}, expected {shown}")
        self.listed = shown

    def compare(self):
        expected = {}
        for name, view in self.views.items():
            expected.update(model.files_of(name, view, model.events_of(view, self.views, self.streams)))
        shown = {path.decode().split("/")[0] for path in expected if b"/" not in path and path.endswith(b".json")}
        if shown != self.listed:  # a process each time that names come or go, and at the end
            self.list_views(shown)
        paths = sorted(expected)
        found = run("cat", self.store, *map(os.fsdecode, paths)) if paths else b""
        if found == b"".join(expected[path] for path in paths):
            return
        for path in paths:
            one = run("cat", self.store, os.fsdecode(path))
            if one != expected[path]:
                raise Failure(f"{path.decode('utf-8', 'replace')}:\n  found    {one!r}\n  expected {expected[path]!r}")


    def compare_events(self):
        """What is stored, all of it and what one batch brought."""
        for name, stream in self.streams.items():
            own = [number for number, batch in self.log.items() if batch["stream"] == name]
            for batch in {0, *own[:1], *own[-1:]}:  # 0: all
                survivors = [event for event in stream.survivors() if batch in (0, stream.batches[event[KEY]])]
                expected = sorted(map(dump_line, survivors))
                options = ("--batch", str(batch)) if batch else ()
                lines = run("events", self.store, "--stream", name, *options).decode().split("\n")[:-1]
                found = sorted(dump_line(json.loads(line, parse_int=Decimal, parse_float=Decimal)) for line in lines)
                if found != expected:
                    raise Failure(f"events of {name}, batch {batch}:\n  found    {found}\n  expected {expected}")

    def load_again(self):
        """A dump in another store gives the same tree, where nothing was dropped, and no parent that another event of the node
        overrules comes first and closes a cycle."""
        declared = [*(stream.declared for stream in self.streams.values()), *self.views.values()]
        if self.batch % 4 or any("keep" in one or "retain" in one or "path" not in one.get("tree", "path") for one in declared):
            return
        again = os.path.join(self.folder, "again")
        run("init", again, "--schema", self.write("again.json", self.schema()))
        for name in self.streams:
            dump = run("events", self.store, "--stream", name)
            run("ingest", again, "--stream", name, "--strict", "-", stdin=dump)
        self.store = again
        self.compare()


def dump_line(event):
    """An event as text, whatever the types of its numbers."""
    fields = {name: float(value) if isinstance(value, (Decimal, float)) else value
              for name, value in event.items() if value is not None and name != KEY}
    return json.dumps(fields, sort_keys=True)


def is_kept(name, before, after):
    """Whether a view goes through a change of schema as it is: it and those that it is over."""
    while name in after:
        if before.get(name) != after[name]:
            return False
        if not isinstance(after[name]["from"], str):
            return True
        name = after[name]["from"]
    return name not in before


def attempt(case):
    """None, or what went wrong."""
    folder = tempfile.mkdtemp(prefix="tally-case-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        world = World(folder, case)
        for step in case["steps"]:
            world.do(step)
            world.compare()
        world.list_views(world.listed)
        run("verify", world.store)
        second_opinion.ask(world)
        world.compare_events()
        world.load_again()
    except (Failure, second_opinion.Disagreement) as failure:
        return str(failure)
    finally:
        shutil.rmtree(folder)
    return None


def smaller(case):
    """Cases with one thing less, the largest things first."""
    for i in range(len(case["steps"]) - 1, -1, -1):
        yield {**case, "steps": case["steps"][:i] + case["steps"][i + 1 :]}
    used = {name for view in case["views"].values() for name in references.sources_of(view)}
    for name in case["views"]:
        if name not in used:
            yield {**case, "views": {other: view for other, view in case["views"].items() if other != name}}
    for i, step in enumerate(case["steps"]):
        records = step.get("records", [])
        for size in (len(records) // 2, 1):
            for start in range(0, len(records), size) if size else ():
                less = {**step, "records": records[:start] + records[start + size :]}
                yield {**case, "steps": case["steps"][:i] + [less] + case["steps"][i + 1 :]}
    for name, view in case["views"].items():
        for part in ("measures", "by", "where", "within", "depth", "retain", "prom"):
            for less in without_one(view, part):
                yield {**case, "views": {**case["views"], name: less}}


def without_one(view, part):
    if part not in ("measures", "by") and view.get(part):
        yield {key: value for key, value in view.items() if key != part}
    if part == "by":
        for i in range(len(view["by"])):
            yield {**view, "by": view["by"][:i] + view["by"][i + 1 :]}
    if part == "measures" and len(view["measures"]) > 1:
        for name in view["measures"]:
            rest = {other: measure for other, measure in view["measures"].items() if other != name}
            if not any(name in measure.get("of", ()) for measure in rest.values()):
                yield {**view, "measures": rest}


def still_fails(case):
    try:
        failure = attempt(case)
    except (KeyError, IndexError, TypeError, AttributeError):
        return None  # a view over it needs what was taken away
    return failure if failure and "tally ('init'" not in failure and "--apply" not in failure else None


def shrink(case, failure):
    deadline = time.monotonic() + SHRINK_SECONDS
    again = True
    while again and time.monotonic() < deadline:
        again = False
        for less in smaller(case):
            found = still_fails(less)
            if found:
                case, failure, again = less, found, True
                break
            if time.monotonic() > deadline:
                break
    return case, failure


def features(case):
    for stream in case["streams"].values():
        yield f"{stream['rule']}{'+delete' if stream['deletes'] else ''}" if stream["key"] else "no key"
        if "keep" in stream:
            yield "keep"
    for view in case["views"].values():
        if "retain" in view:
            yield "retain"
        yield from features_of_view(case, view)
        for measure in view["measures"].values():
            yield name_of_kind(measure)
    for step in case["steps"]:
        yield "step " + step["do"] + (" killed" if "kill_after" in step else " repeated" if "again" in step
                                     else " named" if "name" in step else "")


def name_of_kind(measure):
    if "op" in measure:
        return measure["op"] if measure["op"].isalpha() else "arithmetic"
    return ("per " if "per" in measure else "") + measure["kind"]


def features_of_view(case, view):
    if not isinstance(view["from"], str):
        yield "view over streams" + (" that defines" if isinstance(view["from"], dict) else "")
    if any("where" in part for part in references.sources_of(view).values()):
        yield "some events of a stream" + (" in a tree" if "tree" in view else "")
    if "tree" in view:
        yield "tree by " + ("path" if "path" in view["tree"] else "parent")
        yield from (["within"] if "within" in view else [])
    elif isinstance(view["from"], str):
        yield f"view by {len(view['by'])}" if view["from"] in case["streams"] else "view over view"
    if any("." in by["field"] for by in view["by"]):
        yield "by what is referred to"


def run_seed(seed):
    case = cases.random_case(random.Random(seed))
    failure = attempt(case)
    return seed, failure, Counter(features(case))


def report(seed):
    case = cases.random_case(random.Random(seed))
    small, failure = shrink(case, attempt(case) or "it did not fail again")
    print(f"FAILED: seed {seed}\nschema: {json.dumps(cases.schema_of(small['streams'], small['views']))}")
    for step in small["steps"]:
        print("step:", {key: value for key, value in step.items() if key != "records"})
        print("".join(map(cases.line_of, step.get("records", []))), end="")
    print(failure, flush=True)


def try_seeds(first, cases, names):
    """How many failed."""
    additions.switch_on(names)
    print(f"seeds from {first}, {cases} cases with {', '.join(names) or 'single streams'}", flush=True)
    seen, failed = Counter(), []
    with multiprocessing.Pool() as pool:
        for seed, failure, counts in pool.imap_unordered(run_seed, range(first, first + cases), chunksize=8):
            seen.update(counts)
            if failure:
                failed.append(seed)
            if len(failed) == 3:
                pool.terminate()
                break
    for seed in failed:
        report(seed)
    print(", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    return len(failed)


def main():
    parser = argparse.ArgumentParser()
    soak = bool(os.environ.get("SOAK"))
    # the same cases on each run, so that a failure is the change's own; a soak looks for new ones
    parser.add_argument("--seed", type=int, default=int(time.time()) * 1000 if soak else 1)
    parser.add_argument("--cases", type=int, default=int(os.environ.get("CASES") or (100000 if soak else 200)))
    parser.add_argument("--with", type=additions.named, dest="additions")
    arguments = parser.parse_args()
    if arguments.additions is None:
        # a case takes three times as long with what there is besides
        rounds = ((arguments.cases, ()), (arguments.cases * 2 // 5, additions.ALL))
    else:
        rounds = ((arguments.cases, arguments.additions),)
    sys.exit(1 if sum(try_seeds(arguments.seed, *each) for each in rounds) else 0)


if __name__ == "__main__":
    main()
