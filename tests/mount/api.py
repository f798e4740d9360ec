"""A mount behind the nginx of examples/nginx: no client ever takes an old answer for the newest, whatever it holds already, and
each answer is one version, whole.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import re
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import WAIT_SECONDS, Scene, check, read, tally
from nginx import Client, Nginx

COMMITS = int(os.environ.get("COMMITS", "200"))
ROWS = 3000
NUMBERS = {"key": "k", "on_duplicate": "replace", "fields": {"k": "string", "v": "int"}}
NAMES = {"time": "t", "fields": {"name": "string", "t": "time"}}
SCHEMA = {"streams": {"numbers": NUMBERS, "names": NAMES},
          # long enough to be compressed
          "views": {"counter": {"from": "numbers", "where": "k = 'counter'", "measures": {"v": "sum(v)", "x" * 600: "sum(v)"}},
                    "steady": {"from": "numbers", "where": "k = 'steady'", "measures": {"v": "sum(v)"}},
                    "rows": {"from": "numbers", "where": "k like 'row%'", "by": ["k"], "measures": {"v": "sum(v)"}},
                    "names": {"from": "names", "by": ["name", {"day": "day(t)"}], "measures": {"n": "count()"},
                              "formats": ["json", "ndjson", "csv", "prom"]}}}
STRANGE = ["a/b", "50%", "%41", "a b", "a+b", "ünï cödé 😀", None, "", ".hidden", "x.json", "index.html", "#", "?", "a?b#c", '"', "\x1b[2J",
           "..", "../..", "a&b;c=d", "\\", "~", "-", "日本語", "%", "%2F"]


def ingest(store, stream, *records):
    tally("ingest", store, "--stream", stream, "-", stdin="".join(json.dumps(record) + "\n" for record in records).encode())


def count(store, value):
    """A commit that leaves the file's size as it is."""
    ingest(store, "numbers", {"k": "counter", "v": value})


def value_of(body):
    return json.loads(body)["v"]


def none_is_stale(store, api, plain):
    """Clients that revalidate behind each commit, with several commits a second. nginx's own ETag must be caught at it."""
    clients = {"api": Client(api), "gzip": Client(api), "plain": Client(plain)}
    more = {"api": {}, "gzip": {"Accept-Encoding": "gzip"}, "plain": {}}
    held, stale, tags = {}, dict.fromkeys(clients, 0), set()
    steady = Client(api).ask("/steady.json").tag
    for value in range(100000, 100000 + COMMITS):
        count(store, value)
        for name, client in clients.items():
            known = {"If-None-Match": held[name][0]} if name in held else {}
            answer = client.ask("/counter.json", {**known, **more[name]})
            if answer.status == 200:
                held[name] = answer.tag, value_of(answer.body)
            check(answer.status in (200, 304) and (answer.status == 200 or answer.body == b""), answer.status)
            stale[name] += held[name][1] != value
            again = client.ask("/counter.json", {"If-None-Match": held[name][0], **more[name]})
            check(again.status == 304 and "content-length" not in again.headers and again.tag == held[name][0], "not known again")
        tags.add(held["api"][0])
        check(Client(api).ask("/steady.json", {"If-None-Match": steady}).status == 304, "an unchanged file has another tag")
    check(stale["api"] == 0 and len(tags) == COMMITS, f"stale answers: {stale}, {len(tags)} tags for {COMMITS} versions")
    check(stale["gzip"] == 0, f"stale answers: {stale}")
    check(stale["plain"] > 0, "the fault that this looks for was not there in nginx without tallyfs.js: too few commits a second")


def read_rows(api, number, ended, seen):
    """Reads until all is committed. SEEN is of all readers: the version that a tag stands for."""
    client, newest, held = Client(api), 0, None
    while not ended.is_set() or newest == 0:
        headers = {"Accept-Encoding": "gzip"} if number % 2 else {}
        if held and number >= 2:
            headers["If-None-Match"] = held
        answer = client.ask("/rows.json", headers)
        if answer.status == 304:
            continue
        values = re.findall(rb'"v":(\d+)', answer.body)
        check(answer.status == 200 and len(values) == ROWS and len(set(values)) == 1, f"{len(set(values))} versions in one answer")
        check(number % 2 or int(answer.headers["content-length"]) == len(answer.body), "Content-Length")
        check(int(values[0]) >= newest, "an older version behind a newer one")
        newest, held = int(values[0]), answer.tag
        if held:
            check(seen.setdefault(held.removeprefix("W/"), newest) == newest, f"{held} is the tag of two versions")
    return newest


def readers_see_whole_versions(store, api):
    ended, seen = threading.Event(), {}
    ingest(store, "numbers", *({"k": f"row{i}", "v": 1000} for i in range(ROWS)))
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read_rows, api, number, ended, seen) for number in range(4)]
        try:
            for value in range(1001, 1001 + COMMITS // 4):
                ingest(store, "numbers", *({"k": f"row{i}", "v": value} for i in range(ROWS)))
        finally:
            ended.set()
        for reader in readers:
            reader.result(timeout=WAIT_SECONDS)
    check(len(seen) > COMMITS // 40, f"only {len(seen)} versions were seen")
    last = Client(api).ask("/rows.json")
    check(last.tag and seen.get(last.tag, value) == value and f'"v":{value}'.encode() in last.body, "the last version")


class Committer(ThreadingHTTPServer):
    """Commits in the midst of a request: nginx asks it whether one may pass, which is behind `answer` and before the file is opened."""

    def __init__(self, store):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.store, self.value = store, 500000

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.value += 1
            count(self.server.store, self.server.value)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass


def commits_in_between(committer, api, raced, unconfirmed):
    """A new body never has the old tag; without tallyfs.confirm it has."""
    before = Client(api).ask("/counter.json").tag
    answer = Client(raced).ask("/counter.json")
    check(answer.status == 200 and value_of(answer.body) == committer.value and answer.tag is None, f"{answer.headers} {answer.body}")
    now = Client(api).ask("/counter.json").tag
    answer = Client(unconfirmed).ask("/counter.json")
    check(value_of(answer.body) == committer.value and answer.tag == now != before, f"no old tag on a new body: {answer.headers} {now} {before}")
    answer = Client(api).ask("/counter.json", {"If-None-Match": now})
    check(answer.status == 200 and value_of(answer.body) == committer.value, "stale")


def ranges_are_of_one_version(store, api):
    client = Client(api)
    whole = client.ask("/rows.json")
    part = client.ask("/rows.json", {"Range": "bytes=100-199", "If-Range": whole.tag})
    check(part.status == 206 and part.body == whole.body[100:200] and part.tag == whole.tag, f"{part.status} {part.headers}")
    today = "Sat, 01 Jan 2000 00:00:00 GMT"
    for validator in ('"other"', f"W/{whole.tag}", today, whole.headers["date"]):
        check(client.ask("/rows.json", {"Range": "bytes=100-199", "If-Range": validator}).status == 200, f"a part for {validator}")
    ingest(store, "numbers", *({"k": f"row{i}", "v": 9000} for i in range(ROWS)))
    other = client.ask("/rows.json", {"Range": "bytes=100-199", "If-Range": whole.tag})
    check(other.status == 200 and len(other.body) == len(whole.body) != 0 and other.body != whole.body, "a part of another version")


def validators(api):
    client = Client(api)
    answer = client.ask("/rows.json")
    tag = answer.tag
    check(re.fullmatch(r'"[0-9]+-[0-9.]+"', tag) and "last-modified" not in answer.headers, answer.headers)
    weak = f"W/{tag}"
    for sent, status, told in ((tag, 304, tag), (weak, 304, weak), (f'"a", W/"b" ,{tag}', 304, tag), (f'"a",{weak}', 304, weak), ("*", 304, tag),
                               ('"a"', 200, tag), (tag[1:-1], 200, tag), (tag[:-1], 200, tag), ("", 200, tag), (",", 200, tag), ("W/", 200, tag)):
        for method in ("GET", "HEAD"):
            answer = client.ask("/rows.json", {"If-None-Match": sent}, method)
            check(answer.status == status and answer.tag == told, f"{method} {sent}: {answer.status} {answer.headers}")
            check(status == 200 or answer.headers["cache-control"] == "no-cache" and "vary" in answer.headers, "headers of a 304")
    check(client.ask("/nothing.json", {"If-None-Match": "*"}).status == 404, "a 304 for what is not there")
    date = answer.headers["date"]
    check(client.ask("/rows.json", {"If-Modified-Since": date}).status == 200, "a date is believed")
    check(client.ask("/rows.json", {"If-Modified-Since": date, "If-None-Match": '"a"'}).status == 200, "a date is believed")
    check(Client(api).ask("/rows.json", {"If-Match": tag}).status == 412, "If-Match")
    head = client.ask("/rows.json", method="HEAD")
    check(head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 0 and head.tag == tag, head.headers)
    packed = client.ask("/rows.json", {"Accept-Encoding": "gzip"})
    check(packed.sent_bytes < len(packed.body) == int(head.headers["content-length"]) and packed.tag == weak, packed.headers)
    check("Accept-Encoding" in packed.headers["vary"] and "Accept-Encoding" in head.headers["vary"], "Vary")


def every_name_is_there(place, api):
    """Each file of the tree by its own name, percent-encoded once more."""
    client, asked = Client(api), 0
    for folder, _, files in os.walk(place):
        inside = os.path.relpath(folder, place)
        path = "/" if inside == "." else "/" + urllib.parse.quote(inside) + "/"
        hidden = inside.split("/")[0] == ".tallyfs" and inside.split("/")[-1] in ("batches", "rejects")
        listing = client.ask(path)
        check(listing.status == (404 if hidden else 200), f"{path}: {listing.status}")
        if not hidden:
            names = {entry["name"] for entry in json.loads(listing.body)}
            check(names == {name for name in os.listdir(folder) if name[0] != "."} and listing.tag is None, f"{path} lists {names}")
            check(listing.headers["content-type"] == "application/json", listing.headers)
        for name in files + [".total.json"] * (inside.split("/")[0] == "names"):
            answer = client.ask(path + urllib.parse.quote(name))
            check(answer.status == (404 if hidden else 200), f"{path}{name}: {answer.status}")
            if name == "daemon.prom":  # it is of the moment, each time another one
                check(answer.tag is None, f"{name} has a tag")
                continue
            check(hidden or answer.body == read(folder, name) and answer.tag, f"{path}{name} is another file")
            asked += 1
        if path != "/" and not hidden:
            moved = client.ask(path[:-1])
            check(moved.status == 301 and urllib.parse.unquote(moved.headers["location"]) == urllib.parse.unquote(path), f"{path[:-1]}: {moved.headers}")
    check(asked > 4 * len(STRANGE), asked)
    for name in ("names/a%252Fb/2026-01-01.json", "names/50%2525/.total.json", "names/a%20b.json", "names/%C3%BCn%C3%AF%20c%C3%B6d%C3%A9%20%F0%9F%98%80.csv"):
        check(client.ask("/" + name).status == 200, name)
    for name in ("names/a%2Fb.json", "names/50%25.json", "names/%FF.json", "names/../.tallyfs/rejects/", ".tallyfs//rejects", ".tallyfs/%72ejects/",
                 ".none", "names/.none"):
        answer = client.ask("/" + name)
        check(answer.status == 404 and answer.headers["content-type"] == "application/json" and b"error" in answer.body, f"{name}: {answer.status}")


def types(place, api):
    for name, kind in (("names.json", "application/json"), ("names.ndjson", "application/x-ndjson"),
                       ("names.csv", "text/csv; charset=utf-8"), ("names.prom", "text/plain; version=0.0.4; charset=utf-8"),
                       (".tallyfs/README", "text/plain; charset=utf-8"), (".tallyfs/generation", "text/plain; charset=utf-8"),
                       (".tallyfs/status.json", "application/json"), (".tallyfs/views/rows.json", "application/json")):
        answer = Client(api).ask("/" + name, {"Accept-Encoding": "gzip"})
        check(answer.status == 200 and answer.headers["content-type"] == kind and answer.body == read(place, name), f"{name}: {answer.headers}")
        check(answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-cache", answer.headers)
        check(answer.sent_bytes < len(answer.body) or len(answer.body) < 512, f"{name} is not compressed")


def methods(api):
    for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND", "MKCOL", "TRACE", "LOCK"):
        for path in ("/rows.json", "/rows/", "/nothing", "/.tallyfs/rejects/"):
            answer = Client(api).ask(path, method=method)
            check(answer.status == 405, f"{method} {path}: {answer.status}")
            check(method == "TRACE" or answer.headers["allow"] == "GET, HEAD, OPTIONS", f"{method} {path}: {answer.headers}")


def other_origins(api):
    good, bad = "http://localhost:3000", "https://localhost:3000"
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    for path in ("/rows.json", "/rows/", "/nothing.json"):
        answer = Client(api).ask(path, {"Origin": good, **preflight}, "OPTIONS")
        check(answer.status == 204 and answer.headers["access-control-allow-origin"] == good, answer.headers)
        check("GET" in answer.headers["access-control-allow-methods"] and "If-None-Match" in answer.headers["access-control-allow-headers"] and
              int(answer.headers["access-control-max-age"]) > 0 and "content-type" not in answer.headers, answer.headers)
        for method in ("GET", "OPTIONS"):
            for headers in ({"Origin": bad}, {"Origin": "null"}, {}):
                answer = Client(api).ask(path, headers, method)
                check("access-control-allow-origin" not in answer.headers and "Origin" in answer.headers["vary"], f"{headers}: {answer.headers}")
        answer = Client(api).ask(path, {"Origin": good})
        check(answer.headers["access-control-allow-origin"] == good and "access-control-max-age" not in answer.headers, answer.headers)
        check("ETag" in answer.headers["access-control-expose-headers"], answer.headers)


def pages(api):
    """Where a directory has index.html, it is what browsers get, and others its listing."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/", "/view/"):
        page = Client(api).ask(path, browser)
        check(page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8" and page.tag, page.headers)
        check(page.body == Client(api).ask(path + "index.html").body and "Accept" in page.headers["vary"].split(", "), "the page")
        check(Client(api).ask(path, {**browser, "If-None-Match": page.tag}).status == 304, "the page again")
        listing = Client(api).ask(path, {"If-None-Match": page.tag})
        check(listing.status == 200 and "index.html" in [entry["name"] for entry in json.loads(listing.body)], "the listing")
        check("Accept" in listing.headers["vary"].split(", "), listing.headers)
    check(isinstance(json.loads(Client(api).ask("/bare/", browser).body), list), "a directory without a page")


def passwords_come_first(api, path="/rows.json"):
    for headers in ({}, {"If-None-Match": "*"}, {"Authorization": "Basic eDp5"}):
        check(Client(api).ask(path, headers).status == 401, f"{headers} passes")
    good = {"Authorization": "Basic dXNlcjpwYXNz"}
    check(Client(api).ask(path, good).status == 200 and Client(api).ask(path, {**good, "If-None-Match": "*"}).status == 304, "the password")
    check(Client(api).ask(path, method="OPTIONS").status == 204, "browsers have no password to ask whether they may send one")


def another_store_has_other_versions(scene, store, place, api):
    """A backup goes on by itself and is mounted in the store's place: path and number of the commit are the same, the content is not."""
    tally("backup", store, scene.path("backup"))
    found = []
    for each, value in ((store, 600001), (scene.path("backup"), 600002)):
        if found:
            scene.unmount(place)
            scene.mount(each, options=("-o", "allow_other"))
        count(each, value)
        answer = Client(api).ask("/counter.json", {"If-None-Match": found[0][0]} if found else {})
        check(answer.status == 200 and value_of(answer.body) == value, f"{answer.status} of another store")
        found.append((answer.tag, os.stat(place + "/counter.json").st_ino))
    check(found[0][0] != found[1][0] and found[0][1] != found[1][1], f"one number for two contents: {found}")


def plain_folder(scene):
    for name in ("view", "bare"):
        os.makedirs(scene.path("pages", name))
    for name in ("pages/index.html", "pages/view/index.html"):
        scene.write(name, f"<p>{name}</p>")
    return scene.path("pages")


def main():
    with Scene() as scene:
        store = scene.store("s", SCHEMA)
        ingest(store, "numbers", {"k": "steady", "v": 1}, {"k": "counter", "v": 100000})
        ingest(store, "names", *({"name": name, "t": "2026-01-01T00:00:00Z"} for name in STRANGE))
        tally("ingest", store, "--stream", "names", "-", stdin=b'{"name":"x","t":"2026-01-02T00:00:00Z"}\n{"name":"x","t":"soon"}\n', status=2)
        place = scene.mount(store, options=("-o", "allow_other"))
        nginx, committer = Nginx(scene), Committer(store)
        pause = ("location @file {", f"location = /pause {{ internal; proxy_pass http://127.0.0.1:{committer.server_port}; }}\n"
                 "location @file { auth_request /pause;")
        password = f'auth_basic tally; auth_basic_user_file {scene.write("password", "user:{PLAIN}pass")}; location / {{'
        api, plain = nginx.add(place), nginx.add_other(f"root {place};")
        raced = nginx.add(place, pause)
        unconfirmed = nginx.add(place, pause, ("js_header_filter tallyfs.confirm;", ""))
        guarded, paged = nginx.add(place, ("location / {", password)), nginx.add(plain_folder(scene))
        with nginx:
            threading.Thread(target=committer.serve_forever, daemon=True).start()
            none_is_stale(store, api, plain)
            readers_see_whole_versions(store, api)
            commits_in_between(committer, api, raced, unconfirmed)
            ranges_are_of_one_version(store, api)
            validators(api)
            every_name_is_there(place, api)
            types(place, api)
            methods(api)
            other_origins(api)
            pages(paged)
            passwords_come_first(guarded)
            another_store_has_other_versions(scene, store, place, api)
            committer.shutdown()
            committer.server_close()
        scene.unmount(place)


main()
