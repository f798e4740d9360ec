"""Completion in the real shells: bash, zsh and fish offer commands, the options of each command's --help, stores, what is in them, and
files.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import pty
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from mounted import TALLY, TALLYFS, WAIT_SECONDS, Scene, check, tally

HERE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../completions"))
SCHEMA = {
    "streams": {name: {"key": "k", "fields": {"k": "string"}} for name in ("orders", "returns")},
    "views": {"sales": {"from": "orders", "by": ["k"], "measures": {"n": "count()"}},
              "deep": {"from": "orders", "by": ["k", {"again": "k"}], "measures": {"n": "count()"}},
              "totals": {"from": "orders", "measures": {"n": "count()"}}},
}
TREE = {"sales", "sales.json", "deep", "deep.json", "totals.json"}
# What is typed, what must be offered and, of the names in CONFUSABLE, nothing else.
CONFUSABLE = {"shop", "plain", "orders.csv", "orders", "returns", "sales", "totals", "ingest", "--stream", "al l"}
CASES = (
    ("tally in", {"init", "ingest"}),
    ("tally ingest ", {"shop"}),
    ("tally status ", {"shop"}),
    ("tally status pl", {"plain"}),  # no store, but one is in it
    ("tally status plain/", {"plain/inner"}),
    ("tally ingest shop ord", {"orders.csv"}),
    ("tally ingest shop orders.csv ord", {"orders.csv"}),
    ("tally ingest shop --stream ", {"orders", "returns"}),
    ("tally ingest shop --stream=re", {"--stream=returns"}),
    ("tally delete shop --stream o", {"orders"}),
    ("tally ingest --stream orders ", {"shop"}),
    ("tally follow --memory ", {"512M"}),
    ("tally init --schema sch", {"schema.json"}),
    ("tally schema shop --apply sch", {"schema.json"}),
    ("tally init --from ord", {"orders.csv"}),
    ("tally rebuild shop ", {"sales", "deep", "totals"}),
    ("tally rebuild shop sales to", {"totals"}),
    ("tally cat shop ", TREE),
    ("tally cat shop .t", {".tallyfs"}),
    ("tally cat shop totals.json sales.", {"sales.json"}),
    ("tally ls shop deep/", {"deep/.total.json", "deep/al l", "deep/al l.json", "deep/b", "deep/b.json"}),
    ("tally ls shop deep/al\\ l/", {"deep/al l/.total.json", "deep/al l/al l.json"}),
    ("tally cat ./shop sales/a", {"sales/al l.json"}),
    ("tally wait shop --path to", {"totals.json"}),
    ("tally wait --after 1 ", {"shop"}),
    ("tally watch --from 0 shop totals.json sa", {"sales", "sales.json"}),
    ("tally backup shop pl", {"plain"}),
    ("tallyfs ", {"shop"}),
    ("tallyfs shop pl", {"plain"}),
    ("tallyfs -f shop pl", {"plain"}),
    ("tallyfs shop plain -o al", {"allow_other"}),
    ("tallyfs shop plain -o replace,um", {"replace,umask"}),
)


class Bash:
    SCRIPT = """
source /usr/share/bash-completion/bash_completion
source {here}/tally.bash
compopt() {{ :; }} # tells readline, which is not here
COMP_TYPE=9 COMP_KEY=9 COMP_LINE=$1 COMP_POINT=${{#1}}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"_$1" "$1" "${{@: -1}}" "${{@: -2:1}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

    def __init__(self, scene, environment):
        self.folder, self.environment = scene.path("world"), environment
        self.script = scene.write("ask.bash", self.SCRIPT.format(here=HERE))

    def ask(self, line):
        # Words are cut as readline does it, at "=" too.
        words = re.findall(r"=|(?:\\.|[^ =\\])+", line) + ([""] if line.endswith(" ") else [])
        done = subprocess.run(["bash", self.script, line, *words], cwd=self.folder, env=self.environment, capture_output=True,
                              check=False, timeout=WAIT_SECONDS)
        check(not done.stderr, f"bash: {line}: {done.stderr.decode()}")
        # Of --stream=X it replaces what is behind the sign.
        before = re.search(r"(--[a-z]+=)?[^ ]*$", line).group(1) or ""
        return [before + found for found in done.stdout.decode().splitlines() if found]

    def end(self):
        pass


class Fish:
    def __init__(self, scene, environment):
        self.folder, self.environment = scene.path("world"), environment

    def ask(self, line):
        program = line.split()[0]
        done = subprocess.run(["fish", "-N", "-c", f"source {HERE}/{program}.fish; complete -C $argv[1]", line],
                              cwd=self.folder, env=self.environment, capture_output=True, check=False, timeout=WAIT_SECONDS)
        check(done.returncode == 0 and not done.stderr, f"fish: {line}: {done.stderr.decode()}")
        return [re.sub(r"\\(.)", r"\1", found.split("\t")[0]) for found in done.stdout.decode().splitlines()]

    def end(self):
        pass


class Zsh:
    """A shell on a terminal, in which TAB gives what is offered to a pipe."""

    SETUP = """
fpath=({here} $fpath)
autoload -Uz compinit && compinit -u -D
unsetopt beep
PS1=
compadd() {{
  if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -O hits "$@"
  found+=("$IPREFIX"${{^hits}})
  builtin compadd "$@"
}}
answer() {{
  typeset -ga found=()
  _main_complete
  print -rl -- $found END >{pipe}
  compstate[insert]= compstate[list]=
}}
zle -C answer complete-word answer
bindkey '^I' answer
"""

    def __init__(self, scene, environment):
        self.pipe = scene.path("pipe")
        os.mkfifo(self.pipe)
        os.mkdir(scene.path("zdotdir"))
        scene.write("zdotdir/.zshrc", self.SETUP.format(here=HERE, pipe=self.pipe))
        self.ours, theirs = pty.openpty()
        self.shell = subprocess.Popen(["zsh", "-d", "-i"], cwd=scene.path("world"), stdin=theirs, stdout=theirs, stderr=theirs,
                                      start_new_session=True,
                                      env={**environment, "ZDOTDIR": scene.path("zdotdir"), "TERM": "dumb"})
        os.close(theirs)
        threading.Thread(target=self.forget_output, daemon=True).start()

    def forget_output(self):
        try:
            while os.read(self.ours, 65536):
                pass
        except OSError:  # the shell has ended
            pass

    def ask(self, line):
        os.write(self.ours, b"\x15" + line.encode() + b"\t")  # ^U: on an empty line
        with open(self.pipe, encoding="utf-8") as pipe:
            answer = pipe.read().splitlines()
        check(answer[-1] == "END", answer)
        return [re.sub(r"\\(.)", r"\1", found) for found in answer[:-1] if found]

    def end(self):
        os.write(self.ours, b"\x15exit\n")
        check(self.shell.wait(timeout=WAIT_SECONDS) == 0, "zsh")
        os.close(self.ours)


def offered(shell, line):
    """Without what stands behind directories and values that go on."""
    return {found if found in ("/", "=") else found.rstrip("/=") for found in shell.ask(line)}


def options_of(command):
    done = subprocess.run(command + ["--help"], capture_output=True, check=True)
    first_columns = [line[2:].split("  ")[0] for line in done.stdout.decode().splitlines() if line.startswith("  -")]
    return {option for column in first_columns for option in re.findall(r"(?<![\w-])--[a-z-]+", column)}


def try_shell(shell):
    name = type(shell).__name__.lower()
    for line, expected in CASES:
        found = offered(shell, line)
        # What a shell offers as a path may have lost the folder in front.
        short = {os.path.basename(each) if "/" in line.split(" ")[-1] else each for each in expected}
        check(expected <= found or short <= found, f"{name}: '{line}' offers {found}, not {expected - found}")
        check(not (found & CONFUSABLE) - expected - short, f"{name}: '{line}' offers {found}")
    commands = set(re.findall(r"^  (\w+) ", tally("--help").stdout.decode(), re.M))
    found = offered(shell, "tally ")
    check(commands <= found, f"{name}: the commands {commands - found} are not offered")
    for command in [["tallyfs"]] + [["tally", command] for command in sorted(commands)]:
        program = [{"tally": TALLY, "tallyfs": TALLYFS}[command[0]], *command[1:]]
        missing = (options_of(program) | {"--help"}) - offered(shell, " ".join(command) + " --")
        check(not missing, f"{name}: {command} does not offer {missing}")
    values = set(re.findall(r"-o ([a-z_]+)", subprocess.run([TALLYFS, "--help"], capture_output=True, check=True).stdout.decode()))
    missing = values - offered(shell, "tallyfs shop plain -o ")
    check(not missing, f"{name}: tallyfs -o does not offer {missing}")
    shell.end()


def main():
    with Scene() as scene:
        for folder in ("bin", "world", "world/plain"):
            os.mkdir(scene.path(folder))
        for program in (TALLY, TALLYFS):
            os.symlink(os.path.realpath(program), scene.path("bin", os.path.basename(program)))
        scene.write("world/schema.json", json.dumps(SCHEMA))
        scene.write("world/orders.csv", "k\nal l\nb\n")
        for store in ("shop", "plain/inner"):
            tally("init", scene.path("world", store), "--schema", scene.path("world/schema.json"))
        tally("ingest", scene.path("world/shop"), scene.path("world/orders.csv"), "--stream", "orders")
        environment = {**os.environ, "PATH": scene.path("bin") + ":" + os.environ["PATH"], "HOME": scene.path(),
                       "LC_ALL": "C.UTF-8"}
        for shell in (Bash, Fish, Zsh):
            try_shell(shell(scene, environment))


main()
