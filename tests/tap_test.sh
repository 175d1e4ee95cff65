#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/tap: a program that fails, stops early or says nothing is never counted as passed.
set -eu

cd "$(dirname "$0")/.."
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-tap-test.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# judge NAME STATUS "PASSED FAILED SKIPPED" PROGRAM [LIMIT]
judge()
{
	local got=0 result
	tests/tap "dir/x" "$tmp" "${5:-20}" sh -c "$4" >"$tmp/out" 2>&1 || got=$?
	result=$(cat "$tmp/dir_x.result")
	n=$((n + 1))
	if [ "$got $result" = "$2 $3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# got $got $result, wanted $2 $3"
		sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}

# What the kernel complained of comes last, and its headline first.
complaint()
{
	{
		echo 'WARNING: CPU: 0 PID: 1 at nowhere'
		seq 100
	} >"$tmp/console"
	tests/tap x "$tmp" 20 sh -c 'echo 1..1; echo "not ok 1 - a"; seq 100; echo "the kernel reported:"
		tools/qemu/report "$1"; echo "no verdict: time limit reached"' sh "$tmp/console" >"$tmp/out" || :
	n=$((n + 1))
	if grep -q '^WARNING:' "$tmp/out"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=1
	fi
}

echo 1..14
judge "all pass" 0 "2 0 0" 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
judge "one fails" 1 "1 1 0" 'echo 1..2; echo ok 1 - a; echo not ok 2 - b'
judge "one is skipped" 0 "1 0 1" 'echo 1..2; echo ok 1 - a; echo "ok 2 - b # SKIP no such thing"'
judge "all is skipped" 0 "0 0 1" 'echo "1..0 # SKIP no such thing"'
judge "plan at the end" 0 "1 0 0" 'echo ok 1 - a; echo 1..1'
judge "plans of several groups add up" 0 "2 0 0" 'echo 1..1; echo ok 1 - a; echo 1..1; echo ok 1 - b'
judge "stops early with status 0" 1 "1 1 0" 'echo 1..2; echo ok 1 - a; exit 0'
judge "dies of a signal" 1 "1 1 0" 'echo 1..1; echo ok 1 - a; kill -SEGV $$'
judge "says nothing" 1 "0 1 0" true
judge "plans nothing" 1 "0 1 0" 'echo 1..0x'
judge "bails out" 1 "0 2 0" 'echo 1..1; echo "Bail out! broken"; exit 0'
judge "does not end" 1 "1 1 0" 'echo 1..1; echo ok 1 - a; exec sleep 1000' 1
judge "leaves something running" 0 "1 0 0" 'sleep 1000 & echo 1..1; echo ok 1 - a'
complaint "a complaint of the kernel's is shown with its headline"
[ "$failed" -eq 0 ]
