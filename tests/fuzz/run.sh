#!/bin/sh
# The same inputs each run, by seed and number; a soak looks for new ones for half an hour.
#
#   run.sh PROGRAM CORPUS
#
# SPDX-License-Identifier: Apache-2.0
set -eu
program=$1 corpus=$2
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
# As many as some ten seconds of a processor take.
case $corpus in
*/store_open) runs=125 ;; # each is a commit
*/propose) runs=1500 ;;   # a file is read several times
*/records) runs=2000 ;;
*) runs=30000 ;;
esac
if [ "${SOAK:-}" ]; then length=-max_total_time=1800; else length="-seed=1 -runs=$runs"; fi
# shellcheck disable=SC2086 # a list of words
"$program" -max_len=4096 "-artifact_prefix=$(dirname "$program")/" $length "$found" "$corpus"
