"""index.html of the root and of views: what stands behind the head is what the files say, at each commit.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import Scene, check, read, tally

SCHEMA = {
    "timezone": "Europe/Berlin",
    "streams": {"e": {"key": "k", "on_duplicate": "replace", "delete_when": "gone",
                      "fields": {"k": "string", "g": "string", "t": "time", "n": "decimal", "gone": "bool"}}},
    "views": {
        "all": {"measures": {"n": "sum(n)"}},
        "a/b": {"by": ["g", {"when": "day(t)"}], "measures": {"n": "sum(n)", "top": "top(g, 2)"}},
        "wide": {"by": ["k"], "measures": {"most": "max(k)"}},
    },
}
HEAD_END = b'<plaintext hidden id="data">\n'
HOSTILE = "</plaintext><script>alert(1)</script>\n<!--"


def put(store, *events):
    tally("ingest", store, "-", stdin="".join(json.dumps(event) + "\n" for event in events).encode())


def page(place, name):
    """The line and what stands behind it."""
    path = os.path.join(place, name)
    content = read(path)
    check(os.stat(path).st_size == len(content), f"size of {name}")
    head, _, data = content.partition(HEAD_END)
    check(head.startswith(b"<!doctype html>") and HEAD_END not in data, head[:40])
    line, _, rows = data.partition(b"\n")
    return json.loads(line), rows


def check_pages(place, commit):
    line, rows = page(place, "a%2Fb/index.html")
    check(rows == read(place, "a%2Fb.json"), "the rows are others")
    check(line["total"] == json.loads(read(place, "a%2Fb/.total.json")), line)
    check(line["rows"] == len(json.loads(rows)) and line["commit"] == commit, line)
    check((line["view"], line["file"]) == ("a/b", "a%2Fb"), line)
    check(line["dimensions"] == [{"name": "g", "type": "string"}, {"name": "when", "type": "time", "bucket": "day"}], line)
    check(line["measures"] == [{"name": "n", "text": "sum(n)", "type": "decimal"},
                               {"name": "top", "text": "top(g, 2)", "type": "list"}], line)
    front, rest = page(place, "index.html")
    check(rest == b"", rest)
    totals = {view["view"]: view["total"] for view in front["views"]}
    check(totals["all"] == json.loads(read(place, "all.json")) and totals["a/b"] == line["total"], totals)


def pages_show_each_commit(scene):
    store = scene.store("store", SCHEMA)
    place = scene.mount(store)
    check([view["total"] for view in page(place, "index.html")[0]["views"]] == [None] * 3, "an empty store")
    check(not os.path.exists(place + "/a%2Fb/index.html"), "a page of nothing")
    put(store, {"k": "1", "g": HOSTILE, "t": "2026-01-01", "n": "12345678901234567890.5"})
    check_pages(place, 2)
    check(os.listdir(place + "/a%2Fb").count("index.html") == 0 and "index.html" not in os.listdir(place), "it is listed")
    check(not os.path.exists(place + "/all/index.html") and not os.path.exists(
        os.path.join(place, "a%2Fb", os.listdir(place + "/a%2Fb")[1], "index.html")), "a page where there is none")
    with open(place + "/a%2Fb/index.html", "rb") as held:
        put(store, {"k": "2", "g": "x", "t": "2026-01-02", "n": "1"})
        check(json.loads(held.read().partition(HEAD_END)[2].partition(b"\n")[0])["commit"] == 2, "an open page changed")
    check_pages(place, 3)
    put(store, {"k": "2", "g": "x", "t": "2026-01-02", "n": "1"})  # which changes nothing
    check_pages(place, 3)
    put(store, {"k": "1", "gone": True}, {"k": "2", "gone": True})
    check(not os.path.exists(place + "/a%2Fb/index.html"), "a page of nothing")
    check([view["total"] for view in page(place, "index.html")[0]["views"]] == [None] * 3, "an emptied store")
    scene.unmount(place)


def a_view_that_is_too_large_says_so(scene):
    store = scene.store("large", SCHEMA)
    place = scene.mount(store, "large-mnt")
    rows, each = 21000, 400  # each twice in a row
    put(store, *({"k": f"{i:0{each}}", "g": "g", "t": "2026-01-01", "n": 1} for i in range(rows)))
    check(len(read(place, "wide.json")) > 16 << 20, "it is not")
    line, rest = page(place, "wide/index.html")
    check(rest == b"null\n" and line["rows"] == rows and line["total"]["most"] == f"{rows - 1:0{each}}", line)
    put(store, *({"k": f"{i:0{each}}", "gone": True} for i in range(100, rows)))
    check(page(place, "wide/index.html")[1] == read(place, "wide.json"), "it has rows again")
    scene.unmount(place)


with Scene() as scene:
    pages_show_each_commit(scene)
    a_view_that_is_too_large_says_so(scene)
