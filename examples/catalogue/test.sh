#!/bin/sh
# Runs the example, and checks what its files say before and after the changes.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
tally=${TALLY:-build/ingest/tally}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expect() { # expect PATH TEXT
  found=$("$tally" cat "$folder/store" "$1")
  [ "$found" = "$2" ] || { printf '%s is\n%s\nnot\n%s\n' "$1" "$found" "$2" >&2; exit 1; }
}
"$tally" init "$folder/store" --schema examples/catalogue/schema.json
"$tally" ingest "$folder/store" examples/catalogue/claims.ndjson
expect resources/H1.json '{"resource":"H1","name":"St. Anne","country":"France","beds":120,"country_from":"registry","sources":2,"claims":2}'
expect resources/H2.json '{"resource":"H2","name":"Charité","country":"Germany","beds":3000,"country_from":"survey","sources":3,"claims":3}'
expect countries.csv 'country,resources,beds,median_beds
,1,,
France,1,120,120
Germany,1,3000,3000'
expect catalogue.json '{"resources":3,"without_country":1,"disputed":2}'

# The registry takes a claim back, the survey falls behind the crowd, a claim moves to another resource, and
# an old version comes late.
"$tally" ingest "$folder/store" examples/catalogue/changes.ndjson | tee "$folder/said"
grep -q 'replaced 2, stale 1, deleted 1' "$folder/said"
expect resources/H1.json '{"resource":"H1","name":"Hôpital Sainte-Anne","country":"Belgium","beds":118,"country_from":"survey","sources":1,"claims":1}'
expect resources/H2.json '{"resource":"H2","name":"Charité","country":"DE","beds":2999,"country_from":"crowd","sources":3,"claims":4}'
expect countries.csv 'country,resources,beds,median_beds
Belgium,1,118,118
DE,1,2999,2999'
expect catalogue.json '{"resources":2,"without_country":0,"disputed":1}'
"$tally" verify "$folder/store"
