"""Values of any bytes and length are one name each, and each row holds the exact value.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import hashlib
import json
import os
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from model import name_of
from mounted import Scene, check, read, tally

VALUES = [
    None, "", " ", "a", "A", ".", "..", "...", "/", "a/b", "/etc/passwd", "../../x", ".total", ".total.json",
    ".hidden", "x.json", "x.ndjson", "x.csv", "x.json.json", ".json", "x.JSON", "%null", "%empty", "%", "%%", "%41",
    "%2F", "%~0123456789abcdef0123456789abcdef", "~", "~root", "-", "-rf", "--help", "a\nb", "a\tb", "\x00", "a\x00", "\x7f",
    "\x1b[31m", "\x9b31m", "\x85", "\x9f", "\xa0", "back\\slash", "ünïcödé", "e\u0301", "é", "😀", "👩‍👩‍👧", "日本語", "\u202e", "\udcff", "\udcc3(", "ab\udc80",
    "con", "a" * 230, "a" * 247, "a" * 248, "a" * 249, "a" * 300, "a" * 299 + "b", "ü" * 124, "ü" * 125, "ü" * 300,
    "/" * 82, "/" * 83, "/" * 300, "b" * 300 + ".json", "x" * 3000, "x" * 2999 + "y", '"', "'", "$(id)", "`id`", "*",
    "?", "[a]", "{a,b}", "a b", " a", "a ", "null", "true", "0", "<script>", "&amp;", "a,b", "a;b", "a=b", "#",
]


def main():
    schema = {"streams": {"s": {"fields": {"a": "string", "b": "string"}}},
              "views": {"one": {"by": ["a"], "measures": {"n": "count()"}},
                        "two": {"by": ["a", "b"], "measures": {"n": "count()"}}}}
    with Scene() as scene:
        store = scene.store("s", schema)
        content = "".join(json.dumps({"a": value, "b": value}) + "\n" for value in VALUES)
        tally("ingest", store, "-", stdin=content.encode())
        place = os.fsencode(scene.mount(store))
        names = [name for name in os.listdir(place + b"/one") if not name.startswith(b".")]
        check(len(names) == len(VALUES) == len(set(VALUES)), f"{len(names)} names for {len(VALUES)} values")
        check(all(len(name) <= 255 and b"\n" not in name and b"/" not in name for name in names), "names")
        found = {}
        for name in names:
            row = json.loads(read(place, b"one", name))
            check(row["n"] == 1 and row["a"] not in found, f"{name!r} {row}")
            found[row["a"]] = name
        check(set(found) == set(VALUES), "a row does not hold its exact value")
        for value, name in found.items():
            plain = name_of(value)
            if len(plain) <= 248:
                check(name == plain + b".json", f"{value!r} is named {name!r}")
            else:
                digits = hashlib.sha256(value.encode()).hexdigest()[:32].encode()
                check(len(name) <= 253 and name[:-39] == plain[:len(name) - 39] and name[-39:] == b"%~" + digits + b".json", name)
            stem = name[:-len(b".json")]
            check(json.loads(read(place, b"two", stem, name))["b"] == value, "a path of two names")
            check(json.loads(read(place, b"two", stem, b".total.json"))["a"] == value, "a total")
            check(len(json.loads(read(place, b"two", name))) == 1, "a breakdown")
        for wrong in (b"%61.json", b"%2f.json", b"%.json", b"%2.json", b"%zz.json", b"%empty2.json", b"nothing.json",
                      b".total.csv", b"a", b"%~0123456789abcdef0123456789abcdef.json", b"%C3%BC.json"):
            check(not os.path.exists(os.path.join(place, b"one", wrong)), f"{wrong!r} is there")
        for text in read(place, b"one.json"), tally("cat", store, "one.json", "two.json").stdout:
            controls = [each for each in text.decode() if unicodedata.category(each) == "Cc" and each != "\n"]
            check(not controls, f"control characters in JSON: {controls}")
        check(not [byte for byte in tally("ls", store, "one").stdout if byte < 0x20 and byte != 10], "control characters in names")
        with open(os.path.join(place, b"one.csv"), encoding="utf-8", errors="surrogateescape", newline="") as file:
            check({row["a"] for row in csv.DictReader(file)} == {value or "" for value in VALUES}, "CSV holds other values")
        rows = json.loads(read(place, b"one.json"))
        check([row["a"] for row in rows if row["a"] is None or len(row["a"]) < 100] ==
              sorted((value for value in VALUES if value is None or len(value) < 100),
                     key=lambda value: (value is not None, (value or "").encode("utf-8", "surrogateescape"))),
              "rows are not sorted")
        tally("verify", store)


main()
