"""Values as the model has them, and their texts: in JSON, in CSV, as names.

None, bool, Decimal (of int and decimal fields), float, str, Time, Bucket and UNRESOLVED. A Time is RFC 3339 in UTC, so
that text order is time order.

SPDX-License-Identifier: Apache-2.0
"""

import datetime
import json
import re
from decimal import Decimal, getcontext

getcontext().prec = 400


class Time(str):
    """2026-01-31T05:00:00Z"""


def seconds_between(later, earlier):
    instants = [datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ") for time in (later, earlier)]
    return Decimal(int((instants[0] - instants[1]).total_seconds()))


class Bucket(str):
    """2026-01-31"""


class Unresolved(str):
    """The value of a dimension that is of an event of another stream that is not there."""


UNRESOLVED = Unresolved("%unresolved")


def plain(number):
    return format(number.normalize(), "f") if number else "0"


def shortest(number):
    """As %.15g, %.16g or %.17g prints it, whichever first reads back; of subnormals the fewest digits."""
    if number == 0:
        return "0"
    for digits in range(1 if abs(number) < 2.2250738585072014e-308 else 15, 18):
        text = f"{number:.{digits}g}"
        if float(text) == number:
            return text
    raise AssertionError(number)


def json_text(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, list):
        return "[" + ",".join(f'{{"value":{json_text(item)},"count":{count}}}' for item, count in value) + "]"
    text = json.dumps(str(value), ensure_ascii=False)
    return re.sub("[\x7f-\x9f]", lambda control: f"\\u{ord(control[0]):04x}", text)


def dimension(value):
    """A time in a row's dimension has the form of names."""
    return str(value).replace(":", "").rstrip("Z") if isinstance(value, Time) else value


def name_of(value):
    if value is None:
        return b"%null"
    if value is UNRESOLVED:
        return b"%unresolved"
    value = dimension(value)
    if value == "" and isinstance(value, str):
        return b"%empty"
    text = value if isinstance(value, str) else json_text(value)
    data, out = text.encode("utf-8", "surrogateescape"), b""
    dot = next((len(data) - len(ext) for ext in (b".json", b".ndjson", b".csv", b".prom", b".html") if data.endswith(ext)), -1)
    i = 0
    while i < len(data):
        for length in (1, 2, 3, 4):
            try:
                data[i : i + length].decode("utf-8")
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
            out += data[i : i + length]
            i += length
    return out


def sort_key(value):
    if value is None:
        return (0, 0)
    if value is UNRESOLVED:
        return (0, 1)
    if isinstance(value, str):
        return (1, value.encode("utf-8", "surrogateescape"))
    return (1, value)


def csv_cell(value):
    if value is None:
        return ""
    if isinstance(value, (bool, Decimal, float, int)):
        return json_text(value)
    text = json_text(value) if isinstance(value, list) else str(value)
    if text == "" or text[0] in " \t" or text[-1] in " \t" or any(c in text for c in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
