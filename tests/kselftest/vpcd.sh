#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A coupler as a reader of PC/SC: the distribution's pcscd with vsmartcard's driver, and on top of it
# opensc-tool and pcsc_scan.

# shellcheck shell=dash
. "$(dirname "$0")/lib/harness.sh"

driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
[ -e $driver ] || skip_all "vsmartcard-vpcd is not installed"

plan 13

tray=$TMP/tray
check "modules" load_modules
background cardsim cardsim --slots 2 --cards 3 --realtime --clk-div $((4 * ${CKS_CLK_DIV:-1})) \
	--socket "$tray" --ready-file "$TMP/lanes"
check "bench" wait_for "[ -e '$TMP/lanes' ]" 30
coupler=$(awk '$1 == 0 { print $2 }' "$TMP/lanes")
check "the coupler becomes a reader" cksctl station set vpcd-lane "$coupler"

# As the package has it: the driver waits for a card at 35963, its second slot at 35964.
mkdir "$TMP/readers"
mkdir -p /run/pcscd
cat >"$TMP/readers/vpcd" <<END
FRIENDLYNAME "Card station"
DEVICENAME   /dev/null:$((35963 + coupler))
LIBPATH      $driver
CHANNELID    0x1
END
background pcscd pcscd --foreground --config "$TMP/readers"
check "pcscd has it" wait_for "opensc-tool --list-readers | grep -q 'Card station'" 30
like "without a card" "$(opensc-tool --list-readers)" '^0 +No .*Card station'

# On a busy machine a card may be late with its ATR, and is none then: what follows is tried again.
atr_shown()
{
	# What the coupler got it shows for as long as the card is on: as long as these commands take.
	# shellcheck disable=SC2046 # words
	timeout 60 opensc-tool --reader 0 --atr $(yes -- '-s 00A4040000' | head -n 20) \
		>"$TMP/atr" 2>/dev/null &
	tool=$!
	own=
	while [ -z "$own" ] && kill -0 $tool 2>/dev/null; do
		own=$(cksctl coupler "$coupler" | sed -n 's/^atr: //p')
	done
	wait $tool
	atr=$(head -n 1 "$TMP/atr")
	[ -n "$own" ] && [ -n "$atr" ]
}

check "a card comes" trayctl "$tray" feed 0
check "pcscd sees it" wait_for "opensc-tool --list-readers | grep -q '^0 *Yes'" 60
check "opensc-tool shows its ATR" wait_for atr_shown 180
is "which is the card's" "$(echo "$atr" | tr -d ' :\n' | tr A-F a-f)" \
	"$(echo "$own" | tr -d ' :' | tr A-F a-f)"

selected()
{
	opensc-tool --reader 0 --send-apdu 00:A4:04:00:00 >"$TMP/apdu" 2>&1 &&
		grep -q 'SW1=0x90, SW2=0x00' "$TMP/apdu"
}
check "a command of its own goes to the card and back" wait_for selected 180

timeout 10 pcsc_scan -n >"$TMP/scan" 2>&1
check "pcsc_scan sees it" grep -q 'Card inserted' "$TMP/scan"

check "and goes" trayctl "$tray" eject 0 good
check "pcscd sees that" wait_for "opensc-tool --list-readers | grep -q '^0 *No'" 30
finish
