#!/bin/sh
# Loads the batches one after the other, and after each compares all figures with what plain Python makes of them.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
tally=${TALLY:-build/ingest/tally}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/batches"
examples/experiments/generate.py "$folder/batches"
"$tally" init "$folder/store" --schema examples/experiments/schema.json
set --
for batch in "$folder"/batches/*; do
  stream=${batch##*/??-}
  case $batch in
  *.delete) "$tally" delete "$folder/store" --stream "${stream%.*}" "$batch" ;;
  *) "$tally" ingest "$folder/store" --stream "${stream%.*}" "$batch" ;;
  esac
  set -- "$@" "$batch"
  examples/experiments/check.py "$tally" "$folder/store" "$@"
done
"$tally" verify "$folder/store"
