#!/bin/sh
# Checks the example against independently computed figures.
#   test.sh [FOLDER with online-retail.csv.gz and expected.json]
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
data=${1:-${TALLY_TEST_DATA:-../shared/data}/online-retail}
tally=${TALLY:-build/ingest/tally}
if [ ! -e "$data/expected.json" ]; then
  echo "not tested: there is no $data/expected.json"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$tally" init "$folder/shop" --schema examples/online-retail/schema.json
"$tally" ingest "$folder/shop" "$data/online-retail.csv.gz"
"$tally" verify "$folder/shop"

compare() { # compare NAME FILE EXPECTED: two jq filters that give the same lines
  "$tally" cat "$folder/shop" "$1" | jq -c "$2" >"$folder/found"
  jq -c "$3" "$data/expected.json" >"$folder/expected"
  cmp "$folder/found" "$folder/expected"
  echo "$1: $(wc -l <"$folder/found") lines as expected"
}
# Numbers are compared as doubles: jq knows no others. The digits of the grand total are checked apart.
compare sales.json '[.rows, .customers, .invoices, .products, .quantity, .revenue]' \
  '.all | [.rows, .customers, .invoices, .stock_codes, (.quantity | tonumber), (.amount | tonumber)]'
compare sales_by_day.json '.[] | [.day, .rows, .customers, .invoices, .products, .quantity, .revenue]' \
  '.by_day | to_entries[] | [.key, .value.rows, .value.customers, .value.invoices, .value.stock_codes, (.value.quantity | tonumber), (.value.amount | tonumber)]'
compare sales_by_month.json '.[] | [.month, .rows, .customers]' '.by_month | to_entries[] | [.key, .value.rows, .value.customers]'
jq -r '.by_country | keys[]' "$data/expected.json" | while read -r country; do
  compare "sales_by_country/$country/.total.json" '[.rows, .customers, .invoices, .quantity, .revenue]' \
    ".by_country[\"$country\"] | [.rows, .customers, .invoices, (.quantity | tonumber), (.amount | tonumber)]"
done
"$tally" cat "$folder/shop" sales.json | grep -q '"revenue":9747747.934,'
