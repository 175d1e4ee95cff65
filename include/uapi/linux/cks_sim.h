/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The virtual bench: simulated UARTs wired to simulated card slots.
 *
 * One open of /dev/cks_sim is one bench. CKS_SIM_ADD_SLOT adds a coupler (a 16550, its wiring, a
 * card slot) and returns a descriptor that is the card's side of the slot. Closing a slot's
 * descriptor takes its card out; closing the bench removes all couplers that belong to it.
 */
#ifndef _UAPI_LINUX_CKS_SIM_H
#define _UAPI_LINUX_CKS_SIM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CKS_SIM_MAX_SLOTS	256
#define CKS_SIM_TICKS_PER_CLK	960	/* times are counted in 1/960 of a card clock period */

/* What the UART is: see the data sheets that its model names. */
enum cks_sim_family {
	CKS_SIM_16550,		/* PC16550D and its descendants with deeper FIFOs */
	CKS_SIM_OX950,		/* Oxford OX16C950, OXPCIe95x: TCR, CPR, 128 characters */
	CKS_SIM_XR17V35X,	/* Exar XR17V35x: fraction of 1/16 in DLD, 256 characters */
};

/*
 * How a slot is wired. Without any of these: RST is on RTS, low while it is asserted; DTR switches
 * VCC and CLK, on while it is asserted; card detect is on CTS, asserted while a card is in; the
 * UART hears itself.
 */
#define CKS_SIM_RST_ON_DTR	0x0001	/* and the power switch on RTS */
#define CKS_SIM_RST_INVERT	0x0002	/* RST is high while the line is asserted */
#define CKS_SIM_NO_SWITCH	0x0004	/* VCC and CLK are always on */
#define CKS_SIM_SWITCH_INVERT	0x0008	/* VCC and CLK are on while the line is not asserted */
#define CKS_SIM_DETECT_DSR	0x0010	/* card detect is on DSR */
#define CKS_SIM_DETECT_DCD	0x0020	/* card detect is on DCD */
#define CKS_SIM_DETECT_INVERT	0x0040	/* asserted while no card is in */
#define CKS_SIM_NO_ECHO		0x0080	/* the UART does not hear itself */
/* The UART goes to the stock 8250 driver instead of cks_uart. */
#define CKS_SIM_8250		0x0100
/*
 * No wiring: interrupts of the UART come to the point. The bench works out ahead of its time what
 * causes one, and then waits for it with a busy processor: for few slots, where a microsecond
 * matters. struct cks_sim_cost then has what was done after that time alone.
 */
#define CKS_SIM_PROMPT		0x0200
#define CKS_SIM_SLOT_FLAGS	0x03ff

/**
 * struct cks_sim_slot - a slot to be added
 * @size: sizeof(struct cks_sim_slot) as the caller knows it
 * @flags: CKS_SIM_RST_ON_DTR, ...
 * @card_clk: frequency of the oscillator on the coupler, Hz
 * @uart_clk: base clock of the UART, Hz
 * @clk_div: clock scaling: both clocks are divided by it, all stays equal in etu; 0 means 1
 * @coupler: returned: number N of the coupler, as in /dev/cks/couplerN; with %CKS_SIM_8250 of the
 *	tty, as in /dev/ttySN
 * @family: enum cks_sim_family
 * @fifo: depth of the FIFOs: 1 (none), 16, 32, 64, 128, 256 of %CKS_SIM_16550; 0 for what the
 *	family has
 */
struct cks_sim_slot {
	__u32 size;
	__u32 flags;
	__u32 card_clk;
	__u32 uart_clk;
	__u32 clk_div;
	__u32 coupler;
	__u32 family;
	__u32 fifo;
};

#define CKS_SIM_SLOT_SIZE_VER0	32	/* of the first struct cks_sim_slot: the least @size */

/*
 * On the bench: adds a slot, empty; returns the descriptor of the card's side. The structure may
 * grow, and its size in the ioctl's number with it.
 * -ENODEV when no driver takes the UART (cks_uart is not loaded, or cannot do 372/1 with these
 * clocks), -ENOSPC when the bench has CKS_SIM_MAX_SLOTS or the 8250 driver no free port.
 */
#define CKS_SIM_ADD_SLOT	_IOWR('C', 0x80, struct cks_sim_slot)

/* On a slot: put a card in (1) or take it out (0). The card detect contact follows. */
#define CKS_SIM_PRESENT		_IOW('C', 0x81, __u32)

/*
 * What the card sees, read() from a slot as whole records; and what the card does, written as
 * whole records. Events are delivered in the order of their times. A reader that falls more
 * than 4096 records behind gets CKS_SIM_LOST in place of those that were dropped.
 */
enum cks_sim_type {
	CKS_SIM_VCC = 1,	/* read: @value 1 on, 0 off; CLK too. Time starts at 0 with it */
	CKS_SIM_RST,		/* read: @value is the level */
	CKS_SIM_CHAR,		/* both: @value is the character as an LSB-first UART sees it */
	CKS_SIM_LINE,		/* write: bits of the card are now @etu ticks, parity in @flags */
	CKS_SIM_SENT,		/* read: all that was written is out; @time of the last edge */
	CKS_SIM_LOST,		/* read: records were dropped here */
};

#define CKS_SIM_PARITY		0x01	/* CHAR: wrong parity bit; read: parity error */
#define CKS_SIM_FRAMING		0x02	/* CHAR: read: bits did not fit the card's etu */
#define CKS_SIM_REFUSED		0x04	/* CHAR: read: a sent character was refused (7.3) */
#define CKS_SIM_ODD		0x08	/* LINE: odd parity (inverse convention) */
/*
 * LINE: T=0, the error signal of 7.3 in both directions, done by the bench. A character with wrong
 * parity is refused by pulling the line low, for 1 etu + the upper half of @value in sixteenths of
 * an etu, from 10 etu + the lower half on: 8...11, 0 for 9 (a UART of the same rate samples its
 * stop bit at 8). A character of the card that is refused comes again 13 etu after its leading
 * edge, with the right parity; when it has been refused four times, a CHAR with CKS_SIM_REFUSED
 * says so, and what else was written up to then is not sent.
 */
#define CKS_SIM_ERROR_SIGNAL	0x20
/*
 * LINE and CHAR, written: keep the record, and carry it out each time RST goes high, @time counted
 * from there: an answer to reset that comes in time however late the program is. Kept in the order
 * written, at most CKS_SIM_MAX_ON_RESET of them, until the card is taken out. -ENOSPC when full.
 */
#define CKS_SIM_ON_RESET	0x10
#define CKS_SIM_MAX_ON_RESET	64

/**
 * struct cks_sim_event - one record
 *
 * Events come when they are complete, CHAR and SENT at the middle of the stop bit (SENT half an etu
 * later with CKS_SIM_ERROR_SIGNAL). Without VCC what is written has no effect; with RST low, no
 * CHAR has. A reset is told by an event, and until this has been read, what is written belongs to
 * the time before it and has no effect either: an answer that was on its way cannot get into the
 * next session. After a reset the line is at 372 clock cycles an etu and even parity.
 *
 * @time: ticks since the card's clock started: of the leading edge for CHAR. Written: the earliest
 *	time of the leading edge, at most an hour ahead; a time that has passed means as soon as
 *	possible. Characters are sent in the order written, each at least 12 etu (@etu of LINE; 11
 *	if @gap says so) after the last, and a LINE takes its turn among them
 * @type: enum cks_sim_type
 * @value: character or level; of LINE see CKS_SIM_ERROR_SIGNAL
 * @flags: CKS_SIM_PARITY, ...
 * @etu: LINE: ticks per etu
 * @gap: LINE: least ticks between leading edges of the card's characters, 0 for 12 etu
 */
struct cks_sim_event {
	__u64 time;
	__u16 type;
	__u8 value;
	__u8 flags;
	__u32 etu;
	__u32 gap;
	__u32 reserved;
};

/* --------------------------------------------------------------------------------- faults */

enum cks_sim_fault_type {
	CKS_SIM_FAULT_NONE,		/* forget all faults of the slot */
	CKS_SIM_FAULT_CARD_PARITY,	/* wrong parity bit in characters of the card */
	CKS_SIM_FAULT_UART_PARITY,	/* the card sees wrong parity in characters of the UART */
	CKS_SIM_FAULT_IRQ_LOST,		/* an interrupt does not reach the handler */
	CKS_SIM_FAULT_IRQ_DOUBLE,	/* an interrupt reaches the handler twice */
	CKS_SIM_FAULT_OVERRUN,		/* the UART loses a received character and sets OE */
	CKS_SIM_FAULT_STALL,		/* the transmitter waits @value ns before a character */
	CKS_SIM_FAULT_PULL,		/* the card goes at the leading edge of a character */
	CKS_SIM_FAULT_STUCK,		/* the line is low for @value ns from now; 0 for ever */
	CKS_SIM_FAULT_BOUNCE,		/* the detect contact bounces @value times as it moves */
	CKS_SIM_FAULT_PPM,		/* the card's etu is @value millionths too long */
};

/**
 * struct cks_sim_fault - a fault of a slot, in force from now on, for cards to come as well
 * @type: enum cks_sim_fault_type; one of each type at a time, a new one replaces the old
 * @every: each @every-th time; 0 for once only
 * @nth: the first time: the @nth character, interrupt or movement from now, counted from 1.
 *	Characters of both sides count for %CKS_SIM_FAULT_PULL, else those of the side that it is
 *	about, for %CKS_SIM_FAULT_OVERRUN with the echo; a repeated character counts again.
 *	0, as @every, with %CKS_SIM_FAULT_STUCK and %CKS_SIM_FAULT_PPM
 * @value: see the type; else 0. STALL: at most a second. BOUNCE: at most 1000, 1 ms from one
 *	movement to the next. PPM: -50000...50000
 * @reserved: 0
 */
struct cks_sim_fault {
	__u32 type;
	__u32 every;
	__u32 nth;
	__s32 value;
	__u32 reserved[4];
};

/* On a slot. -EINVAL says that a field is out of its range. */
#define CKS_SIM_FAULT		_IOW('C', 0x82, struct cks_sim_fault)

/* ---------------------------------------------------------------------------------- trace */

/*
 * A trace records what happens on the contacts of a slot from the ioctl on, each edge with its
 * time. On a slot: its own; on a bench: that of coupler N, whoever added it. Returns a descriptor
 * of which whole records are read(), in the order of their times; with O_NONBLOCK -EAGAIN when
 * there is none yet; end of file when the slot is gone. Several traces of a slot are independent.
 * A reader that falls more than 65536 records behind gets CKS_SIM_SIGNAL_LOST in place of those
 * that were dropped, then the levels anew. -ENXIO: no bench has a coupler N.
 */
#define CKS_SIM_TRACE		_IO('C', 0x83)
#define CKS_SIM_TRACE_COUPLER	_IOW('C', 0x84, __u32)

enum cks_sim_signal {
	CKS_SIM_SIGNAL_UART = 1,	/* I/O as the UART drives it; 0: it pulls low */
	CKS_SIM_SIGNAL_CARD,		/* I/O as the card drives it; the line is low if one does */
	CKS_SIM_SIGNAL_RST,		/* as the coupler drives it, with or without a card */
	CKS_SIM_SIGNAL_VCC,		/* and CLK; likewise */
	CKS_SIM_SIGNAL_PRESENT,		/* the detect contact */
	CKS_SIM_SIGNAL_IRQ,		/* the UART's interrupt line */
	CKS_SIM_SIGNAL_THR,		/* no level: @value was written to THR */
	CKS_SIM_SIGNAL_RBR,		/* no level: @value was read from RBR */
	CKS_SIM_SIGNAL_LOST,		/* records were dropped here: the reader was too slow */
};

/**
 * struct cks_sim_edge - one record of a trace; the first ones are the levels at its beginning
 * @time: ns, CLOCK_MONOTONIC
 * @signal: enum cks_sim_signal
 * @value: level after the edge, or character
 * @cost: of all but the line: ns that the bench had spent on the slot by then, modulo 2^32; see
 *	struct cks_sim_cost
 */
struct cks_sim_edge {
	__u64 time;
	__u16 signal;
	__u16 value;
	__u32 cost;
};

/* ---------------------------------------------------------------------------------- cost */

/**
 * struct cks_sim_cost - what the bench itself has taken of the processor for a slot, where a UART
 *	would have taken nothing, or the time of a bus
 * @accesses: to registers
 * @events: of the model, when its timer came
 * @ns: for both; without the interrupt's handler, and what the kernel takes for a timer to expire
 * @reserved: 0
 */
struct cks_sim_cost {
	__u64 accesses;
	__u64 events;
	__u64 ns;
	__u64 reserved;
};

/* On a slot. */
#define CKS_SIM_COST		_IOR('C', 0x85, struct cks_sim_cost)

#endif
