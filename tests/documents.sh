#!/bin/bash
# Runs every command of the README, and behind it those of docs/commands.md: their fenced sh blocks,
# one after the other, in a folder of its own.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD folder=$(mktemp -d)
cleanup() {
  ! mountpoint -q "$folder/mnt" || umount "$folder/mnt"
  rm -rf "$folder"
}
trap cleanup EXIT
mkdir "$folder/bin"
ln -s "$(realpath "${TALLY:-build-test/ingest/tally}")" "$folder/bin/tally"
ln -s "$(realpath "${TALLYFS:-build-test/fs/tallyfs}")" "$folder/bin/tallyfs"

# The set-up commands and the build are steps of tests/run.sh by themselves.
awk '/^```sh$/ { block = 1; next } /^```$/ { block = 0 } block' README.md docs/commands.md |
  grep -v -e '^examples/quickstart.sh' -e '^tests/run.sh' -e '^meson setup build$' -e '^ninja -C build$' >"$folder/commands"
[ "$(wc -l <"$folder/commands")" -gt 50 ] || { echo "no commands found" >&2; exit 1; }
(cd "$folder" && PATH=$folder/bin:$PATH bash -eux commands) | tee "$folder/output"
for expected in '{"orders":3,"customers":2,"revenue":64.97}' \
  '{"country":"Germany","day":"2026-01-01","orders":1,"returned":0,"return_rate":0,"revenue":39.98,"mean_price":19.99}' \
  'France,2026-01-01,1,0,0,5,5' '0 differ'; do
  grep -qF "$expected" "$folder/output" || { echo "missing in the output: $expected" >&2; exit 1; }
done
# What the documents name is there.
for file in $(grep -oh '`examples/[a-z/.-]*`' README.md docs/*.md | tr -d '`'); do
  [ -e "$root/$file" ] || { echo "a document names $file, which is not there" >&2; exit 1; }
done
