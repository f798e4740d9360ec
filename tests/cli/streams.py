"""Views over several streams: the union of their fields, and names that each defines in its own way.

SPDX-License-Identifier: Apache-2.0
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, tally
from story import Story, refused, rows

EXPOSURES = {"key": "id", "on_duplicate": "replace", "time": "at",
             "fields": {"id": "string", "user": "string", "variant": "string", "at": "time", "weight": "int"}}
CONVERSIONS = {"key": "id", "on_duplicate": "replace", "time": "at",
               "fields": {"id": "string", "user": "string", "value": "decimal", "at": "time",
                          "exposure": {"type": "string", "references": "exposures"}}}
STREAMS = {"exposures": EXPOSURES, "conversions": CONVERSIONS}


def exposure(name, user, variant, **more):
    return {"id": name, "user": user, "variant": variant, **more}


def conversion(name, user, value, **more):
    return {"id": name, "user": user, "value": value, **more}


def a_list(scene):
    """The events of all; a field that a stream has not is null there."""
    story = Story(scene, STREAMS, {"v": {"from": ["exposures", "conversions"], "by": ["user"], "measures": {
        "n": "count()", "shown": "count(variant)", "value": "sum(value)", "unseen": "count() where variant is null"}}})
    story.load("exposures", exposure("1", "ann", "A"), exposure("2", "bob", "B"))
    story.load("conversions", conversion("1", "ann", 5), conversion("2", "ann", 7), conversion("3", "cid", 1))
    story.shows("v.json", rows("user n shown value unseen", ["ann", 3, 1, 12, 2], ["bob", 1, 1, None, 0], ["cid", 1, 0, 1, 1]))
    story.load("conversions", conversion("2", "bob", 7))
    story.delete("exposures", "1")
    story.shows("v.json", rows("user n shown value unseen", ["ann", 1, 0, 5, 1], ["bob", 2, 1, 7, 1], ["cid", 1, 0, 1, 1]))
    tally("rebuild", story.store)
    story.shows("v/ann.json", rows("user n shown value unseen", ["ann", 1, 0, 5, 1])[0])


def an_object(scene):
    """Names are defined by expressions, which may follow references."""
    source = {"exposures": {"kind": "'exposure'"}, "conversions": {"variant": "exposure.variant", "kind": "'conversion'"}}
    story = Story(scene, STREAMS, {"v": {"from": source, "by": ["variant", "kind"], "measures": {"n": "count()", "value": "sum(value)"}},
                                   "rate": {"from": source, "by": ["variant"], "measures": {
                                       "rate": "count() filter (where kind = 'conversion') / count() filter (where kind = 'exposure')"}}})
    story.load("conversions", conversion("1", "ann", 5, exposure="a"), conversion("2", "bob", 7, exposure="b"),
               conversion("3", "cid", 9))
    story.shows("v.json", rows("variant kind n value", [None, "conversion", 1, 9], ["%unresolved", "conversion", 2, 12]))
    story.load("exposures", exposure("a", "ann", "A"), exposure("b", "bob", "B"), exposure("c", "dan", "B"))
    story.shows("v.json", rows("variant kind n value", [None, "conversion", 1, 9], ["A", "conversion", 1, 5], ["A", "exposure", 1, None],
                               ["B", "conversion", 1, 7], ["B", "exposure", 2, None]))
    story.shows("rate.json", rows("variant rate", [None, None], ["A", 1], ["B", 0.5]))
    story.load("exposures", exposure("b", "bob", "A"))
    story.shows("rate.json", rows("variant rate", [None, None], ["A", 1], ["B", 0]))


def an_empty_object_is_the_stream_as_it_is(scene):
    story = Story(scene, STREAMS, {"v": {"from": {"exposures": {}, "conversions": {}}, "by": ["id"], "measures": {"n": "count()"}},
                                   "one": {"from": {"exposures": {"twice": "weight * 2"}}, "measures": {"w": "sum(twice)"}}})
    story.load("exposures", exposure("1", "ann", "A", weight=3))
    story.load("conversions", conversion("1", "ann", 5))
    story.shows("v.json", rows("id n", ["1", 2]))
    story.shows("one.json", {"w": 6})


def times_and_conditions(scene):
    """Buckets, first and last by each event's own time, a condition over what is defined."""
    source = {"exposures": {"worth": "weight * 0.5"}, "conversions": {"worth": "value"}}
    story = Story(scene, STREAMS, {"v": {"from": source, "by": ["day(at)"], "where": "worth > 1", "measures": {
        "n": "count()", "first": "first(user)", "last": "last(user)", "worth": "sum(worth)"}}})
    story.load("exposures", exposure("1", "ann", "A", at="2026-01-01T05:00:00Z", weight=4),
               exposure("2", "bob", "A", at="2026-01-01T09:00:00Z", weight=1))
    story.load("conversions", conversion("1", "cid", 2.5, at="2026-01-01T04:00:00Z"), conversion("2", "dan", 3, at="2026-01-02"))
    story.shows("v.json", rows("day n first last worth", ["2026-01-01", 2, "cid", "ann", 4.5], ["2026-01-02", 1, "dan", "dan", 3]))


def a_time_that_is_another(scene):
    """What "from" defines by the name of the streams' time is no time of the event: "keep" and first() go by that."""
    kept = {"key": "id", "time": "at", "keep": "10 days", "fields": {"id": "string", "at": "time", "due": "time"}}
    source = {"kept": {"at": "due"}, "conversions": {}}
    story = Story(scene, {**STREAMS, "kept": kept}, {"v": {"from": source, "by": ["day(at)"], "measures": {"n": "count()"}}})
    story.load("kept", {"id": "1", "at": "2026-01-01", "due": "2026-05-05"}, {"id": "2", "at": "2026-02-01", "due": "2026-05-05"})
    story.shows("v.json", rows("day n", ["2026-05-05", 2]))
    refused(scene, {**STREAMS, "kept": kept}, {"v": {"from": source, "measures": {"first": "first(id)"}}}, "views.v.measures.first",
            "needs the time of an event")


def a_field_that_one_of_them_loses(scene):
    """Its events have null there from then on, while those of the others keep what they have."""
    story = Story(scene, STREAMS, {"v": {"from": ["exposures", "conversions"], "by": ["user"], "measures": {"n": "count()"}}})
    story.load("exposures", exposure("1", "ann", "A"), exposure("2", "bob", "A"))
    story.load("conversions", conversion("1", "ann", 1))
    fields = {name: kind for name, kind in EXPOSURES["fields"].items() if name != "user"}
    story.apply({"v": {"from": ["exposures", "conversions"], "by": ["user"], "measures": {"n": "count()"}}},
                streams={**STREAMS, "exposures": {**EXPOSURES, "fields": fields}})
    story.shows("v.json", rows("user n", [None, 2], ["ann", 1]))
    story.delete("exposures", "1")
    story.shows("v.json", rows("user n", [None, 1], ["ann", 1]))


def views_over_them(scene):
    story = Story(scene, STREAMS, {"v": {"from": ["exposures", "conversions"], "by": ["user"], "measures": {"n": "count()"}},
                                   "w": {"from": "v", "by": ["n"], "measures": {"users": "count()"}}})
    story.load("exposures", exposure("1", "ann", "A"), exposure("2", "bob", "A"))
    story.shows("w.json", rows("n users", [1, 2]))
    story.load("conversions", conversion("1", "ann", 1))
    story.shows("w.json", rows("n users", [1, 1], [2, 1]))


def mistakes(scene):
    def view(source, **more):
        return {"v": {"from": source, "measures": {"n": "count()"}, **more}}

    other = {**STREAMS, "others": {"fields": {"user": "int"}}}
    refused(scene, STREAMS, view(["exposures", "conversion"]), "views.v.from", "'conversion'", "did you mean 'conversions'?")
    refused(scene, STREAMS, view({"exposures": {}, "conversion": {}}), "views.v.from", "'conversion'", "did you mean 'conversions'?")
    refused(scene, other, view(["exposures", "others"]), "views.v.from", "user")
    refused(scene, STREAMS, view({"exposures": {"x": "weight"}, "conversions": {"x": "user"}}), "views.v.from", "x")
    measured = {**STREAMS, "others": {"fields": {"weight": "float"}}}
    refused(scene, measured, view(["exposures", "others"]), "views.v.from", "'weight' is a number in one stream and a float in another")
    refused(scene, STREAMS, view({"exposures": {"x": "wieght"}}), "views.v.from.exposures.x", "'wieght'", "did you mean 'weight'?")
    refused(scene, STREAMS, view({"conversions": {"x": "exposure.varient"}}), "views.v.from.conversions.x", "'varient'",
            "did you mean 'variant'?")
    refused(scene, STREAMS, view(["exposures", "conversions"], by=["valu"]), "views.v.by[0]", "'valu'", "did you mean 'value'?")
    refused(scene, STREAMS, view([]), "views.v.from")
    refused(scene, STREAMS, view(["exposures", "exposures"]), "views.v.from", "exposures")


with Scene() as scene:
    a_list(scene)
    an_object(scene)
    an_empty_object_is_the_stream_as_it_is(scene)
    times_and_conditions(scene)
    a_time_that_is_another(scene)
    a_field_that_one_of_them_loses(scene)
    views_over_them(scene)
    mistakes(scene)
