"""No test is forgotten: what looks like one is registered in tests/meson.build.

    registered.py ROOT FILE...      FILE as tests/meson.build names it, from tests/

A program in a folder of tests/ is a test, and so is a script of examples/. What is none is named
here, with who runs it instead.

SPDX-License-Identifier: Apache-2.0
"""
import fnmatch
import os
import subprocess
import sys

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


def main(root, registered):
    os.chdir(root)
    registered = {os.path.normpath(os.path.join("tests", name)) for name in registered}
    paths = subprocess.run(["git", "ls-files", "-co", "--exclude-standard",
                            *(f":(glob){pattern}" for pattern in TESTS)],
                           check=True, capture_output=True, text=True).stdout.split("\n")
    paths = [path for path in paths if os.path.isfile(path)]
    faults = [f"{path} is not registered in tests/meson.build" for path in paths
              if path not in registered
              and not any(fnmatch.fnmatchcase(path, pattern) for pattern in NO_TESTS)]
    faults += [f"{pattern} is no file" for pattern in NO_TESTS
               if not any(fnmatch.fnmatchcase(path, pattern) for path in paths)]
    print("\n".join(faults) or f"{len(registered)} tests, all registered")
    return 1 if faults or not paths else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
