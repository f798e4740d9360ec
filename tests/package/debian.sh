#!/bin/bash
# The Debian packages, from the tarball of "meson dist": built without a network, looked at by
# lintian, installed, tried by debian/tests, and purged. No other package is installed or removed.
# Only a soak builds them as they are shipped, optimised as a whole, and runs the unit tests there:
# tests/run.sh has done both.
#
#   BUILD=build-test tests/package/debian.sh      as root, on Debian; of what is committed
#
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build-test}
packages=(tallyfs libtally0 libtally-dev)
folder=$(mktemp -d)
export DEBIAN_FRONTEND=noninteractive

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
purge() {
  apt-get -o DPkg::Lock::Timeout=300 purge -y -qq "${packages[@]}"
}
# Whoever has them goes on having them.
for package in "${packages[@]}"; do
  ! dpkg-query -s "$package" >/dev/null 2>&1 || fail "$package is installed here: this would replace it"
done
purges=
cleanup() {
  [ -z "$purges" ] || purge >/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

version=$(meson introspect --projectinfo "$build" | jq -r .version)
meson dist -C "$build" --no-tests --formats gztar --allow-dirty
tar xzf "$build/meson-dist/tallyfs-$version.tar.gz" -C "$folder"
cd "$folder/tallyfs-$version"
[ "$(find . -type f | sed 's|^\./||' | sort)" = "$(git -C "$OLDPWD" ls-tree -r --name-only HEAD | sort)" ] ||
  fail 'the tarball has other files than the commit'
[ -n "${SOAK:-}" ] || export DEB_BUILD_OPTIONS='nocheck optimize=-lto'
unshare --net dpkg-buildpackage -us -uc -b -j"$(nproc)"

# Its warnings end this; what else it says is to be read, but for flags of the compiler that are not there.
lintian -i -I --pedantic --fail-on error,warning --allow-root "../tallyfs_${version}_"*.changes | tee ../lintian
! grep hardening- ../lintian || fail 'hardening is missing'

debs=("${packages[@]/%/_"${version}_$(dpkg --print-architecture)".deb}")
install=(install -y -qq --no-install-recommends "${debs[@]/#/$folder/}")
others=$(apt-get --simulate "${install[@]}" | awk '/^(Inst|Remv)/ { print $2 }' | grep -vxF -f <(printf '%s\n' "${packages[@]}") || true)
[ -z "$others" ] || fail "these are to be there first, to stay as they are: ${others//$'\n'/ }"
purges=1
apt-get -o DPkg::Lock::Timeout=300 "${install[@]}"
autopkgtest --no-built-binaries . -- null
purge
purges=
echo 'all good'
