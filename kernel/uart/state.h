/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's object and what its files share.
 *
 * All of struct cks_uart below @lock, and all registers of the UART, are protected by the coupler's
 * raw spinlock, which @lock points to; functions marked "locked" are called with it held and hard
 * interrupts off. The interrupt handler and the timer run in hard interrupt, on PREEMPT_RT too;
 * probe, removal and configuration in process context.
 */
#ifndef CKS_UART_STATE_H
#define CKS_UART_STATE_H

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/serial_reg.h>

#include "family.h"
#include "uart.h"

/**
 * enum cks_uart_tx - where the transmission is; one character is under way at a time
 * @CKS_UART_TX_IDLE: nothing to send
 * @CKS_UART_TX_WAIT: the next character waits for its time
 * @CKS_UART_TX_ECHO: a character was written, its echo is awaited
 * @CKS_UART_TX_LAST: there is no echo; waiting until the last character must be out
 */
enum cks_uart_tx {
	CKS_UART_TX_IDLE,
	CKS_UART_TX_WAIT,
	CKS_UART_TX_ECHO,
	CKS_UART_TX_LAST,
};

/**
 * struct cks_uart - one UART and the coupler on it
 * @pd: accessors and wiring, copied
 * @io: the accessors, as the families take them
 * @family: registers beyond those of a 16550
 * @fifo: characters that each FIFO holds, 1 for none
 * @dev: platform device
 * @coupler: what the core knows it as
 * @irq: its interrupt
 * @timer: for sending; hard
 * @lock: the coupler's
 * @set: settings in force
 * @rates: found by configure(), by TA1; @div 0 where a rate is out of reach
 * @rate: in force
 * @ier: shadow of the register
 * @lcr: shadow
 * @mcr: shadow
 * @msr: modem inputs as last read
 * @rst_high: level of RST
 * @power: VCC and CLK are on, where they can be switched
 * @active: between activation and deactivation; else what is received is noise
 * @gone: removed or shut down, registers stay as they are
 * @tx: state of the transmission
 * @data: characters to send
 * @len: how many
 * @pos: index of the character under way
 * @gap_ns: least time between two leading edges
 * @limit_ns: longest time between two, else the rest is not sent
 * @at: TX_WAIT: time of the write; else time at which waiting ends
 * @written: when the character under way was written to THR
 * @edge: leading edge of the last character
 */
struct cks_uart {
	struct cks_uart_platform_data pd;
	struct cks_uart_io io;
	const struct cks_uart_family_ops *family;
	u16 fifo;
	struct device *dev;
	struct cks_coupler *coupler;
	int irq;
	struct hrtimer timer;
	raw_spinlock_t *lock;

	struct cks_settings set;
	struct cks_uart_rate *rates;
	struct cks_uart_rate rate;
	u8 ier;
	u8 lcr;
	u8 mcr;
	u8 msr;
	bool rst_high;
	bool power;
	bool active;
	bool gone;

	enum cks_uart_tx tx;
	const u8 *data;
	u16 len;
	u16 pos;
	u64 gap_ns;
	u64 limit_ns;
	ktime_t at;
	ktime_t written;
	ktime_t edge;
};

static inline u8 cks_uart_in(struct cks_uart *u, unsigned int reg)
{
	return u->io.in(u->io.ctx, reg);
}

static inline void cks_uart_out(struct cks_uart *u, unsigned int reg, u8 value)
{
	u->io.out(u->io.ctx, reg, value);
}

/* Nanoseconds of n sixteenths of a bit, for n of some hundreds. */
static inline u64 cks_uart_sixteenths(const struct cks_uart *u, u32 n)
{
	return div_u64(u->rate.bit_ps * n, 16 * 1000);
}

/* The receiver's interrupt, FIFO off: 1/16 bit after the sample of the stop bit at 10.5 bits. */
#define CKS_UART_RX_SIXTEENTHS	(10 * 16 + 8 + 1)

/* settings.c: process context, and locked */
int cks_uart_configure(struct cks_coupler *c, const struct cks_settings *settings,
		       struct iso7816_config *cfg, struct netlink_ext_ack *extack);
const struct cks_uart_rate *cks_uart_rate_of(const struct cks_uart *u, u16 f, u8 d);

/* contacts.c; locked */
void cks_uart_activate(struct cks_coupler *c);
void cks_uart_deactivate(struct cks_coupler *c);
void cks_uart_rst(struct cks_coupler *c, bool high);
void cks_uart_line(struct cks_coupler *c, const struct iso7816_line *line);
bool cks_uart_present(struct cks_coupler *c);
void cks_uart_set_contacts(struct cks_uart *u, bool rst_high, bool power);
void cks_uart_set_rate(struct cks_uart *u, const struct cks_uart_rate *rate, u8 lcr);
void cks_uart_off(struct cks_uart *u);

/* rx.c */
void cks_uart_urgent(struct cks_uart *u, ktime_t now);		/* locked, hard interrupt */
irqreturn_t cks_uart_service(struct cks_uart *u, ktime_t now);	/* locked, hard interrupt */
irqreturn_t cks_uart_interrupt(int irq, void *data);		/* hard interrupt */
void cks_uart_poll(struct cks_coupler *c);		/* locked; for a late or lost interrupt */
void cks_uart_flush(struct cks_uart *u);		/* locked */

/* tx.c */
enum hrtimer_restart cks_uart_timer(struct hrtimer *timer);	/* hard interrupt */
void cks_uart_send(struct cks_coupler *c, const struct cks_characters *chars);
void cks_uart_tx_stop(struct cks_uart *u);		/* locked */
bool cks_uart_tx_echo(struct cks_uart *u, ktime_t edge, u8 byte, u8 flags);	/* locked */

#endif
