/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line discipline's object and what its files share.
 *
 * Three contexts meet here:
 *   - the coupler's operations (ops.c) are called with the coupler's raw spinlock held and hard
 *     interrupts off. No function of a tty may be called there: the locks of its driver sleep on
 *     PREEMPT_RT, and many drivers sleep anyway (USB). So they note what is to be done.
 *   - a thread of the coupler's own (thread.c) does it. It calls the tty with @io held, and never
 *     with the raw spinlock.
 *   - what the tty reports (rx.c) comes in process context for characters, and with the driver's
 *     lock held and interrupts off for DCD. It takes the coupler's raw spinlock.
 *
 * Locks, outermost first: tty_lock and the tty's ldisc_sem (open, close), the core's, @io, the
 * tty's termios_rwsem and its driver's locks, the coupler's raw spinlock. That of sleep.c comes
 * between those of open and the core's; who holds it waits for the thread, which takes no other
 * but those from @io on.
 */
#ifndef CKS_TTY_H
#define CKS_TTY_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/serial.h>
#include <linux/tty.h>
#include <uapi/linux/cks_tty.h>

#include "core/coupler.h"

#define CKS_TTY_DRIVER		"cks_tty"

/* Of the lines that tell of a card; a driver may tell of DCD earlier. */
#define CKS_TTY_POLL_NS		(100 * NSEC_PER_MSEC)

/*
 * How late a character may be told of, and RST may follow the engine: the latency timer of an
 * FTDI adapter is 16 ms, a control transfer takes some, and a busy machine adds its own.
 */
#define CKS_TTY_LATE_MS		100

/* All rates are tried in less than this, or the tty is not used. */
#define CKS_TTY_TRY_MS		10000

/* RST low lasts at least this: an adapter has given out by then what came before it. */
#define CKS_TTY_LOW_MS		20

/*
 * How long the machine's going to sleep waits for a card to be switched off: some control transfers
 * of USB, of which each may take 5 s on an adapter that hangs.
 */
#define CKS_TTY_STILL_MS	20000

/* VCC stays off at least this long. */
#define CKS_TTY_OFF_NS		(10 * NSEC_PER_MSEC)

/**
 * enum cks_tty_tx - where the transmission is
 * @CKS_TTY_TX_IDLE: nothing to send
 * @CKS_TTY_TX_WAIT: the next characters are to be written at @at
 * @CKS_TTY_TX_ECHO: characters were written, their echo is awaited
 * @CKS_TTY_TX_LAST: there is no echo; at @at the last character must be out
 */
enum cks_tty_tx {
	CKS_TTY_TX_IDLE,
	CKS_TTY_TX_WAIT,
	CKS_TTY_TX_ECHO,
	CKS_TTY_TX_LAST,
};

/**
 * struct cks_tty - one tty and the coupler on it
 * @entry: of all there are
 * @tty: the tty; its discipline is this one until cks_tty_close() has returned
 * @coupler: what the core knows it as
 * @thread: calls the tty; see thread.c
 * @io: held by who calls the tty
 * @kcov: whom what is done for the tty counts for, with KCOV: who attached it
 * @lock: the coupler's; protects what follows
 * @set: settings in force
 * @known: @set has been filled
 * @wired: the settings were given: until then they are a guess, and nothing is done with the lines
 * @power: VCC and CLK are to be on
 * @rst: RST is to be high
 * @off: the card is to be deactivated, before anything else is done
 * @low: RST is to be low, before it is high again
 * @is_power: as the lines are, where VCC can be switched
 * @is_rst: as the lines are
 * @is_break: I/O is held low
 * @no_break: it cannot be
 * @off_at: when VCC went off
 * @low_at: when RST went low
 * @low_ns: how long it stays low at least
 * @listen: RST is high; else what is received is noise, or of the card's former life
 * @line: line that is wanted
 * @is_line: as the tty is set
 * @bit_ps: length of a bit in @is_line
 * @blind: the adapter does not tell of parity errors
 * @overrun: a character was lost before the next one
 * @tx: state of the transmission
 * @seq: counts transmissions
 * @data: characters to send
 * @len: how many
 * @pos: how many of them are written
 * @echoed: how many of them have come back
 * @gap_ns: least time between two leading edges
 * @limit_ns: longest time between two, else the rest is not sent
 * @at: see @tx
 * @edge: leading edge of the last character, as far as it can be known
 * @present: a card is in
 * @dcd_told: how often the driver has told of DCD by itself
 * @counted: @changes is valid
 * @changes: of the line that tells of a card, where the driver counts them
 * @look_at: when that line is looked at next
 * @asleep: the machine sleeps, or is going to: no card is in, and the tty is left alone
 * @still: with @asleep: the thread has done what was to be done, and
 * @told: has said so
 * @out: the thread's: characters on their way to the tty
 */
struct cks_tty {
	struct list_head entry;
	struct tty_struct *tty;
	struct cks_coupler *coupler;
	struct task_struct *thread;
	struct mutex io;	/* calls of the tty */
	u64 kcov;
	raw_spinlock_t *lock;

	struct cks_settings set;
	bool known;
	bool wired;

	bool power;
	bool rst;
	bool off;
	bool low;
	bool is_power;
	bool is_rst;
	bool is_break;
	bool no_break;
	ktime_t off_at;
	ktime_t low_at;
	u64 low_ns;
	bool listen;

	struct iso7816_line line;
	struct iso7816_line is_line;
	u64 bit_ps;
	bool blind;
	bool overrun;

	enum cks_tty_tx tx;
	unsigned int seq;
	u8 data[ISO7816_BLOCK_MAX];
	u16 len;
	u16 pos;
	u16 echoed;
	u64 gap_ns;
	u64 limit_ns;
	ktime_t at;
	ktime_t edge;

	bool present;
	unsigned int dcd_told;
	bool counted;
	u32 changes;
	ktime_t look_at;

	bool asleep;
	bool told;
	struct completion still;

	u8 out[ISO7816_BLOCK_MAX];
};

/* Locked: so many bits, tenths of them, as nanoseconds. */
static inline u64 cks_tty_bits(const struct cks_tty *t, u32 tenths)
{
	return div_u64(t->bit_ps * tenths, 10 * 1000);
}

/* Locked: a frame is 12 bits, or 11 with one stop bit. */
static inline u64 cks_tty_frame(const struct cks_tty *t)
{
	return cks_tty_bits(t, t->is_line.guard11 ? 110 : 120);
}

/* ops.c */
extern const struct cks_coupler_ops cks_tty_ops;

/* port.c; process context, @io held, not locked */
int cks_tty_configure(struct cks_coupler *c, const struct cks_settings *s,
		      struct iso7816_config *cfg, struct netlink_ext_ack *extack);
int cks_tty_set_line(struct cks_tty *t, const struct iso7816_line *line);
void cks_tty_rst(struct cks_tty *t, bool high);
void cks_tty_power(struct cks_tty *t, bool on);
void cks_tty_let_go(struct cks_tty *t);
void cks_tty_look(struct cks_tty *t);
u32 cks_tty_uart_clk(struct tty_struct *tty);

/* thread.c */
int cks_tty_thread(void *data);
void cks_tty_tx_stop(struct cks_tty *t);		/* locked */
void cks_tty_tx_end(struct cks_tty *t, u8 flags);	/* locked */

/* rx.c */
size_t cks_tty_receive(struct tty_struct *tty, const u8 *cp, const u8 *fp, size_t count);
void cks_tty_dcd(struct tty_struct *tty, bool active);
void cks_tty_present(struct cks_tty *t, bool present);	/* locked */
void cks_tty_detect(struct cks_tty *t, bool asserted);	/* locked */

/* sleep.c; process context, not locked */
void cks_tty_known(struct cks_tty *t);
void cks_tty_forget(struct cks_tty *t);
int cks_tty_sleep_init(void);
void cks_tty_sleep_exit(void);

#endif
