#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# casctl profile: what is wrong with a profile is found without a card, and whose it is.
set -eu

cd "$(dirname "$0")/.."
casctl=${O:-$PWD/build}/bin/casctl
profiles=$PWD/profiles
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-profile.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# expect NAME STATUS PATTERN COMMAND...
expect()
{
	local name=$1 want=$2 pattern=$3 got=0
	shift 3
	(cd "$tmp" && "$@") >"$tmp/said" 2>&1 || got=$?
	n=$((n + 1))
	if [ "$got" = "$want" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$tmp/said"; }; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# status $got, wanted $want and: $pattern"
		sed 's/^/# /' "$tmp/said"
		failed=1
	fi
}

# bad NAME PATTERN TEXT: a profile that check finds fault with
bad()
{
	printf '%b' "$3" >"$tmp/bad.lua"
	expect "$1" 1 "$2" "$casctl" profile check bad.lua
}

# try NAME STATUS PATTERN TEXT CARD: a profile against a card
try()
{
	printf '%b' "$4" >"$tmp/try.lua"
	printf '%b' "$5" >"$tmp/card"
	expect "$1" "$2" "$3" "$casctl" profile run --dry --card card try.lua
}

echo 1..35
expect "the profiles that come with it are right" 0 '' "$casctl" profile check "$profiles"/*.lua
bad "a syntax error has its line" 'bad.lua:2:.*expected' 'local card = ...\nif card the\n'
bad "bytecode is no profile" 'attempt to load a binary' '\033Lua'
bad "a misspelt name has its line" 'bad.lua:2: nothing has the name recrod' 'local record = {}\nreturn recrod.iccid\n'
bad "a misspelt method of the card" 'bad.lua:2: the card has no sned' 'local card = ...\ncard:sned{ins = 0}\n'
bad "a misspelt method of a channel" 'bad.lua:2: a secure channel has no putkey' \
	'local c, r = ...; local s = c:open_scp03{kmc = "k"}\ns:putkey{}\n'
bad "a misspelt field of the record" 'bad.lua:3: a record has no icid' \
	'local c, r = ...\nlocal rec = c:claim("")\nreturn rec.icid\n'
bad "a misspelt field of the request" 'bad.lua:1: the request has no refrence' \
	'local c, r = ...; return r.refrence'
bad "what the sandbox does not have" 'bad.lua:1: nothing has the name os' 'os.exit(1)\n'
bad "a name within strings and comments is none" 'bad.lua:6: nothing has the name e' \
	'-- a b\n--[[ c\nd ]]\nlocal s = "f" .. [[g\nh]]\nreturn s .. e\n'
expect "declared, assigned, passed and field names are known" 0 '' sh -c "cat >ok.lua <<'T'
local card, request = ...
local a <const>, b = 1, {c = 2, d = {e = 3}}
local function f(g, h, ...) return g.i + h:j(k) end
k = 5
for l, m in pairs(b) do f(l, m) end
for i = 1, 2 do card:send{ins = i, le = 0} end
local s = card:open_scp02{kmc = 'k'}; s:store_data{s:kdd()}; s = {}; s.t = 1
::again::
if request.reference == '' then goto again end
return {verdict = 'good', reason = tostring(a)}
T
$casctl profile check ok.lua"
expect "a name that is no application" 1 'no such application' sh -c "cp ok.lua OK.lua; $casctl profile check OK.lua"
expect "a profile of more than 64 KiB" 1 'cannot be read' sh -c \
	"head -c 70000 /dev/zero | tr '\\0' ' ' >large.lua; $casctl profile check large.lua"

run=("$casctl" profile run --dry)
expect "a dry run of the example is good" 0 '^# verdict good$' \
	"${run[@]}" --card "$profiles/personalize.card" "$profiles/personalize.lua"
cp "$tmp/said" "$tmp/out"
expect "and says what the card must do next" 0 '^# information ICCID 8949' cat out
expect "PIN and PUK are masked" 1 '' grep -E '3731333834363235|3933353137323634' out
expect "but what is beside them is not" 0 '801008\*{16}801108\*{16}' cat out
expect "so is the payload" 1 '' grep -q 010102AABB out
expect "its output is a card's script again" 0 '^# verdict good$' \
	sh -c "${run[*]} --card '$profiles/personalize.card' '$profiles/personalize.lua' >again &&
		${run[*]} --card again '$profiles/personalize.lua'"
sed 's/^< 8949/< 8950/' "$profiles/personalize.card" >"$tmp/other"
expect "a card with other data is rejected" 1 'reject: the card has another ICCID' \
	"${run[@]}" --card other "$profiles/personalize.lua"
sed '/^< 30000000/s/< 30/< 31/' "$profiles/personalize.card" >"$tmp/other"
expect "so is one that took other keys" 1 'reject: PUT KEY: the card confirms another key version' \
	"${run[@]}" --card other "$profiles/personalize.lua"
export k=000000000000000000000000000000000000000000000000
expect "the record may come from a file" 0 '^> 84E2.*8949000000000000026F' sh -c "
	echo iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload >r.csv
	echo 8949000000000000026,262990000000002,4711,12345678,30,\$k,\$k,\$k,010101AA >>r.csv
	${run[*]} --record r.csv '$profiles/personalize.lua' || :"
cp "$tmp/said" "$tmp/out"
expect "and its PIN is masked" 1 '' grep -E '34373131|3132333435363738' out
expect "a payload is masked that is split over commands" 0 '^# verdict reject' sh -c "
	v=\$(seq -f %03g 1 200 | tr -d '\\n')
	echo iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload >r.csv
	echo 8949000000000000026,262990000000002,4711,12345678,30,\$k,\$k,\$k,3000FF012C\$v >>r.csv
	${run[*]} --record r.csv '$profiles/personalize.lua' || :"
cp "$tmp/said" "$tmp/out"
expect "no eight digits of it are left" 1 '' grep -E '00100200|19920020|10010110' out

try "a profile that never verifies is not good" 1 'reject: the profile did not verify' \
	"local c = ...; c:claim(('x'):rep(10)); return {verdict = 'good'}" ''
try "batch, reset and prompts are played" 0 '^# verdict hold: 2 4711$' \
	"local c = ...\nlocal r = c:batch{{ins = 0xB0}, {ins = 0xB2, expect = {0x9000, 0x6A83}}}\nc:reset('warm')
return {verdict = 'hold', reason = #r .. ' ' .. c:prompt{kind = 'entry', text = 'PIN?'}}" \
	'> 00B00000\n< 9000\n> 00B20000\n< 6A83\natr 3B00\nentry 4711\n'
try "a command that the card does not expect" 1 'card:1: .*has > 00B2' \
	'local c = ...; c:send{ins = 0xB0}' '> 00B20000\n< 9000\n'
try "wildcards" 0 'verdict good' \
	"local c = ...; c:send{ins = 0xB0, data = 'abcd'} return {verdict = 'good'}" '> 00B0****04*\n< 9000\n'
try "a card that expects more" 1 'more from line 2' \
	"return {verdict = 'good'}" '# nothing\n> 00\n'
try "an endless loop" 1 'instruction limit' 'while true do end' ''

openssl genpkey -algorithm ed25519 -out "$tmp/private" 2>/dev/null
openssl pkey -in "$tmp/private" -pubout -out "$tmp/public" 2>/dev/null
expect "an unsigned profile" 1 'is not signed' "$casctl" profile check --key public ok.lua
expect "a signed one" 0 '' sh -c "$casctl profile sign --key private ok.lua && $casctl profile check --key public ok.lua"
expect "a signed one under another name" 1 'not what was signed' sh -c \
	"cp ok.lua fine.lua; cp ok.lua.sig fine.lua.sig; $casctl profile check --key public fine.lua"
expect "a signed one that was changed" 1 'not what was signed' sh -c \
	"echo >>ok.lua; $casctl profile check --key public ok.lua"
[ "$failed" -eq 0 ]
