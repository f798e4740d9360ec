#!/bin/sh
# Loads the batches one after the other, and after each compares all figures with what plain Python makes of them.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
tally=${TALLY:-build/ingest/tally}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/batches"
examples/traces/generate.py "$folder/batches"
"$tally" init "$folder/store" --schema examples/traces/schema.json

shown() { # of each file that the README shows what it says there
  grep '^    \$ cat mnt/' examples/traces/README.md | while read -r dollar cat path; do
    awk -v line="    $dollar $cat $path" '$0 == line { on = 1; next } /^    \$/ || !/^    / { on = 0 } on { print substr($0, 5) }' \
      examples/traces/README.md >"$folder/expected"
    "$tally" cat "$folder/store" "${path#mnt/}" >"$folder/found"
    cmp "$folder/found" "$folder/expected"
  done
}
set --
for batch in "$folder"/batches/*; do
  stream=${batch##*/??-}
  case $batch in
  *.delete) "$tally" delete "$folder/store" --stream "${stream%.*}" "$batch" ;;
  # 2: some records were refused. check.py knows which.
  *) "$tally" ingest "$folder/store" --stream "${stream%.*}" "$batch" || [ $? -eq 2 ] ;;
  esac
  set -- "$@" "$batch"
  examples/traces/check.py "$tally" "$folder/store" "$@"
  "$tally" verify "$folder/store"
  case $batch in */08-*) shown ;; esac
done
