"""Databases that are asked, beside tallyfs: one process each, which runs the steps by turns.

Both give {step: [seconds]}, or why they could not be asked. {i} in a step's text is the number of the round.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import shutil
import sqlite3
import subprocess

from bench import ROUNDS, has_module, timed

QUERY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench/peers/duckdb_query.js")


def ask_sqlite(scene, name, columns, source, steps, more=()):
    if not shutil.which("sqlite3"):
        return "sqlite3 is not installed"
    path = scene.path(f"{name}.sqlite")
    script = [f"create table {name} ({columns});", ".mode csv", f".import --skip 1 {source} {name}"]
    subprocess.run(["sqlite3", path], input="\n".join(script).encode(), check=True, capture_output=True)
    connection, figures = sqlite3.connect(path, isolation_level=None), {step: [] for step in steps}
    for sql in more:
        connection.execute(sql)
    for i in range(ROUNDS):
        for step, sql in steps.items():
            figures[step].append(timed(lambda sql=sql, i=i: connection.execute(sql.replace("{i}", str(i))).fetchall()))
    connection.close()
    return figures


def ask_duckdb(scene, name, columns, source, steps):
    if not has_module("@duckdb/node-api"):
        return "@duckdb/node-api is not in NODE_PATH"
    setup = [f"create table {name} ({columns})", f"insert into {name} select * from read_csv('{source}', header = true)", "checkpoint"]
    question = json.dumps({"setup": setup, "steps": steps, "rounds": ROUNDS}).encode()
    done = subprocess.run(["node", QUERY, scene.path(f"{name}.duckdb")], input=question, check=True, capture_output=True)
    return json.loads(done.stdout)
