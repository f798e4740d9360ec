"""No test is forgotten: what looks like one is registered in tests/meson.build.

    registered.py FILE...      as tests/meson.build names them, from tests/

A program in a folder of tests/ is a test, and so is a script of examples/. What is none is named
here, with who runs it instead.

SPDX-License-Identifier: Apache-2.0
"""
import fnmatch
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
import checkout

TESTS = ("tests/unit/*.c", "tests/fuzz/*.c", "tests/**/*.py", "tests/**/*.sh", "tests/*.sh",
         "examples/**/*.sh")
NO_TESTS = {
    "tests/bench/*.py": "tests/bench/run.sh",
    "tests/bench/run.sh": "the benchmark `all`, and the test bench/small",
    "tests/coverage.sh": "tests/run.sh",
    "tests/fuzz/main.c": "each fuzz target without libFuzzer",
    "tests/fuzz/run.sh": "each fuzz target with libFuzzer",
    "tests/install.sh": "tests/run.sh",
    "tests/run.sh": "continuous integration",
    "tests/support/*": "tests that include it",
}


def main(registered):
    if not registered:
        sys.exit("usage: registered.py FILE...: `meson test -C BUILD static/registered` knows them")
    os.chdir(checkout.ROOT)
    registered = {os.path.normpath(os.path.join("tests", name)) for name in registered}
    paths = checkout.files(*(f":(glob){pattern}" for pattern in TESTS))
    faults = [f"{path} is not registered in tests/meson.build" for path in paths
              if path not in registered
              and not any(fnmatch.fnmatchcase(path, pattern) for pattern in NO_TESTS)]
    faults += [f"{pattern} is no file" for pattern in NO_TESTS
               if not any(fnmatch.fnmatchcase(path, pattern) for path in paths)]
    print("\n".join(faults) or f"{len(registered)} tests, all registered")
    return 1 if faults or not paths else 0


sys.exit(main(sys.argv[1:]))
