#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh [--long]: installs the packages of mk/packages that are missing, with --long those of
# mk/packages.long too; does nothing if none is.
set -eu

cd "$(dirname "$0")"
lists=packages
[ "${1:-}" != --long ] || lists="packages packages.long"

missing=
# shellcheck disable=SC2086 # a list of words
for p in $(sed 's/#.*//' $lists); do
	dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^.i' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

echo "Installing:$missing"
if [ "$(id -u)" != 0 ]; then
	echo "mk/deps.sh: needs root to install packages: sudo mk/deps.sh" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
# Something else may be installing: wait for it.
# shellcheck disable=SC2086 # a list of words
exec apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends $missing
