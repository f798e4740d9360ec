#!/bin/sh
# From a fresh Debian machine to an answer in a file: installs what is missing, builds, ingests
# generated events, mounts, reads, unmounts. Leaves only the folder build/.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/.."

tests/install.sh
build=${BUILD:-build}
[ -d "$build" ] || meson setup "$build" -Dtests=disabled
ninja -C "$build"

folder=$(mktemp -d)
cleanup() {
  ! mountpoint -q "$folder/mnt" || umount "$folder/mnt" || fusermount3 -u "$folder/mnt"
  rm -rf "$folder"
}
trap cleanup EXIT

set -x
"$build/ingest/tally" init "$folder/store" --schema examples/slow-api/schema.json
"$build/examples/generate" 100000 > "$folder/events.ndjson"
"$build/ingest/tally" ingest "$folder/store" "$folder/events.ndjson"
mkdir "$folder/mnt"
"$build/fs/tallyfs" "$folder/store" "$folder/mnt"
cat "$folder/mnt/metrics.json"
ls "$folder/mnt/breakdown"
cat "$folder/mnt/breakdown/eu-central/2026-01-01.json"
head -n 3 "$folder/mnt/breakdown.csv"
"$build/ingest/tally" verify "$folder/store"
