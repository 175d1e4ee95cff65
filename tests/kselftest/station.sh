#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The hand-over when a side dies in the middle: docs/handover.md. Whatever happens, a card in the good
# bin has exactly one delivered record, and no record is on two cards.

. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/bureau.sh"

plan 15

check "bench, token, order of 10 records" bureau_open 10 4
casd_start

# The control unit dies at a moment at which cards are on their way.
background stationd stationd_run
first=$background_pid
check "two cards are done" wait_for "[ \"\$(grep -c ' DISPOSED ' '$TMP/journal/journal')\" -ge 2 ]" 120
kill -KILL "$first"
wait "$first" 2>/dev/null
like "a second control unit is refused while one has the journal" \
	"$(flock "$TMP/journal" timeout 20 stationd --transport "sim:$tray" --once \
		--lanes "$TMP/lanes" --journal "$TMP/journal" --application personalize 2>&1)" \
	'another control unit has it'
background again stationd_run
second=$background_pid
check "the next one goes on" \
	wait_for "[ \"\$(grep -c ' DISPOSED ' '$TMP/journal/journal')\" -ge 5 ]" 120

# The CAS dies, and comes back.
kill -KILL "$casd_pid"
wait "$casd_pid" 2>/dev/null
casd_start
check "the run ends after the CAS died and came back" wait_for "! kill -0 $second" 240
wait "$second"
is "with nothing left to be looked at" "$?" 0

is "the lanes are empty" "$(for i in 0 1 2 3; do trayctl "$tray" sense $i; done | sort -u)" "ok empty"
is "every card is in a bin" "$({ pile good; pile reject; } | sort -n | tr '\n' ' ')" \
	"1 2 3 4 5 6 7 8 9 10 "
is "every good card has its delivered record" "$(records DELIVERED)" "$(pile good | wc -l)"
is "no record is in doubt: the sensors could tell" "$(records DOUBT)" 0
is "the CAS has acknowledged all dispositions" \
	"$(cksctl station | sed -n 's/^acked-disposition: //p')" \
	"$(grep -c ' DISPOSED ' "$TMP/journal/journal")"
is "no record waits for a card" "$(casctl intent list --db "$db" --json)" "[]"
check "the ledger is whole" casctl ledger verify --db "$db"
is "every good card holds a row of its own" "$(verified)" "$(pile good | wc -l)"

end_background
check "everything unloads" unload_modules
finish
