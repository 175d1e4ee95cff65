#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo's part inside the guest: guest.sh CARDS LANES. Results go to $CKS_SHARE.
set -eu

cards=$1 lanes=$2
top=$(cd "$(dirname "$0")/.." && pwd -P)
out=${O:-$top/build}
bin=$out/bin
share=${CKS_SHARE:?runs in a guest only: demo/demo.sh}
# Files that are synced often stay in memory until the end.
work=$(mktemp -d /tmp/cks-demo.XXXXXX)
casd='' cardsim=''

save()
{
	# Whole databases: what is still in the write-ahead log goes in at the end of casd.
	for f in cas.db casd.log cardsim.log cardsim.trace summary.json journal/journal; do
		[ ! -e "$work/$f" ] || cp "$work/$f" "$share/" || :
	done
}

cleanup()
{
	for pid in $casd $cardsim; do
		kill "$pid" 2>/dev/null && wait "$pid" || :
	done
	save
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

die()
{
	echo "demo: $1" >&2
	for log in casd.log cardsim.log; do
		[ ! -s "$work/$log" ] || tail -n 20 "$work/$log" | sed "s/^/$log: /" >&2
	done
	exit 1
}

# wait_for SECONDS COMMAND...
wait_for()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

for m in cks cks_sim cks_uart cks_router; do
	for needs in $(modinfo -F depends "$out/modules/$m.ko" | tr , ' '); do
		case $needs in
		cks|cks_*) ;;
		*) modprobe "$needs" ;;
		esac
	done
	insmod "$out/modules/$m.ko"
done

"$bin/cardsim" --slots "$lanes" --cards "$cards" --realtime --clk-div 4 --socket "$work/tray" \
	--ready-file "$work/lanes" --trace "$work/cardsim.trace" 2>"$work/cardsim.log" &
cardsim=$!
wait_for 30 test -e "$work/lanes" || die "the simulated cards did not come up"
"$bin/cksctl" couplers
echo "The card clock is divided by 4, so that a busy machine keeps up: all is equal in etu, and cards"
echo "per hour are those of this simulation, not of a station."

# The token of the CAS, with test keys.
echo 12345678 >"$work/pin"
mkdir "$work/token"
echo "directories.tokendir = $work/token" >"$work/softhsm2.conf"
export SOFTHSM2_CONF=$work/softhsm2.conf
"$bin/casctl" key init --pin-file "$work/pin" --import "$top/demo/test-keys"
"$bin/casctl" import --db "$work/cas.db" --order demo --test --pin-file "$work/pin" \
	"$share/order.csv"

"$bin/casd" --db "$work/cas.db" --station 127.0.0.1:7816 --profiles "$top/profiles" \
	--order demo --pin-file "$work/pin" 2>"$work/casd.log" &
casd=$!

status=0
"$bin/stationd" --transport "sim:$work/tray" --lanes "$work/lanes" --journal "$work/journal" \
	--application personalize --once --progress --retries 3 --json "$work/summary.json" || status=$?
[ $status -eq 0 ] || die "the control unit ended with status $status"
kill "$casd"
wait "$casd" || :
casd=
"$bin/casctl" ledger verify --db "$work/cas.db"

# Read every good card back through its coupler, on all lanes at once.
echo "reading back ..."
# read_back LANE COUPLER CARD...: prints "card N: verified ICCID" or what differs
read_back()
{
	local lane=$1 coupler=$2
	shift 2
	for card; do
		"$bin/trayctl" "$work/tray" feed "$lane" good "$card" >/dev/null ||
			echo "card $card cannot be fed"
		wait_for 10 eval "'$bin/cksctl' coupler $coupler | grep -q '^present: yes'" ||
			echo "coupler $coupler does not see card $card"
		# On a busy machine a simulated card may be late with its ATR: contact it anew.
		for _ in 1 2 3 4; do
			said=$("$bin/readback" --csv "$share/order.csv" \
				--transport-key-file "$share/transport-key" \
				--coupler "/dev/cks/coupler$coupler" 2>&1) && break
		done
		echo "card $card: $said"
		"$bin/trayctl" "$work/tray" eject "$lane" good >/dev/null
	done
}
read -r -a good <<<"$("$bin/trayctl" "$work/tray" list good | sed 's/^ok *//')"
pids=
while read -r lane coupler; do
	mine=()
	for ((i = lane; i < ${#good[@]}; i += lanes)); do
		mine+=("${good[i]}")
	done
	read_back "$lane" "$coupler" ${mine[@]+"${mine[@]}"} >"$work/read.$lane" &
	pids="$pids $!"
done <"$work/lanes"
# shellcheck disable=SC2086 # a list of numbers
wait $pids
cat "$work"/read.* >"$share/readback.txt"
grep -v ': verified [0-9]*$' "$share/readback.txt" >&2 || :
# A card counts once, however often it was read.
verified=$(sed -n 's/^card [0-9]*: \(verified [0-9]*\)$/\1/p' "$share/readback.txt" | sort -u | wc -l)

echo
echo "cards verified $verified of $cards"
[ "$verified" -eq "$cards" ]
