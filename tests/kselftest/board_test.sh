#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# A UART that firmware describes, with a clock of its own, RST, power switch and card detect on GPIOs,
# and a regulator behind the switch: QEMU's isa-serial and tests/board.

. "$(dirname "$0")/lib/harness.sh"

plan 22

board=/sys/module/cks_board/parameters
pnp=$(grep -l 0x2f8 /sys/bus/pnp/drivers/serial/*:*/resources | head -n 1)
pnp=$(basename "$(dirname "$pnp")")

value()
{
	cksctl coupler 0 | sed -n "s/^$1: //p"
}

becomes()
{
	wait_for "cksctl coupler 0 | grep -qx '$1: $2'" 10
}

check "the other driver lets the UART go" sh -c "echo $pnp >/sys/bus/pnp/drivers/serial/unbind"
check "modules" load_modules cks cks_uart cks_board
is "it has the name and the clock of its description" "$(value name) $(value clk-hz)" \
	"board 3571200"
is "and a FIFO" "$(value fifo)" 16
like "a power switch and card detect, which are not on modem lines" "$(value capabilities)" \
	'power-switch card-detect'
is "no card is in" "$(value present)" no
check_fails "and none answers" cksctl reset 0
is "RST and power stayed off" "$(sed 's/ $//' $board/log)" "vcc+ vcc-"
echo 0 >$board/log

echo 1 >$board/card
check "a card is put in" becomes present yes
check_fails "it does not answer" cksctl reset 0
like "which is why" "$(value last-error)" 'no answer to reset'
is "contacts went on and off in order, and what feeds them around it" "$(sed 's/ $//' $board/log)" \
	"vcc+ power+ reset+ reset- power- vcc-"
gen=$(value presence-gen)
echo 0 >$board/card
check "it is taken out" becomes present no
is "and counted" "$(value presence-gen)" $((gen + 1))
check "settings are kept by the name" cksctl set 0 clk-hz 1785600
echo cks_uart.77 >/sys/bus/platform/drivers/cks_uart/unbind
echo cks_uart.77 >/sys/bus/platform/drivers/cks_uart/bind
is "and back" "$(value name) $(value clk-hz)" "board 1785600"

# refused NAME WHY PARAMETER=VALUE: a board that is so does not become a coupler, and the log says why
refused()
{
	rmmod cks_board
	insmod "$CKS_MODULES/cks_board.ko" "$3"
	if [ -n "$(cksctl couplers)" ]; then
		fail "$1" "it became one"
	else
		like "$1" "$(dmesg | tail -n 20)" "$2"
	fi
}

# As long as the driver has its lines, the chip stays.
echo cks_uart.77 >/sys/bus/platform/drivers/cks_uart/unbind
refused "GPIOs that sleep are refused" 'sleep, and cannot follow a card' sleeping=1
refused "a regulator that feeds no switch is" 'vcc-supply without power-gpios' no_power=1
refused "too few registers are" 'its registers take 0x0*8 addresses' registers=7
refused "a UART whose clock nobody tells is" 'neither clocks nor clock-frequency tell its clock' no_clock=1
check "modules go" unload_modules
check "the UART goes back" sh -c "echo $pnp >/sys/bus/pnp/drivers/serial/bind"
finish
