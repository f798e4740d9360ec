#!/bin/sh
# Checks published experiments against independently computed figures.
#   published.sh [FOLDER with cookie-cats, homepage-actions and resume-callbacks, an expected.json in each]
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
data=${1:-${TALLY_TEST_DATA:-../shared/data}}
tally=${TALLY:-build/ingest/tally}
for experiment in cookie-cats homepage-actions resume-callbacks; do
  [ -e "$data/$experiment/expected.json" ] && continue
  echo "not tested: there is no $data/$experiment/expected.json"
  exit 77
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$tally" init "$folder/store" --schema examples/experiments/published.json
"$tally" ingest "$folder/store" --stream cats "$data/cookie-cats/cookie_cats.csv.gz"
"$tally" ingest "$folder/store" --stream actions "$data/homepage-actions/homepage_actions.csv"
"$tally" ingest "$folder/store" --stream resumes "$data/resume-callbacks/resume.csv.gz"
"$tally" verify "$folder/store"
python3 - "$tally" "$folder/store" "$data" <<'COMPARE'
import json, subprocess, sys

tally, store, data = sys.argv[1:]
compared, differing = 0, []


def cat(path):
    return json.loads(subprocess.run([tally, "cat", store, path], check=True, stdout=subprocess.PIPE).stdout)


def compare(place, found, expected):
    global compared
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        compared += 1
        if one != other if isinstance(other, int) else abs(one - other) > 1e-9 * abs(other):
            differing.append(f"{place}, {number}: {one}, not {other}")


def proportions(path, expected):
    row, control, treatment = cat(path), expected["control"], expected["treatment"]
    compare(path, [row[name] for name in ("k", "n", "rate", "k0", "n0", "rate0", "difference", "lift", "score", "p", "low", "high")],
            [treatment["k"], treatment["n"], treatment["rate"], control["k"], control["n"], control["rate"],
             expected["diff"], expected["rel_lift"], expected["z_pooled"], expected["p_two_sided_pooled_z"],
             *expected["diff_ci95_unpooled_wald"]])
    if "z" in row:
        compare(path, [row[name] for name in ("wilson_low", "wilson_high", "wilson_low0", "wilson_high0")],
                treatment["wilson95"] + control["wilson95"])


def means(path, expected):
    row, n, v = cat(path), expected["n"], expected["var_sample"]
    compare(path, [row[name] for name in ("n0", "n", "v0", "v", "difference", "standard_error", "t", "df", "p", "low", "high")],
            [*n, v[0] / n[0], v[1] / n[1], expected["diff"], expected["se"], expected["t"], expected["df"],
             expected["p_two_sided"], *expected["diff_ci95"]])


def sizes(path, expected):
    row = cat(path)
    compare(path, [row["users"], row["chi2"], row["p"]], [sum(expected["counts"]), expected["chi2"], expected["p"]])


cats, actions, resumes = (json.load(open(f"{data}/{name}/expected.json"))
                          for name in ("cookie-cats", "homepage-actions", "resume-callbacks"))
proportions("success/cookie-cats.json", cats["retention_1"])
proportions("cats_after_a_week/cookie-cats.json", cats["retention_7"])
proportions("success/homepage-actions.json", actions["click_users"])
proportions("success/resume-callbacks.json", resumes["race"])
means("cats_rounds/cookie-cats.json", cats["sum_gamerounds_welch"])
means("cats_rounds_without_outlier.json", cats["sum_gamerounds_welch_without_outlier"])
sizes("sizes/cookie-cats.json", cats["srm_50_50"])
sizes("sizes/homepage-actions.json", actions["srm_50_50_users"])
print(f"{compared} figures, {len(differing)} differ", *differing, sep="\n")
sys.exit(bool(differing))
COMPARE
