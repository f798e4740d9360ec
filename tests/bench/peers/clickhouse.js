// Loads a CSV of slow-api events into a ClickHouse table, without deduplication: clickhouse.js FOLDER FILE
// SPDX-License-Identifier: Apache-2.0
const { Session } = require('chdb');
const [folder, file] = process.argv.slice(2);
const session = new Session(folder);
session.query(`CREATE TABLE IF NOT EXISTS events (event_id String, event_ts DateTime64(3), user_id String, region String,
  revenue Decimal(18, 2)) ENGINE = MergeTree ORDER BY event_id SETTINGS fsync_after_insert = 1`);
const began = process.hrtime.bigint();
session.query(`INSERT INTO events SELECT event_id, event_ts, user_id, region, revenue
  FROM file('${file}', 'CSVWithNames', 'event_id String, event_ts DateTime64(3), user_id String, region String, revenue Decimal(18, 2)')
  SETTINGS date_time_input_format = 'best_effort'`);
console.log(Number(process.hrtime.bigint() - began) / 1e9);
console.error(session.query('SELECT count() FROM events'));
