#!/bin/bash
# The scenario tallyfs was born from: an API that scanned all events at each request. Generates the
# events, ingests them, serves the two answers with nginx from the mount, checks them against SQLite
# over a table of the same events, and times both ways of answering.
#
#   EVENTS=5000000 PORT=8480 examples/slow-api/run.sh      PORT=free takes one that nobody uses
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/../.."
events=${EVENTS:-5000000} port=${PORT:-8480}
if [ "$port" = free ]; then
  port=$(python3 -c 'import socket; probe = socket.socket(); probe.bind(("127.0.0.1", 0)); print(probe.getsockname()[1])')
fi
build=${BUILD:-}
for candidate in build build-test; do [ -n "$build" ] || [ ! -x $candidate/ingest/tally ] || build=$candidate; done
[ -n "$build" ] || { echo "build first: examples/quickstart.sh" >&2; exit 1; }
for program in nginx sqlite3 curl jq; do
  command -v "$program" >/dev/null || { echo "install $program first" >&2; exit 1; }
done

folder=$(mktemp -d) nginx=
cleanup() {
  [ -z "$nginx" ] || { kill "$nginx" && wait "$nginx" || true; }
  ! mountpoint -q "$folder/mnt" || umount "$folder/mnt"
  rm -rf "$folder"
}
trap cleanup EXIT
chmod 755 "$folder" # nginx's workers have another user
mkdir "$folder/mnt"

"$build/examples/generate" "$events" >"$folder/events.ndjson"
"$build/examples/generate" "$events" csv >"$folder/events.csv"
"$build/ingest/tally" init "$folder/store" --schema examples/slow-api/schema.json
"$build/ingest/tally" ingest "$folder/store" "$folder/events.ndjson"
"$build/fs/tallyfs" "$folder/store" "$folder/mnt" -o allow_other

sed -e "s|@FOLDER@|$folder|; s|@MOUNT@|$folder/mnt|; s|@PORT@|$port|" examples/slow-api/nginx.conf >"$folder/nginx.conf"
nginx -c "$folder/nginx.conf" &
nginx=$!
curl -sf --retry 50 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/api/metrics" -o "$folder/metrics"
curl -sf "http://127.0.0.1:$port/api/breakdown" -o "$folder/breakdown"

sqlite3 "$folder/db" <<SQL
.mode csv
.import $folder/events.csv events
.mode list
SQL
cat >"$folder/metrics.sql" <<'SQL'
select json_object('total_events', count(*), 'unique_users', count(distinct user_id),
                   'total_revenue', sum(cast(revenue as integer))) from events;
SQL
cat >"$folder/breakdown.sql" <<'SQL'
select json_group_array(json(line)) from (
  select json_object('region', region, 'day', date(event_ts), 'cnt', count(*)) as line
  from events group by region, date(event_ts) order by region, date(event_ts));
SQL
seconds() { # seconds COMMAND...: how long it takes
  local start=$EPOCHREALTIME
  "$@" >/dev/null
  echo "$start $EPOCHREALTIME" | awk '{ printf "%.4f", $2 - $1 }'
}
for answer in metrics breakdown; do
  sqlite3 "$folder/db" <"$folder/$answer.sql" | jq -c . >"$folder/expected"
  jq -c . "$folder/$answer" | cmp - "$folder/expected" || { echo "$answer differs from SQLite" >&2; exit 1; }
  slow=$(seconds sqlite3 "$folder/db" ".read $folder/$answer.sql")
  fast=$(seconds curl -sf "http://127.0.0.1:$port/api/$answer")
  echo "/api/$answer: SQLite over $events events $slow s, nginx over tallyfs $fast s," \
    "$(echo "$slow $fast" | awk '{ printf "%.0f", $1 / $2 }') times as fast; the answers are equal"
done
