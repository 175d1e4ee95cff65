#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Personalizes the cards of an order in a guest: simulated cards and couplers, everything else real.
set -eu

usage()
{
	cat <<-EOF
	Usage: demo/demo.sh [--cards N] [--lanes N]

	Makes an order, boots a stock kernel under QEMU, and personalizes the order's cards
	there on simulated couplers. Then each card is read back and compared with its row.
	Results are left in build/demo. Needs a finished build; \`make demo\` makes one.

	  --cards N   cards and rows of the order, 1 to 1000 (default 40)
	  --lanes N   couplers, 1 to 16 (default 4)

	Exit status: 0 every card was verified, 1 not, 2 wrong usage.
	EOF
}

cards=40 lanes=4
while [ $# -gt 0 ]; do
	case $1 in
	--help|-h) usage; exit 0 ;;
	--cards|--lanes)
		case ${2:-} in
		''|*[!0-9]*|?????*) echo "demo: $1 needs a number; see --help" >&2; exit 2 ;;
		esac
		[ "$1" = --cards ] && cards=$2 || lanes=$2
		shift ;;
	*) echo "demo: unknown argument $1; see --help" >&2; exit 2 ;;
	esac
	shift
done

top=$(cd "$(dirname "$0")/.." && pwd -P)
out=${O:-$top/build}
demo=$out/demo

rm -rf "$demo"
mkdir -p "$demo"
# The keys are test keys, as are those of the simulated cards.
sed -n 's/^transport transport //p' "$top/demo/test-keys" >"$demo/transport-key"
"$out/bin/mkorder" --rows "$cards" --seed 1 --transport-key-file "$demo/transport-key" \
	>"$demo/order.csv"
echo "order: $cards cards, $demo/order.csv"
echo "booting a guest with $lanes simulated couplers ..."
status=0
"$top/tools/qemu/run" --share "$demo" --timeout 600 -- "$top/demo/guest.sh" "$cards" "$lanes" ||
	status=$?

echo
echo "ledger:      $demo/cas.db   ($out/bin/casctl ledger show --db $demo/cas.db)"
echo "summary:     $demo/summary.json"
echo "journal:     $demo/journal"
echo "logs:        $demo/casd.log, $demo/cardsim.trace"
if [ $status -ne 0 ]; then
	echo "demo: failed with status $status" >&2
	exit 1
fi
