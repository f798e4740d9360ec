"""Random streams that refer to each other and to themselves, and views over several of them.

SPDX-License-Identifier: Apache-2.0
"""

from decimal import Decimal

import additions
import references

KEYS = {"id": "abcdefgh", "k2": [Decimal(1), Decimal(2)]}
BY = {"id": "string", "k2": "int"}


def refer(rng, streams, name, suffix=None):
    """One more reference of a stream, to any with a key."""
    target = rng.choice([other for other in streams if streams[other]["key"]] or [None])
    if target is None:
        return
    stream, key = streams[name], streams[target]["key"]
    known = stream.setdefault("references", {})
    reference = f"{name}{suffix or len(known)}"  # of one type over all streams
    if len(key) == 1:
        stream["fields"][reference] = BY[key[0]]
        known[reference] = {"stream": target, "by": [reference]}
        return
    # sometimes by fields of its own key, which then may be those of the target
    by = [field if rng.random() < 0.3 else f"{reference}{field}" for field in key]
    stream["fields"].update({field: BY[part] for field, part in zip(by, key)})
    known[reference] = {"stream": target, "by": by}


def forget(rng, streams, used):
    """Sometimes a reference is none any more; but what the text USED names stays."""
    for stream in streams.values():
        for reference in list(stream.get("references", {})):
            if f"{reference}." not in used and rng.random() < 0.1:
                del stream["references"][reference]


def extend(rng, streams, new_stream):
    """Streams of a case with what refers to each other, and fields of one name of one type."""
    for name in ("r", "q"):
        if name not in streams and rng.random() < 0.6:
            streams[name] = new_stream(rng)
    if streams.get("q", {}).get("key") == ["id"] and rng.random() < 0.3:
        streams["q"]["key"] = ["k2"]
    types = {}
    for stream in streams.values():
        for field in stream["fields"]:
            stream["fields"][field] = types.setdefault(field, stream["fields"][field])
    if "references" not in additions.ON:
        return
    for name in streams:
        for _ in range(rng.choice([0, 1, 1, 2])):
            refer(rng, streams, name)


def keys_of(rng, stream):
    """Values of the fields of a record that refer to others."""
    keys = {}
    for to in stream.get("references", {}).values():
        for field in to["by"]:
            if field not in BY:
                domain = KEYS["id"] if stream["fields"][field] == "string" else KEYS["k2"]
                keys[field] = rng.choice(domain) if rng.random() < 0.85 else None
    return keys


def random_paths(rng, streams, name):
    """Some of the fields that can be reached from a stream's own: path -> type."""
    paths = {path: kind for path, kind in references.fields_of(name, streams).items()
             if "." in path and not path.endswith(".op")}
    return {path: paths[path] for path in rng.sample(list(paths), min(len(paths), rng.randint(0, 5)))}


def random_sources(rng, streams, new_condition):
    """What a view is from that is over several streams, or over some events of one; and its fields."""
    names = rng.sample(list(streams), rng.randint(1, len(streams)))
    fields = {field: kind for name in names for field, kind in streams[name]["fields"].items() if field != "op"}
    if rng.random() < 0.4:
        return names, fields
    sources = {name: random_part(rng, streams, name, new_condition) for name in names}
    for i in range(rng.randint(0, 2)):
        kind = rng.choice(["string", "int", "decimal", "time", "bool"])
        for name in names:
            able = [path for path, its in references.fields_of(name, streams).items()
                    if its == kind and not path.endswith("op") and ("references" in additions.ON or "." not in path)]
            if able and rng.random() < 0.8:
                sources[name][f"d{i}"] = definition(rng, able, kind)
                fields[f"d{i}"] = kind
    return sources, fields


def random_part(rng, streams, name, new_condition):
    """Of a stream's events those that a view counts."""
    if rng.random() < 0.6:
        return {}
    paths = random_paths(rng, streams, name) if "references" in additions.ON else {}
    return {"where": new_condition(rng, {**{field: kind for field, kind in streams[name]["fields"].items() if field != "op"}, **paths})}


def definition(rng, able, kind):
    if kind in ("string", "int") and rng.random() < 0.3:
        literal = ["literal", rng.choice("ab") if kind == "string" else Decimal(rng.randint(0, 3))]
        return literal if rng.random() < 0.5 else ["coalesce", ["field", rng.choice(able)], literal]
    return ["field", rng.choice(able)]
