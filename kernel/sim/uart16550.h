/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register model of a PC16550D on a simulated line, and what other families change of it. Pure:
 * time is a parameter, in nanoseconds; the caller serialises, and carries what sim_uart_irq() says
 * to an interrupt controller.
 */
#ifndef CKS_SIM_UART16550_H
#define CKS_SIM_UART16550_H

#include "fault.h"

#define SIM_UART_FIFO	256	/* the deepest */

struct sim_uart;

/**
 * struct sim_uart_rate - the baud rate generator: a bit is @steps / @per clocks
 * @steps: numerator
 * @per: denominator
 * @samples: clocks of the receiver in a bit
 */
struct sim_uart_rate {
	u64 steps;
	u32 per;
	u8 samples;
};

/**
 * struct sim_uart_fifo - the FIFOs as they are set now
 * @depth: characters
 * @rx: the receiver's interrupt comes at so many
 * @tx: the transmitter's when so many are left, or fewer
 */
struct sim_uart_fifo {
	u16 depth;
	u16 rx;
	u16 tx;
};

/**
 * struct sim_uart_family - what a family has of its own
 * @depth: of its FIFOs
 * @reset: its registers, after power on
 * @rate: of the generator
 * @fifo: while they are on
 * @read: a register that is not as in a 16550; false if this one is
 * @write: likewise
 */
struct sim_uart_family {
	u16 depth;
	void (*reset)(struct sim_uart *u);
	void (*rate)(const struct sim_uart *u, struct sim_uart_rate *ret_rate);
	void (*fifo)(const struct sim_uart *u, struct sim_uart_fifo *ret_fifo);
	bool (*read)(struct sim_uart *u, unsigned int reg, u64 now, u8 *ret_value);
	bool (*write)(struct sim_uart *u, unsigned int reg, u8 value, u64 now);
};

extern const struct sim_uart_family sim_uart_16550;
extern const struct sim_uart_family sim_uart_ox950;	/* ox950.c */
extern const struct sim_uart_family sim_uart_xr17v35x;	/* xr17v35x.c */

/**
 * struct sim_uart_config - what it is
 * @family: NULL for %sim_uart_16550
 * @fifo: depth of its FIFOs: of a 16550 1 (none), 16, 32, 64, 128, 256; 0 for 16, or what the
 *	family has
 * @clk: clock of the baud rate generator, Hz
 * @echo: it hears what it sends
 */
struct sim_uart_config {
	const struct sim_uart_family *family;
	u16 fifo;
	u32 clk;
	bool echo;
};

/* Registers of the OX16C950 beyond those of a 16550; indexed ones by their index. */
struct sim_ox950 {
	u8 efr;
	u8 xchar[4];
	u8 indexed[20];
};

/* Registers of the XR17V35x. */
struct sim_xr17v35x {
	u8 dld;
	u8 fctr;
	u8 efr;
	u8 tx_trigger;
	u8 rx_trigger;
	u8 mode_8x;
	u8 mode_4x;
};

/**
 * struct sim_uart - one UART
 * @line: on which it sends and receives
 * @faults: of the slot
 * @family: what it is
 * @depth: of its FIFOs
 * @clk: clock of the baud rate generator, Hz
 * @bit_ps: length of a bit now
 * @samples: clocks of the receiver in it
 * @own: registers of its family
 * @hears: parties on the line that it hears outside of loopback
 * @epoch: the baud rate generator was last started here; bits begin a whole number of them later
 * @receiver: of the line
 * @div: divisor latch
 * @ier: register
 * @fcr: register, without the bits that clear
 * @lcr: register
 * @mcr: register
 * @msr: register, with the changes in the low half
 * @inputs: modem inputs, as the high half of MSR
 * @scr: register
 * @errors: OE, PE, FE and BI of LSR
 * @fifo: received characters, flags of LSR in the high half
 * @head: oldest of them
 * @count: how many
 * @bad: how many have such flags
 * @rx_time: when the receiver last announced a character
 * @rx_last: when a character last came or was read: for the timeout of the FIFO
 * @timeout: characters have lain in the FIFO for four character times
 * @queue: characters in the transmitter's FIFO that are not on the line yet
 * @queue_head: next of them
 * @queue_count: how many
 * @thr_at: when the last character on the line goes to the shift register
 * @shift_end: when its last stop bit ends
 * @thre_armed: the transmitter has not reported yet that THR is empty
 * @thre: interrupt of the transmitter is pending
 */
struct sim_uart {
	struct sim_line *line;
	struct sim_faults *faults;
	const struct sim_uart_family *family;
	u16 depth;
	u32 clk;
	u64 bit_ps;
	u8 samples;
	union {
		struct sim_ox950 ox950;
		struct sim_xr17v35x xr17v35x;
	} own;
	u8 hears;
	u64 epoch;
	struct sim_receiver receiver;
	u16 div;
	u8 ier;
	u8 fcr;
	u8 lcr;
	u8 mcr;
	u8 msr;
	u8 inputs;
	u8 scr;
	u8 errors;
	u16 fifo[SIM_UART_FIFO];
	u16 head;
	u16 count;
	u16 bad;
	u64 rx_time;
	u64 rx_last;
	bool timeout;
	u8 queue[SIM_UART_FIFO];
	u16 queue_head;
	u16 queue_count;
	u64 thr_at;
	u64 shift_end;
	bool thre_armed;
	bool thre;
};

void sim_uart_init(struct sim_uart *u, struct sim_line *line, struct sim_faults *faults,
		   const struct sim_uart_config *cfg, u64 now);
u8 sim_uart_read(struct sim_uart *u, unsigned int reg, u64 now);
void sim_uart_write(struct sim_uart *u, unsigned int reg, u8 value, u64 now);
/* The modem inputs are now @inputs, as in the high half of MSR. */
void sim_uart_inputs(struct sim_uart *u, u8 inputs);
/* When something happens that an interrupt could tell, or %SIM_NEVER. */
u64 sim_uart_due(struct sim_uart *u);
/* The time @t that sim_uart_due() said has come. */
void sim_uart_advance(struct sim_uart *u, u64 t);
/* For the families: the rate may have changed. */
void sim_uart_rate_changed(struct sim_uart *u, u64 now);
/* For the families: characters in the transmitter's FIFO. */
unsigned int sim_uart_tx_count(const struct sim_uart *u, u64 now);
/* For the families: as after power on. */
void sim_uart_reset(struct sim_uart *u, u64 now);
/* For the families: MCR, with the bits that they have in addition. */
void sim_uart_write_mcr(struct sim_uart *u, u8 value, u64 now);
/* Level of the interrupt line; OUT2 gates it as on a PC. */
bool sim_uart_irq(const struct sim_uart *u);

#endif
