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

/**
 * struct cks_sim_slot - a slot to be added
 * @size: sizeof(struct cks_sim_slot) as the caller knows it
 * @flags: 0
 * @card_clk: frequency of the oscillator on the coupler, Hz
 * @uart_clk: base clock of the 16550, Hz
 * @clk_div: clock scaling: both clocks are divided by it, all stays equal in etu; 0 means 1
 * @coupler: returned: number N of the coupler, as in /dev/cks/couplerN
 * @reserved: 0
 */
struct cks_sim_slot {
	__u32 size;
	__u32 flags;
	__u32 card_clk;
	__u32 uart_clk;
	__u32 clk_div;
	__u32 coupler;
	__u32 reserved[2];
};

/*
 * On the bench: adds a slot, empty; returns the descriptor of the card's side. RST is on RTS (low
 * while it is asserted), DTR switches VCC and CLK (on while it is asserted), card detect is on CTS.
 * -ENODEV when no driver takes the UART (cks_uart is not loaded, or cannot do 372/1 with these
 * clocks), -ENOSPC when the bench has CKS_SIM_MAX_SLOTS.
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
 * LINE and CHAR, written: keep the record, and carry it out each time RST goes high, @time counted
 * from there: an answer to reset that comes in time however late the program is. Kept in the order
 * written, at most CKS_SIM_MAX_ON_RESET of them, until the card is taken out. -ENOSPC when full.
 */
#define CKS_SIM_ON_RESET	0x10
#define CKS_SIM_MAX_ON_RESET	64

/**
 * struct cks_sim_event - one record
 *
 * Events come when they are complete, CHAR and SENT at the middle of the stop bit. Without VCC what
 * is written has no effect; with RST low, no CHAR has. A reset is told by an event, and until this
 * has been read, what is written belongs to the time before it and has no effect either: an answer
 * that was on its way cannot get into the next session. After a reset the line is at 372 clock
 * cycles an etu and even parity.
 *
 * @time: ticks since the card's clock started: of the leading edge for CHAR. Written: the earliest
 *	time of the leading edge, at most an hour ahead; a time that has passed means as soon as
 *	possible. Characters are sent in the order written, each at least 12 etu (@etu of LINE; 11
 *	if @gap says so) after the last, and a LINE takes its turn among them
 * @type: enum cks_sim_type
 * @value: character or level
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

#endif
