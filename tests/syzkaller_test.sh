#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/syzkaller describes all that can be asked of the modules: each command with its attributes, as
# the generated policies take them, and each ioctl; and names nothing that there is not.
set -eu
shopt -s lastpipe

cd "$(dirname "$0")/.."
texts=(tests/syzkaller/*.txt)
uapi=(include/uapi/linux/*.h)
n=0
failed=0

# empty NAME: nothing on stdin
empty()
{
	local left
	left=$(cat)
	n=$((n + 1))
	if [ -z "$left" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		# shellcheck disable=SC2001 # every line
		sed 's/^/# /' <<<"$left"
		failed=1
	fi
}

names()
{
	grep -ohE '\bCKS_[A-Z0-9_]+\b' "$@" | sort -u
}

echo 1..4
sed -n 's/^\t\t*\.cmd\t*= \(CKS_CMD_[A-Z_]*\),/\1/p' kernel/core/netlink_gen.c | sort -u |
	while read -r cmd; do
		grep -q "^sendmsg\$$cmd(" "${texts[@]}" || echo "$cmd"
	done | empty 'each command is described'
sed -n 's/^\t\[\(CKS_A_[A-Z0-9_]*\)\] = .*/\1/p' kernel/core/netlink_gen.c | sort -u |
	while read -r attr; do
		grep -q "nlattr\[$attr," "${texts[@]}" || echo "$attr"
	done | empty 'each attribute that a command takes is described'
sed -n 's/^#define \(CKS_[A-Z_]*\)[[:space:]]*_IO[WR]*(.*/\1/p' "${uapi[@]}" |
	while read -r ioctl; do
		grep -q "^ioctl\$$ioctl(.*const\[$ioctl\]" "${texts[@]}" || echo "$ioctl"
	done | empty 'each ioctl is described'
names "${texts[@]}" | comm -23 - <(names "${uapi[@]}") | empty 'each name is one of the headers'"'"
exit $failed
