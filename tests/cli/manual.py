"""The manual pages: each command has one, with the options and the usage that its --help shows; they are well-formed, and their
examples do what they show.

In EXAMPLES a line that begins with "$ " is a command that is run; what follows it is what it prints, or nothing to be compared.

SPDX-License-Identifier: Apache-2.0
"""

import glob
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, tally

PAGES = os.path.join(os.path.dirname(__file__), "../../docs/man")
ORDERS = """order_id,ordered_at,customer,country,quantity,price,status
1,2026-01-01 09:30:00,ann,Germany,2,19.99,sent
2,2026-01-01 12:00:00,bob,France,1,5.00,sent
3,2026-01-02 08:15:00,ann,Germany,1,19.99,returned
"""


class Page:
    def __init__(self, path):
        self.file = os.path.basename(path)[: -len(".scd")]
        self.name, self.section = self.file.rsplit(".", 1)
        with open(path, encoding="utf-8") as file:
            self.source = file.read()

    def part(self, title):
        found = re.search(rf"^# {title}\n(.*?)(?=^# |\Z)", self.source, re.M | re.S)
        return found.group(1) if found else ""

    def blocks(self):
        """What is shown as it is in EXAMPLES."""
        written = re.findall(r"^```\n(.*?)^```$", self.part("EXAMPLES"), re.M | re.S)
        return [re.sub(r"\\(.)", r"\1", block) for block in written]


def plain(text):
    """Without what makes it bold or underlined."""
    return re.sub(r"[*\\]|(?<!\w)_|_(?!\w)", "", text)


def options_in(text):
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+|-o [a-z_]+|-[a-np-zA-Z](?![\w-]))", text))


def options_of_help(text):
    """Those in the first column."""
    return set().union(*(options_in(line[2:].split("  ")[0]) for line in text.splitlines() if line.startswith("  -")))


def options_of_page(page):
    return set().union(*(options_in(plain(line)) for line in page.part("OPTIONS").splitlines() if line.startswith("*-")))


def helps():
    """What --help says, by the name of the page."""
    found = {"tallyfs": subprocess.run([TALLYFS, "--help"], capture_output=True, check=True).stdout.decode()}
    commands = re.findall(r"^  (\w+) ", tally("--help").stdout.decode(), re.M)
    check(len(commands) > 10, commands)
    for command in commands:
        found["tally-" + command] = tally(command, "--help").stdout.decode()
    return found


def pages_say_what_help_says(pages, texts):
    known = set().union({"--help", "--version"}, *map(options_of_help, texts.values()))
    for name, text in texts.items():
        check(name in pages, f"{name} has no page")
        page = pages[name]
        options, told = options_of_help(text), options_of_page(page)
        check(told == options, f"{page.file}: {told ^ options} in one of page and --help only")
        for usage in re.match("usage: (.*)", text).group(1).split(" | "):
            check(usage in plain(page.part("SYNOPSIS")).splitlines(), f"{page.file}: {usage}")
        check(name == "tallyfs" or f"*{name}*(1)" in pages["tally"].part("COMMANDS"), f"tally.1 does not name {name}")
    for page in pages.values():
        unknown = {option for option in options_in(plain(page.source)) if option.startswith("--")} - known
        check(not unknown, f"{page.file}: nothing has {unknown}")


def pages_are_well_formed(scene, pages):
    with open(PAGES + "/meson.build", encoding="utf-8") as file:
        built = set(re.findall(r"'([\w-]+\.\d)'", file.read()))
    check(built == {page.file for page in pages.values()}, f"meson.build has {built}")
    for page in pages.values():
        made = subprocess.run(["scdoc"], input=page.source.encode(), capture_output=True, check=False)
        check(made.returncode == 0, f"{page.file}: {made.stderr}")
        path = scene.write(page.file, made.stdout)
        shown = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, check=False,
                               env={**os.environ, "MANROFFOPT": "", "LC_ALL": "C.UTF-8"})
        check(shown.returncode == 0 and not shown.stderr, f"{page.file}: {shown.stderr.decode()}")
        for name, section in re.findall(r"\*(tally[\w-]*)\*\((\d)\)", page.source):
            check(name in pages and pages[name].section == section, f"{page.file} names {name}({section})")
        for title in ("NAME", "DESCRIPTION", "EXAMPLES", "SEE ALSO") + (("SYNOPSIS", "EXIT STATUS") * (page.section != "5")):
            check(page.part(title), f"{page.file} has no {title}")


def entities_are_counted(scene, schema):
    store = scene.store("linked", schema)
    for stream, lines in (("purchases", '{"id":1,"user":"u","experiment":"e","price":5}\n{"id":2,"user":"u","experiment":"e","price":3}\n'),
                          ("feedback", '{"call_id":"c","output":{"score":0.5}}\n'),
                          ("exposures", '{"user":"u","experiment":"e","arm":"A"}\n{"user":"v","experiment":"e","arm":"A"}\n'),
                          ("calls", '{"id":"c","op_name":"chat"}\n')):
        tally("ingest", store, "--stream", stream, "-", stdin=lines.encode())
    arms, scores = (json.loads(tally("cat", store, f"{view}.json").stdout) for view in ("arms", "scores"))
    check(arms == [{"experiment": "e", "arm": "A", "users": 2, "buyers": 1, "mean": 4, "variance": 32, "error": 4}], arms)
    check(scores == [{"op_name": "chat", "scored": 1, "mean_score": 0.5}], scores)


def trees_grow(scene, schema):
    store = scene.store("grown", schema)
    for stream, lines in (("usage", '{"call_id":"b","model":"large","tokens":7}\n'),
                          ("calls", '{"id":"b","parent_id":"a","status":"error"}\n{"id":"a","status":"ok"}\n')):
        tally("ingest", store, "--stream", stream, "-", stdin=lines.encode())
    found = json.loads(tally("cat", store, "calls/a/.total.json").stdout)
    check(found == {"id": "a", "parent": None, "direct": {"calls": 1, "errors": 0, "tokens": None},
                    "subtree": {"calls": 2, "errors": 1, "tokens": 7}}, found)
    models, depths = (json.loads(tally("cat", store, f"calls/a/.{name}.json").stdout) for name in ("models", "depths"))
    check(models == [{"model": "large", "tokens": 7}] and depths == [{"depth": 0, "calls": 1}, {"depth": 1, "calls": 1}], depths)


def schemas_are_good(scene, pages):
    """The whole one, which the examples of other pages use, and four that are parts of one."""
    whole, streams, linked, grown, views = pages["tallyfs-schema"].blocks()
    entities_are_counted(scene, json.loads("{" + linked + "}"))
    trees_grow(scene, json.loads("{" + grown + "}"))
    scene.store("parts", {**json.loads("{" + streams + "}"), "views": {}})
    schema = json.loads(whole)
    schema["views"].update(json.loads("{" + views + "}"))
    store = scene.store("over", schema)
    tally("ingest", store, scene.write("orders.csv", ORDERS))
    rows = json.loads(tally("cat", store, "countries_by_days.json").stdout)
    check(rows == [{"days": 1, "countries": 1}, {"days": 2, "countries": 1}], f"the view over a view: {rows}")
    return whole


def run_examples(scene, page, schema, programs):
    folder = scene.path("of-" + page.file)
    os.makedirs(folder + "/mnt")
    for name, content in (("shop.json", schema), ("orders.csv", ORDERS)):
        scene.write(f"of-{page.file}/{name}", content)
    environment = {**os.environ, "PATH": programs + ":" + os.environ["PATH"]}

    def run(command):
        return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, capture_output=True,
                              check=False, timeout=WAIT_SECONDS)

    for command in ("tally init shop --schema shop.json", "tally ingest shop orders.csv"):
        check(run(command).returncode == 0, command)
    count = 0
    for block in page.blocks():
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
            done = run(command)
            check(done.returncode == 0, f"{page.file}: {command}: {done.stderr.decode()}")
            check(not shown or done.stdout.decode() == shown, f"{page.file}: {command} prints {done.stdout.decode()}")
            count += 1
    return count


def main():
    pages = {page.name: page for page in map(Page, sorted(glob.glob(PAGES + "/*.scd")))}
    with Scene() as scene:
        pages_say_what_help_says(pages, helps())
        pages_are_well_formed(scene, pages)
        schema = schemas_are_good(scene, pages)
        programs = scene.path("bin")
        os.mkdir(programs)
        for program in (TALLY, TALLYFS):
            os.symlink(os.path.realpath(program), os.path.join(programs, os.path.basename(program)))
        for page in pages.values():
            ran = run_examples(scene, page, schema, programs)
            check(ran or page.name == "tallyfs-schema", f"{page.file}: no example was run")


main()
