#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/qemu/report: the first line of each kind of complaint that the kernel has, and what is none.
# That a running kernel comes up with them is tested by tests/defects/check.
set -eu

cd "$(dirname "$0")/.."
log=$(mktemp)
out=$(mktemp)
trap 'rm -f "$log" "$out"' EXIT
n=0
failed=0

# judge STATUS NAME [TEXT]: the log on stdin; with TEXT, the report must have it
judge()
{
	local got=0
	cat >"$log"
	tools/qemu/report "$log" >"$out" 2>&1 || got=$?
	n=$((n + 1))
	if [ $got = "$1" ] && { [ -z "${3:-}" ] || grep -qF -- "$3" "$out"; }; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$out"
		failed=1
	fi
}

while read -r line; do
	judge 1 "$line" < <(printf '[    1.0] cks: module taints kernel.\r\n[    9.1] %s\r\n' "$line")
done <<'EOF'
BUG: KASAN: slab-out-of-bounds in cks_rx+0x10/0x20 [cks]
UBSAN: shift-out-of-bounds in kernel/uart/rate.c:30:9
ODEBUG: free active (active state 0) object: 0000000012345678 object type: timer_list
WARNING: possible circular locking dependency detected
WARNING: inconsistent lock state
WARNING: suspicious RCU usage
BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585
[ BUG: Invalid wait context ]
BUG: scheduling while atomic: insmod/100/0x00000002
list_add double add: new=ffff888000000000, prev=ffff888000000000, next=ffff888000000000.
INFO: task rmmod:99 blocked for more than 120 seconds.
rcu: INFO: rcu_preempt self-detected stall on CPU
watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [insmod:100]
BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!
refcount_t: underflow; use-after-free.
BUG: kernel NULL pointer dereference, address: 0000000000000008
irq 24: nobody cared (try booting with the "irqpoll" option)
unregister_netdevice: waiting for veth0 to become free. Usage count = 2
IPv4: Attempt to release TCP socket in state 1 00000000a1b2c3d4
Attempt to release alive inet socket 00000000a1b2c3d4
** 12 printk messages dropped **
huh, entered softirq 3 NET_RX 0000000000000000 with preempt_count 00000101, exited with 00000100?
NOHZ tick-stop error: local softirq work is pending, handler #08!!!
workqueue cks_router: drain_workqueue() isn't complete after 10 tries
debugfs: Directory 'cks' with parent '/' already present!
exiting task "irq/24-cks" (100) is an active IRQ thread (irq 24)
kobject: kobject_add_internal failed for coupler0 (error: -2 parent: cks)
cks-init: leaked memory: 1 objects
EOF

judge 1 "a data race of ours" <<'EOF'
==================================================================
BUG: KCSAN: data-race in cks_sim_read / cks_sim_write
write to 0xffff888000000000 of 4 bytes by task 1 on cpu 0:
 cks_sim_write+0x20/0x40 [cks_sim]
==================================================================
EOF
judge 0 "a data race of the kernel's own" "data races of the kernel's own, passed over: 1" <<'EOF'
==================================================================
BUG: KCSAN: data-race in tick_nohz_next_event / tick_sched_handle
read to 0xffffffff80000000 of 4 bytes by task 1 on cpu 0:
 tick_nohz_next_event+0x20/0x40
==================================================================
cks: loading out-of-tree module taints kernel.
EOF
judge 0 "a data race of the kernel's own between works of ours" <<'EOF'
==================================================================
BUG: KCSAN: data-race in process_one_work / process_one_work
read to 0xffffffff80000000 of 8 bytes by task 482 on cpu 1:
 process_one_work+0x3a8/0x7c0
Workqueue: cks_router stream_work [cks_router]
==================================================================
EOF
judge 0 "a data race of the kernel's own where we sleep" <<'EOF'
==================================================================
[  857.510568] BUG: KCSAN: data-race in hrtimer_wakeup / schedule_hrtimeout_range_clock
[  857.510894] write to 0xffffc9000020b818 of 8 bytes by interrupt on cpu 0:
[  857.511103]  hrtimer_wakeup+0x23/0x40
[  857.511273]  __hrtimer_run_queues+0x249/0x400
[  857.532865] read to 0xffffc9000020b818 of 8 bytes by task 643 on cpu 0:
[  857.533045]  schedule_hrtimeout_range_clock+0x102/0x180
[  857.533207]  schedule_hrtimeout_range+0xe/0x10
[  857.533364]  usleep_range_state+0x8c/0xb0
[  857.533509]  cks_uart_test_interrupt+0xd9/0x1c0 [cks_uart]
[  857.533800] ==================================================================
EOF
judge 1 "a data race of ours in a function that we call" <<'EOF'
==================================================================
[  857.510568] BUG: KCSAN: data-race in list_add_helper / list_add_helper
[  857.510894] write (marked) to 0xffffc9000020b818 of 8 bytes by interrupt on cpu 0:
[  857.511103]  list_add_helper+0x23/0x40
[  857.511273]  cks_coupler_stage+0x249/0x400 [cks]
[  857.533800] ==================================================================
EOF
judge 1 "a data race of ours in a module whose name has digits" <<'EOF'
==================================================================
BUG: KCSAN: data-race in t1_receive / t1_send
read to 0xffff888000000000 of 4 bytes by task 1 on cpu 0:
 t1_receive+0x20/0x40 [cks_iso7816_kunit]
==================================================================
EOF
judge 1 "a data race of the kernel's own, then a warning" <<'EOF'
BUG: KCSAN: data-race in tick_nohz_next_event / tick_sched_handle
==================================================================
WARNING: CPU: 0 PID: 1 at x
EOF
judge 1 "a warning of another processor's within a data race of the kernel's own" "WARNING: CPU: 1" <<'EOF'
==================================================================
[   12.510568] BUG: KCSAN: data-race in tick_nohz_next_event / tick_sched_handle
[   12.510894] read to 0xffffffff80000000 of 4 bytes by task 1 on cpu 0:
[   12.511103]  tick_nohz_next_event+0x20/0x40
[   12.511273]  tick_nohz_get_sleep_length+0x60/0xa0
[   12.511170] WARNING: CPU: 1 PID: 77 at kernel/core/session.c:99 cks_session_end+0x40/0x50 [cks]
[   12.511302]  do_idle+0x1c8/0x270
[   12.533800] ==================================================================
EOF
judge 0 "what a further scan of kmemleak does not confirm" <<'EOF'
kmemleak: Kernel memory leak detector initialized (mem pool available: 15868)
kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
EOF
shortage()
{
	cat <<-EOF
	inject_test: vmalloc error: size 65792, vm_struct allocation failed, mode:0xcc0(GFP_KERNEL)
	CPU: 0 UID: 0 PID: 200 Comm: inject_test
	Call Trace:
	 <TASK>
	 warn_alloc+0x10/0x20
	 </TASK>
	Mem-Info:
	EOF
}
judge 0 "vmalloc() without memory" < <(shortage)
judge 0 "an object without memory" \
	<<<'[ 9.1] kobject: kobject_add_internal failed for coupler0 (error: -12 parent: cks_sim)'
judge 1 "one whose name is taken" \
	<<<'[ 9.1] kobject: kobject_add_internal failed for coupler0 (error: -17 parent: cks_sim)'
judge 1 "and then another trace" < <(shortage; echo "Call Trace:")
rc=0
tools/qemu/report "$log" -e '(' >"$out" 2>&1 || rc=$?
n=$((n + 1))
if [ $rc = 2 ]; then
	echo "ok $n - an expression that is none lets nothing pass"
else
	echo "not ok $n - an expression that is none lets nothing pass"
	failed=1
fi
echo "1..$n"
exit $failed
