"""Experiments: mean and variance per user and arm, kept up to date, beside databases that sum up per user when they are asked.

    ROWS=1000000 ROUNDS=5 tests/bench/experiments.py

3,000 to ROWS users in two arms, three events each.

SPDX-License-Identifier: Apache-2.0
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from bench import by_turns, databases, heading, table, timed, version
from mounted import Scene, read, tally
from peers import ask_duckdb, ask_sqlite

USERS = int(os.environ.get("ROWS", "1000000"))
SCHEMA = {
    "streams": {"events": {"key": "id", "fields": {"id": "int", "user": "int", "arm": "string", "value": "decimal"}}},
    "views": {
        "arms": {
            "by": ["arm"],
            "measures": {
                "users": "count(per user)",
                "converters": "count(per user where sum(value) > 0)",
                "mean": "mean(sum(value) per user)",
                "variance": "var(sum(value) per user)",
            },
        }
    },
}
PLAIN = {**SCHEMA, "views": {"arms": {"by": ["arm"], "measures": {"n": "count()", "sum": "sum(value)"}}}}
ARMS = """select arm, count(*), sum(case when total > 0 then 1 else 0 end), avg(total),
(sum(total * total) - sum(total) * sum(total) / count(*)) / (count(*) - 1)
from (select arm, user, sum(value) as total from events group by arm, user) as totals group by arm order by arm"""


def lines(users):
    rng = random.Random(users)
    for number in range(3 * users):
        user = number % users
        yield f"{number},{user},{'AB'[user % 2]},{rng.randrange(-200, 1000) / 100}\n"


def measure(users):
    with Scene() as scene:
        source = scene.write("events.csv", "id,user,arm,value\n" + "".join(lines(users)))
        store, number = scene.store("store", SCHEMA), 3 * users
        loading = timed(lambda: tally("ingest", store, source))
        plain = timed(lambda: tally("ingest", scene.store("plain", PLAIN), source))
        place = scene.mount(store)

        def event():
            nonlocal number
            number += 1
            line = f'{{"id":{number},"user":{number % users},"arm":"A","value":1}}\n'
            return timed(lambda: tally("ingest", store, "-", stdin=line.encode())) * 1e3

        own = by_turns({"an event": event, "the answer": lambda: timed(lambda: read(place, "arms.json")) * 1e3})
        scene.unmount(place)
        steps = {"insert": f"insert into events values ({10 * users} + {{i}}, {{i}}, 'A', 1)", "arms": ARMS}
        asked = {"SQLite": ask_sqlite(scene, "events", "id integer primary key, user int, arm text, value numeric", source, steps),
                 "DuckDB": ask_duckdb(scene, "events", "id bigint primary key, \"user\" int, arm varchar, value decimal(18, 2)",
                                      source, {**steps, "arms": ARMS.replace(" user", ' "user"')})}
        missing = [(name, reason) for name, reason in asked.items() if isinstance(reason, str)]
        figures = {**{f"tallyfs, {name}": values for name, values in own.items()},
                   **{f"{name}, {step}": [1e3 * seconds for seconds in answers[key]]
                      for name, answers in asked.items() if not isinstance(answers, str)
                      for step, key in (("an event", "insert"), ("the answer", "arms"))}}
        table(f"{users} users, {3 * users} events loaded in {loading:.1f} s, {loading / plain:.1f} times as without users", "ms", figures, "tallyfs, the answer", missing)


def main():
    heading("Experiments", tallyfs=version(os.environ.get("TALLY", "build-test/ingest/tally"), "--version"), **databases())
    for users in sorted({min(users, USERS) for users in (3000, 30000, 300000, 1000000)}):
        measure(users)


main()
