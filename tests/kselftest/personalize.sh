#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The main job, end to end: 8 cards on 4 couplers, three of them faulty. Names in brackets: rows of
# what the system promises, docs/handover.md and docs/protocol.md.

. "$(dirname "$0")/lib/harness.sh"
. "$(dirname "$0")/lib/bureau.sh"

plan 20

check "bench, token, order of 8 records" bureau_open 8 4 \
	--defect 2:bad-atr --defect 4:no-atr --defect 7:wrong-mac
casd_start
cksctl monitor >"$TMP/events" 2>&1 &
background_pids="$! $background_pids"
# How many sessions ran at the same time.
(
	while :; do
		cksctl sessions 2>/dev/null | grep -cE ' (open|running) ' || :
		sleep 0.02
	done
) >"$TMP/parallel" &
background_pids="$! $background_pids"
background stationd stationd_run
stationd=$background_pid
check "one control socket for the station, a channel socket for each coupler [rows 2, 3]" \
	wait_for "[ \"\$(ss -Hltn | awk '{ print \$4 }' | grep -c '^127.0.0.1:78')\" = 5 ] &&
		ss -Hltn | grep -q '127.0.0.1:7816 '" 30
check "the run ends" wait_for "! kill -0 $stationd" 240
wait "$stationd"
is "and no lane was stopped" "$?" 0

is "cards 2, 4 and 7 are sorted out [row 10]" "$(pile reject | tr '\n' ' ')" "2 4 7 "
is "the others are good: a faulty card stops nobody" "$(pile good | tr '\n' ' ')" "1 3 5 6 8 "
like "card 2 with its reason: a bad ATR" "$(cat "$TMP/stationd.log")" \
	'card 2 \(TRAY-0002\) not good: .*(TS|answer to reset|ATR)'
like "card 4 with its reason: no ATR" "$(cat "$TMP/stationd.log")" \
	'card 4 \(TRAY-0004\) not good: no answer to reset'
like "card 7 with its reason: a wrong MAC" "$(cat "$TMP/stationd.log")" \
	'card 7 \(TRAY-0007\) not good: .*(cryptogram|MAC)'
like "a card that cannot be contacted is tried again [row 10]" \
	"$(grep -c ' card=4 VCC on' "$TMP/trace")" '^([2-9]|[1-9][0-9]+)$'

like "cards are contacted, reset, and their ATR read [row 1]" \
	"$(grep '^request ' "$TMP/events")" 'application=personalize .*atr=3[BF][0-9A-F]+'
like "the request names application and card [row 4]" "$(cat "$TMP/casd.log")" \
	'event=request .* application=personalize reference="TRAY-0001"'
like "the CAS reports the result of each request [row 9]" "$(grep '^result ' "$TMP/events")" \
	'request=[0-9]+ .*verdict=good.*|verdict=good.* request=[0-9]+'
like "several cards are worked on at the same time [row 12]" \
	"$(sort -n "$TMP/parallel" | tail -n 1)" '^([2-9]|[1-9][0-9]+)$'

is "5 records are delivered" "$(records DELIVERED)" 5
is "none is in doubt" "$(records DOUBT)" 0
check "the ledger is whole" casctl ledger verify --db "$db"
is "5 cards hold the bytes of 5 different rows [row 6]" "$(verified)" 5
like "the summary says the same" "$(tr -d '\n\t ' <"$TMP/summary.json")" \
	'^\{"cards":8,"good":5,"rejected":3,'

end_background
check "everything unloads" unload_modules
finish
