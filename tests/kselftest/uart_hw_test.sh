#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# UARTs that are not the bench's: QEMU's pci-serial-4x and an isa-serial at 0x2f8, under cks_uart
# and under the kernel's own driver in turn; and a pci-serial of the other driver's on the interrupt
# line of the first. ROUNDS in the environment: how often they change hands.

. "$(dirname "$0")/lib/harness.sh"

# Kernels whose bench is slow are slow at this too.
rounds=${ROUNDS:-$((100 / ${CKS_CLK_DIV:-1}))}
port=0x2f8
irq=3

plan 59

# card DEVICE: where QEMU's is that has this number
card()
{
	local f d
	for f in $(grep -l "$1" /sys/bus/pci/devices/*/device); do
		d=$(dirname "$f")
		[ "$(cat "$d/vendor")" != 0x1b36 ] || basename "$d"
	done
}

pci=$(card 0x0004)
foreign=$(card 0x0002)
tty=$(basename "$(find "/sys/bus/pci/devices/$foreign/" -name 'ttyS*')")
pnp=$(grep -l "$port" /sys/bus/pnp/drivers/serial/*:*/resources | head -n 1)
pnp=$(basename "$(dirname "$pnp")")
other=$(basename "$(dirname "$(grep -l 0x2930 /sys/bus/pci/devices/*/device)")")

# new_fails NAME WHY KEY VALUE...: coupler-new refuses, and says why
new_fails()
{
	local name=$1 why=$2
	shift 2
	if cksctl coupler new "$@" >"$TMP/out" 2>&1; then
		fail "$name" "was accepted"
	else
		like "$name" "$(cat "$TMP/out")" "$why"
	fi
}

# value_of COUPLER KEY
value_of()
{
	cksctl coupler "$1" | sed -n "s/^$2: //p"
}

# number_of NAME
number_of()
{
	cksctl couplers | awk -v n="$1" '$7 == n { print $1 }'
}

# names: of all couplers, in order
names()
{
	cksctl couplers | awk 'NR > 1 { print $7 }' | sort | tr '\n' ' '
}

# interrupts IRQ: how many came for cks_uart
interrupts()
{
	awk -v irq="$1:" '$1 == irq && /cks_uart/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i }
		END { print n + 0 }' /proc/interrupts
}

# sent: characters that the other driver has sent on its UART
sent()
{
	sed -n "s/^${tty#ttyS}: .* tx:\([0-9]*\) .*/\1/p" /proc/tty/driver/serial
}

# foreign_sends: for each FIFO of characters that driver needs an interrupt
foreign_sends()
{
	local before
	before=$(sent)
	stty -F "/dev/$tty" 115200 raw -echo &&
		timeout 30 head -c 400 /dev/zero >"/dev/$tty" &&
		wait_for "[ \$(sent) -ge $((before + 400)) ]" 30
}

# own_works: a coupler of the card goes through a reset, which no card answers
own_works()
{
	local n
	n=$(number_of "$pci/1")
	cksctl set "$n" detect-line none && ! cksctl reset "$n" &&
		value_of "$n" last-error | grep -q '^no answer to reset'
}

# With the other driver's tty open: its handler is on the line.
with_foreign()
{
	local rc=0
	# A bare exec that fails would end the shell.
	command exec 8<>"/dev/$tty" || return 1
	"$@" || rc=$?
	exec 8<&-
	return $rc
}

# has_line: the other driver; root may open its tty all the same, to set another line
has_line()
{
	grep -q "^ *$(cat "/sys/bus/pci/devices/$foreign/irq"):.*$tty" /proc/interrupts
}

driver_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$pci/driver")"
}

# give DRIVER: the card; "" for the one that takes it by itself
give()
{
	[ ! -e "/sys/bus/pci/devices/$pci/driver" ] ||
		echo "$pci" >"/sys/bus/pci/devices/$pci/driver/unbind" || return 1
	echo "$1" >"/sys/bus/pci/devices/$pci/driver_override" || return 1
	echo "$pci" >/sys/bus/pci/drivers_probe
}

# come_second: to the line that the other driver has; it is a success too if that has not
come_second()
{
	has_line || return 0
	give cks_uart
	[ "$(driver_of)" = cks_uart ]
}

resources()
{
	grep -E 'cks|serial' /proc/ioports /proc/iomem
	grep -E 'cks' /proc/interrupts | sed 's/ [0-9]* / /g'
	ls /sys/class/cks 2>/dev/null
}

check "there is a card and a port" test -n "$pci" -a -n "$pnp" -a -n "$other"
resources >"$TMP/before"
check "modules" load_modules cks cks_uart
is "the driver takes no card by itself" "$(driver_of)" serial

# ---------------------------------------------------------------- a port and an interrupt
new_fails "a port that another driver has is refused" "port $port is in use by another driver" \
	front port $port irq $irq
check "the other driver lets it go" sh -c "echo $pnp >/sys/bus/pnp/drivers/serial/unbind"

new_fails "the console's port is refused" 'port 0x3f8 is in use' front port 0x3f8 irq 4
new_fails "a port between two" 'port 0x2f9 is not a multiple of 8' front port 0x2f9 irq $irq
new_fails "a port of the board" 'port 0x20 is not between 0x100 and 0xfff8' front port 0x20 irq $irq
new_fails "a port beyond the last" 'port 0x10000 is not between' front port 0x10000 irq $irq
new_fails "a port without a UART" 'no UART of the family 16550 answers' front port 0x5f8 irq $irq
new_fails "a UART of another family" 'no UART of the family 16950 answers' \
	front port $port irq $irq family 16950
new_fails "a family that is none" 'family "8250" is none of' front port $port irq $irq family 8250
new_fails "a family that is on no port" 'a UART of the family xr17v35x has no port' \
	front port $port irq $irq family xr17v35x
new_fails "no interrupt" 'irq is missing' front port $port
new_fails "interrupt 0" 'there is no interrupt 0' front port $port irq 0
new_fails "an interrupt that is none" 'there is no interrupt 70000' front port $port irq 70000
new_fails "the interrupt of something else" 'interrupt 5 does not come from this UART' \
	front port $port irq 5
new_fails "a clock too slow for a card" 'best rate for 9622 bit/s is 1500, off by' \
	front port $port irq $irq uart-clk 24000
new_fails "a clock that is none" "the UART.s clock is 1 Hz; it can be 16 to 1000000000" \
	front port $port irq $irq uart-clk 1
new_fails "no place" 'give a port or a memory address' front irq $irq
new_fails "two places" 'give a port or a memory address' front port $port address 0x1000 irq $irq
new_fails "memory without a clock" 'uart-clk is missing' front address 0xfe000000 irq $irq
new_fails "an access that is none" 'io-width is 2; it can be 1 or 4' \
	front address 0xfe000000 irq $irq uart-clk 1843200 io-width 2
new_fails "registers beyond the last address" 'address 0xffffffffffffff80 is no place for registers' \
	front address 0xffffffffffffff80 irq $irq uart-clk 1843200 family xr17v35x
# Only the later ones are another's.
new_fails "registers that reach into another's" 'address 0xfecfff80 is in use by another driver' \
	front address 0xfecfff80 irq $irq uart-clk 1843200 family xr17v35x
new_fails "a number for a name" 'a name is a letter' 7 port $port irq $irq
new_fails "a driver that makes none" 'no driver "cks_none" that makes couplers is loaded' \
	front port $port irq $irq driver cks_none
resources >"$TMP/refused"
is "nothing is left of what was refused" "$(grep -c cks "$TMP/refused")" 0

check "a UART at a port becomes a coupler" cksctl coupler new front port $port irq $irq
n=$(number_of front)
is "its family and FIFO" "$(value_of "$n" family) $(value_of "$n" fifo)" "16550 16"
check "its interrupt came" test "$(interrupts $irq)" -ge 1
new_fails "a name that is in use" 'there is a coupler named front' front port 0x5f8 irq $irq
check_fails "a card that is none does not answer" cksctl reset "$n"
like "and that is why" "$(value_of "$n" last-error)" 'no answer to reset'
check "settings" cksctl set "$n" clk-hz 3571200 detect-line dcd detect-invert on
check "it is taken away by its number" cksctl coupler del "$n"
is "and gone" "$(names)" ""
check_fails "a second time there is nothing" cksctl coupler del front
check "it comes back" cksctl coupler new front port $port irq $irq
n=$(number_of front)
is "with its settings" \
	"$(value_of "$n" clk-hz) $(value_of "$n" detect-line) $(value_of "$n" detect-invert)" \
	"3571200 dcd yes"

# ------------------------------------------------------------------------------- the card
check "driver_override gives it the card" give cks_uart
is "four couplers, by slot and port" "$(names)" "$pci/0 $pci/1 $pci/2 $pci/3 front "
fifos=
for i in 0 1 2 3; do
	fifos="$fifos$(value_of "$(number_of "$pci/$i")" fifo) "
done
is "the FIFO of each" "$fifos" "16 16 16 16 "
check "the interrupt of each came, on one line" \
	test "$(interrupts "$(cat "/sys/bus/pci/devices/$pci/irq")")" -ge 4
check "settings of one" cksctl set "$(number_of "$pci/2")" clk-hz 1785600 policy emv
check_fails "it is not for coupler-del to take away" cksctl coupler del "$(number_of "$pci/2")"
echo cks_uart >"/sys/bus/pci/devices/$other/driver_override"
check_fails "a device that is no such card is refused" \
	sh -c "echo $other >/sys/bus/pci/drivers/cks_uart/bind"
echo >"/sys/bus/pci/devices/$other/driver_override"

# ------------------------------------------------------------------- one interrupt line
# A handler that is a thread, as all but ours are on PREEMPT_RT, cannot share a line with one that is
# none: whoever comes second is refused.
is "the other driver has a UART on the card's line" \
	"$(cat "/sys/bus/pci/devices/$foreign/irq")" "$(cat "/sys/bus/pci/devices/$pci/irq")"
if uname -v | grep -q PREEMPT_RT; then
	check_fails "where it cannot share, it does not get the line" with_foreign has_line
	give ""
	check_fails "nor do we while it has it" with_foreign come_second
	like "which the log says" "$(dmesg | tail -n 40)" \
		'interrupt [0-9]+ is in use by a driver that cannot share it'
	give cks_uart
else
	check "it works there while a card is awaited on ours" with_foreign own_works
	check "it sends by interrupt" foreign_sends
	check "and afterwards ours works" own_works
fi

# ----------------------------------------------------------------- from hand to hand
memory()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^SUnreclaim|^Percpu/ { n += $2 } END { print n }' /proc/meminfo
}

couplers_are()
{
	[ "$(echo /sys/class/cks/*)" = "$1" ]
}

# once: to the kernel's driver and back, five couplers again
once()
{
	give "" && [ -e "/sys/bus/pci/drivers/serial/$pci" ] &&
		couplers_are /sys/class/cks/coupler0 || return 1
	give cks_uart || return 1
	[ -e /sys/class/cks/coupler4 ] && [ ! -e /sys/class/cks/coupler5 ]
}

# renewed: the other UART too; numbers, names, settings, all is as it was, but for the generation of
# their cards, of which none comes again
renewed()
{
	give "" || return 1
	cksctl coupler del front && couplers_are '/sys/class/cks/*' || return 1
	cksctl coupler new front port $port irq $irq >"$TMP/new" || return 1
	give cks_uart || return 1
	cksctl --json couplers | grep -v presence-gen >"$TMP/list"
	[ -s "$TMP/wanted" ] || cp "$TMP/list" "$TMP/wanted"
	cmp "$TMP/list" "$TMP/wanted"
}

again_and_again()
{
	local i=0
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		once && { [ $((i % 10)) -ne 0 ] || renewed; } ||
			{ echo "in round $i"; cksctl couplers; return 1; }
	done
}

check "10 times from hand to hand" again_and_again 10
n=$(number_of "$pci/2")
is "settings of a port are back" "$(value_of "$n" clk-hz) $(value_of "$n" policy)" "1785600 emv"
n=$(number_of front)
is "and of the other" "$(value_of "$n" clk-hz) $(value_of "$n" detect-line)" "3571200 dcd"
before=$(memory)
check "$rounds times" again_and_again "$rounds"
after=$(memory)
diag "memory that cannot be reclaimed: $before KiB, $after KiB after $rounds rounds"
if grep -q ' kasan_quarantine_put' /proc/kallsyms; then
	skip "the memory is back" "KASAN keeps what is freed; kmemleak looks at the end"
else
	check "the memory is back, within 512 KiB" test $((after - before)) -le 512
fi

check "a coupler that is left goes with the driver" unload_modules
check "the card goes back" give ""
echo "$pnp" >/sys/bus/pnp/drivers/serial/bind
resources >"$TMP/after"
is "ports and interrupts are as before" "$(cat "$TMP/after")" "$(cat "$TMP/before")"
finish
