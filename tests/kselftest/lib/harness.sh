# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# Shell side of the guest's tests: TAP, conditions to wait for, modules, background programs.
#
#	. "$(dirname "$0")/lib/harness.sh"
#	plan 2
#	load_modules
#	check "a coupler appears" wait_for '[ -e /dev/cks/coupler0 ]' 10
#	is "ATR" "$(cksctl ...)" "3B00"
#	finish
#
# Background programs and modules go away when the script ends, however it ends.

set -u

CKS_TOP=$(cd "$(dirname "$0")/../.." && pwd -P)
CKS_OUT=${O:-$CKS_TOP/build}
CKS_BIN=$CKS_OUT${SAN:+/san}/bin
CKS_MODULES=${MODDIR:-$CKS_OUT/modules}
PATH=$CKS_BIN:$PATH
export PATH CKS_TOP CKS_OUT CKS_BIN CKS_MODULES

if [ -z "${CKS_GUEST:-}" ]; then
	echo "Bail out! runs in a guest only: make guest T=$(basename "$0" .sh)"
	exit 2
fi

TMP=$(mktemp -d "${TMPDIR:-/tmp}/cks-test.XXXXXX")
export TMP

tap_count=0
tap_failed=0
tap_planned=0
background_pids=
loaded_modules=

# plan N
plan()
{
	tap_planned=$1
	echo "1..$1"
}

# skip_all WHY: instead of a plan
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ok NAME
ok()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# fail NAME [DETAIL]
fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	[ $# -lt 2 ] || diag "$2"
}

# skip NAME WHY
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# check NAME CMD...: passes if the command succeeds
check()
{
	local name=$1 status=0
	shift
	# No subshell: the command may be load_modules, or set variables.
	"$@" >"$TMP/check.out" 2>&1 || status=$?
	if [ $status -eq 0 ]; then
		ok "$name"
	else
		fail "$name" "status $status of: $*
$(cat "$TMP/check.out")"
	fi
}

# check_fails NAME CMD...: passes if the command ends with a status from 1 to 125: a program that
# is missing, or that a signal ended, has not refused anything
check_fails()
{
	local name=$1 status=0
	shift
	"$@" >"$TMP/check.out" 2>&1 || status=$?
	if [ $status -ge 1 ] && [ $status -le 125 ]; then
		ok "$name"
	else
		fail "$name" "status $status of: $*
$(cat "$TMP/check.out")"
	fi
}

# is NAME GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		fail "$1" "got:    $2
wanted: $3"
	fi
}

# like NAME GOT REGEX (extended)
like()
{
	if printf '%s\n' "$2" | grep -qE -- "$3"; then
		ok "$1"
	else
		fail "$1" "got:            $2
wanted to match: $3"
	fi
}

# wait_for CONDITION SECONDS: shell text, tried until it succeeds or the time is over
wait_for()
{
	local end=$(($(cut -d . -f 1 /proc/uptime) + $2))
	until eval "$1" >/dev/null 2>&1; do
		if [ "$(cut -d . -f 1 /proc/uptime)" -ge "$end" ]; then
			diag "waited $2 s in vain for: $1"
			return 1
		fi
		sleep 0.05
	done
}

# load_modules [NAME...]: ours by file, with what they need of the kernel's own
load_modules()
{
	local module needs
	[ $# -gt 0 ] || set -- cks cks_sim cks_uart cks_router
	for module; do
		[ ! -d "/sys/module/$module" ] || continue
		for needs in $(modinfo -F depends "$CKS_MODULES/$module.ko" | tr , ' '); do
			case $needs in
			cks|cks_*) load_modules "$needs" || return 1 ;;
			*) modprobe "$needs" || return 1 ;;
			esac
		done
		insmod "$CKS_MODULES/$module.ko" || return 1
		loaded_modules="$module $loaded_modules"
	done
}

# unload_modules: in the reverse order of loading
unload_modules()
{
	local status=0 module
	for module in $loaded_modules; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module" || status=1
	done
	loaded_modules=
	return $status
}

# background NAME CMD...: output goes to $TMP/NAME.log; the process id is in $background_pid
background()
{
	local name=$1
	shift
	"$@" >"$TMP/$name.log" 2>&1 </dev/null &
	background_pid=$!
	background_pids="$background_pid $background_pids"
}

# end_background [PID...]: by default all, last started first
# shellcheck disable=SC2120
end_background()
{
	local pid
	# shellcheck disable=SC2086 # a list of numbers
	[ $# -gt 0 ] || set -- $background_pids
	for pid; do
		kill "$pid" 2>/dev/null || :
		if ! wait_for "! kill -0 $pid || grep -q '^State:.Z' /proc/$pid/status" 10; then
			kill -KILL "$pid" 2>/dev/null || :
		fi
		wait "$pid" 2>/dev/null || :
	done
}

cleanup()
{
	end_background
	unload_modules || :
	rm -rf "$TMP"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# finish: the exit status follows the tests
finish()
{
	if [ "$tap_failed" -gt 0 ]; then
		for log in "$TMP"/*.log; do
			[ ! -s "$log" ] || { diag "$(basename "$log"):"; diag "$(tail -n 40 "$log")"; }
		done
		exit 1
	fi
	[ "$tap_count" -eq "$tap_planned" ] || exit 1
	exit 0
}
