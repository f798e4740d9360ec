#!/bin/bash
# The life of a store and a mount under valgrind: reads of what was never written, which the sanitizers do not see.
# (The unit tests: meson test --setup valgrind --suite unit.)
#
#   BUILD=build-test tests/valgrind.sh
#
# The daemon is one that does not restrict itself: valgrind needs more calls than serving does.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build-test}
valgrind='valgrind -q --error-exitcode=99 --leak-check=no'

folder=$(mktemp -d)
cleanup() {
  ! mountpoint -q "$folder/mnt" || umount "$folder/mnt"
  rm -rf "$folder"
}
trap cleanup EXIT
mkdir "$folder/mnt"
"$build/examples/generate" 3000 >"$folder/events"
"$build/examples/generate" 4000 csv | gzip >"$folder/more.csv.gz"
tally="$valgrind $build/ingest/tally"
$tally init "$folder/store" --schema examples/slow-api/schema.json
$tally ingest "$folder/store" "$folder/events"
$valgrind "$build/tests/tallyfs-unrestricted" "$folder/store" "$folder/mnt" -f &
daemon=$!
# shellcheck disable=SC2016 # for the shell that timeout starts
timeout 600 sh -c 'until mountpoint -q "$0"; do sleep 0.1; done' "$folder/mnt"
find "$folder/mnt" -type f -exec cat {} + >/dev/null
$tally ingest "$folder/store" "$folder/more.csv.gz"
$tally delete "$folder/store" --where "region = 'eu-central'"
find "$folder/mnt" -type f -exec cat {} + >/dev/null
$tally compact "$folder/store"
$tally backup "$folder/store" "$folder/copy"
$tally rebuild "$folder/store"
$tally verify "$folder/copy"
$tally status "$folder/store"
umount "$folder/mnt"
wait "$daemon"
