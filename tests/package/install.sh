#!/bin/bash
# What "meson install" puts down, as other projects find it: one version everywhere, a library that shows its header's functions
# and no others, a header for C and C++, a program built by pkg-config alone that sees each commit, a unit that finds its program.
#
#   BUILD=build-test tests/package/install.sh
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build-test}
folder=$(mktemp -d) watcher=
cleanup() {
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
same() { # same WHAT FOUND EXPECTED
  [ "$2" = "$3" ] || fail "$1 is"$'\n'"$2"$'\n'"not"$'\n'"$3"
}

DESTDIR=$folder/root meson install -C "$build" --quiet
prefix=$(meson introspect --buildoptions "$build" | jq -r '.[] | select(.name == "prefix").value')
root=$folder/root$prefix
export PKG_CONFIG_SYSROOT_DIR=$folder/root
PKG_CONFIG_LIBDIR=$(dirname "$(find "$root" -name libtally.pc)"):$(pkg-config --variable pc_path pkg-config)
library=$(find "$root" -name libtally.so)
LD_LIBRARY_PATH=$(dirname "$library")
export PKG_CONFIG_LIBDIR LD_LIBRARY_PATH PATH=$root/bin:$PATH

# One version.
version=$(meson introspect --projectinfo "$build" | jq -r .version)
same 'version of tally' "$(tally --version | head -n 1)" "tally (tallyfs) $version"
same 'version of tallyfs' "$(tallyfs --version | head -n 1)" "tallyfs $version"
same 'version of libtally.pc' "$(pkg-config --modversion libtally)" "$version"
same 'version in NEWS.md' "$(sed -n '/^## \([0-9]\)/{s//\1/p;q}' NEWS.md)" "$version"
same 'version in debian/changelog' "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)" "$version"
same 'file of libtally.so' "$(basename "$(realpath "$library")")" "libtally.so.$version"
same 'soname' "$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')" "libtally.so.${version%%.*}"
for of in 'tally LMDB cJSON nettle xxHash zlib zstd' 'tallyfs libfuse LMDB cJSON nettle xxHash'; do
  for name in ${of#* }; do
    "${of%% *}" --version | grep -q "^$name [0-9]" || fail "${of%% *} --version tells no version of $name"
  done
done

# What the library shows is what the header says, and what the Debian package promises.
declared=$(sed -n 's/^[a-z].*[ *]\(tally_[a-z_]*\)(.*/\1/p' "$root/include/tally.h" | sort)
shown=$(nm -D --defined-only "$library" | sed -n 's/.* [^A] \([^@]*\).*/\1/p' | sort)
promised=$(sed -n 's/^ \(tally_[a-z_]*\)@.*/\1/p' debian/libtally0.symbols | sort)
same 'what libtally.so shows' "$shown" "$declared"
same 'what debian/libtally0.symbols has' "$promised" "$declared"
# Programs have the store in themselves.
for program in tally tallyfs; do
  ! objdump -p "$root/bin/$program" | grep -q libtally || fail "$program needs libtally"
done

# The header alone, and a program outside the build.
echo '#include <tally.h>' >"$folder/alone.c"
read -ra flags <<<"-Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags --libs libtally)"
cc -std=c11 -fsyntax-only "$folder/alone.c" "${flags[@]}"
c++ -std=c++11 -fsyntax-only -x c++ "$folder/alone.c" "${flags[@]}"
example=$root/share/doc/tallyfs/examples/c-api/watch.c
cc -std=c11 "$example" "${flags[@]}" -o "$folder/watch"
c++ -std=c++11 -x c++ "$example" "${flags[@]}" -o "$folder/watch++"

cat >"$folder/schema.json" <<'SCHEMA'
{"streams": {"s": {"key": "k", "fields": {"k": "int"}}}, "views": {"all": {"measures": {"n": "count()"}}}}
SCHEMA
tally init "$folder/store" --schema "$folder/schema.json" >/dev/null
for watch in watch watch++; do
  key=$((${key:-0} + 1))
  echo "{\"k\":$key}" | tally ingest "$folder/store" >/dev/null
  mkfifo "$folder/$watch.out"
  timeout 60 "$folder/$watch" "$folder/store" all.json 2 >"$folder/$watch.out" &
  watcher=$!
  exec 3<"$folder/$watch.out"
  read -r line <&3
  same 'what is there' "$line" "$((key + 1)): {\"n\":$key}"
  key=$((key + 1))
  echo "{\"k\":$key}" | tally ingest "$folder/store" >/dev/null
  read -r line <&3
  same 'what the next commit brought' "$line" "$((key + 1)): {\"n\":$key}"
  exec 3<&-
  wait "$watcher" || fail "$watch ended with $?"
  watcher=
done
"$folder/watch" "$folder/none" all.json 1 2>"$folder/said" && fail 'a store that is not there was read'
grep -qF 'there is no store here (make one with: tally init' "$folder/said" || fail "said: $(cat "$folder/said")"

# The rest.
while read -r unit; do
  program=$(grep '^ExecStart=' "$unit" | grep -o '[^ =]*/bin/tally[a-z]*')
  [ -x "$folder/root$program" ] || fail "$unit starts $program, which is not there"
  units=1
done < <(find "$folder/root" -name '*.service')
[ "${units:-}" ] || fail 'no unit was installed'
for document in README.md SECURITY.md NEWS.md CONTRIBUTING.md LICENSE docs/benchmarks.md docs/schema.md; do
  cmp "$document" "$root/share/doc/tallyfs/$document"
done
TALLY=tally sh "$root/share/doc/tallyfs/examples/catalogue/test.sh" >/dev/null
echo 'all good'
