// Batches of rows with keys into a database that keeps one row a key, durably: batches.js clickhouse|duckdb PLACE
// Reads the name of a CSV a line, loads it, and answers with the seconds that it took. Columns: id, t, user, region, amount.
// ClickHouse has two views that are kept up to date by each insert, as tallyfs has; they count a repeated key twice.
// SPDX-License-Identifier: Apache-2.0
const readline = require('readline');
const [kind, place] = process.argv.slice(2);

function clickhouse() {
  const { Session } = require('chdb');
  const session = new Session(place);
  const columns = 'id String, t DateTime, user String, region String, amount Decimal(18, 2)';
  const durable = 'SETTINGS fsync_after_insert = 1, fsync_part_directory = 1';
  session.query(`CREATE TABLE e (${columns}) ENGINE = ReplacingMergeTree ORDER BY id ${durable}`);
  session.query(`CREATE MATERIALIZED VIEW whole ENGINE = SummingMergeTree ORDER BY one ${durable}
    AS SELECT 1 AS one, count() AS n, sum(amount) AS total FROM e GROUP BY one`);
  session.query(`CREATE MATERIALIZED VIEW days ENGINE = SummingMergeTree ORDER BY (region, day) ${durable}
    AS SELECT region, toDate(t) AS day, count() AS n, sum(amount) AS total FROM e GROUP BY region, day`);
  return (file) => session.query(`INSERT INTO e SELECT * FROM file('${file}', 'CSVWithNames', '${columns}')
    SETTINGS date_time_input_format = 'best_effort'`);
}

async function duckdb() {
  const { DuckDBInstance } = require('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(place)).connect();
  await connection.run(`CREATE TABLE e (id VARCHAR PRIMARY KEY, t TIMESTAMP, "user" VARCHAR, region VARCHAR,
    amount DECIMAL(18, 2))`);
  return async (file) => {
    await connection.run(`INSERT OR IGNORE INTO e SELECT * FROM read_csv('${file}', header = true)`);
    await connection.run('CHECKPOINT');
  };
}

(async () => {
  const load = await { clickhouse, duckdb }[kind]();
  for await (const file of readline.createInterface({ input: process.stdin })) {
    const began = process.hrtime.bigint();
    await load(file);
    console.log(Number(process.hrtime.bigint() - began) / 1e9);
  }
})();
