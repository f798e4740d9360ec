// Events of the slow API in a ClickHouse table, without deduplication: clickhouse.js FOLDER FILE...
// Loads each CSV in turn, and asks after each for what tallyfs shows. Prints JSON: seconds to load, and to answer, by file.
// SPDX-License-Identifier: Apache-2.0
const { Session } = require('chdb');
const [folder, ...files] = process.argv.slice(2);
const columns = 'event_id String, event_ts DateTime64(3), user_id String, region String, revenue Decimal(18, 2)';
const session = new Session(folder);
const seconds = (...queries) => {
  const began = process.hrtime.bigint();
  for (const query of queries) session.query(query);
  return Number(process.hrtime.bigint() - began) / 1e9;
};
session.query(`CREATE TABLE IF NOT EXISTS events (${columns}) ENGINE = MergeTree ORDER BY event_id SETTINGS fsync_after_insert = 1`);
const loads = [], answers = [];
for (const file of files) {
  loads.push(seconds(`INSERT INTO events SELECT * FROM file('${file}', 'CSVWithNames', '${columns}')
    SETTINGS date_time_input_format = 'best_effort'`));
  answers.push(seconds('SELECT count(), uniqExact(user_id), sum(revenue) FROM events',
    'SELECT region, toDate(event_ts) AS day, count() FROM events GROUP BY ALL ORDER BY ALL'));
}
console.log(JSON.stringify({ loads, answers }));
