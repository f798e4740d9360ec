#!/bin/sh
# All benchmarks, as one Markdown document on standard output. They print, they never fail a build.
#
#   BUILD=build-test NODE_PATH=FOLDER/node_modules tests/bench/run.sh
#
# DuckDB and ClickHouse are peers where NODE_PATH has the npm packages @duckdb/node-api and chdb; nginx, Redis and SQLite where
# they are installed. What is not there is named as not measured.
# SPDX-License-Identifier: Apache-2.0
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build-test}
export BUILD="$PWD/$build" TALLY="$PWD/$build/ingest/tally" TALLYFS="$PWD/$build/fs/tallyfs"
for part in reading ingesting updating replace; do
  python3 "tests/bench/$part.py"
  echo
done
