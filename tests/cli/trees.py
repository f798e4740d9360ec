"""Views that are trees: of nodes that name their parents, and of paths.

SPDX-License-Identifier: Apache-2.0
"""

import glob
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally
from story import Story, refused

SPANS = {"key": "event", "on_duplicate": "replace",
         "fields": {"event": "int", "id": "string", "parent_id": "string", "cost": "int", "model": "string", "path": "string"}}
STREAMS = {"spans": SPANS}
MEASURES = {"n": "count()", "cost": "sum(cost)"}
TREE = {"by": ["tree(id, parent_id)"], "measures": MEASURES}
PATHS = {"by": ["path(path, '/')"], "measures": MEASURES}
# r -> a -> (c, d), r -> b
FAMILY = [("r", None, 1), ("a", "r", 2), ("b", "r", 4), ("c", "a", 8), ("d", "a", 16)]


def span(number, name, parent=None, cost=0, **more):
    return {"event": number, "id": name, "parent_id": parent, "cost": cost, **more}


def on(number, path, cost=0, **more):
    return {"event": number, "path": path, "cost": cost, **more}


def node(name, parent, direct, subtree):
    """Each pair: events, and what they cost."""
    return {"id": name, "parent": parent, "direct": dict(zip(MEASURES, direct)), "subtree": dict(zip(MEASURES, subtree))}


NOTHING = (0, None)


def family(scene, **more):
    story = Story(scene, STREAMS, {"t": {**TREE, **more}})
    story.load("spans", *(span(number, *each) for number, each in enumerate(FAMILY)))
    return story


def directories_and_rows(scene):
    """Every node is a directory in that of its parent; beside it are the rows of its children."""
    story = family(scene)
    r, a, b = node("r", None, (1, 1), (5, 31)), node("a", "r", (1, 2), (3, 26)), node("b", "r", (1, 4), (1, 4))
    c, d = node("c", "a", (1, 8), (1, 8)), node("d", "a", (1, 16), (1, 16))
    story.shows("t/.total.json", node(None, None, NOTHING, (5, 31)))
    story.shows("t.json", [r])
    story.shows("t/r.json", [a, b])
    story.shows("t/r/a.json", [c, d])
    story.shows("t/r/b.json", [])
    story.shows("t/r/a/c.json", [])
    for path, expected in (("t/r", r), ("t/r/a", a), ("t/r/b", b), ("t/r/a/c", c), ("t/r/a/d", d)):
        story.shows(path + "/.total.json", expected)
        story.shows(f"t/.node/{expected['id']}.json", expected)
    for path in ("t/a.json", "t/r/c.json", "t/.node/x.json", "t/r/.node/a.json"):
        story.shows(path, None)


def listings(scene):
    story = family(scene)
    story.lists("t", ".total.json", "r/", "r.json")
    story.lists("t/r", ".total.json", "a/", "a.json", "b/", "b.json")
    story.lists("t/r/b", ".total.json")
    names = tally("ls", story.store, "t/.node").stdout.decode().split()
    check({name for name in names if name != "%null.json"} == {f"{name}.json" for name, *_ in FAMILY}, names)
    check("t.json" in tally("ls", story.store).stdout.decode().split(), "the root is not listed")


def formats(scene):
    """NDJSON and CSV as ever; no prom."""
    story = family(scene)
    header = "id,parent,direct.n,direct.cost,subtree.n,subtree.cost\n"
    story.shows("t/r.csv", header + "a,r,1,2,3,26\nb,r,1,4,1,4\n")
    story.shows("t.csv", header + "r,,1,1,5,31\n")
    story.shows("t/r/b.csv", header)
    story.shows("t/r/b.ndjson", "")
    story.shows("t/.node/a.csv", header + "a,r,1,2,3,26\n")
    text = '{"id":"b","parent":"r","direct":{"n":1,"cost":4},"subtree":{"n":1,"cost":4}}\n'
    story.shows("t/.node/b.ndjson", text)
    check(story.text("t/r/b/.total.json") == text and story.text("t/r/b.json") == "[]\n", story.text("t/r/b.json"))
    check(story.text("t/r.json").count("\n") == 2 and ",\n" in story.text("t/r.json"), story.text("t/r.json"))
    story.shows("t.prom", None)
    refused(scene, STREAMS, {"t": {**TREE, "formats": ["json", "prom"]}}, "views.t.formats", "Prometheus")


def levels(scene):
    """With a depth the rows are those of so many levels below, each node before what is under it."""
    for depth, names in ((1, "r"), (2, "rab"), (3, "racdb"), (16, "racdb")):
        story = family(scene, depth=depth)
        found = [row["id"] for row in json.loads(story.text("t.json"))]
        check(found == list(names), (depth, found))
    for wrong in (0, 17, "2", 1.5):
        refused(scene, STREAMS, {"t": {**TREE, "depth": wrong}}, "views.t.depth")
    refused(scene, STREAMS, {"t": {"by": ["model"], "measures": MEASURES, "depth": 2}}, "views.t.depth")


def late_parents(scene):
    """A node whose parent is not there yet stands at the top, and says whose it is."""
    story = Story(scene, STREAMS, {"t": TREE})
    story.load("spans", span(1, "c", "a", 8), span(2, "a", "r", 2))
    story.shows("t.json", [node("a", "r", (1, 2), (2, 10))])
    story.shows("t/a/c/.total.json", node("c", "a", (1, 8), (1, 8)))
    story.load("spans", span(3, "r", None, 1))
    story.shows("t.json", [node("r", None, (1, 1), (3, 11))])
    story.shows("t/a.json", None)
    story.shows("t/r/a/c/.total.json", node("c", "a", (1, 8), (1, 8)))
    story.delete("spans", 2)
    story.shows("t.json", [node("c", "a", (1, 8), (1, 8)), node("r", None, (1, 1), (1, 1))])
    story.delete("spans", 1, 3)
    story.shows("t.json", None)


def moves(scene):
    """A node that moves takes its subtree along, with what needs all values, too."""
    measures = {**MEASURES, "median": "median(cost)", "max": "max(cost)", "models": "uniq(model)"}
    story = Story(scene, STREAMS, {"t": {**TREE, "measures": measures}})
    story.load("spans", *(span(number, *each, model=f"m{number % 2}") for number, each in enumerate(FAMILY)))

    def subtree(path):
        tally("verify", story.store)
        return list(json.loads(story.text(path + "/.total.json"))["subtree"].values())

    check(subtree("t/r/a") == [3, 26, 8, 16, 2] and subtree("t/r/b") == [1, 4, 4, 4, 1], subtree("t/r/a"))
    story.load("spans", span(1, "a", "b", 2, model="m1"))
    check(subtree("t/r/b/a") == [3, 26, 8, 16, 2] and subtree("t/r/b") == [4, 30, 6, 16, 2], subtree("t/r/b"))
    story.shows("t/r/a.json", None)
    story.load("spans", span(3, "c", None, 8, model="m1"))
    check(subtree("t/c") == [1, 8, 8, 8, 1] and subtree("t/r/b") == [3, 22, 4, 16, 2], subtree("t/r/b"))
    check(subtree("t/r") == [4, 23, 3, 16, 2] and subtree("t") == [5, 31, 4, 16, 2], subtree("t/r"))
    story.load("spans", span(2, "b", "c", 4, model="m0"))
    check(subtree("t/c") == [4, 30, 6, 16, 2] and subtree("t/c/b/a/d") == [1, 16, 16, 16, 1], subtree("t/c"))
    check(subtree("t/r") == [1, 1, 1, 1, 1], subtree("t/r"))


def several_events_of_a_node(scene):
    """Null says nothing; of different parents the least counts; a node is there while it has events."""
    story = Story(scene, STREAMS, {"t": TREE})
    story.load("spans", span(1, "a", None, 1), span(2, "a", "y", 2), span(3, "a", None, 4), span(4, "x"), span(5, "y"))
    story.shows("t/y/a/.total.json", node("a", "y", (3, 7), (3, 7)))
    story.load("spans", span(6, "a", "x", 8))
    story.shows("t/x/a/.total.json", node("a", "x", (4, 15), (4, 15)))
    story.delete("spans", 6)
    story.shows("t/y/a/.total.json", node("a", "y", (3, 7), (3, 7)))
    story.delete("spans", 2)
    story.shows("t/a/.total.json", node("a", None, (2, 5), (2, 5)))
    story.delete("spans", 1, 3)
    story.shows("t/a/.total.json", None)


def events_without_a_node(scene):
    """Belong to the root itself."""
    story = Story(scene, STREAMS, {"t": TREE, "p": PATHS})
    story.load("spans", span(1, None, "a", 1), span(2, "a", None, 2, path="a"))
    for view in ("t", "p"):
        story.shows(f"{view}/.total.json", node(None, None, (1, 1), (2, 3)))
        story.shows(f"{view}.json", [node("a", None, (1, 2), (1, 2))])
    story.delete("spans", 2)
    for view in ("t", "p"):
        story.shows(f"{view}.json", [])
        story.shows(f"{view}/.total.json", node(None, None, (1, 1), (1, 1)))


def cycles(scene):
    """What would close one is refused, in the order of arrival."""
    story = Story(scene, STREAMS, {"t": TREE})
    said = story.load("spans", span(1, "a", "b"), span(2, "b", "c"), span(3, "c", "a"), span(4, "d", "d"), span(5, "c", "e"), status=2)
    check("new 3" in said and "rejected 2" in said, said)
    with open(os.path.join(story.store, "rejects", os.listdir(os.path.join(story.store, "rejects"))[0]), encoding="utf-8") as file:
        reasons = [line.split("\t")[1] for line in file]
    check(reasons == ["parent_id: closes a cycle: c -> a -> b -> c", "parent_id: closes a cycle: d -> d"], reasons)
    story.shows("t.json", [node("c", "e", (1, 0), (3, 0))])
    check("rejected 1" in story.load("spans", span(6, "e", "a"), status=2), "a cycle by way of a parent that was not there")
    story.load("spans", span(2, "b", None))
    check("new 1" in story.load("spans", span(7, "e", "a")), "no cycle any more")
    story.shows("t/b/a/e/c/.total.json", node("c", "e", (1, 0), (1, 0)))


def cycles_within_one_batch(scene):
    """What a record replaces is gone before it is looked at."""
    story = Story(scene, STREAMS, {"t": TREE})
    story.load("spans", span(1, "a", "b"))
    check("replaced 1" in story.load("spans", span(1, "b", "a")), "it is another's event now")
    story.shows("t.json", [node("b", "a", (1, 0), (1, 0))])
    story.load("spans", span(2, "c", "d"), span(2, "c", None), span(3, "d", "c"))
    story.shows("t.json", [node("b", "a", (1, 0), (1, 0)), node("c", None, (1, 0), (2, 0))])


def paths(scene):
    """The nodes are the prefixes; a node is there while it or one below has events."""
    story = Story(scene, STREAMS, {"p": PATHS})
    story.load("spans", on(1, "a/b/c", 1), on(2, "//a//b/", 2), on(3, "d", 4), on(4, "", 8), on(5, "/", 16), on(6, None, 32))
    story.shows("p/.total.json", node(None, None, (3, 56), (6, 63)))
    story.shows("p.json", [node("a", None, NOTHING, (2, 3)), node("d", None, (1, 4), (1, 4))])
    story.shows("p/a.json", [node("a/b", "a", (1, 2), (2, 3))])
    story.shows("p/a/b/c/.total.json", node("a/b/c", "a/b", (1, 1), (1, 1)))
    story.shows("p/.node/a%2Fb.json", node("a/b", "a", (1, 2), (2, 3)))
    story.load("spans", on(1, "d/b", 1))
    story.shows("p/a.json", [node("a/b", "a", (1, 2), (1, 2))])
    story.shows("p/d.json", [node("d/b", "d", (1, 1), (1, 1))])
    story.delete("spans", 2)
    story.shows("p/a.json", None)
    story.shows("p.json", [node("d", None, (1, 4), (2, 5))])


def separators_and_names(scene):
    """Any text; a directory is named by the last segment, whatever it is."""
    story = Story(scene, STREAMS, {"p": {**PATHS, "by": ["path(path, '::')"]}})
    story.load("spans", on(1, "a/b::.x::%::n.json", 1), on(2, "::a/b::::é:", 2))
    story.shows("p.json", [node("a/b", None, NOTHING, (2, 3))])
    story.shows("p/a%2Fb.json", [node("a/b::.x", "a/b", NOTHING, (1, 1)), node("a/b::é:", "a/b", (1, 2), (1, 2))])
    story.shows("p/a%2Fb/%2Ex/%25/n%2Ejson/.total.json", node("a/b::.x::%::n.json", "a/b::.x::%", (1, 1), (1, 1)))
    story.shows("p/.node/a%2Fb::.x.json", node("a/b::.x", "a/b", NOTHING, (1, 1)))


def too_deep(scene):
    story = Story(scene, STREAMS, {"p": PATHS})
    long = "x" * (16 * 1024 - 2)
    said = story.load("spans", on(1, "a/" * 256), on(2, "b/" * 255), on(3, long + "/ab"), on(4, "/" + long + "//a/"), status=2)
    check("new 2" in said and "rejected 2" in said, said)
    told = [read(place) for place in glob.glob(os.path.join(story.store, "rejects/*"))]
    check(b"path: a path of more than 255 segments or 16384 bytes" in b"".join(told), told)
    # What was there before the view is no node of it.
    story = Story(scene, STREAMS, {"all": {"measures": {"n": "count()"}}})
    story.load("spans", on(1, "a/" * 256, 1), on(2, long + "/ab", 2))
    story.apply({"p": PATHS})
    story.shows("p.json", [])
    story.shows("p/.total.json", node(None, None, (2, 3), (2, 3)))
    story = Story(scene, STREAMS, {"t": TREE})
    said = story.load("spans", *(span(number, str(number), str(number - 1)) for number in range(1, 10003)), status=2)
    check("rejected 1" in said or "rejected 2" in said, said)


def conditions(scene):
    """Only events that count make nodes, name parents and close cycles."""
    story = Story(scene, STREAMS, {"t": {**TREE, "where": "cost > 0"}})
    said = story.load("spans", span(1, "a", "b", 1), span(2, "b", "a", 0), span(3, "b", None, 2))
    check("new 3" in said, said)
    story.shows("t.json", [node("b", None, (1, 2), (2, 3))])


def conditions_of_a_stream(scene):
    """The same of "where" in "from": an event outside the tree closes no cycle, and none may hide one."""
    fields = {"event": "int", "id": "string", "parent_id": "string", "cost": "int", "path": "string"}
    streams = {name: {"key": "event", "on_duplicate": "replace", "fields": fields} for name in ("s", "r")}
    counted = {"where": "cost > 0"}
    for source in ({"s": counted}, {"s": counted, "r": {}}):
        story = Story(scene, streams, {"t": {**TREE, "from": source}, "p": {**PATHS, "from": source}})
        said = story.load("s", span(1, "a", "a", 0), span(2, "a", "b", 0), span(3, "b", "a", 0), span(4, "c", None, 1))
        check("new 4" in said, said)
        story.shows("t.json", [node("c", None, (1, 1), (1, 1))])
        said = story.load("s", span(1, "n", "a", 0), span(5, "n", "z", 1), span(6, "z", "n", 1), span(7, "ok", None, 1), status=2)
        check("new 2" in said and "replaced 1" in said and "rejected 1" in said, said)
        story.shows("t/n/.total.json", node("n", "z", (1, 1), (1, 1)))
        said = story.load("s", span(6, "z", "n", 0), span(6, "z", "n", 2), status=2)
        check("new 1" in said and "rejected 1" in said, said)
        story.load("s", span(5, "n", "z", 0), span(6, "z", "n", 2))
        story.shows("t/n.json", None)
        story.shows("t/z/.total.json", node("z", "n", (1, 2), (1, 2)))
        said = story.load("s", on(8, "a/" * 10001), on(9, "b/" * 10001, 1), status=2)
        check("new 1" in said and "rejected 1" in said, said)


def rollups_within(scene):
    """By other dimensions inside each subtree; absent where the subtree has no events for it."""
    within = {"models": {"by": ["model"], "measures": {"n": "count()"}},
              "levels": {"by": ["depth()"], "measures": MEASURES},
              "dear": {"by": ["model"], "where": "cost > 4", "measures": {"least": "min(cost)"}}}
    story = Story(scene, STREAMS, {"t": {**TREE, "within": within}})
    story.load("spans", *(span(number, *each, model=f"m{number % 2}") for number, each in enumerate(FAMILY)), span(9, None, None, 100))
    story.shows("t/.models.json", [{"model": None, "n": 1}, {"model": "m0", "n": 3}, {"model": "m1", "n": 2}])
    story.shows("t/r/.models.json", [{"model": "m0", "n": 3}, {"model": "m1", "n": 2}])
    story.shows("t/r/a/.levels.json", [{"depth": 0, "n": 1, "cost": 2}, {"depth": 1, "n": 2, "cost": 24}])
    story.shows("t/.levels.json", [{"depth": 0, "n": 1, "cost": 100}, {"depth": 1, "n": 1, "cost": 1}, {"depth": 2, "n": 2, "cost": 6},
                                   {"depth": 3, "n": 2, "cost": 24}])
    story.shows("t/r/a/.dear.json", [{"model": "m0", "least": 16}, {"model": "m1", "least": 8}])
    story.shows("t/r/b/.dear.json", None)
    story.shows("t/r/b/.models.csv", "model,n\nm0,1\n")
    story.shows("t/r/b/.models.ndjson", '{"model":"m0","n":1}\n')
    names = tally("ls", story.store, "t/r/b").stdout.decode().split()
    check(sorted(names) == [".levels.json", ".models.json", ".total.json"], names)
    story.load("spans", span(1, "a", "b", 2, model="m1"))
    story.shows("t/r/b/.models.json", [{"model": "m0", "n": 2}, {"model": "m1", "n": 2}])
    story.shows("t/r/b/.levels.json", [{"depth": 0, "n": 1, "cost": 4}, {"depth": 1, "n": 1, "cost": 2}, {"depth": 2, "n": 2, "cost": 24}])
    story.delete("spans", 3, 4)
    story.shows("t/r/.dear.json", None)
    story.shows("t/.levels.json", [{"depth": 0, "n": 1, "cost": 100}, {"depth": 1, "n": 1, "cost": 1}, {"depth": 2, "n": 1, "cost": 4},
                                   {"depth": 3, "n": 1, "cost": 2}])


def rollups_within_paths(scene):
    story = Story(scene, STREAMS, {"p": {**PATHS, "within": {"m": {"by": ["model", "depth()"], "measures": {"n": "count()"}}}}})
    story.load("spans", on(1, "a/b/c", model="x"), on(2, "a/b", model="y"), on(3, "d", model="x"))
    story.shows("p/a/.m.json", [{"model": "x", "depth": 2, "n": 1}, {"model": "y", "depth": 1, "n": 1}])
    story.shows("p/.m.json", [{"model": "x", "depth": 1, "n": 1}, {"model": "x", "depth": 3, "n": 1}, {"model": "y", "depth": 2, "n": 1}])


def later_and_again(scene):
    """A tree over events that are there; one that would have a cycle is refused."""
    story = Story(scene, STREAMS, {"n": {"measures": {"n": "count()"}}})
    story.load("spans", span(1, "a", "b", 1), span(2, "b", None, 2))
    story.apply({"t": TREE})
    story.shows("t/b/a/.total.json", node("a", "b", (1, 1), (1, 1)))
    tally("rebuild", story.store)
    story.shows("t/.total.json", node(None, None, NOTHING, (2, 3)))
    story.apply({"n": {"measures": {"n": "count()"}}})
    story.load("spans", span(2, "b", "a", 2))
    said = story.apply({"t": TREE}, status=1)
    check("cycle" in said, said)
    story.shows("n.json", {"n": 2})


def numbers_as_ids(scene):
    streams = {"s": {"fields": {"node": "int", "up": "int", "cost": "int"}}}
    story = Story(scene, streams, {"t": {"by": ["tree(node, up)"], "measures": MEASURES}})
    story.load("s", *({"node": name, "up": parent, "cost": 1} for name, parent in ((10, -1), (9, -1), (-1, None))))
    story.shows("t/%2D1.json", [node(9, -1, (1, 1), (1, 1)), node(10, -1, (1, 1), (1, 1))])


def mistakes(scene):
    def wrong(place, *words, streams=None, **view):
        refused(scene, streams or STREAMS, {"t": {**TREE, **view}}, place, *words)

    wrong("views.t.by", "tree", by=["tree(id, parent_id)", "model"])
    wrong("views.t.by", "tree", by=["model", "path(path, '/')"])
    wrong("views.t.by[0]", "'parent'", by=["tree(id, parent)"])
    wrong("views.t.by[0]", by=["tree(id)"])
    wrong("views.t.by[0]", by=["tree(id, cost)"])
    wrong("views.t.by[0]", "its own parent", by=["tree(id, id)"])
    wrong("views.t.within.m.by", "not divided by another", within={"m": {"by": ["path(path, '/')"], "measures": MEASURES}})
    wrong("views.t.within.m.by[0]", "by itself", within={"m": {"by": ["depth(1)"], "measures": MEASURES}})
    wrong("views.t.where", "in a tree", where="depth() = 1")
    wrong("views.t.measures", "a view of its own", measures={"n": "count(per model)"})
    wrong("views.t.by[0]", by=["path(cost, '/')"])
    wrong("views.t.by[0]", by=["path(path, '')"])
    wrong("views.t.retain", retain="3 days")
    timed = {"spans": {**SPANS, "time": "t", "keep": "3 days", "fields": {**SPANS["fields"], "t": "time"}}}
    wrong("views.t", "keep", streams=timed)
    wrong("views.t.within.m.by[0]", "'modl'", "did you mean 'model'?", within={"m": {"by": ["modl"], "measures": {"n": "count()"}}})
    wrong("views.t.within.m", "measures", within={"m": {"by": ["model"]}})
    refused(scene, STREAMS, {"t": TREE, "v": {"from": "t", "measures": {"n": "count()"}}}, "views.v.from", "t")
    refused(scene, STREAMS, {"v": {"by": ["model"], "measures": MEASURES, "within": {"m": {"by": ["model"], "measures": MEASURES}}}},
            "views.v.within")
    refused(scene, STREAMS, {"v": {"by": ["depth()"], "measures": MEASURES}}, "views.v.by[0]", "depth")


def what_links_depend_on(scene):
    """Where a node stands is known when a record comes, whatever references lead to."""
    streams = {"calls": {"key": "id", "fields": {"id": "string", "up": {"type": "string", "references": "calls"}, "op": "string"}},
               "usage": {"fields": {"call": {"type": "string", "references": "calls"}, "cost": "int"}}}
    told = "where a node stands cannot depend on what references lead to"
    both = {"calls": {}, "usage": {"id": "call", "op": "call.op"}}

    def wrong(place, **view):
        refused(scene, streams, {"t": {"by": ["tree(id, up)"], "measures": {"n": "count()"}, **view}}, f"{place}: {told}")

    wrong("views.t.by", **{"from": "calls", "by": ["tree(id, up.op)"]})
    wrong("views.t.where", **{"from": "calls", "where": "up.op = 'a'"})
    wrong("views.t.from", **{"from": {"calls": {"where": "up.op = 'a'"}}})
    wrong("views.t.where", **{"from": {"calls": {"id": "id", "up": "up", "kind": "up.op"}}, "where": "kind = 'a'"})
    wrong("views.t.by", **{"from": {"calls": {"id": "up.op"}}})
    view = {"from": both, "by": ["tree(id, up)"], "where": "op is null or op != 'test'", "measures": {"n": "count()", "cost": "sum(cost)"}}
    story = Story(scene, streams, {"t": view})
    story.load("usage", {"call": "b", "cost": 5}, {"call": "c", "cost": 9})
    story.load("calls", {"id": "b", "up": "a", "op": "chat"}, {"id": "a"}, {"id": "c", "up": "a", "op": "test"})
    total = {"n": 1, "cost": None}, {"n": 3, "cost": 5}
    story.shows("t/a/.total.json", {"id": "a", "parent": None, "direct": total[0], "subtree": total[1]})
    story.shows("t/a/c/.total.json", None)


with Scene() as scene:
    directories_and_rows(scene)
    listings(scene)
    formats(scene)
    levels(scene)
    late_parents(scene)
    moves(scene)
    several_events_of_a_node(scene)
    events_without_a_node(scene)
    cycles(scene)
    cycles_within_one_batch(scene)
    paths(scene)
    separators_and_names(scene)
    too_deep(scene)
    conditions(scene)
    conditions_of_a_stream(scene)
    rollups_within(scene)
    rollups_within_paths(scene)
    later_and_again(scene)
    numbers_as_ids(scene)
    mistakes(scene)
    what_links_depend_on(scene)
