#!/bin/sh
# Runs the rules' own tests, and holds the metrics that they name against those of a real mount.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
tally=${TALLY:-build/ingest/tally}
tallyfs=${TALLYFS:-build/fs/tallyfs}
rules=examples/prometheus/alerts.yml
folder=$(mktemp -d)
cleanup() {
  ! mountpoint -q "$folder/mnt" || umount "$folder/mnt"
  rm -rf "$folder"
}
trap cleanup EXIT

promtool check rules "$rules"
promtool test rules examples/prometheus/alerts_test.yml

mkdir "$folder/mnt"
cat >"$folder/schema.json" <<'EOF'
{"streams": {"hits": {"time": "t", "fields": {"t": "time"}}}, "views": {"all": {"measures": {"n": "count()"}}}}
EOF
"$tally" init "$folder/store" --schema "$folder/schema.json"
echo '{"t":"2026-01-01T00:00:00Z"}' >"$folder/hits.ndjson"
# A log that is followed; its follower is killed, and has more to come.
"$tally" follow "$folder/store" "$folder/hits.ndjson" &
follower=$!
"$tally" wait "$folder/store" --after 1
kill -9 "$follower"
wait "$follower" || true
"$tallyfs" "$folder/store" "$folder/mnt"
promtool check metrics <"$folder/mnt/.tallyfs/daemon.prom"
for name in $(grep -o 'tallyfs_[a-z_]*' "$rules" | sort -u); do
  grep -q "^$name[{ ]" "$folder/mnt/.tallyfs/daemon.prom" ||
    { echo "$rules names $name, which a mount does not have" >&2; exit 1; }
done
