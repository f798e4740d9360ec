// Events of the slow API in a DuckDB table with a primary key, durably: duckdb.js DATABASE FILE...
// Loads each CSV in turn, and asks after each for what tallyfs shows. Prints JSON: seconds to load, and to answer, by file.
// SPDX-License-Identifier: Apache-2.0
const { DuckDBInstance } = require('@duckdb/node-api');
const [database, ...files] = process.argv.slice(2);
const seconds = async (action) => {
  const began = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - began) / 1e9;
};
(async () => {
  const connection = await (await DuckDBInstance.create(database)).connect();
  const loads = [], answers = [];
  await connection.run(`CREATE TABLE IF NOT EXISTS events (event_id VARCHAR PRIMARY KEY, event_ts TIMESTAMP,
    user_id VARCHAR, region VARCHAR, revenue DECIMAL(18, 2))`);
  for (const file of files) {
    loads.push(await seconds(async () => {
      await connection.run(`INSERT OR IGNORE INTO events SELECT event_id, event_ts, user_id, region, revenue
        FROM read_csv('${file}', header = true)`);
      await connection.run('CHECKPOINT');
    }));
    answers.push(await seconds(async () => {
      await connection.runAndReadAll('SELECT count(*), count(DISTINCT user_id), sum(revenue) FROM events');
      await connection.runAndReadAll('SELECT region, event_ts::DATE AS day, count(*) FROM events GROUP BY ALL ORDER BY ALL');
    }));
  }
  console.log(JSON.stringify({ loads, answers }));
})();
