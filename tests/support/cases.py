"""Random cases: a schema, and steps that change a store. Everything in a case is plain data, so that it can be
printed and made smaller.

SPDX-License-Identifier: Apache-2.0
"""

import json
from decimal import Decimal

import comoments
import measures
from values import Time

STRINGS = ["a", "b", "A", "", "a/b", "..", ".total", "x.json", "%null", "-1", "~", "ü", "😀", "a b ", 'q"q', "c,d",
           "line\nbreak", "\t", "null", "%", "x" * 90, "\x7f", "été.csv", "\\", "0"]
DECIMALS = ["0", "1", "-1", "19.99", "-0.01", "0.1", "0.2", "100", "1e3", "99999999999999999999.5", "-7.25",
            "1234567890123456789012345.678", "0.00000000000000000001"]
INTS = [0, 1, -1, 5, 127, 128, -129, 255, 65536, 2**63 - 1, -(2**63)]
FLOATS = [0.0, 0.1, 0.2, 1.5, -2.25, 1e16, 1e300, -1e300, 5e-324, 1e-310, 3.0]
FRACTIONS = ["0", "0.1", "0.25", "0.333", "0.5", "0.9", "0.95", "1"]
TYPES = ["string", "bool", "int", "decimal", "float", "time"]
NUMBERS = ("int", "decimal", "float")


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
    return rng.choice(FLOATS) if kind == "float" else random_time(rng)


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


def random_measures(rng, fields, has_time):
    chosen, types = {}, {}
    for i in range(rng.randint(1, 4)):
        numbers = [name for name, kind in types.items() if kind in NUMBERS]
        if numbers and rng.random() < 0.3:
            measure = {"op": rng.choice(["/", "+", "/", "+", *measures.CALLS, *measures.CHOICES])}
            count = 1 if measure["op"] in measures.CALLS else rng.randint(1, 3) if measure["op"] in measures.CHOICES else 2
            measure["of"] = [rng.choice(numbers) for _ in range(count)]
            measure["real"] = any(types[name] == "float" for name in measure["of"])
        else:
            measure = random_aggregate(rng, fields, has_time)
        name = f"m{i}"
        chosen[name], types[name] = measure, type_of(measure, fields, types)
    return chosen, {name: kind for name, kind in types.items() if kind}


def random_view(rng, source, fields, has_time):
    by, names = [], list(fields)
    for field in rng.sample(names, rng.randint(0, min(2, len(names)))):
        by.append({"name": field, "field": field})
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


def random_views(rng, streams, prefix=""):
    """Views over the streams, and over each other; declared in any order."""
    views, rows = {}, {}
    for i in range(rng.randint(1, 4)):
        below = [name for name in rows if rows[name]]
        if below and rng.random() < 0.4:
            source = rng.choice(below)
            view, kinds = random_view(rng, source, rows[source], False)
        else:
            source = rng.choice(list(streams))
            fields = {name: kind for name, kind in streams[source]["fields"].items() if name != "op"}
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
    order = list(views)
    rng.shuffle(order)
    return {name: views[name] for name in order}


def random_record(rng, fields):
    record = {name: random_value(rng, kind) for name, kind in fields.items()}
    record["id"] = rng.choice("abcdefgh") if rng.random() < 0.98 else None
    record["k2"] = rng.choice([None, Decimal(1), Decimal(2)])
    record["op"] = rng.choice("dui")
    record["v"] = rng.choice([None] + [Decimal(i) for i in range(5)])
    return record


def random_step(rng, streams, index):
    name = rng.choice(list(streams))
    stream = streams[name]
    if index > 0 and rng.random() < 0.2:
        if stream["key"] and rng.random() < 0.5:
            keys = [{"id": rng.choice("abcdefgh"), "k2": rng.choice([None, Decimal(1), Decimal(2)])}
                    for _ in range(rng.randint(1, 3))]
            return {"do": "delete", "stream": name, "keys": keys, "file": rng.random() < 0.5}
        fields = {field: kind for field, kind in stream["fields"].items() if kind in ("string", "bool", "int")}
        return {"do": "delete", "stream": name, "where": random_condition(rng, fields)}
    if index > 0 and rng.random() < 0.15:
        if rng.random() < 0.5:
            stream["fields"][f"g{index}"] = rng.choice(TYPES)
        new = random_views(rng, streams, rng.choice(["", "w"]))
        return {"do": "apply", "views": new, "fields": {each: dict(streams[each]["fields"]) for each in streams}}
    if index > 0 and rng.random() < 0.05:
        return {"do": "rebuild"}
    records = [random_record(rng, stream["fields"]) for _ in range(rng.choice([0, 1, 3, 10, 25]))]
    step = {"do": "ingest", "stream": name, "records": records}
    if rng.random() < 0.02:
        step["kill_after"] = rng.random() * 0.01
    return step


def random_case(rng):
    streams = {name: random_stream(rng) for name in ["s", "r"][: rng.choice([1, 1, 2])]}
    case = {"streams": json.loads(json.dumps(streams)), "views": random_views(rng, streams)}
    case["steps"] = [random_step(rng, streams, i) for i in range(rng.randint(2, 5))]
    return case


def schema_of(streams, views):
    declared = {}
    for name, stream in streams.items():
        entry = {"time": "t", "fields": stream["fields"]}
        if stream["key"]:
            entry["key"] = stream["key"][0] if len(stream["key"]) == 1 else stream["key"]
            entry["on_duplicate"] = {"newest": "v"} if stream["rule"] == "newest" else stream["rule"]
        if "keep" in stream:
            entry["keep"] = f"{stream['keep']} days"
        if stream["deletes"]:
            entry["delete_when"] = "op = 'd'"
        declared[name] = entry
    texts = {}
    for name, view in views.items():
        texts[name] = {"from": view["from"],
                       "by": [{by["name"]: f"{by['bucket']}({by['field']})" if by.get("bucket") else by["field"]}
                              for by in view["by"]],
                       "measures": {each: measures.text_of(measure) for each, measure in view["measures"].items()}}
        if set(view.get("prom", ())) & set(view["measures"]):
            texts[name]["formats"] = ["json", "ndjson", "csv", "prom"]
        if view.get("retain"):
            texts[name]["retain"] = f"{view['retain']['days']} days"
        if view.get("where"):
            texts[name]["where"] = measures.condition_text(view["where"])
    return {"streams": declared, "views": texts}


def line_of(record):
    parts = []
    for name, value in record.items():
        text = str(value) if isinstance(value, Decimal) else json.dumps(value)
        parts.append(f"{json.dumps(name)}:{text}")
    return "{" + ",".join(parts) + "}\n"
