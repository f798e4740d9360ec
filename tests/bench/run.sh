#!/bin/sh
# All benchmarks, as one Markdown document on standard output. They print, they never fail a build.
#
#   NODE_PATH=FOLDER/node_modules tests/bench/run.sh [FOLDER]
#
# Builds in build-test, or in $BUILD. FOLDER gets the curves of cost against size, scaling.svg. EVENTS, ROWS, READS and ROUNDS make it shorter.
# DuckDB and ClickHouse are peers where NODE_PATH has the npm packages @duckdb/node-api and chdb; nginx, Redis and SQLite where
# they are installed. What is not there is named as not measured.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build-test}
[ -d "$build" ] || meson setup "$build" >&2
ninja -C "$build" >&2
BUILD=$(realpath "$build")
export BUILD TALLY="$BUILD/ingest/tally" TALLYFS="$BUILD/fs/tallyfs"
for part in reading ingesting growing updating replace trees experiments; do
  python3 "tests/bench/$part.py"
  echo
done
python3 tests/bench/scaling.py "$@"
