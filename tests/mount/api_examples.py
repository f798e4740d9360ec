"""The commands in the README of examples/nginx print what it says, and the dashboard of examples/grafana asks for what is there.

SPDX-License-Identifier: Apache-2.0
"""

import datetime
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, read, tally
from nginx import EXAMPLE, Client, Nginx

GENERATE = os.path.abspath(os.environ.get("GENERATE", "build-test/examples/generate"))
EXAMPLES = os.path.join(EXAMPLE, "..")
GRAFANA = os.path.join(EXAMPLES, "grafana")
SCHEMA = json.loads(read(EXAMPLES, "slow-api/schema.json"))
PATTERNS = {"2006-01-02": "%Y-%m-%d", "2006-01-02T15:04:05Z07:00": "%Y-%m-%dT%H:%M:%S%z"}  # of Go, which reads fractions too


def shown_commands():
    """Pairs of a command and what it prints, of the fenced console blocks."""
    text = read(EXAMPLE, "README.md").decode()
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            yield part.split("\n", 1)


def commands_print_what_is_shown(scene, port):
    os.makedirs(scene.path("build/examples"))
    os.symlink(GENERATE, scene.path("build/examples/generate"))
    os.symlink(os.path.abspath(TALLY), scene.path("tally"))
    environment = {**os.environ, "PATH": scene.path() + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    ran = 0
    for command, shown in shown_commands():
        done = subprocess.run(["bash", "-c", "set -o pipefail; " + command.replace("localhost:8480", f"127.0.0.1:{port}")], env=environment,
                              cwd=scene.path(), capture_output=True, check=False)
        check(done.returncode == 0 and not done.stderr, f"{command}: {done.returncode} {done.stderr.decode()}")
        check(done.stdout.decode() == shown, f"{command} prints\n{done.stdout.decode()}and not\n{shown}")
        ran += 1
    check(ran >= 12, f"only {ran} commands")


def installation_names_files():
    root = os.path.join(EXAMPLES, "..")
    for document in (read(EXAMPLE, "README.md"), read(GRAFANA, "README.md")):
        named = re.findall(r"(?:examples|tests)/[\w./-]*\w", document.decode())
        check(named, "no files are named")
        for name in named:
            check(os.path.exists(os.path.join(root, name)) or name == "examples/generate", f"a README names {name}")


def value_at(row, selector):
    for name in selector.split("."):
        check(name in row, f"no column {selector} in {row}")
        row = row[name]
    return row


def fits(value, column):
    if column["type"] == "timestamp":
        text = re.sub(r"\.\d+", "", value)
        return datetime.datetime.strptime(text, PATTERNS[column["timestampFormat"]])
    return isinstance(value, {"number": (int, float), "string": str}[column["type"]])


def columns_are_there(answer, columns):
    document = json.loads(answer.body)
    rows = document if isinstance(document, list) else [document]
    check(rows and columns, "nothing to show")
    for row in rows:
        for column in columns:
            check(fits(value_at(row, column["selector"]), column), f"{column} of {row}")
    return rows


def lines_rise(panel, rows, columns):
    """partitionByValues makes a line of each value; in a line the times have to rise."""
    selectors = {column["text"]: column["selector"] for column in columns}
    time = next(column["selector"] for column in columns if column["type"] == "timestamp")
    for transformation in panel.get("transformations", []):
        check(transformation["id"] == "partitionByValues", transformation)
        lines = {}
        for row in rows:
            lines.setdefault(tuple(row[selectors[name]] for name in transformation["options"]["fields"]), []).append(row[time])
        check(len(lines) == 3 and all(line == sorted(line) and len(line) > 1 for line in lines.values()), f"lines of {panel['title']}")


def dashboard_shows_what_is_there(api):
    dashboard = json.loads(read(GRAFANA, "dashboard.json"))
    source = read(GRAFANA, "provisioning/datasources/tallyfs.yaml").decode()
    known = {key: re.search(rf"^ +{key}: (\S+)$", source, re.M)[1] for key in ("type", "uid", "url")}
    check(f"- {known['url']}\n" in source and known["url"].endswith(":8480"), "the data source may not ask its own URL")
    panels = dashboard["panels"]
    check(len({panel["id"] for panel in panels}) == len(panels) == 4, "panels")
    asked = set()
    for panel in panels:
        for target in panel["targets"]:
            check(panel["datasource"] == target["datasource"] == {"type": known["type"], "uid": known["uid"]}, "another data source")
            check((target["type"], target["source"], target["parser"], target["format"]) == ("json", "url", "backend", "table"), target)
            answer = Client(api).ask(target["url"])
            check(answer.status == 200 and answer.headers["content-type"] == "application/json", f"{target['url']}: {answer.status}")
            rows = columns_are_there(answer, target["columns"])
            if panel["type"] == "timeseries":
                lines_rise(panel, rows, target["columns"])
            asked.add(target["url"])
    check(asked == {"/metrics.json", "/breakdown.json", "/.tallyfs/status.json"}, asked)


def main():
    with Scene() as scene:
        store = scene.store("shop", SCHEMA)
        tally("ingest", store, "-", stdin=subprocess.run([GENERATE, "5000"], capture_output=True, check=True).stdout)
        place = scene.mount(store, options=("-o", "allow_other"))
        nginx = Nginx(scene)
        api = nginx.add(place)
        with nginx:
            installation_names_files()
            dashboard_shows_what_is_there(api)
            commands_print_what_is_shown(scene, api)
        scene.unmount(place)


main()
