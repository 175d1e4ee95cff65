/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A simulated slot: a UART and a card on one line, driven by one timer, with an interrupt.
 *
 * struct sim_slot has one raw spinlock, @lock, over all of its model. It is taken by the register
 * accessors (any context, below the lock of whoever drives the UART), by the timer (hard interrupt)
 * and by the file operations (process). The interrupt handler of the UART's driver is called by the
 * timer alone, with @lock dropped; so that no access to a register ever calls it.
 */
#ifndef CKS_SIM_SLOT_H
#define CKS_SIM_SLOT_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "card.h"
#include "trace.h"
#include "uart16550.h"

/**
 * struct sim_slot - one slot
 * @ref: held by the bench and by the file
 * @entry: in the bench's list
 * @known: in the list of all couplers (bench.c)
 * @number: of the coupler, or of the tty
 * @flags: CKS_SIM_RST_ON_DTR, ...
 * @pdev: the coupler's or the tty's device
 * @port: the tty's, as the 8250 driver has it
 * @irq: virtual interrupt of the UART
 * @timer: for the next event; hard
 * @work: wakes the card's program, which hard interrupt may not do on PREEMPT_RT
 * @wait: for events and for room
 * @reading: one reader at a time
 * @trace_work: wakes the readers of traces
 * @trace_wait: they
 * @lock: for what follows
 * @line: I/O
 * @uart: UART
 * @card: card
 * @faults: of all of it
 * @tracer: records them, when somebody reads
 * @rst: level of RST as the coupler drives it
 * @vcc: it switches VCC and CLK on
 * @level: of the interrupt
 * @raise: how often the handler has to be called, since it has gone up
 * @running: the timer's function runs and will set the timer itself
 * @armed: what the timer is set for, or %SIM_NEVER
 * @cost: of all this, so far
 * @dead: the bench is closed
 */
struct sim_slot {
	struct kref ref;
	struct list_head entry;
	struct list_head known;
	u32 number;
	u32 flags;
	struct platform_device *pdev;
	struct uart_port *port;
	int irq;
	struct hrtimer timer;
	struct irq_work work;
	wait_queue_head_t wait;
	struct mutex reading;	/* one reader at a time */
	struct irq_work trace_work;
	wait_queue_head_t trace_wait;

	raw_spinlock_t lock;
	struct sim_line line;
	struct sim_uart uart;
	struct sim_card card;
	struct sim_faults faults;
	struct sim_tracer tracer;
	bool rst;
	bool vcc;
	bool level;
	u8 raise;
	bool running;
	u64 armed;
	struct cks_sim_cost cost;
	bool dead;
};

/* slot.c; process context, may sleep. @arg has been checked; its clocks are still to be divided. */
struct sim_slot *sim_slot_create(const struct cks_sim_slot *arg);
void sim_slot_kill(struct sim_slot *s);	/* no event, no interrupt any more; the device is gone */
void sim_slot_put(struct sim_slot *s);

/* Any context */
u8 sim_slot_in(void *ctx, unsigned int reg);
void sim_slot_out(void *ctx, unsigned int reg, u8 value);
ktime_t sim_slot_rx_time(void *ctx);
int sim_slot_present(struct sim_slot *s, bool present);	/* -ENODEV when dead */
int sim_slot_fault(struct sim_slot *s, const struct cks_sim_fault *fault);	/* likewise */

/* With @lock held: whatever was changed in the model, set the timer and wake whoever waits. */
void sim_slot_changed(struct sim_slot *s, u64 now);

/* With @lock held: bring the tracer up to @now. */
void sim_slot_observe(struct sim_slot *s, u64 now);
/* With @lock held: the levels of the contacts, as sim_trace_add() takes them. */
u16 sim_slot_levels(const struct sim_slot *s);

/* slotfile.c: the card's side as a file; the file takes a reference. Process context. */
struct file *sim_slotfile_open(struct sim_slot *s);

/* tty.c: the slot as a port of the 8250 driver; returns its number. Process context. */
int sim_tty_add(struct sim_slot *s);
void sim_tty_remove(struct sim_slot *s);

/* tracefile.c: a new trace; returns its descriptor, which takes a reference. Process context. */
int sim_tracefile_open(struct sim_slot *s);

#endif
