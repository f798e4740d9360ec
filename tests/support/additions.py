"""What the random cases have besides single streams and plain measures: each can be left out, to find what is to blame.

SPDX-License-Identifier: Apache-2.0
"""

import os

ALL = ("references", "streams", "entities", "trees")
ON = set()


def switch_on(text):
    for name in filter(None, text.split(",")):
        if name not in ALL:
            raise SystemExit(f"no addition '{name}': {', '.join(ALL)}")
        ON.add(name)


DEFAULT = os.environ.get("WITH", ",".join(ALL))
