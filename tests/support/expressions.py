"""Expressions, naively, and their texts. One is a list, so that it is plain data:

    ["field", "a.b"]   ["literal", value]   ["coalesce", x, y]   ["+", x, y]   ["aggregate", measure]

What fields and aggregates come to is the caller's to tell.

SPDX-License-Identifier: Apache-2.0
"""

import math
import operator
from decimal import ROUND_HALF_UP, Decimal

from values import Time, seconds_between, sort_key

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISONS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def fits(value):
    """A number of more than 38 digits, before or behind the point, is no value of a field: null."""
    if not isinstance(value, Decimal):
        return value
    digits = value.normalize().as_tuple()
    return value if len(digits.digits) + max(digits.exponent, 0) <= 38 and digits.exponent >= -38 else None


def divide(left, right):
    """18 digits behind the point, half away from zero."""
    return (left / right).quantize(Decimal(1).scaleb(-18), ROUND_HALF_UP)


def arithmetic(op, left, right):
    if left is None or right is None or (op == "/" and right == 0):
        return None
    if isinstance(left, Time):
        return seconds_between(left, right)
    if isinstance(left, float) or isinstance(right, float):
        number = float(left) / float(right) if op == "/" else ARITHMETIC[op](float(left), float(right))
        return None if math.isinf(number) or math.isnan(number) else number + 0.0
    return fits(divide(left, right) if op == "/" else ARITHMETIC[op](left, right))


def value(expression, leaf):
    """LEAF(expression): what a field or an aggregate comes to."""
    kind, *parts = expression
    if kind == "literal":
        return parts[0]
    if kind in ("field", "aggregate"):
        return leaf(expression)
    found = [value(part, leaf) for part in parts]
    if kind == "coalesce":
        return next((one for one in found if one is not None), None)
    return arithmetic(kind, *found)


def holds(comparison, leaf):
    """Of [op, left, right]; none holds."""
    if comparison is None:
        return True
    op, left, right = comparison[0], *(value(side, leaf) for side in comparison[1:])
    return left is not None and right is not None and COMPARISONS[op](sort_key(left), sort_key(right))


def literal_text(literal):
    if literal is None:
        return "null"
    if isinstance(literal, bool):
        return str(literal).lower()
    if isinstance(literal, Decimal):
        return f"{literal:f}"
    assert isinstance(literal, str) and not isinstance(literal, Time)
    return "'" + literal.replace("'", "''") + "'"


def text_of(expression, aggregate_text=None):
    kind, *parts = expression
    if kind == "literal":
        return literal_text(parts[0])
    if kind == "field":
        return parts[0]
    if kind == "aggregate":
        return aggregate_text(parts[0])
    texts = [text_of(part, aggregate_text) for part in parts]
    if kind == "coalesce":
        return f"coalesce({', '.join(texts)})"
    return f"({texts[0]} {kind} {texts[1]})"
