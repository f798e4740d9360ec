"""What the random cases have besides single streams and plain measures: each can be left out, to find what is to blame.

SPDX-License-Identifier: Apache-2.0
"""

ALL = ("references", "streams", "entities", "trees")
ON = set()


def switch_on(names):
    """These, and no others."""
    for name in names:
        if name not in ALL:
            raise SystemExit(f"no addition '{name}': {', '.join(ALL)}")
    ON.clear()
    ON.update(names)


def named(text):
    return tuple(filter(None, text.split(",")))
