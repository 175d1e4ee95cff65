#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ynl.sh [--update]: compares what is generated from docs/netlink/cks.yaml with what is checked in,
# or with --update writes it. Needs linux-source-6.12, python3-yaml and python3-jsonschema.
# ynl.sh --client DIR: writes a client of the family to DIR, cks-user.[ch] and the library it needs.
set -eu

update='' client=''
case ${1-} in
'') ;;
--update) update=yes ;;
--client) client=$(mkdir -p "$2" && cd "$2" && pwd -P) ;;
--help) sed -n '3,5s/^# //p' "$0"; exit 0 ;;
*) echo "usage: mk/ynl.sh [--update | --client DIR]" >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cardstation/ynl
source=/usr/src/linux-source-6.12.tar.xz

if [ ! -e "$cache/tools/net/ynl/lib/ynl.c" ]; then
	[ -r "$source" ] || { echo "mk/ynl.sh: $source is missing; install linux-source-6.12" >&2; exit 1; }
	mkdir -p "$cache.$$"
	tar -xJf "$source" -C "$cache.$$" --strip-components=1 --wildcards \
		'*/tools/net/ynl/ynl-gen-c.py' '*/tools/net/ynl/lib/*.[pch]*' \
		'*/Documentation/netlink/genetlink.yaml'
	rm -rf "$cache"
	mv -T "$cache.$$" "$cache" 2>/dev/null || rm -rf "$cache.$$"
fi

# The generator looks for its schema one directory above the specification, and upwards for a
# file MAINTAINERS, from where it names the specification in what it writes.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/docs/netlink"
touch "$tmp/MAINTAINERS"
cp "$cache/Documentation/netlink/genetlink.yaml" "$tmp/docs/"

# It accepts one licence, that of the kernel's own specifications; ours is put back afterwards.
theirs='((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)'
ours='GPL-2.0-only WITH Linux-syscall-note'
sed "1s/.*/# SPDX-License-Identifier: $theirs/" docs/netlink/cks.yaml >"$tmp/docs/netlink/cks.yaml"

rc=0
# generate MODE KIND FILE LICENCE
generate()
{
	local out=$tmp/${3##*/}

	PYTHONDONTWRITEBYTECODE=1 timeout 60 /usr/bin/python3 "$cache/tools/net/ynl/ynl-gen-c.py" \
		--mode "$1" "--$2" --spec "$tmp/docs/netlink/cks.yaml" -o "$out"
	# One blank line is enough, also where the generator makes two.
	sed -i -e "1s/$theirs/$4/" -e '/./,$!d' "$out"
	sed -i -e '/^$/{N;/^\n$/D}' "$out"
	if [ -n "$update" ]; then
		cmp -s "$out" "$3" || cp "$out" "$3"
	elif ! diff -u "$3" "$out"; then
		echo "mk/ynl.sh: $3 is not what docs/netlink/cks.yaml says; run mk/ynl.sh --update" >&2
		rc=1
	fi
}

if [ -n "$client" ]; then
	update=yes
	cp "$cache"/tools/net/ynl/lib/*.[ch] "$client/"
	generate user header "$client/cks-user.h" "$theirs"
	generate user source "$client/cks-user.c" "$theirs"
	exit 0
fi

generate uapi header include/uapi/linux/cks_netlink.h "$ours"
generate kernel header kernel/core/netlink_gen.h GPL-2.0-only
generate kernel source kernel/core/netlink_gen.c GPL-2.0-only
exit $rc
