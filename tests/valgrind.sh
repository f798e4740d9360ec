#!/bin/bash
# The unit tests, and the life of a store and a mount, under valgrind: reads of what was never written, which the sanitizers
# do not see. (They see leaks; a test's child that ends on purpose in the middle would be one here.)
# The mount is that of build-cover, which does not restrict itself: valgrind needs more calls than serving does.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
valgrind='valgrind -q --error-exitcode=99 --leak-check=no'

meson test -C build-test --suite unit --wrapper "$valgrind" --timeout-multiplier 20 --print-errorlogs

folder=$(mktemp -d)
cleanup() {
  ! mountpoint -q "$folder/mnt" || umount "$folder/mnt"
  rm -rf "$folder"
}
trap cleanup EXIT
mkdir "$folder/mnt"
build-test/examples/generate 3000 >"$folder/events"
build-test/examples/generate 4000 csv | gzip >"$folder/more.csv.gz"
tally="$valgrind build-test/ingest/tally"
$tally init "$folder/store" --schema examples/slow-api/schema.json
$tally ingest "$folder/store" "$folder/events"
$valgrind build-cover/fs/tallyfs "$folder/store" "$folder/mnt" -f &
daemon=$!
# shellcheck disable=SC2016 # for the shell that timeout starts
timeout 60 sh -c 'until mountpoint -q "$0"; do sleep 0.1; done' "$folder/mnt"
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
