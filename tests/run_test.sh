#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/run, with a guest that does as it is told: what a row does not run, or runs in vain, is a
# failure, and so is a kernel's complaint.
set -eu

cd "$(dirname "$0")/.."
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-run.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/tree/tests/kselftest" "$tmp/tree/tools/qemu"
cp tests/run "$tmp/tree/tests/"

cat >"$tmp/tree/tests/kselftest/run_all" <<'STUB'
#!/bin/bash
# --list [WORDS...]
shift
for t in kselftest/a_test kselftest/b_test; do
	[ $# -eq 0 ] || [[ $t = *"$1"* ]] && echo $t
done
exit 0
STUB
# Leaves $tmp/RESULT of each test that has one, and ends with $tmp/status.
cat >"$tmp/tree/tools/qemu/run" <<STUB
#!/bin/bash
while [ \$# -gt 0 ]; do
	case \$1 in
	--share) share=\$2 ;;
	kselftest/*) name=\${1//\//_}
		mkdir -p "\$share/logs"
		[ ! -e "$tmp/\$name" ] || cp "$tmp/\$name" "\$share/logs/\$name.result" ;;
	esac
	shift
done
exit \$(cat "$tmp/status")
STUB
chmod +x "$tmp/tree/tests/kselftest/run_all" "$tmp/tree/tools/qemu/run"

n=0
failed=0

# scene STATUS A B [ROW...]: what the guest ends with, the results of both tests, more lines of rows
scene()
{
	echo "$1" >"$tmp/status"
	rm -f "$tmp"/kselftest_*
	[ -z "$2" ] || echo "$2" >"$tmp/kselftest_a_test"
	[ -z "$3" ] || echo "$3" >"$tmp/kselftest_b_test"
	{ echo 'row stock debian check 1 1'; printf '%s\n' "${@:4}"; } >"$tmp/tree/tests/rows"
}

# check NAME STATUS TEXT [WORDS...]: how the run ends, and what it says
check()
{
	local rc=0
	O=$tmp/out "$tmp/tree/tests/run" guest "${@:4}" >"$tmp/text" 2>&1 || rc=$?
	n=$((n + 1))
	if [ $rc = "$2" ] && grep -qF -- "$3" "$tmp/text"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/text"
		failed=1
	fi
}

scene 0 '2 0 0' '3 0 0'
check 'results are added up, and a kernel that is content is one more' 0 '6 passed, 0 failed, 0 skipped'
scene 0 '2 0 0' '0 0 1'
check 'what is skipped has not passed' 0 '3 passed, 0 failed, 1 skipped'
scene 1 '2 0 0' '1 1 0'
check 'a failure is one' 1 '4 passed, 1 failed, 0 skipped'
scene 0 '2 0 0' ''
check 'so is a test without a result' 1 'kselftest/b_test: left no result'
scene 124 '2 0 0' '3 0 0'
check 'so is a complaint of the kernel' 1 'ended with status 124'
scene 125 '2 0 0' '3 0 0'
check 'so is a guest that did not come to its end' 1 'ended with status 125'
scene 0 '2 0 0' '3 0 0' 'not stock kselftest/b_test it is slow'
check 'what a row leaves out is not run' 0 '3 passed, 0 failed, 0 skipped'
scene 0 '2 0 0' '3 0 0' 'not stock kselftest/c_test it is slow'
check 'a test that was renamed is missed' 1 'there is no test kselftest/c_test'
scene 0 '2 0 0' '3 0 0' 'only stock kselftest/c_test'
check 'a row without a test fails' 1 'there is no test of it'
scene 0 '2 0 0' '3 0 0'
check 'words that no test has fail' 1 'no test of it has "nothing" in its name' nothing
check 'a row that there is not is refused' 2 'there is no row other' --row other
echo "1..$n"
exit $failed
