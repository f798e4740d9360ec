"""What each measure comes to, naively: from the list of all its values.

A measure is {"kind", "arg", "others", "q", "k", "order", "filter", "where"}, or {"op", "of", "real"} over
others; real: one of them is a float. Over entities it has "per" (an expression), "having" (a comparison) and "each":
expressions that its arguments e0, e1… stand for. An event is a dict of its fields with its key, in the order of keys,
under KEY, and under MISSING what is null for want of a target.

SPDX-License-Identifier: Apache-2.0
"""

import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import comoments
import expressions
from expressions import literal_text
from values import seconds_between, sort_key

KEY, MISSING, CHOSEN = object(), object(), object()
GAMMA = 1.01 / 0.99
CALLS = ("abs", "sqrt", "ln", "exp")
CHOICES = ("coalesce", "least", "greatest")


def value_of(event, arg):
    """ARG is a field, or ["coalesce", field, ...] of one kind, or ["-", time, time]."""
    if isinstance(arg, str):
        return event[arg]
    values = [event[name] for name in arg[1:]]
    if arg[0] == "coalesce":
        return next((value for value in values if value is not None), None)
    return None if None in values else seconds_between(*values)


def argument_text(arg):
    if isinstance(arg, str):
        return arg
    return f"coalesce({', '.join(arg[1:])})" if arg[0] == "coalesce" else " - ".join(arg[1:])


def holds(condition, event):
    if condition is None:
        return True
    field, literal = condition
    value = event[field]
    return value is not None if literal is None else value is not None and value == literal


def finite(number):
    return None if number is None or math.isinf(number) or math.isnan(number) else number + 0.0


def rounded(fraction):
    """The nearest double; none where it is beyond their range."""
    try:
        return finite(float(fraction))
    except OverflowError:
        return None


def exact(values):
    return [Fraction(value) for value in values]


def total(values):
    if isinstance(values[0], float):
        return rounded(sum(exact(values)))
    return sum(values, Decimal(0))


def variance(kind, values):
    n, numbers = len(values), exact(values)
    divisor = n - 1 if kind.endswith("samp") else n
    if divisor == 0:
        return None
    square = rounded((n * sum(x * x for x in numbers) - sum(numbers) ** 2) / (n * divisor))
    return math.sqrt(square) if kind.startswith("stddev") and square is not None else square


def nearest_rank(values, q):
    k = max(1, math.ceil(Fraction(q) * len(values)))
    return sorted(values, key=sort_key)[k - 1]


def quantile(values, q):
    if not isinstance(values[0], (Decimal, float)):
        return nearest_rank(values, q)
    ordered, place = sorted(values), (len(values) - 1) * Fraction(q)
    low, part = ordered[int(place)], place - int(place)
    if part == 0:
        return low
    high = ordered[int(place) + 1]
    if isinstance(low, float):
        return finite(low + (high - low) * float(part))
    return low + (high - low) * (Decimal(part.numerator) / Decimal(part.denominator))


def approx_quantile(values, q):
    """DDSketch: the bucket of the value at rank floor(q * (n - 1)), as its middle."""
    value = float(sorted(map(Fraction, values))[math.floor(float(q) * (len(values) - 1))])
    if value == 0:
        return 0.0
    bucket = math.ceil(math.log(abs(value)) / math.log(GAMMA))
    return math.copysign(2 * math.pow(GAMMA, bucket) / (GAMMA + 1), value)


def top(values, k):
    counts = Counter(values)
    first = {value: value for value in values}
    order = sorted(counts, key=lambda value: (-counts[value], sort_key(value)))
    return [(first[value], counts[value]) for value in order[:k]]


def best(measure, events):
    """arg_min and arg_max, first and last: the value of the event that is first or last in the order."""
    kind, order = measure["kind"], measure.get("order")
    if kind in ("first", "last"):
        order = ["t"]
    arg = measure["arg"]
    counted = [event for event in events if value_of(event, arg) is not None and event[order[0]] is not None]
    if not counted:
        return None
    choose = min if kind in ("first", "arg_min") else max
    # The value is the last to decide: a key may come again after its event was dropped.
    return value_of(choose(counted, key=lambda event: ([sort_key(event[by]) for by in order], event[KEY],
                                                       sort_key(value_of(event, arg)))), arg)


def entities(measure, events):
    """The entities of events as events themselves."""
    groups = {}
    for event in events:
        entity = expressions.value(measure["per"], lambda leaf, event=event: event[leaf[1]])
        if entity is not None:
            groups.setdefault(sort_key(entity), []).append(event)
    for key, group in groups.items():
        def leaf(expression, group=group):
            inner = {"kind": "any_value", "arg": expression[1]} if expression[0] == "field" else expression[1]
            return expressions.fits(aggregate(inner, group))
        yield {KEY: key, CHOSEN: expressions.holds(measure.get("having"), leaf),
               **{f"e{i}": expressions.value(each, leaf) for i, each in enumerate(measure["each"])}}


def of_several(kind, names, events):
    """What is made of more than one number of each event. Slopes are of all, whatever is chosen."""
    rows = [([value_of(event, name) for name in names], event.get(CHOSEN, True)) for event in events]
    rows = [row for row in rows if None not in row[0]]
    chosen = [row for row, is_chosen in rows if is_chosen]
    if kind.startswith("cuped"):
        return finite(comoments.aggregate(kind, [row for row, _ in rows], chosen)) if chosen else None
    return finite(comoments.aggregate(kind, chosen))


def aggregate(measure, events):
    kind, arg = measure["kind"], measure.get("arg")
    events = [event for event in events if holds(measure.get("filter"), event) and holds(measure.get("where"), event)]
    if "per" in measure:
        events = list(entities(measure, events))
    if kind in comoments.KINDS:
        return of_several(kind, (arg, *measure["others"]), events)
    events = [event for event in events if event.get(CHOSEN, True)]
    if kind == "count" and arg is None:
        return Decimal(len(events))
    values = [value for value in (value_of(event, arg) for event in events) if value is not None]
    if kind in ("count", "uniq"):
        return Decimal(len(values) if kind == "count" else len(set(values)))
    if kind == "top":
        return top(values, measure["k"])
    if kind in ("first", "last", "arg_min", "arg_max"):
        return best(measure, events)
    if not values:
        return None
    if kind == "sum":
        return total(values)
    if kind in ("avg", "mean"):
        return rounded(sum(exact(values)) / len(values))
    if kind in ("var_samp", "var_pop", "stddev_samp", "stddev_pop"):
        return variance(kind, values)
    if kind in ("min", "any_value", "max"):
        return (max if kind == "max" else min)(values, key=sort_key)
    if kind == "bool_and":
        return all(values)
    if kind == "bool_or":
        return any(values)
    return {"quantile": quantile, "quantile_disc": nearest_rank, "approx_quantile": approx_quantile}[kind](
        values, measure["q"]
    )


def is_less(left, right):
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return left < right


def choose(op, values, real):
    best = None
    for value in values:
        if value is None or best is not None and (op == "coalesce" or not (is_less(value, best) if op == "least" else is_less(best, value))):
            continue
        best = value
    return finite(float(best)) if real and best is not None else best


def call(op, value):
    if op == "abs":
        return abs(value)
    value = float(value)
    if value < 0 and op == "sqrt" or value <= 0 and op == "ln":
        return None
    try:
        return finite({"sqrt": math.sqrt, "ln": math.log, "exp": math.exp}[op](value))
    except OverflowError:
        return None


def formula(measure, values):
    op = measure["op"]
    if op in CHOICES:
        return choose(op, values, measure["real"])
    if None in values:
        return None
    return call(op, *values) if op in CALLS else combine(op, *values)


def combine(op, left, right):
    if op == "/" and right == 0:
        return None
    if op == "/":
        if isinstance(left, float) or isinstance(right, float):
            return finite(float(left) / float(right))
        return rounded(Fraction(left) / Fraction(right))
    if isinstance(left, float) or isinstance(right, float):
        return finite(float(left) + float(right))
    return left + right


def results(measures, events):
    """name -> value of all measures of a view over one group."""
    found = {}
    for name, measure in measures.items():
        if "op" in measure:
            found[name] = formula(measure, [found[other] for other in measure["of"]])
        else:
            found[name] = aggregate(measure, events)
    return found


def entity_text(measure, i):
    """One argument of a measure over entities; the first one says of which."""
    inside = [expressions.text_of(measure["each"][i], text_of)] if measure["each"] else []
    if i == measure.get("per_at", 0):
        inside.append(f"per {expressions.text_of(measure['per'])}")
        if measure.get("having"):
            op, left, right = measure["having"]
            inside.append(f"where {expressions.text_of(left, text_of)} {op} {expressions.text_of(right, text_of)}")
    return " ".join(inside)


def text_of(measure):
    """As a schema says it."""
    if "op" in measure:
        named = measure["op"].isalpha()
        return f"{measure['op']}({', '.join(measure['of'])})" if named else f" {measure['op']} ".join(measure["of"])
    kind, inside = measure["kind"], [argument_text(measure["arg"])] if measure.get("arg") else []
    inside += map(argument_text, measure.get("others", []))
    inside += measure.get("order", []) if kind.startswith("arg_") else []
    if "per" in measure:
        inside = [entity_text(measure, i) for i in range(max(1, len(measure["each"])))]
    inside += [str(measure[extra]) for extra in ("q", "k") if extra in measure]
    text = f"{measure.get('spelt', kind)}({', '.join(inside)})"
    text += f" filter (where {condition_text(measure['filter'])})" if measure.get("filter") else ""
    return text + (f" where {condition_text(measure['where'])}" if measure.get("where") else "")


def condition_text(condition):
    field, literal = condition
    return f"{field} is not null" if literal is None else f"{field} = {literal_text(literal)}"
