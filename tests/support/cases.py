"""Random cases: a schema, and steps that change a store. Everything in a case is plain data, so that it can be
printed and made smaller.

SPDX-License-Identifier: Apache-2.0
"""

import json
from decimal import Decimal

import additions
import cases_entities
import cases_references
import cases_trees
import comoments
import expressions
import measures
import references
from values import Time

STRINGS = ["a", "b", "A", "", "a/b", "..", ".total", "x.json", "%null", "-1", "~", "ü", "😀", "a b ", 'q"q', "c,d",
           "line\nbreak", "\t", "null", "%", "x" * 90, "\x7f", "été.csv", "\\", "0", "17", "007",
           "4294967296", "18446744073709551616", "deadbeef", "7c9e6679-7425-40de-944b-e07fc1f90ae7"]
DECIMALS = ["0", "1", "-1", "19.99", "-0.01", "0.1", "0.2", "100", "1e3", "99999999999999999999.5", "-7.25",
            "1234567890123456789012345.678", "0.00000000000000000001"]
INTS = [0, 1, -1, 5, 127, 128, -129, 255, 65536, 2**63 - 1, -(2**63)]
FLOATS = [0.0, 0.1, 0.2, 1.5, -2.25, 1e16, 1e300, -1e300, 5e-324, 1e-310, 3.0]
FRACTIONS = ["0", "0.1", "0.25", "0.333", "0.5", "0.9", "0.95", "1"]
TYPES = ["string", "bool", "int", "decimal", "float", "time"]
NUMBERS = ("int", "decimal", "float")
EDGES = [Time("0001-01-01T00:00:00Z"), Time("9999-12-31T23:59:59Z")]


def random_time(rng):
    return Time(f"2026-{rng.randint(1, 3):02d}-{rng.randint(1, 28):02d}T{rng.choice([0, 5, 23]):02d}:00:00Z")


def random_value(rng, kind):
    if rng.random() < 0.12:
        return None
    if kind == "string":
        return rng.choice(STRINGS)
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "int":
        return Decimal(rng.choice(INTS + [rng.randint(-50, 50)]))
    if kind == "decimal":
        return Decimal(rng.choice(DECIMALS))
    if kind == "float":
        return rng.choice(FLOATS)
    return random_time(rng) if rng.random() < 0.9 else rng.choice(EDGES)


def random_stream(rng):
    fields = {"id": "string", "k2": "int", "t": "time", "op": "string", "v": "int"}
    fields.update({f"f{i}": rng.choice(TYPES) for i in range(rng.randint(1, 4))})
    key = rng.choice([["id"], ["id"], ["id", "k2"], ["k2", "id"], []])
    rule = rng.choice(["ignore", "replace", "newest"]) if key else "ignore"
    stream = {"key": key, "rule": rule, "deletes": bool(key) and rng.random() < 0.5, "fields": fields}
    if (rule != "ignore" or stream["deletes"]) and rng.random() < 0.15:
        stream["keep"] = rng.randint(5, 50)  # days
    return stream


def random_condition(rng, fields):
    field = rng.choice(list(fields))
    kind = fields[field]
    literal = random_value(rng, kind) if kind in ("string", "bool", "int") and rng.random() < 0.5 else None
    return [field, literal]


def random_argument(rng, fields):
    """Mostly a field; and its kind."""
    field = rng.choice(list(fields))
    kind = fields[field]
    alike = [name for name in fields if fields[name] == kind]
    if rng.random() < 0.8 or kind.startswith("bucket"):
        return field, kind
    if kind == "time" and rng.random() < 0.5:
        return ["-", rng.choice(alike), rng.choice(alike)], "decimal"
    return ["coalesce", field, *(rng.choice(alike) for _ in range(rng.randint(0, 2)))], kind


def random_aggregate(rng, fields, has_time):
    field, kind = random_argument(rng, fields)
    kinds = ["count", "count_x", "uniq", "min", "max", "any_value", "top", "quantile", "quantile_disc", "arg_min",
             "arg_max"]
    if kind in NUMBERS:
        kinds += comoments.KINDS
        kinds += ["sum", "sum", "avg", "mean", "var_samp", "var_pop", "stddev_samp", "stddev_pop", "approx_quantile", "quantile"]
    kinds += ["bool_and", "bool_or"] * 3 if kind == "bool" else []
    kinds += ["first", "last"] * 2 if has_time else []
    chosen = rng.choice(kinds)
    measure = {"kind": chosen.replace("count_x", "count")}
    if chosen != "count":
        measure["arg"], measure["of_kind"] = field, kind
    if chosen in comoments.KINDS:
        numbers = [name for name in fields if fields[name] in NUMBERS] or [field]
        measure["others"] = [rng.choice(numbers) for _ in range(1 if chosen in comoments.PAIRS else rng.randint(1, 3))]
    if "quantile" in chosen:
        measure["q"] = rng.choice(FRACTIONS)
    if chosen == "top":
        measure["k"] = rng.randint(1, 4)
    if chosen.startswith("arg_"):
        measure["order"] = [rng.choice(list(fields)) for _ in range(rng.randint(1, 3))]
    for place in ("where", "filter"):
        if rng.random() < 0.2:
            measure[place] = random_condition(rng, fields)
    return measure


def random_measure(rng, fields, has_time, of_entities):
    """An aggregate, and its type."""
    if not of_entities or rng.random() < 0.5:
        measure = random_aggregate(rng, fields, has_time)
        return measure, type_of(measure, fields, {})
    measure = cases_entities.random_entities(rng, fields, has_time, random_aggregate, type_of)
    if rng.random() < 0.25:
        measure["where"] = random_condition(rng, fields)
    return measure, type_of(measure, fields, {})


def type_of(measure, fields, found):
    """What a measure is to the views over it; None: nothing."""
    if "op" in measure:
        return "float" if measure["real"] or measure["op"] in ("/", "sqrt", "ln", "exp") else "decimal"
    kind, argument = measure["kind"], measure.get("of_kind")
    if kind == "top":
        return None
    if kind in ("count", "uniq"):
        return "int"
    if kind in ("avg", "mean", *comoments.KINDS, "var_samp", "var_pop", "stddev_samp", "stddev_pop", "approx_quantile"):
        return "float"
    return "decimal" if kind == "sum" and argument == "int" else argument


def random_measures(rng, fields, has_time, of_entities=None):
    chosen, types = {}, {}
    of_entities = "entities" in additions.ON if of_entities is None else of_entities
    for i in range(rng.randint(1, 4)):
        numbers = [name for name, kind in types.items() if kind in NUMBERS]
        if numbers and rng.random() < 0.3:
            measure = {"op": rng.choice(["/", "+", "/", "+", *measures.CALLS, *measures.CHOICES])}
            count = 1 if measure["op"] in measures.CALLS else rng.randint(1, 3) if measure["op"] in measures.CHOICES else 2
            measure["of"] = [rng.choice(numbers) for _ in range(count)]
            measure["real"] = any(types[name] == "float" for name in measure["of"])
            kind = type_of(measure, fields, types)
        else:
            measure, kind = random_measure(rng, fields, has_time, of_entities)
        name = f"m{i}"
        chosen[name], types[name] = measure, kind
    return chosen, {name: kind for name, kind in types.items() if kind}


def random_dimension(rng, field, taken):
    """What is of another stream has an alias, or the name it has there."""
    own = field.split(".")[-1]
    if own != field and own not in taken and rng.random() < 0.5:
        return {"name": own, "field": field, "plain": True}
    return {"name": field.replace(".", "_"), "field": field}


def random_view(rng, source, fields, has_time):
    by, names = [], list(fields)
    for field in rng.sample(names, rng.randint(0, min(2, len(names)))):
        by.append(random_dimension(rng, field, [*fields, *(item["name"] for item in by)]))
    times = [name for name in names if fields[name] == "time"]
    if times and rng.random() < 0.4:
        name = "when" + "_" * max((len(field) for field in fields if field.startswith("when")), default=0)
        bucket = {"name": name, "field": rng.choice(times), "bucket": rng.choice(["hour", "day", "month", "year"])}
        by.insert(rng.randint(0, len(by)), bucket)
    chosen, types = random_measures(rng, fields, has_time)
    view = {"from": source, "by": by, "measures": chosen}
    if rng.random() < 0.2:
        view["where"] = random_condition(rng, fields)
    kinds = {item["name"]: f"bucket:{item['bucket']}" if item.get("bucket") else fields[item["field"]] for item in by}
    times = [i for i, item in enumerate(by) if kinds[item["name"]].split(":")[0] in ("time", "bucket")]
    if times and rng.random() < 0.25:
        view["retain"] = {"days": rng.randint(3, 50), "by": times[0], "kind": kinds[by[times[0]]["name"]]}
    return view, {**kinds, **types}


def random_source(rng, streams):
    """What a view over streams is from, and its fields."""
    if "streams" in additions.ON and rng.random() < 0.3:
        return cases_references.random_sources(rng, streams, random_condition)
    source = rng.choice(list(streams))
    return source, fields_for(rng, streams, source)


def fields_for(rng, streams, source):
    fields = {name: kind for name, kind in streams[source]["fields"].items() if name != "op"}
    return {**fields, **cases_references.random_paths(rng, streams, source)} if "references" in additions.ON else fields


def over_several(view, views):
    while isinstance(view["from"], str) and view["from"] in views:
        view = views[view["from"]]
    return not isinstance(view["from"], str)


def random_views(rng, streams, prefix=""):
    """Views over the streams, and over each other; declared in any order."""
    views, rows = {}, {}
    for i in range(rng.randint(1, 4)):
        below = [name for name in rows if rows[name]]
        if below and rng.random() < 0.4:
            source = rng.choice(below)
            view, kinds = random_view(rng, source, rows[source], False)
        else:
            source, fields = random_source(rng, streams)
            view, kinds = random_view(rng, source, fields, True)
        # Measures may have the names of fields below: give each level its own.
        view["measures"] = {f"{prefix}v{i}{name}": measure for name, measure in view["measures"].items()}
        for measure in view["measures"].values():
            if "of" in measure:
                measure["of"] = [f"{prefix}v{i}{name}" for name in measure["of"]]
        kinds = {f"{prefix}v{i}{name}" if name[0] == "m" and name[1:].isdigit() else name: kind
                 for name, kind in kinds.items()}
        if len(view["measures"]) % 2:
            view["prom"] = [name for name in view["measures"] if kinds.get(name) in (*NUMBERS, "bool", "time")]
        views[f"{prefix}v{i}"], rows[f"{prefix}v{i}"] = view, kinds
    if "trees" in additions.ON:
        cases_trees.add_trees(rng, streams, views, lambda source: fields_for(rng, streams, source), random_measures,
                              random_condition, prefix)
    for view in views.values():
        if over_several(view, views):
            view.pop("retain", None)  # of which stream would be the newest event?
    order = list(views)
    rng.shuffle(order)
    return {name: views[name] for name in order}


def random_record(rng, stream):
    record = {name: random_value(rng, kind) for name, kind in stream["fields"].items()}
    if record["t"] in EDGES:
        record["t"] = random_time(rng)  # the model has no clock, which "keep" and "retain" ask about what is to come
    record["id"] = rng.choice("abcdefgh") if rng.random() < 0.98 else None
    record["k2"] = rng.choice([None, Decimal(1), Decimal(2)])
    record["op"] = rng.choice("dui")
    record["v"] = rng.choice([None] + [Decimal(i) for i in range(5)])
    if "references" in additions.ON:
        record.update(cases_references.keys_of(rng, stream))
    if "trees" in additions.ON:
        record.update(cases_trees.values_of(rng, stream))
    return record


def random_apply(rng, streams, name, index, views):
    """Other views; with additions also some of VIEWS that stay, and references that come and go."""
    step, stream, kept = {"do": "apply"}, streams[name], {}
    if not additions.ON and rng.random() < 0.3:  # several streams under a view have one type for a name
        step["widened"] = {name: widen_one(rng, stream["fields"])}
    if not additions.ON and rng.random() < 0.3:
        step["renamed"] = {name: rename_one(rng, stream)}
    if rng.random() < 0.5:
        stream["fields"][f"g{index}"] = rng.choice(TYPES)
    if not step.keys() & {"widened", "renamed"} and additions.ON and rng.random() < 0.5:
        kept = some_that_stay(rng, views)
    if "references" in additions.ON:
        cases_references.refer(rng, streams, name, f"g{index}")
        cases_references.forget(rng, streams, json.dumps(schema_of({}, kept)))
        step["references"] = {each: dict(streams[each].get("references", {})) for each in streams}
    prefix = f"x{index}" if kept else rng.choice(["", "w"])
    new = {**kept, **random_views(rng, streams, prefix)}
    return {**step, "views": new, "fields": {each: dict(streams[each]["fields"]) for each in streams}}


WIDER = {"int": ["decimal", "float", "string"], "decimal": ["float", "string"], "bool": ["string"], "time": ["string"], "float": ["string"]}


def free_fields(fields):
    return [field for field in fields if field[0] in "fg" and field[1:].rstrip("r").isdigit()]


def widen_one(rng, fields):
    """A field gets a wider type: which it had, and has."""
    choice = [field for field in free_fields(fields) if fields[field] in WIDER]
    if not choice:
        return {}
    field = rng.choice(choice)
    before, fields[field] = fields[field], rng.choice(WIDER[fields[field]])
    return {field: (before, fields[field])}


def rename_one(rng, stream):
    """A field gets another name."""
    choice = free_fields(stream["fields"])
    if not choice:
        return {}
    old = rng.choice(choice)
    new = old + "r"
    if new in stream["fields"]:
        return {}
    stream["fields"] = {new if field == old else field: kind for field, kind in stream["fields"].items()}
    stream["was"] = {**stream.get("was", {}), new: old}
    return {old: new}


def some_that_stay(rng, views):
    """Some views, and those that they are over."""
    kept, left = {}, rng.sample(list(views), rng.randint(0, len(views)))
    while left:
        name = left.pop()
        kept[name] = views[name]
        left += [below for below in references.sources_of(views[name]) if below in views]
    return kept


def random_step(rng, streams, index, views):
    name = rng.choice(list(streams))
    stream = streams[name]
    if index > 0 and rng.random() < 0.2:
        if stream["key"] and rng.random() < 0.5:
            keys = [{"id": rng.choice("abcdefgh"), "k2": rng.choice([None, Decimal(1), Decimal(2)])}
                    for _ in range(rng.randint(1, 3))]
            if stream["key"] == ["k2"]:
                keys = [{**key, "k2": key["k2"] or Decimal(1)} for key in keys]
            return {"do": "delete", "stream": name, "keys": keys, "file": rng.random() < 0.5}
        fields = {field: kind for field, kind in stream["fields"].items() if kind in ("string", "bool", "int")}
        return {"do": "delete", "stream": name, "where": random_condition(rng, fields)}
    if index > 0 and rng.random() < 0.15:
        return random_apply(rng, streams, name, index, views)
    if index > 0 and rng.random() < 0.05:
        return {"do": "rebuild"}
    records = [random_record(rng, stream) for _ in range(rng.choice([0, 1, 3, 10, 25]))]
    step = {"do": "ingest", "stream": name, "records": records}
    if rng.random() < 0.02:
        step["kill_after"] = rng.random() * 0.01
    return step


def random_case(rng):
    streams = {name: random_stream(rng) for name in ["s", "r"][: rng.choice([1, 1, 2])]}
    if additions.ON & {"references", "streams"}:
        cases_references.extend(rng, streams, random_stream)
    if "trees" in additions.ON:
        cases_trees.extend(rng, streams)
    case = {"streams": json.loads(json.dumps(streams)), "views": random_views(rng, streams)}
    case["steps"], views = [], case["views"]
    for i in range(rng.randint(2, 5) + 2 * len(streams) * ("references" in additions.ON)):
        case["steps"].append(random_step(rng, streams, i, views))
        views = case["steps"][-1].get("views", views)
        case["steps"][-1]["number"] = i
    if rng.random() < 0.4:
        repeat_one(rng, case["steps"])
    if rng.random() < 0.5:
        undo_some(rng, case["steps"])
    return case


def undo_some(rng, steps):
    """Some batches have names, and take each other's place; and some are undone."""
    for step in steps:
        # what closes a cycle only together with what goes is refused
        if step["do"] == "ingest" and not {"again", "kill_after"} & set(step) and "trees" not in additions.ON and rng.random() < 0.4:
            step.update({"name": rng.choice("ab"), "replace": rng.random() < 0.8})
    for _ in range(rng.randint(1, 4)):
        steps.insert(rng.randint(1, len(steps)), {"do": "undo", "pick": rng.randrange(12)})


def repeat_one(rng, steps):
    """The bytes of a batch come again, at once or later, and may be asked for."""
    at = rng.randrange(len(steps))
    if steps[at]["do"] != "ingest":
        return
    repeat = {name: value for name, value in steps[at].items() if name != "kill_after"}
    steps.insert(rng.randint(at + 1, len(steps)), {**repeat, "again": rng.random() < 0.3})


def declaration(stream):
    entry = {"time": "t", "fields": dict(stream["fields"])}
    if stream["key"]:
        entry["key"] = stream["key"][0] if len(stream["key"]) == 1 else stream["key"]
        entry["on_duplicate"] = {"newest": "v"} if stream["rule"] == "newest" else stream["rule"]
    if "keep" in stream:
        entry["keep"] = f"{stream['keep']} days"
    if stream["deletes"]:
        entry["delete_when"] = "op = 'd'"
    for name, old in stream.get("was", {}).items():
        if name in entry["fields"]:
            entry["fields"][name] = {"type": entry["fields"][name], "was": old}
    for name, to in stream.get("references", {}).items():
        if name in entry["fields"]:
            entry["fields"][name] = {"type": entry["fields"][name], "references": to["stream"]}
        else:
            entry.setdefault("references", {})[name] = to
    return entry


def source_text(source):
    if not isinstance(source, dict):
        return source
    return {name: {field: measures.condition_text(definition) if field == "where" else expressions.text_of(definition)
                   for field, definition in definitions.items()}
            for name, definitions in source.items()}


def dimensions_text(by):
    if by.get("depth"):
        return "depth()"
    text = f"{by['bucket']}({by['field']})" if by.get("bucket") else by["field"]
    return text if by.get("plain") else {by["name"]: text}


def tree_text(tree):
    if "path" in tree:
        return f"path({tree['path']}, '{tree['separator']}')"
    return f"tree({tree['id']}, {tree['parent']})"


def rollup_text(view):
    """What a view and a rollup within a tree have both."""
    entry = {"by": [dimensions_text(by) for by in view["by"]],
             "measures": {each: measures.text_of(measure) for each, measure in view["measures"].items()}}
    if view.get("where"):
        entry["where"] = measures.condition_text(view["where"])
    return entry


def view_text(view):
    entry = {"from": source_text(view["from"]), **rollup_text(view)}
    if set(view.get("prom", ())) & set(view["measures"]):
        entry["formats"] = ["json", "ndjson", "csv", "prom"]
    if view.get("retain"):
        entry["retain"] = f"{view['retain']['days']} days"
    if "tree" in view:
        entry["by"] = [tree_text(view["tree"])]
        entry.update({"depth": view["depth"]} if "depth" in view else {})
        entry.update({"within": {name: rollup_text(each) for name, each in view["within"].items()}} if view.get("within") else {})
    return entry


def schema_of(streams, views):
    return {"streams": {name: declaration(stream) for name, stream in streams.items()},
            "views": {name: view_text(view) for name, view in views.items()}}


def line_of(record):
    parts = []
    for name, value in record.items():
        text = str(value) if isinstance(value, Decimal) else json.dumps(value)
        parts.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(parts) + "}\n"
