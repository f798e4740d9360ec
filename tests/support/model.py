"""A naive recomputation of the tree, written from the design: every file from the list of all events.

SPDX-License-Identifier: Apache-2.0
"""

import json
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 120


def plain(number):
    text = format(number.normalize(), "f") if number else "0"
    return text


def shortest(number):
    """As %.15g, %.16g or %.17g prints it, whichever first reads back."""
    for digits in (15, 16, 17):
        text = f"{number:.{digits}g}"
        if float(text) == number:
            return text
    raise AssertionError(number)


def json_text(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return plain(Decimal(value))
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")


def name_of(value):
    if value is None:
        return b"%null"
    if value == "":
        return b"%empty"
    text = json_text(value) if not isinstance(value, str) else value
    data, out = text.encode("utf-8", "surrogateescape"), b""
    dot = next((len(data) - len(ext) for ext in (b".json", b".ndjson", b".csv") if data.endswith(ext)), -1)
    i = 0
    while i < len(data):
        for length in (1, 2, 3, 4):
            try:
                data[i:i + length].decode("utf-8")
                break
            except UnicodeDecodeError:
                continue
        else:
            length = 0
        byte = data[i]
        if not length or byte < 32 or byte == 127 or byte in b"/\\%" or (i == 0 and byte in b".-~") or i == dot:
            out += b"%%%02X" % byte
            i += 1
        else:
            out += data[i:i + length]
            i += length
    return out


def sort_key(value):
    if value is None:
        return (0, 0)
    if isinstance(value, str):
        return (1, value.encode("utf-8", "surrogateescape"))
    return (1, value)


def csv_cell(value, text):
    if value is None:
        return ""
    if not isinstance(value, str):
        return text
    if value == "" or value[0] in " \t" or value[-1] in " \t" or any(c in value for c in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


class Measure:
    """kind(field) [where condition], both given as functions of an event."""

    def __init__(self, kind, get=None, where=None):
        self.kind, self.get, self.where = kind, get, where

    def value(self, events):
        if self.where:
            events = [event for event in events if self.where(event)]
        values = [self.get(event) for event in events] if self.get else events
        if self.get:
            values = [value for value in values if value is not None]
        if self.kind == "count":
            return len(values)
        if self.kind == "uniq":
            return len(set(values))
        if not values:
            return None
        if self.kind == "sum":
            return sum(map(Decimal, values), Decimal(0))
        if self.kind == "avg":
            total = sum((Fraction(Decimal(value)) for value in values), Fraction(0))
            return float(total / len(values))
        return (min if self.kind == "min" else max)(values, key=sort_key)

    def text(self, events):
        value = self.value(events)
        return shortest(value) if isinstance(value, float) else json_text(value)


def files_of(view, dimensions, measures, events):
    """path -> content of one view. DIMENSIONS: name -> function; MEASURES: name -> Measure."""
    if not events:
        return {}
    files = {}
    names, gets = list(dimensions), list(dimensions.values())
    header = ",".join(csv_cell(name, "") for name in names + list(measures)) + "\n"

    def row(prefix, group):
        parts = [f"{json_text(name)}:{json_text(value)}" for name, value in zip(names, prefix)]
        parts += [f"{json_text(name)}:{measure.text(group)}" for name, measure in measures.items()]
        return "{" + ",".join(parts) + "}"

    def line(prefix, group):
        cells = [csv_cell(value, json_text(value)) for value in prefix]
        for measure in measures.values():
            value, text = measure.value(group), measure.text(group)
            cells.append(csv_cell(value if not isinstance(value, float) else 0, text))
        return ",".join(cells) + "\n"

    def visit(path, prefix, group):
        depth = len(prefix)
        if depth == len(names):
            text = row(prefix, group)
            files[path + b".json"] = text + "\n"
            files[path + b".ndjson"] = text + "\n"
            files[path + b".csv"] = header + line(prefix, group)
            return [(text, line(prefix, group))]
        files[path + b"/.total.json"] = row(prefix, group) + "\n"
        children = {}
        for event in group:
            children.setdefault(gets[depth](event), []).append(event)
        rows = []
        for value in sorted(children, key=sort_key):
            rows += visit(path + b"/" + name_of(value), prefix + [value], children[value])
        files[path + b".json"] = "[" + ",\n".join(text for text, _ in rows) + "]\n"
        files[path + b".ndjson"] = "".join(text + "\n" for text, _ in rows)
        files[path + b".csv"] = header + "".join(cells for _, cells in rows)
        return rows

    visit(name_of(view), [], events)
    return {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}
