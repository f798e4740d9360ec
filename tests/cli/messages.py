"""What people read at a terminal: help that fits a screen, errors that say what to do, colours only where they are shown.

SPDX-License-Identifier: Apache-2.0
"""

import os
import pty
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, tally

COLUMNS, LINES = 80, 24
SCHEMA = {"streams": {"s": {"key": "k", "fields": {"k": "int"}}}, "views": {"v": {"measures": {"n": "count()"}}}}


def commands():
    found = re.findall(r"^  (\w+) ", tally("--help").stdout.decode(), re.M)
    check(len(found) > 10, found)
    return found


def help_fits_a_screen():
    asked = [[TALLY, "--help"], [TALLYFS, "--help"]] + [[TALLY, command, "--help"] for command in commands()]
    for command in asked:
        done = subprocess.run(command, capture_output=True, check=True)
        lines = done.stdout.decode().splitlines()
        check(len(lines) < LINES, f"{command}: {len(lines)} lines, and the prompt")
        check(max(map(len, lines)) <= COLUMNS, f"{command}: {max(lines, key=len)}")
        check(lines[0].startswith("usage: ") and not done.stderr, lines[0])


def wrong_usage_is_told_what_to_do(scene):
    """Each error is one line, which ends in parentheses with what to do."""
    store, place = scene.store("s", SCHEMA), scene.path("mnt")
    os.mkdir(place)
    wrong = [["inget"], ["nonsense"], ["ingest"], ["status", store, store], ["ingest", store, "--strickt"],
             ["ingest", store, "--nonsense"], ["ingest", store, "-x"], ["ingest", store, "--strict=2"],
             ["ingest", store, "--memory"], ["ingest", store, "--memory", "1"], ["ingest", store, "--max-rejects", "x"],
             ["ingest", store, "x", "--commit-every", "1s"], ["follow", store, "-", "--commit-every", "5"],
             ["ingest", store, "--strict", "--commit-every", "1s"], ["delete", store],
             ["delete", store, "--key", "1", "--where", "true"], ["init", store + "2"]]
    for arguments in wrong:
        said = tally(*arguments, status=1, stdin=b"").stderr.decode()
        check(re.fullmatch(r"tally: [^\n]*\(.*\)\n", said), f"{arguments}: {said}")
    for arguments in ([], [store], [store, place, place], [store, place, "--nonsense"]):
        done = subprocess.run([TALLYFS, *arguments], capture_output=True, check=False)
        check(done.returncode == 1 and re.search(r"\(.*tallyfs --help.*\)\n$", done.stderr.decode()), done.stderr)


def beginners_are_led(scene):
    said = tally(status=1).stderr.decode()
    check("tally init --from FILE" in said and "tally init STORE --schema FILE" in said and said.count("\n") <= 3, said)
    os.mkdir(scene.path("empty"))
    for command in ("ingest", "status"):
        for folder in (scene.path("none"), scene.path("empty")):
            said = tally(command, folder, status=1, stdin=b"").stderr.decode()
            check(f"tally init {folder} --schema FILE" in said and "--from FILE" in said and said.count("\n") == 1, said)


def on_a_terminal(command, **environment):
    """What it says there; a variable of None is not set."""
    variables = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    ours, theirs = pty.openpty()
    done = subprocess.Popen(command, stderr=theirs, stdin=subprocess.DEVNULL, env=variables)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # the terminal's way to say that nobody has it open
        pass
    os.close(ours)
    check(done.wait(timeout=WAIT_SECONDS) == 1, f"{command}: status {done.returncode}")
    return said.decode()


def colours_are_for_terminals(scene):
    for command, name in (([TALLY, "status", scene.path("none")], "tally"), ([TALLYFS, scene.path("none")], "tallyfs")):
        coloured = f"\033[1;31m{name}:\033[0m "
        for environment, expected in (({"TERM": "xterm", "NO_COLOR": None}, coloured),
                                      ({"TERM": "xterm", "NO_COLOR": ""}, coloured),
                                      ({"TERM": "xterm", "NO_COLOR": "1"}, f"{name}: "),
                                      ({"TERM": "dumb", "NO_COLOR": None}, f"{name}: "),
                                      ({"TERM": None, "NO_COLOR": None}, f"{name}: ")):
            said = on_a_terminal(command, **environment)
            check(said.startswith(expected) and said.count("\033") == expected.count("\033"), (command, environment, said))
        piped = subprocess.run(command, capture_output=True, check=False,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": ""})
        check(piped.stderr.decode().startswith(f"{name}: ") and b"\033" not in piped.stderr, piped.stderr)


def output_that_cannot_be_written_says_why(scene):
    """Also where it is more than is written at once, as then the reason was given long before the end."""
    schema = {"streams": {"s": {"fields": {"k": "int"}}}, "views": {"v": {"by": ["k"], "measures": {"n": "count()"}}}}
    store = scene.store("full", schema)
    tally("ingest", store, "-", stdin="".join(f'{{"k":{i}}}\n' for i in range(3000)).encode())
    for arguments in (["cat", store, "v.json"], ["ls", store, "v"], ["status", store], ["cat", store, "v/1.json"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TALLY, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
        check(done.returncode == 1 and b"cannot write to standard output: No space left on device" in done.stderr, (arguments, done))


def main():
    with Scene() as scene:
        output_that_cannot_be_written_says_why(scene)
        help_fits_a_screen()
        wrong_usage_is_told_what_to_do(scene)
        beginners_are_led(scene)
        colours_are_for_terminals(scene)


main()
