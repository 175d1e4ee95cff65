#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/qemu/kernel: what makes a kernel of its own, and that one which is there is not built again.
# Nothing is built here.
set -eu

cd "$(dirname "$0")/.."
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-kernel.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export XDG_CACHE_HOME=$tmp/cache
# With fragments of its own, beside which it looks for them.
cp -r tools/qemu/kernel tools/qemu/kernels "$tmp/"
fragment=$tmp/kernels/instrumented.config

n=0
failed=0
check()
{
	n=$((n + 1))
	if "${@:2}"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}

# ask ARGS...: to "$tmp/out", and $rc
ask()
{
	rc=0
	timeout 60 "$tmp/kernel" "$@" >"$tmp/out" 2>&1 || rc=$?
}

# is STATUS [TEXT]
is()
{
	[ $rc -eq "$1" ] && grep -qF -e "${2:-}" "$tmp/out"
}

# Where it would be, by what it says of one that is not built.
place()
{
	ask --path instrumented
	dir=$(sed -n 's/.*(\(.*\) is not there).*/\1/p' "$tmp/out")
}

ask nothing
check 'a kernel that has no fragment is refused by name' is 2 'no nothing in'
ask ../kernels/base
check 'a name that is a path is refused' is 2
place
check 'one that is not built is not there, and how it is built is said' \
	is 1 'run tools/qemu/kernel instrumented'
first=$dir
check 'it would be in the cache, outside of the tree' \
	test "$(dirname "$first")" = "$tmp/cache/cardstation/kernels"
echo '# a comment' >>"$fragment"
place
check 'a comment does not make it another kernel' test "$dir" = "$first"
echo 'CONFIG_ANOTHER=y' >>"$fragment"
place
check 'an option does' test "$dir" != "$first"
mkdir -p "$dir"
ask instrumented
check 'one that is built is not built again' test "$rc:$(cat "$tmp/out")" = "0:$dir"

# While one waits for another one's build, its script is replaced.
exec 8>"$XDG_CACHE_HOME/cardstation/kernels/.instrumented.lock"
flock 8
rmdir "$dir"
timeout 60 "$tmp/kernel" instrumented >"$tmp/out" 2>&1 8>&- &
for ((i = 0; i < 3000; i++)); do
	! grep -q waiting "$tmp/out" || break
	sleep 0.01
done
cp "$tmp/kernel" "$tmp/whole"
yes ')' | head -c 65536 >"$tmp/kernel"
mkdir "$dir"
flock -u 8
rc=0
wait $! || rc=$?
check 'an update of the tree does not disturb one that runs' is 0 "$dir"
cp "$tmp/whole" "$tmp/kernel"

echo 'CONFIG_ONE_MORE=y' >>"$tmp/kernels/base.config"
place
check 'nor taken for the one that another base makes' is 1 'is not there'

echo "1..$n"
exit $failed
