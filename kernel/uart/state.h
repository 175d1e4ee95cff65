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
#include <linux/list.h>
#include <linux/pm_qos.h>
#include <linux/serial_reg.h>

#include "family.h"
#include "uart.h"

/**
 * enum cks_uart_tx - what the transmitter is busy with, and the timer with it
 * @CKS_UART_TX_IDLE: nothing
 * @CKS_UART_TX_WAIT: the next character waits for its time
 * @CKS_UART_TX_ECHO: characters were written, their echo is awaited
 * @CKS_UART_TX_PROBE: the echo has come; the card may still refuse the character (T=0)
 * @CKS_UART_TX_LAST: there is no echo; waiting until the last character must be out
 * @CKS_UART_TX_SIGNAL: the line is pulled low, for the card to repeat its character (T=0)
 */
enum cks_uart_tx {
	CKS_UART_TX_IDLE,
	CKS_UART_TX_WAIT,
	CKS_UART_TX_ECHO,
	CKS_UART_TX_PROBE,
	CKS_UART_TX_LAST,
	CKS_UART_TX_SIGNAL,
};

struct cks_uart_line;

/* A register of a UART that is not there any more; no LSR is so. */
#define CKS_UART_OPEN_BUS	0xff

/* The bits of IIR that tell the cause, the FIFO's timeout among them. */
#define CKS_UART_IIR_CAUSE	0x0f

/* As a character is sent and received at first: 8 bits, even parity, two stop bits. */
#define CKS_UART_LCR_IDLE	(UART_LCR_WLEN8 | UART_LCR_PARITY | UART_LCR_EPAR | UART_LCR_STOP)

/* The deepest FIFO of a family. */
#define CKS_UART_FIFO_MAX	256

/* A character that was received, and ISO7816_RX_*. */
struct cks_uart_char {
	u8 byte;
	u8 flags;
};

/**
 * struct cks_uart - one UART and the coupler on it
 * @pd: accessors and wiring, copied
 * @io: the accessors, as the families take them
 * @family: registers beyond those of a 16550
 * @fifo: characters that each FIFO holds, 1 for none
 * @dev: device that it belongs to
 * @coupler: what the core knows it as
 * @irq: its interrupt
 * @line: that of the interrupt; see irq.c
 * @on_line: in the line's list of UARTs, under the line's lock
 * @timer: for sending and for the error signal; hard
 * @qos: that processors do not sleep too deep, while the coupler is claimed
 * @lock: the coupler's
 * @set: settings in force
 * @rates: found by configure(), by TA1; @div 0 where a rate is out of reach
 * @rate: in force
 * @ier: shadow of the register
 * @lcr: shadow, without the break
 * @mcr: shadow
 * @msr: modem inputs as last read
 * @rst_high: level of RST
 * @power: VCC and CLK are on, where they can be switched
 * @active: between activation and deactivation; else what is received is noise
 * @gone: removed, shut down or suspended, registers stay as they are
 * @stuck: its interrupt does not end; masked until the next activation
 * @heard: an interrupt of it has come
 * @idle_caps: capabilities while no card is active: at 372/1, the best there is
 * @etu_ns: of the line
 * @armed: T=0, at a rate at which parity errors are signalled: signal.c
 * @fast: the divisor is 1 for the moment
 * @urgent: cks_uart_urgent() has dealt with a character
 * @lsr: LSR as it has read it, 0 when used
 * @refusals: how often the character now awaited was refused
 * @window_ns: from the receiver's interrupt to the latest begin of an error signal
 * @announced: when the receiver announced the character that is being refused
 * @refused: it
 * @level: receive trigger, 0 while the FIFOs are off
 * @block: of the T=1 block that comes in, how many characters are here
 * @left: of the same, how many are still to come
 * @burst: characters taken out of the FIFO, before they are reported
 * @tx: state of the transmission
 * @data: characters to send
 * @len: how many
 * @pos: index of the one whose echo is next
 * @queued: index of the one to be written next
 * @repeats: how often the character under way was refused
 * @bad_echo: an echo was wrong
 * @doubt: the card may still refuse the last character that was sent, @last
 * @last: it
 * @start: when the first of them may start
 * @gap_ns: least time between two leading edges
 * @limit_ns: longest time between two, else the rest is not sent
 * @at: TX_WAIT: time of the write; else time at which waiting ends
 * @written: when the character under way was written to THR
 * @edge: leading edge of the last character, either direction
 */
struct cks_uart {
	struct cks_uart_platform_data pd;
	struct cks_uart_io io;
	const struct cks_uart_family_ops *family;
	u16 fifo;
	struct device *dev;
	struct cks_coupler *coupler;
	int irq;
	struct cks_uart_line *line;
	struct list_head on_line;
	struct hrtimer timer;
	struct pm_qos_request qos;
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
	bool stuck;
	bool heard;

	u32 idle_caps;
	u32 etu_ns;
	bool armed;
	bool fast;
	bool urgent;
	u8 lsr;
	u8 refusals;
	u32 window_ns;
	ktime_t announced;
	struct cks_uart_char refused;

	u16 level;
	u16 block;
	u16 left;
	struct cks_uart_char burst[CKS_UART_FIFO_MAX];

	enum cks_uart_tx tx;
	const u8 *data;
	u16 len;
	u16 pos;
	u16 queued;
	u8 repeats;
	bool bad_echo;
	bool doubt;
	u8 last;
	ktime_t start;
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

/* An etu in nanoseconds, rounded: at most 2048 clock cycles. */
static inline u32 cks_uart_etu_ns(const struct cks_uart *u, u16 f, u8 d)
{
	return div_u64((u64)f * NSEC_PER_SEC + (u64)d * u->set.clk_hz / 2, d * u->set.clk_hz);
}

/* Nanoseconds of n sixteenths of an etu. */
static inline u64 cks_uart_etu_sixteenths(const struct cks_uart *u, u32 n)
{
	return (u64)u->etu_ns * n / 16;
}

/* A frame is 12 bits, or 11 with one stop bit. */
static inline u64 cks_uart_frame_ns(const struct cks_uart *u)
{
	return cks_uart_sixteenths(u, 16 * (u->lcr & UART_LCR_STOP ? 12 : 11));
}

/*
 * PC16550D: the interrupt comes one clock of the receiver after the sample of the stop bit, which
 * is at 10.5 bits, or three with the FIFO on.
 */
#define CKS_UART_RX_SIXTEENTHS		(10 * 16 + 8 + 1)
#define CKS_UART_RX_FIFO_SIXTEENTHS	(10 * 16 + 8 + 3)

static inline u64 cks_uart_rx_delay_ns(const struct cks_uart *u)
{
	return cks_uart_sixteenths(u, u->level ? CKS_UART_RX_FIFO_SIXTEENTHS :
					       CKS_UART_RX_SIXTEENTHS);
}

/* PC16550D: a start bit comes 8 to 24 clocks of the transmitter after THR was written. */
#define CKS_UART_START_SIXTEENTHS	8

/* The times that EMV 4.3 Book 1, 9.2.3 allows a character to be sent again; ISO has no limit. */
#define CKS_UART_REPEATS	3

/**
 * enum cks_uart_drain - what tells when the last character in the FIFO came
 * @CKS_UART_DRAIN_TRIGGER: the interrupt, which it has caused
 * @CKS_UART_DRAIN_TIMEOUT: the interrupt, four frames after it
 * @CKS_UART_DRAIN_POLL: nothing, an interrupt was lost
 */
enum cks_uart_drain {
	CKS_UART_DRAIN_TRIGGER,
	CKS_UART_DRAIN_TIMEOUT,
	CKS_UART_DRAIN_POLL,
};

/* irq.c; process context */
int cks_uart_listen(struct cks_uart *u, struct netlink_ext_ack *extack);
void cks_uart_unlisten(struct cks_uart *u);	/* no interrupt any more when it returns */

/* selftest.c; process context, before anybody else has the UART */
int cks_uart_self_test(struct cks_uart *u, struct netlink_ext_ack *extack);
u16 cks_uart_measure(struct cks_uart *u);
int cks_uart_test_interrupt(struct cks_uart *u, struct netlink_ext_ack *extack);

/* settings.c: process context, and locked */
int cks_uart_configure(struct cks_coupler *c, const struct cks_settings *settings,
		       struct iso7816_config *cfg, struct netlink_ext_ack *extack);
const struct cks_uart_rate *cks_uart_rate_of(const struct cks_uart *u, u16 f, u8 d);

/* contacts.c; locked */
u32 cks_uart_capabilities(const struct cks_uart *u, u16 f, u8 d);
void cks_uart_activate(struct cks_coupler *c);
void cks_uart_deactivate(struct cks_coupler *c);
void cks_uart_rst(struct cks_coupler *c, bool high);
void cks_uart_line(struct cks_coupler *c, const struct iso7816_line *line);
bool cks_uart_present(struct cks_coupler *c);
void cks_uart_set_contacts(struct cks_uart *u, bool rst_high, bool power);
void cks_uart_set_rate(struct cks_uart *u, const struct cks_uart_rate *rate, u8 lcr);
void cks_uart_rest(struct cks_uart *u);
void cks_uart_off(struct cks_uart *u);

/* rx.c */
void cks_uart_urgent(struct cks_uart *u, ktime_t now);		/* locked, hard interrupt */
irqreturn_t cks_uart_service(struct cks_uart *u, ktime_t now);	/* locked, hard interrupt */
void cks_uart_poll(struct cks_coupler *c);		/* locked; for a late or lost interrupt */
void cks_uart_flush(struct cks_uart *u);		/* locked */
void cks_uart_deliver(struct cks_uart *u, ktime_t edge, struct cks_uart_char ch);	/* locked */
u8 cks_uart_rx_flags(u8 lsr);

/* fifo.c; locked */
void cks_uart_fifo(struct cks_uart *u, bool on);
void cks_uart_expect(struct cks_uart *u, unsigned int n);
void cks_uart_follow(struct cks_uart *u, u8 byte);
bool cks_uart_drain(struct cks_uart *u, ktime_t now, enum cks_uart_drain why);

/* signal.c; locked */
bool cks_uart_can_signal(const struct cks_uart *u, u16 f, u8 d, u32 *ret_window_ns);
void cks_uart_refuse(struct cks_uart *u, ktime_t announced, u8 lsr);
void cks_uart_signal_over(struct cks_uart *u);
void cks_uart_await_signal(struct cks_uart *u);
bool cks_uart_is_signal(const struct cks_uart *u, ktime_t edge, u8 byte);
void cks_uart_slow(struct cks_uart *u);
void cks_uart_sent_cost(struct cks_uart *u, ktime_t was);
void cks_uart_refused_cost(struct cks_uart *u, ktime_t edge);

/* latency.c; process context */
void cks_uart_claimed(struct cks_coupler *c, bool on);

/* tx.c */
enum hrtimer_restart cks_uart_timer(struct hrtimer *timer);	/* hard interrupt */
void cks_uart_send(struct cks_coupler *c, const struct cks_characters *chars);
void cks_uart_tx_start(struct cks_uart *u, ktime_t at);		/* locked */
void cks_uart_tx_stop(struct cks_uart *u);			/* locked */
void cks_uart_tx_refill(struct cks_uart *u);			/* locked */
void cks_uart_wait(struct cks_uart *u, ktime_t t);		/* locked */
bool cks_uart_tx_echo(struct cks_uart *u, ktime_t edge, struct cks_uart_char ch);	/* locked */
void cks_uart_tx_again(struct cks_uart *u);			/* locked */

#endif
