"""What a mount shows after each step of a random case is what a naive recomputation gives: what events of other streams,
entities and nodes that move change is shown anew, too.

    equivalence.py [--seed N] [--cases N] [--with references,streams,entities,trees]

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../property"))
import additions
import cases
import equivalence
import model
from mounted import Scene, tree


def is_listed(path):
    return path.endswith(b".json") and b"/.node/" not in path or path.endswith(b".prom") and b"/" not in path


class Shown(equivalence.World):
    def __init__(self, scene, folder, case):
        super().__init__(folder, case)
        self.place, self.known = scene.mount(self.store, "mnt-" + os.path.basename(folder)), set()

    def compare(self):
        expected = {}
        for name, view in self.views.items():
            expected.update(model.files_of(name, view, model.events_of(view, self.views, self.streams)))
        place = os.fsencode(self.place)
        listed = {path: content for path, content in tree(place).items() if not path.startswith(b".tallyfs/")}
        wanted = {path: content for path, content in expected.items() if is_listed(path)}
        for path in sorted(listed.keys() | wanted.keys()):
            if listed.get(path) != wanted.get(path):
                raise equivalence.Failure(f"{path}:\n  found    {listed.get(path)}\n  expected {wanted.get(path)}")
        for path in sorted(expected.keys() | self.known):
            found = self.content(os.path.join(place, path))
            if found != expected.get(path):
                raise equivalence.Failure(f"{path}:\n  found    {found}\n  expected {expected.get(path)}")
        self.known = set(expected)  # what is gone must be seen to go

    @staticmethod
    def content(path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None


def attempt(scene, seed):
    case = cases.random_case(random.Random(seed))
    with tempfile.TemporaryDirectory(prefix="tally-case-") as folder:
        world = Shown(scene, folder, case)
        try:
            world.compare()
            for step in case["steps"]:
                world.do(step)
                world.compare()
        except equivalence.Failure as failure:
            print(f"FAILED: seed {seed}: after {step['do']}: {failure}")
            return False
        finally:
            scene.unmount(world.place)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--with", type=additions.named, default=additions.ALL, dest="additions")
    arguments = parser.parse_args()
    additions.switch_on(arguments.additions)
    with Scene() as scene:
        good = [attempt(scene, seed) for seed in range(arguments.seed, arguments.seed + arguments.cases)]
    sys.exit(0 if all(good) else 1)


main()
