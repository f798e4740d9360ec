#!/bin/sh
# Installs what building and testing need, if anything of it is missing (Debian 12 or later, as root).
# SPDX-License-Identifier: Apache-2.0
set -eu

packages="gcc meson ninja-build pkg-config libfuse3-dev fuse3 liblmdb-dev libcjson-dev zlib1g-dev libzstd-dev libxxhash-dev nettle-dev libseccomp-dev tzdata"
[ "${1:-}" = tests ] && packages="$packages libcmocka-dev lmdb-utils python3 attr gzip zstd rsync fio binutils nginx-light libnginx-mod-http-js prometheus prometheus-node-exporter sqlite3 faketime systemd gnuplot-nox jq curl git tar findutils mount util-linux clang clang-format clang-tidy cppcheck valgrind libclang-rt-dev lld llvm g++ debhelper dpkg-dev lintian autopkgtest scdoc man-db bash-completion zsh fish mandoc chromium chromium-driver"

missing=
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "install these packages first: apt-get install$missing" >&2
  exit 1
fi
echo "installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >&2
