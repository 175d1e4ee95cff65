/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Register model of a PC16550D on a simulated line. Pure: time is a parameter, in nanoseconds; the
 * caller serialises, and carries what sim_uart_irq() says to an interrupt controller.
 */
#ifndef CKS_SIM_UART16550_H
#define CKS_SIM_UART16550_H

#include "fault.h"

#define SIM_UART_FIFO	16

/**
 * struct sim_uart_config - what it is
 * @clk: clock of the baud rate generator, Hz
 * @echo: it hears what it sends
 */
struct sim_uart_config {
	u32 clk;
	bool echo;
};

/**
 * struct sim_uart - one UART
 * @line: on which it sends and receives
 * @faults: of the slot
 * @clk: clock of the baud rate generator, Hz
 * @bit_ps: length of a bit now
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
 * @rx_time: when the receiver last announced a character
 * @rx_last: when a character last came or was read: for the timeout of the FIFO
 * @timeout: characters have lain in the FIFO for four character times
 * @thr_at: when the last character written goes to the shift register
 * @shift_end: when its last stop bit ends
 * @thre_armed: the transmitter has not reported yet that THR is empty
 * @thre: interrupt of the transmitter is pending
 */
struct sim_uart {
	struct sim_line *line;
	struct sim_faults *faults;
	u32 clk;
	u64 bit_ps;
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
	u8 head;
	u8 count;
	u64 rx_time;
	u64 rx_last;
	bool timeout;
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
u64 sim_uart_due(const struct sim_uart *u);
/* The time @t that sim_uart_due() said has come. */
void sim_uart_advance(struct sim_uart *u, u64 t);
/* Level of the interrupt line; OUT2 gates it as on a PC. */
bool sim_uart_irq(const struct sim_uart *u);

#endif
