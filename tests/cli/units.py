"""The units of examples/systemd that a timer starts: systemd takes them, and what they run does what they say.

SPDX-License-Identifier: Apache-2.0
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, Scene, check, tally

UNITS = os.path.join(os.path.dirname(__file__), "../../examples/systemd")
SCHEMA = {"streams": {"s": {"key": "id", "fields": {"id": "int"}}}, "views": {"all": {"measures": {"n": "count()"}}}}


def unit(name):
    with open(os.path.join(UNITS, name), encoding="utf-8") as file:
        return file.read()


def systemd_takes_them(scene):
    for path in glob.glob(UNITS + "/*@.*"):
        name = os.path.basename(path)
        scene.write(name, re.sub(r"/usr/bin/(tally\b)", os.path.abspath(TALLY), unit(name)))
    for path in glob.glob(UNITS + "/tally-*@.*"):
        name = scene.path(os.path.basename(path).replace("@.", "@shop."))
        done = subprocess.run(["systemd-analyze", "verify", name], capture_output=True, check=False)
        check(done.returncode == 0 and not done.stderr, f"{name}: {done.stderr.decode()}")


def run(scene, name, expected=0):
    """What systemd would run for the instance "shop", in the scene's folder."""
    said = b""
    for command in re.findall(r"^ExecStart(?:Pre|Post)?=(.*)", unit(name), re.M):
        command = command.replace("%%", "\0").replace("%i", "shop").replace("\0", "%").replace("$$", "$")
        command = command.replace("/usr/bin/tally", os.path.abspath(TALLY)).replace("/var/", scene.path("var/"))
        done = subprocess.run(shlex.split(command), capture_output=True, check=False)
        said += done.stdout + done.stderr
        if done.returncode != 0:
            check(done.returncode == expected, f"{command}: {done.returncode} {done.stderr}")
            return said
    check(expected == 0, f"{name} did not fail")
    return said


def they_do_what_they_say(scene):
    for folder in ("lib/tally", "spool/tally/shop", "backups"):
        os.makedirs(scene.path("var", folder))
    store = scene.store("var/lib/tally/shop", SCHEMA)
    check(run(scene, "tally-ingest@.service") == b"", "there is no file")
    scene.write("var/spool/tally/shop/a b.ndjson", '{"id":1}\n')
    scene.write("var/spool/tally/shop/c.ndjson", '{"id":2}\n{"id":3}\n')
    run(scene, "tally-ingest@.service")
    check(tally("cat", store, "all.json").stdout == b'{"n":3}\n', "both files are loaded")
    spool = scene.path("var/spool/tally/shop")
    check(sorted(os.listdir(spool)) == ["done"] and sorted(os.listdir(spool + "/done")) == ["a b.ndjson", "c.ndjson"], os.listdir(spool))
    scene.write("var/spool/tally/shop/-d.ndjson", '{"id":4}\n{"id":"x"}\n')  # one record is refused
    run(scene, "tally-ingest@.service")
    check(tally("cat", store, "all.json").stdout == b'{"n":4}\n' and os.listdir(spool) == ["done"], "the others are loaded")
    scene.write("var/spool/tally/shop/e.csv", 'x\n' * 40)
    run(scene, "tally-ingest@.service", expected=1)
    check(sorted(os.listdir(spool)) == ["done", "e.csv"], "what cannot be loaded stays")

    copies = scene.path("var/backups/tally/shop")
    os.makedirs(copies)
    for name, days in (("old", 9), ("newer", 3)):
        os.mkdir(os.path.join(copies, name))
        made = os.stat(copies).st_mtime - days * 86400
        os.utime(os.path.join(copies, name), (made, made))
    run(scene, "tally-backup@.service")
    (copy,) = set(os.listdir(copies)) - {"newer"}
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}", copy), copy)
    check(tally("cat", os.path.join(copies, copy), "all.json").stdout == b'{"n":4}\n', "the copy")

    check(b" 0 differ" in run(scene, "tally-verify@.service"), "it verifies")
    shutil.rmtree(store)
    run(scene, "tally-verify@.service", expected=1)
    run(scene, "tally-backup@.service", expected=1)
    check(len(os.listdir(copies)) == 2, "a copy that failed lets no other go")


def main():
    with Scene() as scene:
        systemd_takes_them(scene)
        they_do_what_they_say(scene)


main()
