#!/bin/bash
# Static analysis: cppcheck, gcc's analyser, clang-tidy (.clang-tidy tells which checks). Any finding fails.
#
#   tests/analyse.sh [cppcheck|gcc-analyser|clang-tidy]...     all without one
#
# build-clang tells clang-tidy how each file is compiled. Its analyser follows fewer paths than it could, but in a soak:
# that takes half the time, and gcc's follows them anyway.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)

cppcheck_finds_nothing() {
  cppcheck --quiet --std=c17 --enable=warning,style,performance,portability --error-exitcode=1 -j "$jobs" \
    -Istore -Iingest -Ifs --suppress=missingIncludeSystem --suppressions-list=tests/cppcheck.txt store ingest fs
}
gcc_finds_nothing() {
  [ -d build-analyser ] || meson setup build-analyser --werror -Db_lto=false -Dtests=disabled -Dc_args=-fanalyzer
  ninja -C build-analyser
}
clang_finds_nothing() {
  local depth=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=mode=shallow)
  [ -z "${SOAK:-}" ] || depth=()
  [ -d build-clang ] || CC=clang meson setup build-clang --werror -Db_lto=false
  git ls-files 'store/*.c' 'ingest/*.c' 'fs/*.c' |
    xargs -P "$jobs" -n 8 clang-tidy -p build-clang --quiet "${depth[@]}"
}
[ $# -gt 0 ] || set -- cppcheck gcc-analyser clang-tidy
for tool; do
  case $tool in
  cppcheck) cppcheck_finds_nothing ;;
  gcc-analyser) gcc_finds_nothing ;;
  clang-tidy) clang_finds_nothing ;;
  *) echo "no such analysis: $tool" >&2 && exit 1 ;;
  esac
done
