/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A coupler in virtual time: kernel/uart with the engine above it, the bench's model of a 16550
 * below it, and a card that gives and obeys the error signal of T=0. One thread, one clock, in
 * userspace or as a module (tests/kunit/uart_line): what the driver's accesses and its interrupts
 * cost is a setting.
 */
#ifndef UNIT_UART_BED_H
#define UNIT_UART_BED_H

#include "sim/uart16550.h"

#include "uart/state.h"

/**
 * struct bed_card - the card
 * @engine: its protocol
 * @cfg: what it is
 * @receiver: what it hears of the UART
 * @etu_ps: its etu
 * @odd: inverse convention
 * @t: protocol, 0: parity errors are signalled and obeyed
 * @queue: characters to send, in order
 * @head: next of them
 * @count: how many
 * @sending: one is on the line
 * @start: its leading edge
 * @levels: its bits as last sent
 * @tries: how often it was sent
 * @next: not before this may one start
 * @gap_ns: between two of them, at least
 * @done: characters sent, repetitions apart
 * @slow_nth: after this one it waits longer, after each if it is 0
 * @slow_ns: by so much
 * @spoil: of the characters that it sends each @spoil-th has a wrong parity bit, 0 for none; a
 *	repeated one counts again
 * @refuse: of the characters that it receives it refuses each @refuse-th, likewise
 * @refuse_from: and all from this one on, if it is not 0
 * @at_sixteenths: its signal begins so many sixteenths of an etu after the leading edge; moved
 *	through 10.3 to 10.7 etu when 0
 * @low_sixteenths: and takes so many; 16 to 32 when 0
 * @sent: characters sent, repetitions among them
 * @heard: characters received, refused ones among them
 * @obeyed: signals of the coupler that it has seen
 * @given: its own signals
 * @lost: characters that the coupler refused more than three times
 * @decided: for the character that it is receiving @refusing is valid
 * @refusing: it refuses that one
 * @apdu: storage of @engine
 * @held: same
 * @rsp: response
 */
struct bed_card {
	struct iso7816_card engine;
	struct iso7816_card_config cfg;
	struct sim_receiver receiver;
	u64 etu_ps;
	bool odd;
	u8 t;
	struct {
		u64 at;
		u8 byte;
	} queue[1024];
	unsigned int head;
	unsigned int count;
	bool sending;
	u64 start;
	unsigned int tries;
	u64 next;
	u64 gap_ns;
	unsigned int done;
	unsigned int slow_nth;
	u64 slow_ns;
	unsigned int spoil;
	unsigned int refuse;
	unsigned int refuse_from;
	unsigned int at_sixteenths;
	unsigned int low_sixteenths;
	unsigned int sent;
	unsigned int heard;
	unsigned int obeyed;
	unsigned int given;
	unsigned int lost;
	bool decided;
	bool refusing;
	u8 apdu[70000];
	u8 held[70000];
	u8 rsp[70000];
};

/* A signal of the coupler, in nanoseconds after the leading edge of the character it refuses. */
struct bed_signal {
	u64 refused;
	u64 begin;
	u64 end;
};

/* A character that the UART has sent. */
struct bed_sent {
	u64 written;
	u64 edge;
};

#define BED_LOG		4096

/**
 * struct bed - all of it
 * @now: virtual time, ns
 * @access_ns: what an access to a register takes
 * @irq_ns: from the interrupt to its handler
 * @late_ns: every @late_every-th interrupt takes so much more
 * @stuck_lsr: LSR reads as this, if it is not 0
 * @stuck_iir: IIR likewise
 * @line: I/O
 * @faults: none
 * @uart: model
 * @card: card
 * @dev: that the driver complains of
 * @lock: the coupler's
 * @u: driver
 * @timer_set: its timer is running
 * @timer_at: until then
 * @raised: an interrupt is under way
 * @raise_at: and comes at this time
 * @mcr: modem outputs as the card has seen them
 * @engine: the coupler's protocol
 * @tick_hz: its ticks in a second
 * @stepping: its actions are being carried out
 * @done: the command is over
 * @err: its result
 * @capabilities: as the driver has reported them
 * @refused: signals that the driver says it has given
 * @repeated: signals of the card that the driver says it has seen
 * @cost: what both have cost, as the driver says, thousandths of an etu
 * @flagged: characters reported with an error
 * @exposed: writes to registers after which I/O was high, and the card without power
 * @accesses: to registers
 * @interrupts: delivered
 * @timers: expired
 * @signal: what was given
 * @signals: how many
 * @log: what was sent
 * @logged: how many
 */
struct bed {
	u64 now;
	u64 access_ns;
	u64 irq_ns;
	u64 late_ns;
	unsigned int late_every;
	u8 stuck_lsr;
	u8 stuck_iir;

	struct sim_line line;
	struct sim_faults faults;
	struct sim_uart uart;
	struct bed_card card;
	struct device dev;
	raw_spinlock_t lock;
	struct cks_uart u;
	bool timer_set;
	u64 timer_at;
	bool raised;
	u64 raise_at;
	u8 mcr;

	struct iso7816_coupler engine;
	u64 tick_hz;
	bool stepping;
	bool done;
	enum iso7816_err err;
	u32 capabilities;
	unsigned int refused;
	unsigned int repeated;
	u64 cost[CKS_COSTS];
	unsigned int flagged;
	unsigned int exposed;

	unsigned int accesses;
	unsigned int interrupts;
	unsigned int timers;
	struct bed_signal signal[BED_LOG];
	unsigned int signals;
	struct bed_sent log[BED_LOG];
	unsigned int logged;
};

/**
 * struct bed_config - a coupler and a card
 * @uart_clk: Hz
 * @card_clk: Hz
 * @atr: of the card
 * @atr_len: length
 * @engine: for the coupler's engine, NULL for the defaults
 * @no_echo: the UART does not hear itself
 * @stamps: the UART has time stamps, as the bench's
 * @fifo: depth of the FIFOs that the driver uses, 0 for 16
 * @family: of the driver, NULL for a 16550
 * @model: the bench's model of that
 */
struct bed_config {
	u32 uart_clk;
	u32 card_clk;
	const u8 *atr;
	u8 atr_len;
	const struct iso7816_config *engine;
	bool no_echo;
	bool stamps;
	u16 fifo;
	const struct cks_uart_family_ops *family;
	const struct sim_uart_family *model;
};

extern struct bed bed;

/* Begin anew. */
void bed_init(const struct bed_config *cfg);
/* Activate and reset the card. */
enum iso7816_err bed_reset(void);
/* One exchange, until it is over. */
enum iso7816_err bed_exchange(struct iso7816_exchange *x);
/* The UART leaves I/O high. */
bool bed_high(void);
/* Let the time pass. */
void bed_run(u64 ns);
/* Nanoseconds of sixteenths of the card's etu. */
u64 bed_etu(unsigned int sixteenths);

#endif
