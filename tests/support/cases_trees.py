"""Random views that are trees, and what their streams need.

SPDX-License-Identifier: Apache-2.0
"""

from decimal import Decimal

import additions
import references

NODES = ["a", "b", "c", "d", "a/b", "", ".x", "é", "n.json"]
PATHS = ["a", "a/b", "a/b/c", "//a//b/", "b", "b/a", "/", "", "a/B/c", "a/.x/%", "c::d", "a::b::c", "::a", "a/b.json"]


def extend(rng, streams):
    """Fields for nodes in some of the streams."""
    kind = rng.choice(["string", "string", "int"])
    for stream in streams.values():
        if "keep" not in stream and rng.random() < 0.7:
            stream["fields"].update({"node": kind, "up": kind, "path": "string"})


def values_of(rng, stream):
    """Of a record's fields for nodes."""
    if "node" not in stream["fields"]:
        return {}
    nodes = NODES if stream["fields"]["node"] == "string" else list(map(Decimal, range(-1, 6)))
    return {"node": rng.choice(nodes) if rng.random() < 0.95 else None, "up": rng.choice(nodes) if rng.random() < 0.7 else None,
            "path": rng.choice(PATHS) if rng.random() < 0.95 else None}


def random_source(rng, able, streams, new_condition):
    """Streams with nodes; of some only the events of which a condition holds."""
    count = rng.randint(1, len(able)) if "streams" in additions.ON else 1
    parts = {}
    for name in rng.sample(able, count):
        fields = {field: kind for field, kind in streams[name]["fields"].items() if field != "op"}
        parts[name] = {"where": new_condition(rng, fields)} if rng.random() < 0.4 else {}
    return list(parts)[0] if len(parts) == 1 and rng.random() < 0.5 else parts


def random_tree(rng, source, fields, new_measures, new_condition):
    tree = {"id": "node", "parent": "up"} if rng.random() < 0.6 else {"path": "path", "separator": rng.choice(["/", "/", "::", "b"])}
    view = {"from": source, "tree": tree, "by": [], "measures": new_measures(rng, fields, True, of_entities=False)[0]}
    if rng.random() < 0.5:
        view["depth"] = rng.randint(1, 3)
    if rng.random() < 0.25:
        # what other streams say would make cycles come and go
        view["where"] = new_condition(rng, {field: kind for field, kind in fields.items() if "." not in field})
    for i in range(rng.choice([0, 0, 1, 2])):
        by = [{"name": "depth", "depth": True}] if rng.random() < 0.4 else []
        by += [{"name": "by_" + field.replace(".", "_"), "field": field} for field in rng.sample(list(fields), rng.randint(not by, 2))]
        rollup = {"by": by, "measures": new_measures(rng, fields, True, of_entities=False)[0]}
        if rng.random() < 0.25:
            rollup["where"] = new_condition(rng, fields)
        view.setdefault("within", {})[f"w{i}"] = rollup
    return view


def add_trees(rng, streams, views, fields_for, new_measures, new_condition, prefix):
    able = [name for name, stream in streams.items() if "node" in stream["fields"]]
    for i in range(rng.choice([0, 1, 1, 2]) if able else 0):
        source = random_source(rng, able, streams, new_condition)
        fields = {}
        for name in references.sources_of({"from": source}):
            fields.update(streams[name]["fields"] if isinstance(source, dict) else fields_for(name))
        fields.pop("op", None)
        views[f"{prefix}tree{i}"] = random_tree(rng, source, fields, new_measures, new_condition)
