"""Scenarios: a schema, records, what is then shown. Each look also verifies the store.

SPDX-License-Identifier: Apache-2.0
"""

import json

from mounted import check, tally


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def refused(scene, streams, views, *words):
    """The schema is a mistake that is told with these words, of which the first is its place."""
    path = scene.write("wrong.json", json.dumps({"streams": streams, "views": views}))
    said = tally("init", scene.path("wrong"), "--schema", path, status=1).stderr.decode()
    for word in words:
        check(word in said, f"no {word!r} in: {said}")


class Story:
    def __init__(self, scene, streams, views):
        self.scene, self.streams, self.views = scene, streams, views
        Story.number = getattr(Story, "number", 0) + 1
        self.store = scene.store(f"story{self.number}", {"streams": streams, "views": views})

    def load(self, stream, *records, status=0):
        """What the summary says."""
        told = tally("ingest", self.store, "--max-rejects", "100%", "--stream", stream, "-", stdin=lines(records), status=status)
        return told.stdout.decode()

    def delete(self, stream, *keys):
        tally("delete", self.store, "--stream", stream, *(part for key in keys for part in ("--key", key)))

    def apply(self, views, streams=None, status=0):
        schema = {"streams": streams or self.streams, "views": views}
        return tally("schema", self.store, "--allow-loss", "--apply", self.scene.write("next.json", json.dumps(schema)),
                     status=status).stderr.decode()

    def text(self, path):
        """The file, or None."""
        done = tally("cat", self.store, path, status=None)
        return done.stdout.decode() if done.returncode == 0 else None

    def shows(self, path, expected):
        """Expected is JSON, or text where the file is of another format; None: there is no such file."""
        tally("verify", self.store)
        text = self.text(path)
        found = json.loads(text) if text and path.endswith(".json") else text
        check(found == expected, f"{path}:\n  found    {found!r}\n  expected {expected!r}")

    def lists(self, path, *expected):
        found = tally("ls", self.store, *([path] if path else [])).stdout.decode().splitlines()
        check(found == list(expected), f"{path} lists {found}, expected {expected}")


def rows(names, *values):
    """Objects of the same names; one that is alone is no list."""
    names = names.split()
    return [dict(zip(names, row)) for row in values]
