"""Measures over entities: f(E per K where C), in each group at each depth.

SPDX-License-Identifier: Apache-2.0
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, tally
from story import Story, refused, rows

EVENTS = {"key": "id", "on_duplicate": "replace", "time": "t",
          "fields": {"id": "int", "user": "string", "device": "string", "kind": "string", "country": "string", "value": "int",
                     "price": "decimal", "score": "float", "good": "bool", "t": "time"}}
STREAMS = {"e": EVENTS}
# ann: 1 + 2 + 3, bob: 10, cid: 4 + null; nobody: 100
BASE = [{"id": number, "user": user, "kind": kind, "country": country, "value": value}
        for number, (user, kind, country, value) in enumerate([
            ("ann", "x", "de", 1), ("ann", "y", "de", 2), ("ann", "x", "fr", 3), ("bob", "x", "de", 10),
            ("cid", "y", "fr", 4), ("cid", "y", "fr", None), (None, "x", "fr", 100)])]


def single(scene, records, streams=None, **measures):
    """A view without dimensions, its figures as said: measure -> (text, figure)."""
    story = Story(scene, streams or STREAMS, {"v": {"from": "e", "measures": {name: text for name, (text, _) in measures.items()}}})
    story.load("e", *records)
    story.shows("v.json", {name: figure for name, (_, figure) in measures.items()})
    return story


def every_aggregate(scene):
    """Over the entities of the group; an event whose K is null is of no entity."""
    each = "sum(value) per user"  # 6, 10, 4
    single(scene, BASE, mean=(f"mean({each})", 20 / 3), avg=(f"avg({each})", 20 / 3), sum=(f"sum({each})", 20), count=(f"count({each})", 3),
           min=(f"min({each})", 4), max=(f"max({each})", 10), var=(f"var({each})", 28 / 3), pop=(f"var_pop({each})", 56 / 9),
           stddev=(f"stddev_pop({each})", (56 / 9) ** 0.5), median=(f"median({each})", 6), q=(f"quantile({each}, 0.75)", 8),
           disc=(f"quantile_disc({each}, 0.5)", 6), uniq=("uniq(count() per user)", 3), any=(f"any_value({each})", 4),
           top=("top(max(kind) per user, 1)", [{"value": "y", "count": 2}]), all=("count(per user)", 3))


def more_than_one_number(scene):
    """`per` may stand behind either; pairs with a null are left out."""
    both = "sum(value) per user", "count(value)"  # (6, 3), (10, 1), (4, 1)
    single(scene, BASE, a=(f"covar({both[0]}, {both[1]})", -2 / 3), b=(f"covar(sum(value), count(value) per user)", -2 / 3),
           samp=(f"covar_samp({both[0]}, {both[1]})", -2 / 3), pop=(f"covar_pop({both[0]}, {both[1]})", -4 / 9),
           ratio=(f"ratio({both[0]}, {both[1]})", 4),
           null=("covar(sum(value) per user, sum(value) filter (where kind = 'x'))", 12))


def conditions(scene):
    """C chooses entities, a filter events of one aggregate, the condition behind the measure events first."""
    single(scene, BASE, many=("count(per user where count() > 2)", 1), two=("sum(sum(value) per user where count() = 2)", 4),
           none=("count(per user where sum(value) > 99)", 0), mean=("mean(sum(value) per user where sum(value) > 99)", None),
           filtered=("sum(sum(value) filter (where kind = 'x') per user)", 14), seen=("count(sum(value) filter (where kind = 'x') per user)", 2),
           every=("count(count() filter (where kind = 'x') per user)", 3), first=("count(per user) where kind = 'x'", 2),
           both=("sum(count() per user where count() > 1) where kind = 'x'", 2),
           chosen=("max(sum(value) per user where min(kind) = 'x' and max(kind) = 'y')", 6),
           unknown=("count(per user where sum(value) filter (where kind = 'y') < 4)", 1))


def expressions(scene):
    """Aggregates, literals, operators, coalesce; a bare field is any_value of it."""
    timed = [{**record, "t": f"2026-01-01T00:0{number}:00Z"} for number, record in enumerate(BASE)]
    single(scene, timed, plus=("sum(sum(value) + 1 per user)", 23), ratio=("max(sum(value) / count() per user)", 10),
           third=("min(sum(value) / 9 per user)", 0.444444444444444444), kind=("count(per user where kind = 'x')", 2),
           bare=("uniq(country per user)", 2), least=("sum(value per user)", 15),
           none=("sum(coalesce(sum(value) filter (where kind = 'x'), 0) + 0.5 per user)", 15.5),
           seconds=("sum(max(t) - min(t) per user)", 180), last=("max(last(value) per user)", 10))


def types(scene):
    """Of E and of f: decimals are exact, beside a float a number is a float; strings, bools, times."""
    records = [{"id": number, "user": user, "price": price, "score": score, "good": good, "t": t}
               for number, (user, price, score, good, t) in enumerate([
                   ("a", "0.1", 0.5, True, "2026-01-01"), ("a", "0.2", 0.25, False, "2026-01-02"), ("b", "0.3", None, True, None)])]
    single(scene, records, price=("uniq(sum(price) per user)", 1), mean=("avg(sum(price) per user)", 0.3), total=("sum(sum(price) per user)", 0.3 * 2),
           score=("sum(sum(score) + sum(price) per user)", 1.05), good=("bool_and(bool_or(good) per user)", True),
           all=("count(per user where bool_and(good))", 1), t=("max(max(t) per user)", "2026-01-02T00:00:00Z"),
           name=("max(user per user)", "b"))


def every_depth(scene):
    """An entity is in each group that has events of it, with these events."""
    story = Story(scene, STREAMS, {"v": {"from": "e", "by": ["country", "kind"], "measures": {"users": "count(per user)", "mean": "mean(sum(value) per user)"}}})
    story.load("e", *BASE)
    story.shows("v/.total.json", {"users": 3, "mean": 20 / 3})
    story.shows("v/de/.total.json", {"country": "de", "users": 2, "mean": 6.5})
    story.shows("v/fr.json", rows("country kind users mean", ["fr", "x", 1, 3], ["fr", "y", 1, 4]))
    story.load("e", {"id": 0, "user": "cid", "kind": "x", "country": "fr", "value": 1})
    story.shows("v/.total.json", {"users": 3, "mean": 20 / 3})
    story.shows("v/de.json", rows("country kind users mean", ["de", "x", 1, 10], ["de", "y", 1, 2]))
    story.shows("v/fr/.total.json", {"country": "fr", "users": 2, "mean": 4})
    story.delete("e", 2, 3)
    story.shows("v/.total.json", {"users": 2, "mean": 3.5})
    story.shows("v.json", rows("country kind users mean", ["de", "y", 1, 2], ["fr", "x", 1, 1], ["fr", "y", 1, 4]))


def who_they_are(scene):
    """K is an expression: a field, what is first of several, what is referred to."""
    people = {"key": "id", "on_duplicate": "replace", "fields": {"id": "string", "team": "string"}}
    streams = {"e": {**EVENTS, "fields": {**EVENTS["fields"], "user": {"type": "string", "references": "people"}}}, "people": people}
    records = [*BASE, {"id": 10, "device": "d", "value": 7}, {"id": 11, "device": "ann", "value": 8}]
    story = single(scene, records, streams, users=("count(per coalesce(user, device))", 4), most=("max(sum(value) per coalesce(user, device))", 14),
                   teams=("count(per user.team)", 0), team=("max(sum(value) per user.team)", None))
    names = "users most teams team"
    story.load("people", {"id": "ann", "team": "one"}, {"id": "bob", "team": "one"}, {"id": "cid", "team": "two"})
    story.shows("v.json", rows(names, [4, 14, 2, 16])[0])
    story.load("people", {"id": "bob", "team": "two"})
    story.shows("v.json", rows(names, [4, 14, 2, 14])[0])
    story.delete("people", "ann", "bob")
    story.shows("v.json", rows(names, [4, 14, 1, 4])[0])


def arithmetic_over_them(scene):
    single(scene, BASE, mean=("mean(sum(value) per user)", 20 / 3), n=("count(per user)", 3), product=("sum(sum(value) per user) / n", 20 / 3))


def functions_of_figures(scene):
    """In formulas: of null null, but for those that skip it; outside their domain null."""
    single(scene, BASE, error=("sqrt(var(sum(value) per user) / count(per user))", (28 / 9) ** 0.5), least=("least(min(value), null, 3)", 1),
           greatest=("greatest(max(value), 3)", 100), first=("coalesce(max(score), min(value), 5)", 1), absolute=("abs(0 - max(value))", 100),
           one=("exp(ln(1))", 1), negative=("sqrt(0 - count())", None), logarithm=("ln(count() - 7)", None), null=("sqrt(max(score))", None),
           half=("norm_cdf(0)", 0.5), middle=("norm_ppf(0.5)", 0), outside=("norm_ppf(1 + count())", None),
           t=("t_cdf(0, count())", 0.5), t_ppf=("t_ppf(0.5, count())", 0), chi2=("chi2_cdf(0, count())", 0), none=("coalesce(max(score), null)", None))


def over_views(scene):
    """Rows of another view are events too; and a measure over entities is a field of the next view."""
    story = Story(scene, STREAMS, {"days": {"from": "e", "by": ["user", "country"], "measures": {"value": "sum(value)", "kinds": "count(per kind)"}},
                                   "v": {"from": "days", "measures": {"users": "count(per user)", "mean": "mean(max(value) per user)", "kinds": "sum(kinds)"}}})
    story.load("e", *BASE)
    story.shows("v.json", {"users": 3, "mean": 17 / 3, "kinds": 6})
    story.delete("e", 2, 3)
    story.shows("v.json", {"users": 2, "mean": 3.5, "kinds": 4})


def later_and_again(scene):
    story = Story(scene, STREAMS, {"n": {"from": "e", "measures": {"n": "count()"}}})
    story.load("e", *BASE)
    story.apply({"v": {"from": "e", "measures": {"mean": "mean(sum(value) per user)"}}})
    story.shows("v.json", {"mean": 20 / 3})
    tally("rebuild", story.store)
    story.load("e", {"id": 3, "user": "ann", "value": 10})
    story.shows("v.json", {"mean": 10})


def what_cannot_be_made_again(scene):
    """Errors name the view that users know."""
    kept = {"e": {"key": "id", "time": "at", "keep": "10 days", "fields": {"id": "int", "at": "time", "user": "string", "value": "int"}}}
    story = Story(scene, kept, {"v": {"measures": {"most": "mean(max(value) per user)"}}})
    story.load("e", {"id": 1, "at": "2026-01-01"}, {"id": 2, "at": "2026-03-01"})
    said = tally("delete", story.store, "--key", "2", status=1).stderr.decode()
    check("views.v: the view has counted events" in said, said)


def mistakes(scene):
    def wrong(text, *words):
        refused(scene, STREAMS, {"v": {"from": "e", "measures": {"m": text}}}, "views.v.measures.m", *words)

    wrong("mean(sum(value) per usr)", "'usr'", "did you mean 'user'?")
    wrong("mean(sum(valu) per user)", "'valu'", "did you mean 'value'?")
    wrong("mean(max(kind) per user)", "number")
    wrong("count(per user where count())", "truth value")
    wrong("mean(sum(value) per user", ")")
    wrong("mean(sum(max(value)) per user)")
    wrong("covar(sum(value) per user, count() per kind)")
    wrong("sum(kind per user)", "number")


with Scene() as scene:
    every_aggregate(scene)
    more_than_one_number(scene)
    conditions(scene)
    expressions(scene)
    types(scene)
    every_depth(scene)
    who_they_are(scene)
    arithmetic_over_them(scene)
    over_views(scene)
    later_and_again(scene)
    what_cannot_be_made_again(scene)
    mistakes(scene)
    functions_of_figures(scene)
