#!/bin/sh
# Checks traces of a real system against independently computed figures.
#   spans.sh [FOLDER with hipster/*.csv.gz and expected.json]
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
data=${1:-${TALLY_TEST_DATA:-../shared/data}/nezha-traces}
tally=${TALLY:-build/ingest/tally}
if [ ! -e "$data/expected.json" ]; then
  echo "not tested: there is no $data/expected.json"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$tally" init "$folder/store" --schema examples/traces/spans.json
# The newest first: it makes no difference.
for file in $(printf '%s\n' "$data"/hipster/*.csv.gz | sort -r); do
  "$tally" ingest "$folder/store" "$file"
done
"$tally" verify "$folder/store"
python3 - "$tally" "$folder/store" "$data" <<'COMPARE'
import json, subprocess, sys

tally, store, data = sys.argv[1:]
expected = json.load(open(f"{data}/expected.json", encoding="utf-8"))["hipster"]
compared, differing = 0, []


def cat(path):
    return json.loads(subprocess.run([tally, "cat", store, path], check=True, stdout=subprocess.PIPE).stdout)


def compare(place, found, known):
    global compared
    for number, (one, other) in enumerate(zip(found, known, strict=True)):
        compared += 1
        if one != other:
            differing.append(f"{place}, {number}: {one}, not {other}")


# Their parents are named root, which is no span.
whole, roots = cat("spans/.total.json")["subtree"], cat("spans.json")
times, ranks = expected["duration_us"], expected["duration_us"]["p_nearest_rank"]
compare("all", [whole[name] for name in ("spans", "traces", "duration", "p50", "p95")],
        [times["n"], expected["traces"], int(times["sum"]), int(ranks["50"]), int(ranks["95"])])
compare("roots", [len(roots), {row["parent"] for row in roots}, sum(row["direct"]["duration"] for row in roots)],
        [expected["roots"], {"root"}, expected["sum_duration_roots"]])
compare("depths", [(str(row["depth"]), row["spans"]) for row in cat("spans/.depths.json")], expected["spans_by_depth"].items())
for trace, known in expected["sample_traces"].items():
    for span, duration, spans, subtree_duration, deepest, own in known["roots"]:
        row, children, depths = cat(f"spans/{span}/.total.json"), cat(f"spans/{span}.json"), cat(f"spans/{span}/.depths.json")
        compare(trace, [row["direct"]["duration"], row["subtree"]["spans"], row["subtree"]["duration"], len(depths),
                        row["direct"]["duration"] - sum(child["direct"]["duration"] for child in children)],
                [duration, spans, subtree_duration, deepest, own])
operations = {row["OperationName"]: row for row in cat("operations.json")}
within = {row["OperationName"]: row for row in cat("spans/.operations.json")}
called = {row["caller"]: row["duration"] for row in cat("called.json")}
compare("operations", sorted(operations), sorted(expected["by_operation"]))
for name, known in expected["by_operation"].items():
    row = operations[name]
    compare(name, [row["spans"], row["traces"], row["duration"], row["max"], row["p50"], row["p95"], row["p99"],
                   row["duration"] - called.get(name, 0)],
            [known["spans"], known["traces"]] + [int(known[part]) for part in ("duration_sum", "max", "p50", "p95", "p99", "self_sum")])
    compare(f"{name} within", within[name].values(), [name, row["spans"], row["duration"], row["p95"]])
print(f"{compared} figures, {len(differing)} differ", *differing, sep="\n")
sys.exit(bool(differing))
COMPARE
