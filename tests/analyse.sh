#!/bin/bash
# Static analysis: cppcheck, gcc's analyser, clang-tidy (.clang-tidy tells which checks). Any finding fails.
# Needs build-clang, for how each file is compiled.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

cppcheck --quiet --std=c17 --enable=warning,style,performance,portability --error-exitcode=1 -j "$(nproc)" \
  -Istore -Iingest -Ifs --suppress=missingIncludeSystem --suppressions-list=tests/cppcheck.txt store ingest fs
[ -d build-analyser ] || meson setup build-analyser --werror -Db_lto=false -Dtests=disabled -Dc_args=-fanalyzer
ninja -C build-analyser
git ls-files 'store/*.c' 'ingest/*.c' 'fs/*.c' |
  xargs -P "$(nproc)" -n 8 clang-tidy -p build-clang --quiet
