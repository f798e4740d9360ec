"""Events that refer to those of other streams, or of their own: in dimensions, conditions and measures, whatever comes first.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, tally
from story import Story, refused, rows

CALLS = {"key": "id", "on_duplicate": "replace", "fields": {"id": "string", "op_name": "string", "cost": "int", "at": "time",
                                                            "project_id": {"type": "string", "references": "projects"}}}
FEEDBACK = {"key": "id", "on_duplicate": "replace",
            "fields": {"id": "int", "stars": "int", "call_id": {"type": "string", "references": "calls"}}}
PROJECTS = {"key": "id", "on_duplicate": "replace", "fields": {"id": "string", "name": "string"}}
STREAMS = {"feedback": FEEDBACK, "calls": CALLS, "projects": PROJECTS}
BY_NAME = {"v": {"from": "feedback", "by": ["call_id.op_name"], "measures": {"n": "count()", "stars": "sum(stars)"}}}


def call(name, op_name="chat", **more):
    return {"id": name, "op_name": op_name, **more}


def feedback(number, call_id, stars=1):
    return {"id": number, "call_id": call_id, "stars": stars}


def with_views(views, **more):
    return {**STREAMS, **more}, {name: {"from": "feedback", "measures": {"n": "count()"}, **view} for name, view in views.items()}


def targets_come_change_and_go(scene):
    """Before the target is there, a dimension is %unresolved; what refers to it moves in the commit that changes it."""
    story = Story(scene, STREAMS, BY_NAME)
    story.load("feedback", feedback(1, "a", 5), feedback(2, "a", 3), feedback(3, "b", 1), feedback(4, None, 2))
    story.shows("v.json", rows("op_name n stars", [None, 1, 2], ["%unresolved", 3, 9]))
    story.load("calls", call("a"))
    story.shows("v.json", rows("op_name n stars", [None, 1, 2], ["%unresolved", 1, 1], ["chat", 2, 8]))
    story.load("calls", call("b", "embed"), call("a", "search"))
    story.shows("v.json", rows("op_name n stars", [None, 1, 2], ["embed", 1, 1], ["search", 2, 8]))
    story.shows("v/chat.json", None)
    story.load("feedback", feedback(3, "a", 1))
    story.shows("v.json", rows("op_name n stars", [None, 1, 2], ["search", 3, 9]))
    story.delete("calls", "a")
    story.shows("v.json", rows("op_name n stars", [None, 1, 2], ["%unresolved", 3, 9]))
    story.load("calls", call("a", None))
    story.shows("v.json", rows("op_name n stars", [None, 4, 11]))


def several_changes_of_a_target_in_one_batch(scene):
    story = Story(scene, STREAMS, BY_NAME)
    story.load("feedback", feedback(1, "a"))
    story.load("calls", call("a", "x"), call("b", "y"), call("a", "y"), call("a", "z"))
    story.shows("v.json", rows("op_name n stars", ["z", 1, 1]))
    tally("delete", story.store, "--stream", "calls", "--where", "op_name = 'z'")
    story.shows("v.json", rows("op_name n stars", ["%unresolved", 1, 1]))


def newer_versions_and_delete_when(scene):
    """The rules of the target's stream say what the target is."""
    calls = {"key": "id", "on_duplicate": {"newest": "v"}, "delete_when": "op = 'd'",
             "fields": {"id": "string", "op_name": "string", "v": "int", "op": "string"}}
    story = Story(scene, {"calls": calls, "feedback": FEEDBACK}, BY_NAME)
    story.load("feedback", feedback(1, "a"))
    for version, name, op, shown in ((2, "two", "u", "two"), (1, "one", "u", "two"), (3, "three", "u", "three"),
                                     (4, None, "d", "%unresolved"), (3, "late", "u", "%unresolved"), (5, "five", "u", "five")):
        story.load("calls", {"id": "a", "op_name": name, "v": version, "op": op})
        story.shows("v.json", rows("op_name n stars", [shown, 1, 1]))


def names_and_order(scene):
    """Null, unresolved, values; the string '%unresolved' has another name."""
    story = Story(scene, STREAMS, {"v": {**BY_NAME["v"], "formats": ["json", "ndjson", "csv", "prom"]}})
    story.load("calls", call("a", "%unresolved"), call("b", "!"), call("c", ""), call("d", None))
    story.load("feedback", *(feedback(number, target) for number, target in enumerate(["a", "b", "c", "d", None, "gone"])))
    story.lists("v", ".total.json", "%null.json", "%unresolved.json", "%empty.json", "!.json", "%25unresolved.json")
    story.shows("v.json", rows("op_name n stars", [None, 2, 2], *([name, 1, 1] for name in ("%unresolved", "", "!", "%unresolved"))))
    story.shows("v/%unresolved.json", {"op_name": "%unresolved", "n": 1, "stars": 1})
    story.shows("v/%25unresolved.json", {"op_name": "%unresolved", "n": 1, "stars": 1})
    story.shows("v/%unresolved.csv", "op_name,n,stars\n%unresolved,1,1\n")
    story.shows("v.csv", 'op_name,n,stars\n,2,2\n%unresolved,1,1\n"",1,1\n!,1,1\n%unresolved,1,1\n')


def buckets(scene):
    """A bucket of a time of the target, and of one that is not there."""
    story = Story(scene, *with_views({"v": {"by": ["day(call_id.at)", "call_id.cost"]}}))
    story.load("calls", call("a", at="2026-01-02T03:00:00Z", cost=7), call("b"))
    story.load("feedback", feedback(1, "a"), feedback(2, "b"), feedback(3, "c"), feedback(4, None))
    story.shows("v.json", rows("day cost n", [None, None, 2], ["%unresolved", "%unresolved", 1], ["2026-01-02", 7, 1]))
    story.shows("v/%unresolved/%unresolved.json", {"day": "%unresolved", "cost": "%unresolved", "n": 1})
    story.shows("v/%unresolved/.total.json", {"day": "%unresolved", "n": 1})
    story.load("calls", call("c", at="2026-01-02T04:00:00Z", cost=7), call("a", cost=8))
    story.shows("v.json", rows("day cost n", [None, None, 2], [None, 8, 1], ["2026-01-02", 7, 1]))


def conditions(scene):
    """In a condition what is not there is null."""
    story = Story(scene, *with_views({"chat": {"where": "call_id.op_name = 'chat'"},
                                      "null": {"where": "call_id.op_name is null"},
                                      "dear": {"where": "call_id.cost > stars"},
                                      "part": {"measures": {"n": "count() where call_id.op_name = 'chat'", "all": "count()"}}}))
    story.load("feedback", feedback(1, "a", 1), feedback(2, "a", 9), feedback(3, "b"), feedback(4, None))
    for path in ("chat.json", "dear.json"):
        story.shows(path, None)
    story.shows("null.json", {"n": 4})
    story.load("calls", call("a", cost=5))
    for path, expected in (("chat.json", {"n": 2}), ("null.json", {"n": 2}), ("dear.json", {"n": 1}), ("part.json", {"n": 2, "all": 4})):
        story.shows(path, expected)
    story.load("calls", call("a", "embed", cost=10))
    for path, expected in (("chat.json", None), ("null.json", {"n": 2}), ("dear.json", {"n": 2}), ("part.json", {"n": 0, "all": 4})):
        story.shows(path, expected)


def measures(scene):
    """Of fields of the target, those that keep every value too."""
    story = Story(scene, *with_views({"v": {"measures": {
        "known": "count(call_id.cost)", "sum": "sum(call_id.cost * stars)", "min": "min(call_id.cost)", "max": "max(call_id.cost)",
        "names": "uniq(call_id.op_name)", "median": "median(call_id.cost)", "top": "top(call_id.op_name, 1)",
        "cheapest": "arg_min(call_id.op_name, call_id.cost)", "stars": "arg_max(stars, call_id.cost)"}}}))
    names = "known sum min max names median top cheapest stars"
    story.load("feedback", feedback(1, "a", 1), feedback(2, "a", 2), feedback(3, "b", 3), feedback(4, "c", 4))
    story.shows("v.json", dict(zip(names.split(), [0, None, None, None, 0, None, [], None, None])))
    story.load("calls", call("a", "x", cost=10), call("b", "y", cost=2))
    story.shows("v.json", dict(zip(names.split(), [3, 36, 2, 10, 2, 10, [{"value": "x", "count": 2}], "y", 2])))
    story.load("calls", call("a", "y", cost=1), call("c", "z", cost=0))
    story.shows("v.json", dict(zip(names.split(), [4, 9, 0, 2, 2, 1, [{"value": "y", "count": 3}], "z", 3])))
    story.delete("calls", "b", "c")
    story.shows("v.json", dict(zip(names.split(), [2, 3, 1, 1, 1, 1, [{"value": "y", "count": 2}], "y", 2])))


def chains(scene):
    """A reference of what is referred to; each link may be null or not be there."""
    story = Story(scene, *with_views({"v": {"by": ["call_id.project_id.name"]}}))
    story.load("feedback", feedback(1, "a"), feedback(2, "b"), feedback(3, "c"), feedback(4, None))
    story.shows("v.json", rows("name n", [None, 1], ["%unresolved", 3]))
    story.load("calls", call("a", project_id="p"), call("b", project_id=None))
    story.shows("v.json", rows("name n", [None, 2], ["%unresolved", 2]))
    story.load("projects", {"id": "p", "name": "one"}, {"id": "q", "name": "two"})
    story.shows("v.json", rows("name n", [None, 2], ["%unresolved", 1], ["one", 1]))
    story.load("calls", call("a", project_id="q"), call("b", project_id="p"), call("c", project_id="p"))
    story.shows("v.json", rows("name n", [None, 1], ["one", 2], ["two", 1]))
    story.load("projects", {"id": "p", "name": "uno"})
    story.shows("v.json", rows("name n", [None, 1], ["two", 1], ["uno", 2]))
    story.delete("projects", "p")
    story.shows("v.json", rows("name n", [None, 1], ["%unresolved", 2], ["two", 1]))
    story.delete("calls", "a")
    story.shows("v.json", rows("name n", [None, 1], ["%unresolved", 3]))


def itself(scene):
    """A stream may refer to its own events, and an event to itself."""
    people = {"key": "id", "on_duplicate": "replace",
              "fields": {"id": "string", "age": "int", "boss": {"type": "string", "references": "people"}}}
    story = Story(scene, {"people": people}, {"v": {"by": ["boss.boss.id"], "measures": {"n": "count()", "age": "max(boss.age)"}}})
    story.load("people", {"id": "c", "boss": "b", "age": 3}, {"id": "b", "boss": "a", "age": 2}, {"id": "a", "boss": None, "age": 1},
               {"id": "s", "boss": "s", "age": 9})
    story.shows("v.json", rows("id n age", [None, 2, 1], ["a", 1, 2], ["s", 1, 9]))
    story.load("people", {"id": "b", "boss": "s", "age": 4}, {"id": "a", "boss": "gone", "age": 1})
    story.shows("v.json", rows("id n age", ["%unresolved", 1, None], ["s", 3, 9]))
    story.delete("people", "s", "b")
    story.shows("v.json", rows("id n age", ["%unresolved", 2, None]))


def keys_of_several_fields(scene):
    """The reference has a name, and says by which fields of its stream, in the order of the target's key."""
    streams = {"exposures": {"key": ["user", "experiment"], "on_duplicate": "replace",
                             "fields": {"experiment": "int", "user": "string", "variant": "string"}},
               "conversions": {"fields": {"user": "string", "test": "int", "value": "decimal"},
                               "references": {"exposure": {"stream": "exposures", "by": ["user", "test"]}}}}
    story = Story(scene, streams, {"v": {"from": "conversions", "by": ["exposure.variant"], "measures": {"value": "sum(value)"}}})
    story.load("conversions", {"user": "u", "test": 1, "value": "1.5"}, {"user": "u", "test": 2, "value": 2},
               {"user": None, "test": None, "value": 4})
    story.shows("v.json", rows("variant value", [None, 4], ["%unresolved", 3.5]))
    story.load("exposures", {"user": "u", "experiment": 1, "variant": "A"}, {"user": "1", "experiment": 2, "variant": "no"})
    story.shows("v.json", rows("variant value", [None, 4], ["%unresolved", 2], ["A", 1.5]))
    story.load("exposures", {"user": "u", "experiment": 1, "variant": "B"}, {"user": "u", "experiment": 2, "variant": "B"})
    story.shows("v.json", rows("variant value", [None, 4], ["B", 3.5]))
    story.delete("exposures", '["u",2]')
    story.shows("v.json", rows("variant value", [None, 4], ["%unresolved", 2], ["B", 1.5]))


def what_is_kept(scene):
    """A target that is dropped is gone; what was counted before its own event was dropped stays as it was."""
    timed = {"at": "time"}
    target = {"key": "id", "time": "at", "keep": "10 days", "on_duplicate": "replace", "fields": {"id": "string", "op_name": "string", **timed}}
    source = {"key": "id", "time": "at", "keep": "10 days", "on_duplicate": "replace",
              "fields": {"id": "int", "call_id": {"type": "string", "references": "calls"}, **timed}}
    story = Story(scene, {"calls": target, "feedback": source}, {"v": {"from": "feedback", "by": ["call_id.op_name"], "measures": {"n": "count()"}}})
    story.load("calls", call("a", "x", at="2026-01-01"), call("b", "y", at="2026-01-08"))
    story.load("feedback", {"id": 1, "call_id": "a", "at": "2026-01-01"}, {"id": 2, "call_id": "b", "at": "2026-01-01"},
               {"id": 3, "call_id": "b", "at": "2026-01-09"})
    story.shows("v.json", rows("op_name n", ["x", 1], ["y", 2]))
    story.load("calls", call("c", "z", at="2026-01-15"))
    story.shows("v.json", rows("op_name n", ["%unresolved", 1], ["y", 2]))
    story.load("feedback", {"id": 4, "call_id": "c", "at": "2026-01-18"})
    story.shows("v.json", rows("op_name n", ["%unresolved", 1], ["y", 2], ["z", 1]))
    story.load("calls", call("b", "new", at="2026-01-09"), call("a", "late", at="2026-01-10"))
    story.shows("v.json", rows("op_name n", ["%unresolved", 1], ["new", 1], ["y", 1], ["z", 1]))


def names_of_dimensions(scene):
    """That of the last part, or an alias; beside a field of the stream."""
    story = Story(scene, *with_views({"v": {"by": ["id", "call_id", {"call": "call_id.id"}, {"month_of": "month(call_id.at)"}]}}))
    story.load("calls", call("a", at="2026-01-02"))
    story.load("feedback", feedback(1, "a"))
    story.shows("v/1/a/a/2026-01.json", {"id": 1, "call_id": "a", "call": "a", "month_of": "2026-01", "n": 1})


def later_views_and_rebuild(scene):
    """A view that is added, and one that is made anew, find the targets."""
    story = Story(scene, STREAMS, {"n": {"from": "feedback", "measures": {"n": "count()"}}})
    story.load("calls", call("a"))
    story.load("feedback", feedback(1, "a"), feedback(2, "b"))
    story.apply(BY_NAME)
    story.shows("v.json", rows("op_name n stars", ["%unresolved", 1, 1], ["chat", 1, 1]))
    story.load("calls", call("b", "x"))
    tally("rebuild", story.store)
    story.shows("v.json", rows("op_name n stars", ["chat", 1, 1], ["x", 1, 1]))


def a_reference_that_is_added(scene):
    """To events that are there already; older events have null in a new field."""
    plain = {**FEEDBACK, "fields": {"id": "int", "stars": "int", "call_id": "string"}}
    story = Story(scene, {"feedback": plain, "calls": CALLS, "projects": PROJECTS}, {"n": {"from": "feedback", "measures": {"n": "count()"}}})
    story.load("calls", call("a"))
    story.load("feedback", feedback(1, "a"))
    story.apply(BY_NAME, streams=STREAMS)
    story.shows("v.json", rows("op_name n stars", ["chat", 1, 1]))
    story.load("calls", call("a", "x"))
    story.shows("v.json", rows("op_name n stars", ["x", 1, 1]))


def views_that_do_not_follow_stay(scene):
    """A reference that is added changes no view that asks for nothing by it: also one that could not be made again."""
    plain = {"key": "id", "time": "at", "keep": "10 days", "fields": {"id": "int", "at": "time", "call_id": "string"}}
    fields = {**plain["fields"], "call_id": {"type": "string", "references": "calls"}}
    views = {"v": {"from": "feedback", "measures": {"n": "count()", "callers": "count(per call_id)"}}}
    story = Story(scene, {**STREAMS, "feedback": plain}, views)
    story.load("feedback", {"id": 1, "at": "2026-01-01", "call_id": "a"}, {"id": 2, "at": "2026-03-01", "call_id": "a"})
    schema = {"streams": {**STREAMS, "feedback": {**plain, "fields": fields}}, "views": views}
    tally("schema", story.store, "--apply", scene.write("next.json", json.dumps(schema)))
    story.shows("v.json", {"n": 2, "callers": 1})


def views_over_them(scene):
    """Rows of such a view are events of the next one, and move with them."""
    story = Story(scene, STREAMS, {**BY_NAME, "w": {"from": "v", "by": ["n"], "measures": {"groups": "count()"}}})
    story.load("calls", call("a", "x"), call("b", "y"))
    story.load("feedback", feedback(1, "a"), feedback(2, "b"))
    story.shows("w.json", rows("n groups", [1, 2]))
    story.load("calls", call("b", "x"))
    story.shows("w.json", rows("n groups", [2, 1]))


def mistakes(scene):
    def field(**changes):
        return {"call_id": {"type": "string", "references": "calls", **changes}}

    def streams(fields=None, calls=None, **more):
        return {"feedback": {**FEEDBACK, "fields": {**FEEDBACK["fields"], **(fields or {})}, **more}, "calls": calls or CALLS, "projects": PROJECTS}

    two = {"key": ["id", "n"], "fields": {"id": "string", "n": "int", "op_name": "string"}}
    refused(scene, streams(field(references="cals")), BY_NAME, "streams.feedback.fields.call_id", "'cals'", "did you mean 'calls'?")
    refused(scene, streams(field(type="int")), BY_NAME, "streams.feedback.fields.call_id", "'call_id'", "'id'", "type")
    refused(scene, streams(key="id", delete_when="call_id.cost = 1"), BY_NAME, "streams.feedback.delete_when",
            "references are followed by views alone")
    refused(scene, streams(calls=two), BY_NAME, "streams.feedback.fields.call_id", "key", "calls")
    refused(scene, streams(calls={"fields": CALLS["fields"]}), BY_NAME, "streams.feedback.fields.call_id", "key", "calls")

    def named(by=("call_id", "stars"), stream="calls", calls=two):
        return streams({"call_id": "string"}, calls, references={"call": {"stream": stream, "by": list(by)}})

    view = {"v": {"from": "feedback", "by": ["call.op_name"], "measures": {"n": "count()"}}}
    Story(scene, named(), view)
    refused(scene, named(stream="cals"), view, "streams.feedback.references.call", "'cals'", "did you mean 'calls'?")
    refused(scene, named(by=["call_id", "star"]), view, "streams.feedback.references.call", "'star'", "did you mean 'stars'?")
    refused(scene, named(by=["call_id"]), view, "streams.feedback.references.call", "key")
    refused(scene, named(by=["stars", "call_id"]), view, "streams.feedback.references.call", "'stars'", "'id'", "type")

    def seen(**view):
        return {"v": {"from": "feedback", "measures": {"n": "count()"}, **view}}

    refused(scene, STREAMS, seen(by=["call_id.op_nam"]), "views.v.by[0]", "'op_nam'", "calls", "did you mean 'op_name'?")
    refused(scene, STREAMS, seen(by=["call_id.project_id.nam"]), "views.v.by[0]", "'nam'", "projects", "did you mean 'name'?")
    refused(scene, STREAMS, seen(where="call_id.op_nam = 'x'"), "views.v.where", "'op_nam'", "did you mean 'op_name'?")
    refused(scene, STREAMS, seen(measures={"n": "max(call_id.cots)"}), "views.v.measures.n", "'cots'", "did you mean 'cost'?")
    refused(scene, STREAMS, seen(by=["stars.x"]), "views.v.by[0]", "stars")
    refused(scene, STREAMS, seen(by=["call_id.op_name", "call_id.project_id.name", {"op_name": "stars"}]), "views.v.by[2]", "op_name")
    refused(scene, STREAMS, seen(measures={"n": "sum(call_id.op_name)"}), "views.v.measures.n", "number")


with Scene() as scene:
    targets_come_change_and_go(scene)
    several_changes_of_a_target_in_one_batch(scene)
    newer_versions_and_delete_when(scene)
    names_and_order(scene)
    buckets(scene)
    conditions(scene)
    measures(scene)
    chains(scene)
    itself(scene)
    keys_of_several_fields(scene)
    what_is_kept(scene)
    names_of_dimensions(scene)
    later_views_and_rebuild(scene)
    a_reference_that_is_added(scene)
    views_that_do_not_follow_stay(scene)
    views_over_them(scene)
    mistakes(scene)
