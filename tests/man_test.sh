#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Manual pages: each program has one that has each of its options, and no other ones; all are right.
set -eu

cd "$(dirname "$0")/.."
bin=${O:-$PWD/build}/bin
n=0
failed=0

result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# $2"
		failed=1
	fi
}

# options: the long options in what is read, sorted
options()
{
	{ grep -oE -- '(^|[^-A-Za-z0-9])--[a-z][a-z0-9-]*' || :; } | grep -oE -- '--[a-z0-9-]+' | sort -u
}

# words NAME: what is read, without the markup of a page and the options of other programs that it
# names; --help is in each program, if not in each help
words()
{
	local others
	others=$(printf '%s\n' casd casctl cas-keyd stationd cksctl | grep -vx "$1" | paste -sd '|')
	sed -E "s/\\\\-/-/g; s/\\\\f[A-Z]//g; s/\"//g; s/\\b($others) --[a-z-]+//g"
	echo ' --help'
}

helps()
{
	"$bin/$1" --help
	if [ "$1" = casctl ]; then
		"$bin/casctl" key --help
	fi
}

pages=(docs/*.[18])
echo 1..$((2 * ${#pages[@]}))
for page in "${pages[@]}"; do
	name=$(basename "${page%.*}")
	differs=$(diff <(helps "$name" | words "$name" | options) <(words "$name" <"$page" | options) |
		grep '^[<>]' | tr '\n' ' ') || :
	result "$page has the options of $name --help" "$differs"
	result "$page is well-formed" "$(groff -man -Tutf8 -ww -z "$page" 2>&1)"
done
[ "$failed" -eq 0 ]
