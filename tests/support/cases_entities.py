"""Random measures over entities.

SPDX-License-Identifier: Apache-2.0
"""

from decimal import Decimal

import comoments

NUMBERS = ("int", "decimal", "float")
SPELT = {"var_samp": ["var", "var_samp"], "stddev_samp": ["stddev", "stddev_samp"]}


def random_each(rng, fields, has_time, aggregate, type_of):
    """An expression over the events of an entity, and its type."""
    chance = rng.random()
    if chance < 0.2:
        field = rng.choice(list(fields))
        return ["field", field], fields[field]
    if chance < 0.65:
        return random_inner(rng, fields, has_time, aggregate, type_of)
    left, kind = random_inner(rng, fields, has_time, aggregate, type_of)
    right, other = random_inner(rng, fields, has_time, aggregate, type_of)
    exact = {"int", "decimal"} >= {kind, other}
    if chance < 0.8 and (kind == other or exact):
        return ["coalesce", left, right], kind if kind == other else "decimal"
    if kind == other == "time":
        return ["-", left, right], "decimal"
    if kind in NUMBERS and other in NUMBERS:
        op = rng.choice("+-*/")
        return [op, left, right], "decimal" if exact else "float"
    if kind in NUMBERS:
        return [rng.choice("+-*/"), left, ["literal", Decimal(rng.randint(1, 5))]], "float" if kind == "float" else "decimal"
    return left, kind


def random_inner(rng, fields, has_time, aggregate, type_of):
    while True:
        measure = aggregate(rng, fields, has_time)
        kind = type_of(measure, fields, {})
        if kind and measure["kind"] != "approx_quantile":  # of one entity there is none
            measure["filter"] = measure.pop("where", None)
            return ["aggregate", measure], kind


def random_number(rng, fields, has_time, aggregate, type_of):
    each, kind = random_each(rng, fields, has_time, aggregate, type_of)
    return each if kind in NUMBERS else ["aggregate", {"kind": "count"}]


def random_having(rng, fields, has_time, aggregate, type_of):
    each, kind = random_each(rng, fields, has_time, aggregate, type_of)
    literals = {"int": Decimal(rng.randint(0, 3)), "decimal": Decimal(rng.choice(["0", "1", "-0.01"])),
                "string": rng.choice("abA"), "bool": rng.random() < 0.5}
    op = rng.choice(["=", "!="] if kind == "bool" else ["=", "!=", "<", "<=", ">", ">="])
    return [op, each, ["literal", literals[kind]]] if kind in literals else None


def random_per(rng, fields):
    """Whose events belong together."""
    field = rng.choice(list(fields))
    same = [other for other in fields if fields[other] == fields[field]]
    other = rng.choice(same)
    return ["coalesce", ["field", field], ["field", other]] if rng.random() < 0.2 else ["field", field]


def random_entities(rng, fields, has_time, aggregate, type_of):
    per = random_per(rng, fields)
    each, kind = random_each(rng, fields, has_time, aggregate, type_of)
    measure = {"per": per, "each": [each], "arg": "e0", "of_kind": kind}
    kinds = ["count", "uniq", "min", "max", "top", "quantile_disc", "quantile", "everybody", "arg_min",
             "arg_max"]
    kinds += ["avg", "mean", "sum", "var_samp", "var_pop", "stddev_samp", "approx_quantile", *comoments.KINDS] if kind in NUMBERS else []
    kinds += ["bool_and", "bool_or"] if kind == "bool" else []
    chosen = rng.choice(kinds)
    if chosen in comoments.KINDS:
        more = 1 if chosen in comoments.PAIRS else rng.randint(1, 3)
        measure["each"] += [random_number(rng, fields, has_time, aggregate, type_of) for _ in range(more)]
        measure.update({"others": [f"e{i + 1}" for i in range(more)], "per_at": rng.choice([0, more])})
    if chosen.startswith("arg_"):
        measure["each"] += [random_each(rng, fields, has_time, aggregate, type_of)[0] for _ in range(rng.randint(1, 2))]
        measure["order"] = [f"e{i}" for i in range(1, len(measure["each"]))]
    if chosen == "everybody":
        del measure["arg"]
        measure["each"], chosen = [], "count"
    measure["kind"], measure["spelt"] = chosen, rng.choice(SPELT.get(chosen, [chosen]))
    if "quantile" in chosen:
        measure["q"] = rng.choice(["0", "0.25", "0.5", "0.9", "1"])
    if chosen == "top":
        measure["k"] = rng.randint(1, 3)
    if rng.random() < 0.4:
        measure["having"] = random_having(rng, fields, has_time, aggregate, type_of)
    return measure
