#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A guest that is rebooted while a card is active: the board of tests/board says what became of the
# card's contacts after the kernel has shut its devices down.
set -eu

cd "$(dirname "$0")/.."
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-shutdown-test.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
out=${O:-$PWD/build}
n=0
failed=0

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
	fi
}

# At so slow a clock the ATR is awaited for four seconds.
# shellcheck disable=SC2016 # the guest's variables
guest='
board=/sys/module/cks_board/parameters
pnp=$(grep -l 0x2f8 /sys/bus/pnp/drivers/serial/*:*/resources | head -n 1)
basename "$(dirname "$pnp")" >/sys/bus/pnp/drivers/serial/unbind
for m in cks cks_uart cks_board; do
	insmod "$0/modules/$m.ko" || exit 1
done
"$0/bin/cksctl" set 0 clk-hz 10000 || exit 1
echo 1 >$board/card
"$0/bin/cksctl" reset 0 &
until grep -q "reset+" $board/log; do
	sleep 0.05
done
busybox reboot -f
'

echo 1..3
rc=0
tools/qemu/run --timeout 120 --log "$tmp/console" --share "$tmp/share" \
	--device isa-serial,iobase=0x2f8,irq=3 -- sh -c "$guest" "$out" >"$tmp/out" 2>"$tmp/err" || rc=$?
result "the guest goes down" test $rc = 125
result "without a complaint" sh -c "! grep -q 'the kernel reported' $tmp/err"
result "RST is low and VCC off by then, in this order" \
	grep -q 'cks-board: vcc+ power+ reset+ reset- power- *.\?$' "$tmp/console" || :
if [ $failed -gt 0 ]; then
	tail -n 20 "$tmp/err" "$tmp/out" | sed 's/^/# /'
	grep cks "$tmp/console" | sed 's/^/# /' || :
fi
exit $((failed > 0))
