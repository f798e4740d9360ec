"""The pages of a mount in Chromium: from the disk and through a server, light and dark, on a desk and on a phone.

  SCREENSHOTS=FOLDER   keeps pictures of what it sees

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import subprocess
import sys
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from browser import Browser
from mounted import Scene, check, read, tally
from nginx import Nginx

GENERATE = os.environ.get("GENERATE", "build-test/examples/generate")
SLOW_API = os.path.join(os.path.dirname(__file__), "../../examples/slow-api/schema.json")
BIG = "1234567890123456789012345678.9012345678"
HOSTILE = ["</plaintext><img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "<!-- \" ' & \u202e", "%null", "%empty"]
ODD = {
    "streams": {"e": {"fields": {"g": "string", "h": "bool", "n": "decimal"}}},
    "views": {
        "a/b <b>bold</b>": {"by": [{"<i>group</i>": "g"}, "h"], "measures": {"sum": "sum(n)", "most": "max(n)", "kinds": "uniq(n)",
                                                                   "top": "top(g, 2)"}},
        "json only": {"by": ["g"], "formats": ["json"], "measures": {"n": "count()"}},
        "nothing yet": {"by": ["g"], "where": "n = 77", "measures": {"n": "count()"}},
    },
}
SIZES = (("desk", 1280, 800, False), ("phone", 390, 844, True))


def text_of(browser, selector):
    return browser.run("return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)", selector)


def column(browser, index):
    """The cells in sight of a column."""
    return browser.run("""return [...document.querySelectorAll('tbody tr:not(.space)')]
        .map((row) => row.children[arguments[0]].textContent)""", index)


def load(browser, url, ready="#main > *"):
    browser.requests()  # those of the page before
    browser.open(url)
    browser.until(f"{url} shows something", "return document.querySelector(arguments[0]) !== null", ready)


def picture(browser, name):
    if folder := os.environ.get("SCREENSHOTS"):
        browser.picture(os.path.join(folder, name + ".png"))


def is_sound(browser, what):
    """Nothing complained, nothing was opened or fetched, nothing sticks out."""
    messages = browser.messages()
    check(messages == [], f"{what}: {messages}")
    check(browser.alert() is None, f"{what}: a script of the data ran")
    asked = [url for url in browser.requests() if not url.startswith(("data:", "chrome:"))]
    check(len(asked) == 1, f"{what}: it asked for {asked}")
    check(browser.run("return document.documentElement.scrollWidth <= innerWidth"), f"{what}: it is wider than the window")
    check(browser.run("return document.querySelectorAll('script').length === 1 && !document.querySelector('img, b, i')"),
          f"{what}: elements that the data made")


def the_root_shows_every_view(browser, place):
    metrics = json.loads(read(place, "metrics.json"))
    for name, width, height, phone in SIZES:
        for scheme in ("light", "dark"):
            browser.window(width, height, scheme, phone)
            load(browser, f"file://{place}/index.html", ".card")
            check(text_of(browser, ".card h2") == ["metrics", "breakdown"], text_of(browser, ".card h2"))
            check(text_of(browser, ".card:first-child dd") == [str(value) for value in metrics.values()], "figures")
            is_sound(browser, f"root, {name}, {scheme}")
            picture(browser, f"root-{name}-{scheme}")
    browser.click(".card h2 a")
    browser.until("the view", "return document.title.startsWith('breakdown')")
    browser.click(".back a")
    browser.until("the root again", "return document.title.startsWith('Views')")


def a_view_can_be_sorted_filtered_and_charted(browser, place):
    rows = json.loads(read(place, "breakdown.json"))
    regions = sorted({row["region"] for row in rows})
    for name, width, height, phone in SIZES:
        for scheme in ("light", "dark"):
            browser.window(width, height, scheme, phone)
            load(browser, f"file://{place}/breakdown/index.html", "canvas")
            check(len(text_of(browser, ".legend li")) == min(8, len(regions)), text_of(browser, ".legend li"))
            check(text_of(browser, ".count") == [f"{len(rows)} rows"], text_of(browser, ".count"))
            is_sound(browser, f"view, {name}, {scheme}")
            picture(browser, f"view-{name}-{scheme}")
    browser.window(1280, 800)
    load(browser, f"file://{place}/breakdown/index.html", "canvas")
    check(column(browser, 1)[0] == rows[0]["day"], "the order of the file")
    browser.click("th:nth-child(3) button")
    counts = sorted((row["cnt"] for row in rows), reverse=True)
    shown = [int(cell) for cell in column(browser, 2)]
    check(shown == counts[:len(shown)] and len(shown) > 10, shown)
    check(browser.run("return document.querySelector('th:nth-child(3)').getAttribute('aria-sort')") == "descending", "aria-sort")
    browser.click("th:nth-child(3) button")
    check([int(cell) for cell in column(browser, 2)] == counts[::-1][:len(shown)], "the other way round")
    # The end of a long table.
    browser.run("document.querySelector('.rows').scrollTop = 1e9")
    browser.until("the end", "return document.querySelector('tbody tr:nth-last-child(2)').getAttribute('aria-rowindex') === arguments[0]",
                  str(len(rows) + 1))
    browser.click("details.ticks summary")
    browser.click("details.ticks li:nth-child(2) input")
    wanted = [row for row in rows if row["region"] == regions[1]]
    check(text_of(browser, ".count") == [f"{len(wanted)} of {len(rows)} rows"], text_of(browser, ".count"))
    browser.until("its rows", "return document.querySelectorAll('tbody tr:not(.space)').length > 10")
    check(set(column(browser, 0)) == {regions[1]}, set(column(browser, 0)))
    picture(browser, "filtered")


def odd_values_stay_text(browser, place):
    place = os.path.join(place, "a%2Fb <b>bold<%2Fb>")
    browser.window(1280, 800)
    load(browser, "file://" + quote(place + "/index.html"), "tbody tr")
    browser.until("bars", "return document.querySelectorAll('.bars li').length > 0")
    is_sound(browser, "odd")
    check(text_of(browser, "h1") == ["a/b <b>bold</b>"], text_of(browser, "h1"))
    check(text_of(browser, "th")[0] == "<i>group</i>", text_of(browser, "th"))
    groups = column(browser, 0)
    check(set(HOSTILE) <= set(groups) and "null" in groups and "empty" in groups, groups)
    absent = browser.run("return [...document.querySelectorAll('td:first-child .absent')].map((each) => each.textContent)")
    check(sorted(absent) == ["empty", "null"], absent)
    check(BIG in column(browser, 3), column(browser, 3))
    # 2^53 and one more are the same double.
    browser.click("th:nth-child(4) button")
    most = column(browser, 3)
    check(most[:3] == [BIG, "9007199254740993", "9007199254740992"], most)
    check(most[-1] == "null", most)
    below = browser.run("""return [...document.querySelectorAll('td:nth-child(4)')].find((cell) => cell.textContent === '-323862')
        .querySelector('.group').textContent""")
    check(below == "862", f"-323862 is put in groups: {below}")
    picture(browser, "odd")


def a_gap_is_no_line(scene, browser):
    """Days without rows: their count is 0, of other measures nothing is known."""
    store = scene.store("gap", {"streams": {"e": {"fields": {"t": "time", "n": "int"}}},
                                "views": {"v": {"by": ["day(t)"], "measures": {"c": "count()", "m": "max(n)"}}}})
    tally("ingest", store, "-", stdin=b"".join(b'{"t":"2026-01-%02d","n":7}\n' % day for day in (1, 2, 6)))
    place = scene.mount(store, "gap-mnt")
    load(browser, f"file://{place}/v/index.html", "canvas")
    data = "return chart.lines.plot.data[1]"
    check(browser.run(data) == [1, 1, 0, 0, 0, 1], browser.run(data))
    browser.run("""const choice = document.querySelector('[data-tool="measure"] select');
        choice.value = 'm'; choice.dispatchEvent(new Event('change'))""")
    check(browser.run(data) == [7, 7, None, None, None, 7], browser.run(data))
    check(browser.run("return chart.lines.buckets.map((each) => each.text)")[2:4] == ["2026-01-03", "2026-01-04"], "names")


def only_formats_that_there_are_are_linked(browser, place):
    load(browser, f"file://{place}/index.html", ".card")
    links = browser.run("return [...document.querySelectorAll('.card')].map((card) => [...card.querySelectorAll('.files a')].map((a) => a.href))")
    check([len(each) for each in links] == [3, 1, 0], links)
    check(text_of(browser, ".card .absent") == ["no events yet"], text_of(browser, ".card .absent"))
    for address in (each for card in links for each in card):
        load(browser, address, "body")
    picture(browser, "formats")


def newer_figures_show_by_themselves(scene, browser, store, place):
    """Through the nginx of the examples; what was chosen stays."""
    nginx = Nginx(scene)
    port = nginx.add(place)
    with nginx:
        browser.window(1280, 800)
        load(browser, f"http://127.0.0.1:{port}/", ".card")
        browser.click(".card h2 a")
        browser.until("the view", "return document.querySelector('canvas') !== null")
        total = json.loads(read(place, "breakdown/.total.json"))["cnt"]
        check(text_of(browser, "main > .figures dd") == [str(total)], text_of(browser, "main > .figures dd"))
        browser.click("details.ticks summary")
        browser.click("details.ticks li:first-child input")
        before = text_of(browser, ".count")
        event = {"event_id": "new", "event_ts": "2031-01-01T00:00:00Z", "user_id": "u", "region": "zz-new", "revenue": 1}
        tally("ingest", store, "-", stdin=json.dumps(event).encode())
        browser.until("the newer figure", "return document.querySelector('main > .figures dd').textContent === arguments[0]",
                      str(total + 1))
        after = text_of(browser, ".count")
        check(before[0].split(" of ")[0] == after[0].split(" of ")[0] and before != after, (before, after))
        check(browser.messages() == [], "messages")


with Scene() as scene, Browser(scene.path("profile")) as browser:
    store = scene.path("slow")
    tally("init", store, "--schema", SLOW_API)
    tally("ingest", store, "-", stdin=subprocess.run([GENERATE, "20000"], capture_output=True, check=True).stdout)
    place = scene.mount(store, "slow-mnt", ["-o", "allow_other"])
    the_root_shows_every_view(browser, place)
    a_view_can_be_sorted_filtered_and_charted(browser, place)
    odd = scene.store("odd", ODD)
    events = [{"g": value, "h": True, "n": i} for i, value in enumerate(HOSTILE)]
    events += [{"g": "less", "n": "-323862"}, {"h": None, "n": "9007199254740992"}, {"g": "", "n": "9007199254740993"}, {"g": "x"}, {"g": "big", "n": BIG}]
    tally("ingest", odd, "-", stdin="".join(json.dumps(event) + "\n" for event in events).encode())
    odd_place = scene.mount(odd, "odd-mnt")
    odd_values_stay_text(browser, odd_place)
    only_formats_that_there_are_are_linked(browser, odd_place)
    a_gap_is_no_line(scene, browser)
    newer_figures_show_by_themselves(scene, browser, store, place)
