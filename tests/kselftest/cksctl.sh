#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# cksctl: what an operator types, with and without a card, right and wrong.

. "$(dirname "$0")/lib/harness.sh"

plan 35

status()
{
	"$@" >"$TMP/out" 2>"$TMP/err"
	echo $?
}

# json FILE EXPRESSION: what sqlite's JSON functions find
json()
{
	sqlite3 :memory: "SELECT json_extract(readfile('$1'), '$2')"
}

is "without a command: usage" "$(status cksctl)" 2
is "unknown command: usage" "$(status cksctl frobnicate)" 2
is "--help" "$(status cksctl --help)" 0
is "without the module: failure" "$(status cksctl couplers)" 1
like "and it says what to do" "$(cat "$TMP/err")" 'load the module cks'

# ATR of a Swiss health card, from the list of smartcard ATRs by L. Rousseau.
is "atr: explained without a coupler" "$(status cksctl atr '3B 9F 13 81 B1 80 37 1F 03 80 31 F8 69 4D 54 43 4F 53 70 02 01 02 81 07 86')" 0
like "atr: protocol T=1" "$(cat "$TMP/out")" 'T=1'
cksctl --json atr 3B9F1381B180371F038031F8694D54434F5370020102810786 >"$TMP/atr.json"
is "atr: Di of TA1=13" "$(json "$TMP/atr.json" '$.di')" 4
is "atr: historical bytes" "$(json "$TMP/atr.json" '$.historical')" \
	8031F8694D54434F53700201028107
is "atr: wrong TCK is refused" \
	"$(status cksctl atr 3B9F1381B180371F038031F8694D54434F5370020102810787)" 1
is "atr: not hexadecimal" "$(status cksctl atr 3G)" 2

check "modules" load_modules
background cardsim cardsim --slots 2 --cards 2 --realtime --socket "$TMP/tray" \
	--ready-file "$TMP/lanes"
check "bench" wait_for "[ -e '$TMP/lanes' ]" 30
n=$(awk '$1 == 0 { print $2 }' "$TMP/lanes")
cksctl --json couplers >"$TMP/list.json"
is "couplers: two" "$(json "$TMP/list.json" '$[#-1].state') $(json "$TMP/list.json" '$[2]')" "empty "
is "reset of an empty coupler: failure" "$(status cksctl reset "$n")" 1

cksctl monitor 1 >"$TMP/event" &
monitor=$!
background_pids="$monitor $background_pids"
# Its generic netlink socket (16) is a member of groups; libnl keeps the process id in 22 bits.
check "the monitor listens" wait_for \
	"awk '\$2 == 16 && \$3 % 4194304 == $monitor && \$4 !~ /^0*\$/ { n++ } END { exit !n }' /proc/net/netlink" 10
feed()
{
	trayctl "$TMP/tray" feed 0 && wait_for "cksctl coupler $n | grep -q '^present: yes'" 10
}
check "a card goes in" feed
check "and the monitor ends after its one event" wait_for "! kill -0 $monitor" 10
like "which says so" "$(cat "$TMP/event")" "^card index=$n present=yes presence-gen=[0-9]+"
# A simulated card on a busy machine may be late with its ATR.
check "reset: the card's ATR" wait_for "cksctl reset $n >'$TMP/reset'" 30
like "reset: convention byte" "$(cat "$TMP/reset")" '^atr: 3[BF]'
check "apdu: through the character device" wait_for \
	"cksctl --json apdu $n 00A4040000 80CA9F7F00 >'$TMP/apdu'" 30
like "apdu: SELECT of the security domain" "$(json "$TMP/apdu" '$.responses[0]')" '^6F.*9000$'
like "apdu: CPLC" "$(json "$TMP/apdu" '$.responses[1]')" '^9F7F2A.*9000$'

cksctl --raw trace "$n" 3600 >"$TMP/raw" &
tracer=$!
background_pids="$tracer $background_pids"
check "trace: it has begun" wait_for "[ -s '$TMP/raw' ]" 10
cksctl reset "$n" >/dev/null 2>&1
end_background "$tracer"
is "trace: a file as text" "$(status cksctl trace "$TMP/raw")" 0
like "trace: the reset is in it" "$(cat "$TMP/out")" '^[0-9]+\.[0-9]{3} rst 1$'
is "trace: a waveform" "$(status cksctl --vcd trace "$TMP/raw")" 0
is "trace: of a coupler that is not on a bench" "$(status cksctl trace 4000)" 1

is "set: a value that is none" "$(status cksctl set "$n" policy lenient)" 2
like "set: the values there are" "$(cat "$TMP/err")" 'strict tolerant emv'
is "set: an attribute that cannot be set" "$(status cksctl set "$n" atr 3B00)" 2
is "set: policy emv" "$(status cksctl set "$n" policy emv)" 0
is "coupler: policy is emv" "$(cksctl coupler "$n" | sed -n 's/^policy: //p')" emv
is "no such coupler: failure" "$(status cksctl coupler 4000)" 1
finish
