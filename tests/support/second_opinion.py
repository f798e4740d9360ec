"""SQLite over the surviving events, where its SQL says the same as a measure: against the model's own figures.

SPDX-License-Identifier: Apache-2.0
"""

import sqlite3
from decimal import Decimal

import measures
import model
import references
from measures import KEY
from values import Bucket, Time, sort_key

TYPES = ("string", "bool", "int", "time")


class Disagreement(Exception):
    pass


def stored(value):
    """As a column has it. Text is compared by bytes there too."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return int(value)
    return None if value is None else str(value)


def quoted(name):
    return '"' + name + '"'


def column(name, fields):
    return quoted(name) if isinstance(name, str) and fields.get(name) in TYPES else None


def order_of(measure, fields, has_key):
    """ORDER BY of the event that is chosen, nulls first as everywhere; None: SQL cannot say it."""
    kind = measure["kind"]
    by = ["t"] if kind in ("first", "last") else measure["order"]
    columns = [column(name, fields) for name in by] + ["arrival" if not has_key else "key_order"]
    if None in columns:
        return None, None
    direction = "ASC" if kind in ("first", "arg_min") else "DESC"
    return columns[0], ", ".join(f"{name} {direction}" for name in columns)


def sql_of(measure, fields):
    """An aggregate as an expression over the group's rows, or None."""
    kind, argument = measure.get("kind"), column(measure.get("arg"), fields)
    if "per" in measure:
        return None
    if kind == "count" and measure.get("arg") is None:
        return "count(*)"
    if argument is None:
        return None
    return {"count": f"count({argument})", "uniq": f"count(DISTINCT {argument})", "min": f"min({argument})",
            "any_value": f"min({argument})", "max": f"max({argument})", "bool_and": f"min({argument})",
            "bool_or": f"max({argument})"}.get(kind)


def filter_of(condition):
    if not condition:
        return "1", []
    field, literal = condition
    if literal is None:
        return f"{quoted(field)} IS NOT NULL", []
    return f"{quoted(field)} = ?", [stored(literal)]


def table_of(events, fields):
    database = sqlite3.connect(":memory:")
    columns = [name for name in fields if fields[name] in TYPES or fields[name] in ("decimal", "float")]
    database.execute(f"CREATE TABLE e (key_order, {', '.join(map(quoted, columns))})")
    events = sorted(events, key=lambda event: event[KEY])
    for place, event in enumerate(events):
        row = [None if event[name] is None else 1 if fields[name] in ("decimal", "float") else stored(event[name])
               for name in columns]
        database.execute(f"INSERT INTO e VALUES ({', '.join('?' * (len(row) + 1))})", [place, *row])
    return database


def check(what, found, expected):
    if stored(expected) != found:
        raise Disagreement(f"SQLite: {what} is {found!r}, the model has {expected!r}")


def ask_measure(database, measure, fields, restriction, values, expected, what):
    (condition, more), (inner, inner_more) = filter_of(measure.get("where")), filter_of(measure.get("filter"))
    where, more = f"{restriction} AND {condition} AND {inner}", more + inner_more
    kind = measure.get("kind")
    if kind in ("arg_min", "arg_max", "first", "last"):
        first, order = order_of(measure, fields, True)
        argument = column(measure["arg"], fields)
        if order is None or argument is None:
            return
        rows = database.execute(f"SELECT {argument} FROM e WHERE {where} AND {argument} IS NOT NULL AND "
                                f"{first} IS NOT NULL ORDER BY {order} LIMIT 1", values + more).fetchall()
        check(what, rows[0][0] if rows else None, expected)
        return
    sql = sql_of(measure, fields)
    if sql:
        check(what, database.execute(f"SELECT {sql} FROM e WHERE {where}", values + more).fetchone()[0], expected)


def ask_view(name, view, streams):
    fields = references.fields_of(view["from"], references.declared_of(streams))
    if any(by.get("bucket") or fields[by["field"]] not in TYPES for by in view["by"]):
        return
    condition = view.get("where")
    if condition and fields[condition[0]] in ("decimal", "float") and condition[1] is not None:
        return
    if any("." in by["field"] for by in view["by"]):
        return  # what is not resolved is null to SQL
    events = references.events_of(view, streams)
    database = table_of(events, fields)
    for row in model.leaves(view, events):
        wanted, values = filter_of(condition)
        for by in view["by"]:
            wanted += f" AND {quoted(by['field'])} IS ?"
            values = values + [stored(row[by["name"]])]
        for measure_name, measure in view["measures"].items():
            ask_measure(database, measure, fields, wanted, values, row[measure_name], f"{name}.{measure_name}")
    database.close()


def ask(world):
    for name, view in world.views.items():
        if isinstance(view["from"], str) and view["from"] in world.streams and "tree" not in view:
            ask_view(name, view, world.streams)
