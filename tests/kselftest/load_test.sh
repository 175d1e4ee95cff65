#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every module loads by itself, with what it depends on, and leaves again, repeatedly.

. "$(dirname "$0")/lib/harness.sh"

all="cks cks_sim cks_uart cks_router"
plan 9

for module in $all; do
	check "$module loads" load_modules "$module"
	check "$module unloads" unload_modules
done

cycles()
{
	for i in 1 2 3 4 5; do
		load_modules || return 1
		unload_modules || return 1
	done
}
check "five rounds of all" cycles

finish
