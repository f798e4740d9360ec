// What DuckDB needs for questions and changes: duckdb_query.js DATABASE, on standard input {"setup": [sql], "steps": {name: sql}, "rounds": n}.
// Runs the steps by turns and prints JSON: {name: [seconds]}. {i} in a step's text is the number of the round.
// SPDX-License-Identifier: Apache-2.0
const { DuckDBInstance } = require('@duckdb/node-api');
const { setup, steps, rounds } = JSON.parse(require('fs').readFileSync(0));
(async () => {
  const connection = await (await DuckDBInstance.create(process.argv[2])).connect();
  for (const sql of setup) await connection.run(sql);
  const figures = Object.fromEntries(Object.keys(steps).map((name) => [name, []]));
  for (let i = 0; i < rounds; i++) {
    for (const [name, sql] of Object.entries(steps)) {
      const began = process.hrtime.bigint();
      await connection.runAndReadAll(sql.replaceAll('{i}', i));
      figures[name].push(Number(process.hrtime.bigint() - began) / 1e9);
    }
  }
  console.log(JSON.stringify(figures));
})();
