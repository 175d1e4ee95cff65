#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# A station in a network namespace of its own: control unit and CAS live in there, see the couplers
# that were given to them, hear of their cards, and personalize them; outside is the hardware. The
# CAS has one connection for control and channels, which the namespace's own counters show.

. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/bureau.sh"

plan 13

# couplers [COMMAND]: how many are shown
couplers()
{
	"$@" cksctl couplers | awk 'NR > 1' | wc -l
}

give_lanes()
{
	local coupler
	for coupler in $(awk '!/^#/ { print $2 }' "$TMP/lanes"); do
		cksctl station set give-lane "$coupler" netns-fd 9 || return 1
	done 9<"/proc/$ns/ns/net"
}

casd_station=127.0.0.1:7816,mux
check "bench, token, order of 2 records" bureau_open 2 2
# Something has to be in there for as long as the test takes.
background ns unshare -n sh -c 'ip link set lo up && exec tail -f /dev/null'
ns=$background_pid
inside="nsenter -t $ns -n"
check "a namespace" wait_for "$inside ip link show up dev lo | grep -q UP" 30
# shellcheck disable=SC2086 # a command
{
	is "no coupler is seen in there" "$(couplers $inside)" 0
	check "it has a station" $inside cksctl station set address 127.0.0.1
	background monitor $inside cksctl monitor
}
check "couplers are given to it" give_lanes
# shellcheck disable=SC2086 # a command
is "it sees them, and so does the initial namespace" "$(couplers $inside) $(couplers)" "2 2"

casd_start
check "the control unit in there runs to its end" stationd_run
is "every card is good" "$(pile good | wc -l) $(pile reject | wc -l)" "2 0"
is "each holds a row of its own" "$(verified)" 2
is "the station outside has had no part in it" \
	"$(cksctl station | sed -n 's/^state: //p; s/^requests-total: //p' | tr '\n' ' ')" "down 0 "
# shellcheck disable=SC2086 # a command
is "the CAS came by one connection" \
	"$($inside awk '$1 == "Tcp:" && $7 ~ /^[0-9]+$/ { print $7 }' /proc/net/snmp)" 1
check "in there they heard of cards" grep -q '^card ' "$TMP/monitor.log"

end_background
check "everything unloads" unload_modules
finish
