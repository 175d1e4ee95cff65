#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/qemu/run: whatever happens in the guest, its caller hears the truth.
set -eu

cd "$(dirname "$0")/.."
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-qemu-test.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
run="tools/qemu/run --timeout 120 --log $tmp/console --share $tmp/share"
n=0
failed=0

# try NAME STATUS CMD...: runs it, leaves its output in $tmp/out and $tmp/err
try()
{
	local name=$1 want=$2 got=0
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" || got=$?
	result "$name" test "$got" = "$want" || {
		echo "# status $got, wanted $want"
		sed 's/^/# /' "$tmp/err" | tail -n 20
	}
}

result()
{
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=$((failed + 1))
		return 1
	fi
}

echo 1..23

# shellcheck disable=SC2016,SC2086
{
try "status 0 passes through" 0 \
	$run -- sh -c 'printf "<%s>\n" "$@"; echo complaint >&2; id -u; echo kept >'"$tmp"'/share/file
		echo lost >/root/cks-lost; echo "kernel: chatter" >/dev/kmsg' \
	sh "it's" 'two words' '' '$HOME' 'a
b'
printf '<%s>\n' "it's" 'two words' '' '$HOME' 'a
b' >"$tmp/want"
echo 0 >>"$tmp/want"
result "arguments arrive unchanged, and stdout holds nothing else" cmp -s "$tmp/want" "$tmp/out" || :
result "stderr is apart" grep -qx complaint "$tmp/err" || :
result "what the kernel says is in the log" grep -q 'kernel: chatter' "$tmp/console" || :
result "the share keeps what was written" grep -qx kept "$tmp/share/file" || :
result "nothing else of this machine is written" test ! -e /root/cks-lost || :

try "status 7 passes through, past what is left running" 7 $run -- sh -c 'sleep 1000 & seq 100000; exit 7'
result "long output is complete" test "$(tail -n 1 "$tmp/out")" = 100000 || :

try "a panic has no verdict" 125 $run -- sh -c 'echo "exit 0"; echo c >/proc/sysrq-trigger'
result "and its text is shown" grep -q 'Kernel panic' "$tmp/err" || :
result "nor is it taken for one while the guest boots" sh -c '! grep -q "once more" "$1"' sh "$tmp/err" || :

try "a panic while the guest boots has none either" 125 $run --append rdinit=/none -- true
result "and the guest is booted once more" \
	test "$(grep -c 'went down while it booted' "$tmp/err")" = 1 || :

try "a WARNING fails a command that succeeded" 124 \
	$run -- sh -c 'echo "WARNING: CPU: 0 PID: 1 at x" >/dev/kmsg'
try "unless it is expected" 0 \
	$run --allow 'PID: 1 at x' -- sh -c 'echo "WARNING: CPU: 0 PID: 1 at x" >/dev/kmsg'

try "the console comes to stderr if wanted" 0 $run --console -- sh -c 'echo "kernel: talk" >/dev/kmsg'
result "with what the kernel says" grep -q 'kernel: talk' "$tmp/err" || :

try "the time limit has no verdict" 125 \
	tools/qemu/run --timeout 5 --log "$tmp/console" --share "$tmp/share" -- sleep 1000
result "and is named" grep -q 'time limit of 5 s' "$tmp/err" || :

# Where every instruction counts, two runs of the same agree to the nanosecond.
for i in 1 2; do
	try "exact run $i: the status passes through" 5 $run --exact --mem 256M --with tests/tap -- \
		sh -c 'ls "$1"; grep "now at" /proc/timer_list; exit 5' sh "$PWD/tests"
	cp "$tmp/out" "$tmp/exact.$i"
done
result "two exact runs take the same time to the last digit" \
	sh -c 'grep -q "^now at [0-9]* nsecs$" "$1" && grep -qx tap "$1" && cmp "$1" "$2"' sh \
	"$tmp/exact.1" "$tmp/exact.2" || :

try "wrong usage is 2" 2 tools/qemu/run --no-such-option true
}

[ "$failed" -eq 0 ]
