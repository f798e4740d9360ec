// Loads a CSV of slow-api events into a DuckDB table with a primary key, durably: duckdb.js DATABASE FILE
// SPDX-License-Identifier: Apache-2.0
const { DuckDBInstance } = require('@duckdb/node-api');
const [database, file] = process.argv.slice(2);
(async () => {
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE IF NOT EXISTS events (event_id VARCHAR PRIMARY KEY, event_ts TIMESTAMP,
    user_id VARCHAR, region VARCHAR, revenue DECIMAL(18, 2))`);
  const began = process.hrtime.bigint();
  await connection.run(`INSERT OR IGNORE INTO events SELECT event_id, event_ts, user_id, region, revenue
    FROM read_csv('${file}', header = true)`);
  await connection.run('CHECKPOINT');
  console.log(Number(process.hrtime.bigint() - began) / 1e9);
})();
