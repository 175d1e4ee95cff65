# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# A whole card bureau for the tests: couplers with simulated cards, a token, an order, casd. Read
# after harness.sh. All of it lives in $TMP and ends with the test.

tray=$TMP/tray
db=$TMP/cas.db
casd_pid=
# What the programs of the station and of the CAS run in: empty, or a command that takes one.
inside=
casd_station=127.0.0.1:7816

# bureau_open CARDS LANES [CARDSIM OPTIONS...]
bureau_open()
{
	local cards=$1 lanes=$2
	shift 2
	load_modules || return 1
	# A slower clock changes nothing in etu, and gives a busy machine time for a card's ATR.
	background cardsim cardsim --slots "$lanes" --cards "$cards" --realtime --clk-div $((4 * ${CKS_CLK_DIV:-1})) \
		--socket "$tray" \
		--ready-file "$TMP/lanes" --trace "$TMP/trace" "$@"
	wait_for "[ -e '$TMP/lanes' ]" 30 || return 1

	echo 12345678 >"$TMP/pin"
	mkdir "$TMP/token"
	echo "directories.tokendir = $TMP/token" >"$TMP/softhsm2.conf"
	export SOFTHSM2_CONF="$TMP/softhsm2.conf"
	casctl key init --pin-file "$TMP/pin" --import "$CKS_TOP/demo/test-keys" || return 1
	sed -n 's/^transport transport //p' "$CKS_TOP/demo/test-keys" >"$TMP/transport-key"
	mkorder --rows "$cards" --seed 7 --transport-key-file "$TMP/transport-key" \
		>"$TMP/order.csv" || return 1
	casctl import --db "$db" --order test --test --pin-file "$TMP/pin" "$TMP/order.csv"
}

casd_start()
{
	# shellcheck disable=SC2086 # a command
	background casd $inside casd --db "$db" --station "$casd_station" --profiles "$CKS_TOP/profiles" \
		--order test --pin-file "$TMP/pin"
	casd_pid=$background_pid
}

# stationd_run [OPTIONS...]: until the feeder is empty
stationd_run()
{
	# shellcheck disable=SC2086 # a command
	$inside stationd --transport "sim:$tray" --lanes "$TMP/lanes" --journal "$TMP/journal" \
		--application personalize --retries 4 --max-failures 20 --once \
		--json "$TMP/summary.json" "$@"
}

# records STATE: how many records of the order are in it
records()
{
	casctl records --db "$db" | awk -v state="$1" '$4 == state { n++ } END { print n + 0 }'
}

# pile good|reject|feeder: the cards in it, one a line
pile()
{
	trayctl "$tray" list "$1" | sed 's/^ok *//' | tr ' ' '\n' | sed '/^$/d' | sort -n
}

# read_back CARD: feeds a good card and compares it with its row
read_back()
{
	local try
	trayctl "$tray" feed 0 good "$1" >/dev/null || return 1
	wait_for "cksctl coupler $coupler0 | grep -q '^present: yes'" 10 || return 1
	# On a busy machine a simulated card may be late with its ATR: contact it anew.
	for try in 1 2 3 4 5; do
		readback --csv "$TMP/order.csv" --transport-key-file "$TMP/transport-key" \
			--coupler "/dev/cks/coupler$coupler0" && break
	done
	trayctl "$tray" eject 0 good >/dev/null
}

# verified: how many different rows the cards of the good bin hold, each compared byte by byte
verified()
{
	local card
	coupler0=$(awk '$1 == 0 { print $2 }' "$TMP/lanes")
	for card in $(pile good); do
		read_back "$card"
	done 2>"$TMP/readback.log" | grep '^verified' | sort -u | wc -l
}
