// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is asked of the tty: rate and frame, the modem lines, and what it can do of them.
 *
 * All in process context with @io held and without the coupler's raw spinlock: drivers sleep here.
 */
#include "rate.h"
#include "tty.h"

#define FRAME	(CSIZE | PARENB | PARODD | CMSPAR | CSTOPB)

/* ------------------------------------------------------------------------ rate and frame */

/*
 * Raw, and as the card wants it. INPCK and PARMRK have a driver report bad parity and a line that
 * is low; without them it would give such characters for good ones.
 */
static int set_termios(struct tty_struct *tty, u32 rate, bool odd, bool guard11)
{
	tcflag_t frame = CS8 | PARENB | (odd ? PARODD : 0) | (guard11 ? 0 : CSTOPB);
	struct ktermios k;

	down_read(&tty->termios_rwsem);
	k = tty->termios;
	up_read(&tty->termios_rwsem);

	k.c_iflag = INPCK | PARMRK;
	k.c_oflag = 0;
	k.c_lflag = 0;
	k.c_cflag &= HUPCL;
	k.c_cflag |= frame | CREAD | CLOCAL | BOTHER;
	k.c_ispeed = rate;
	k.c_ospeed = rate;
	tty_set_termios(tty, &k);
	return (tty->termios.c_cflag & FRAME) == frame ? 0 : -EINVAL;
}

/*
 * Ask for a rate and find out what came of it. A driver that makes another one puts that into the
 * termios. Some do not; if the clock of the UART is known, its divisor is computed here as well.
 */
static int try_rate(struct tty_struct *tty, u32 uart_clk, u32 wanted, u32 *ret_got)
{
	int err;

	if (uart_clk) {
		*ret_got = cks_tty_divided(uart_clk, wanted);
		if (cks_tty_off_ppm(wanted, *ret_got) > CKS_TTY_TOLERANCE_PPM)
			return -ERANGE;
	}
	err = set_termios(tty, wanted, false, false);
	if (err)
		return err;
	*ret_got = tty_termios_baud_rate(&tty->termios);
	return cks_tty_off_ppm(wanted, *ret_got) <= CKS_TTY_TOLERANCE_PPM ? 0 : -ERANGE;
}

static void put_line(struct cks_tty *t, const struct iso7816_line *line)
{
	t->is_line = *line;
	t->bit_ps = div_u64((u64)line->f * 1000000000000ULL, t->set.clk_hz * line->d);
}

/**
 * cks_tty_set_line() - set the tty to a line
 * @t: tty
 * @line: rate, parity, stop bits; one that cks_tty_configure() has found to be good
 * Context: process, @io held
 * Return: 0; -EINVAL when the frame is refused all the same
 */
int cks_tty_set_line(struct cks_tty *t, const struct iso7816_line *line)
{
	u32 rate = cks_tty_wanted(t->set.clk_hz, line->f, line->d);
	int err = set_termios(t->tty, rate, line->odd, line->guard11);

	raw_spin_lock_irq(t->lock);
	put_line(t, line);
	raw_spin_unlock_irq(t->lock);
	return err;
}

/**
 * cks_tty_uart_clk() - the clock of the tty's UART, if it divides it by whole numbers
 * @tty: tty
 *
 * The 8250 driver accepts rates that its divisor misses by far and reports them back as they were
 * asked for, but tells its clock. Of other types than the plain ones nobody knows how they divide.
 *
 * Context: process
 * Return: Hz, or 0 when it is not known
 */
u32 cks_tty_uart_clk(struct tty_struct *tty)
{
	struct serial_struct ss = { };

	if (!tty->ops->get_serial || tty->ops->get_serial(tty, &ss))
		return 0;
	if (ss.type < PORT_8250 || ss.type > PORT_16550A)
		return 0;
	if (ss.baud_base <= 0 || ss.baud_base > INT_MAX / 16)
		return 0;
	return ss.baud_base * 16;
}

/* ------------------------------------------------------------------------ the modem lines */

static unsigned int output_bit(u8 line)
{
	return line == CKS_MODEM_LINE_DTR ? TIOCM_DTR : TIOCM_RTS;
}

/* Nothing at all as long as the wiring is not known. A tty that is gone refuses. */
static void output(struct cks_tty *t, u8 line, bool asserted)
{
	unsigned int bit = output_bit(line);

	if (!t->wired || line == CKS_MODEM_LINE_NONE)
		return;
	if (t->tty->ops->tiocmset(t->tty, asserted ? bit : 0, asserted ? 0 : bit) &&
	    !tty_io_error(t->tty))
		dev_warn_ratelimited(t->tty->dev, "the tty refuses to switch its modem lines\n");
}

/**
 * cks_tty_rst() - set RST
 * @t: tty
 * @high: level
 * Context: process, @io held
 */
void cks_tty_rst(struct cks_tty *t, bool high)
{
	output(t, t->set.rst_line, high == t->set.rst_invert);
}

/*
 * 6.4: without VCC I/O is low, by a break that has no end. One driver imitates breaks by a
 * character at a low rate, and waits for its end: so long that RST is late. It is spared another.
 */
static void set_break(struct cks_tty *t, bool on)
{
	ktime_t since = ktime_get();
	int err;

	/* Setting the rate may have ended it. */
	if (tty_io_error(t->tty) || (on ? t->no_break : !t->is_break))
		return;
	err = t->tty->ops->break_ctl(t->tty, on ? -1 : 0);
	t->is_break = on && !err;
	if (err || ktime_ms_delta(ktime_get(), since) > CKS_TTY_LATE_MS)
		t->no_break = true;
}

/**
 * cks_tty_power() - switch VCC and CLK, where they can be; I/O is low before they go off, and in
 * reception when they are on
 * @t: tty
 * @on: they are to be on
 * Context: process, @io held
 */
void cks_tty_power(struct cks_tty *t, bool on)
{
	if (!on && t->wired && t->set.power_line != CKS_MODEM_LINE_NONE)
		set_break(t, true);
	output(t, t->set.power_line, on != t->set.power_invert);
	if (on || t->set.power_line == CKS_MODEM_LINE_NONE)
		set_break(t, false);
}

/**
 * cks_tty_let_go() - leave I/O as it was found
 * @t: tty
 * Context: process; nobody else calls the tty any more
 */
void cks_tty_let_go(struct cks_tty *t)
{
	set_break(t, false);
}

static u32 count_of(const struct serial_icounter_struct *count, u8 line)
{
	switch (line) {
	case CKS_MODEM_LINE_CTS:
		return count->cts;
	case CKS_MODEM_LINE_DSR:
		return count->dsr;
	default:
		return count->dcd;
	}
}

static unsigned int input_bit(u8 line)
{
	switch (line) {
	case CKS_MODEM_LINE_CTS:
		return TIOCM_CTS;
	case CKS_MODEM_LINE_DSR:
		return TIOCM_DSR;
	default:
		return TIOCM_CD;
	}
}

/**
 * cks_tty_look() - look at the line that tells of a card, and say when to look again
 * @t: tty
 *
 * A line that has changed and is as before has been open in between: the core hears of both, or a
 * card that was exchanged would pass for the old one. Only some drivers count changes.
 *
 * What a driver tells of DCD meanwhile is newer than what was seen.
 *
 * Context: process, @io held
 */
void cks_tty_look(struct cks_tty *t)
{
	struct serial_icounter_struct count = { };
	u8 line = t->set.detect_line;
	bool is, swapped, told;
	unsigned int before;
	u32 changes;
	int lines;

	if (!t->wired || line == CKS_MODEM_LINE_NONE) {
		raw_spin_lock_irq(t->lock);
		t->look_at = KTIME_MAX;
		cks_tty_present(t, t->wired);
		raw_spin_unlock_irq(t->lock);
		return;
	}

	raw_spin_lock_irq(t->lock);
	before = t->dcd_told;
	raw_spin_unlock_irq(t->lock);

	lines = t->tty->ops->tiocmget(t->tty);
	tty_get_icount(t->tty, &count);
	changes = count_of(&count, line);

	raw_spin_lock_irq(t->lock);
	if (lines < 0) {
		/* The tty is going. */
		is = t->set.detect_invert;
		swapped = false;
	} else {
		is = lines & input_bit(line);
		swapped = t->counted && changes != t->changes && t->present &&
			  !(line == CKS_MODEM_LINE_DCD && t->dcd_told);
	}
	told = lines >= 0 && line == CKS_MODEM_LINE_DCD && t->dcd_told != before;
	if (swapped)
		cks_tty_detect(t, t->set.detect_invert);
	if (!told)
		cks_tty_detect(t, is);
	t->counted = lines >= 0;
	t->changes = changes;
	t->look_at = ktime_add_ns(ktime_get(), CKS_TTY_POLL_NS);
	raw_spin_unlock_irq(t->lock);
}

/* --------------------------------------------------------------------------- the settings */

/* Both parities and both numbers of stop bits. */
static int check_frames(struct tty_struct *tty, u32 rate, struct netlink_ext_ack *extack)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (!set_termios(tty, rate, i == 1, i == 2))
			continue;
		NL_SET_ERR_MSG_FMT_MOD(extack, "the tty cannot do 8 bits, %s parity, %d stop bits",
				       i == 1 ? "odd" : "even", i == 2 ? 1 : 2);
		return -EINVAL;
	}
	return 0;
}

/*
 * An adapter that hangs, or is going, takes seconds for each rate, and does not say that it has
 * failed; others wait for the caller meanwhile.
 */
static int check_time(struct tty_struct *tty, unsigned long until, struct netlink_ext_ack *extack)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	if (time_before(jiffies, until))
		return 0;
	NL_SET_ERR_MSG_FMT_MOD(extack, "%s takes more than %u s to try all rates", tty->name,
			       CKS_TTY_TRY_MS / 1000);
	return -ETIMEDOUT;
}

/* Allow what the tty reaches at this card clock; 372/1 it must reach. */
static int allow_rates(struct tty_struct *tty, const struct cks_settings *s,
		       struct iso7816_config *cfg, struct netlink_ext_ack *extack)
{
	unsigned long until = jiffies + msecs_to_jiffies(CKS_TTY_TRY_MS);
	u32 wanted = cks_tty_wanted(s->clk_hz, 372, 1), got = 0, off;
	unsigned int ta1;
	int err;

	err = tty->ops->tiocmget(tty);
	if (err < 0) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s does not tell its modem lines", tty->name);
		return err;
	}
	err = check_frames(tty, wanted, extack);
	if (err)
		return err;
	err = try_rate(tty, s->uart_clk, wanted, &got);
	if (err) {
		off = cks_tty_off_ppm(wanted, got) / 100;
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "best rate for %u bit/s is %u, off by %u.%02u %% (limit 2)",
				       wanted, got, off / 100, off % 100);
		return -EINVAL;
	}
	for (ta1 = 0; ta1 < 256; ta1++) {
		u16 f = iso7816_fi(ta1);
		u8 d = iso7816_di(ta1);

		err = check_time(tty, until, extack);
		if (err)
			return err;
		if (f && d && !try_rate(tty, s->uart_clk, cks_tty_wanted(s->clk_hz, f, d), &got))
			iso7816_config_allow(cfg, ta1);
	}
	return 0;
}

/*
 * A tty says nothing of its wiring. Until that has been set, the coupler has no card, so that
 * nobody switches lines whose meaning is not known, and the rates do not matter yet.
 */
static int configure(struct cks_tty *t, const struct cks_settings *s, struct iso7816_config *cfg,
		     struct netlink_ext_ack *extack)
{
	const struct iso7816_line initial = { .f = 372, .d = 1 };
	bool wired = t->known;
	u32 caps = 0, low_clks;
	int err;

	if (s->uart_clk && s->uart_clk < 16) {
		NL_SET_ERR_MSG_MOD(extack, "UART clock is less than 16 Hz");
		return -EINVAL;
	}
	if (wired) {
		err = allow_rates(t->tty, s, cfg, extack);
		if (err) {
			set_termios(t->tty, cks_tty_wanted(t->set.clk_hz, 372, 1), false, false);
			cks_tty_power(t, false);
			return err;
		}
		set_termios(t->tty, cks_tty_wanted(s->clk_hz, 372, 1), false, false);
	}
	cfg->late_clks = div_u64((u64)s->clk_hz * CKS_TTY_LATE_MS, MSEC_PER_SEC);
	low_clks = div_u64((u64)s->clk_hz * CKS_TTY_LOW_MS, MSEC_PER_SEC);
	cfg->reset_clks = max(cfg->reset_clks, low_clks);

	raw_spin_lock_irq(t->lock);
	t->set = *s;
	t->known = true;
	t->wired = wired;
	t->line = initial;
	put_line(t, &initial);
	t->counted = false;
	t->low_ns = div_u64((u64)cfg->reset_clks * NSEC_PER_SEC, s->clk_hz);
	raw_spin_unlock_irq(t->lock);

	if (s->power_line != CKS_MODEM_LINE_NONE)
		caps |= CKS_CAPABILITY_POWER_SWITCH;
	if (s->detect_line != CKS_MODEM_LINE_NONE)
		caps |= CKS_CAPABILITY_CARD_DETECT;
	cks_coupler_set_capabilities(t->coupler, caps);
	cks_tty_rst(t, false);
	cks_tty_power(t, false);
	cks_tty_look(t);
	return 0;
}

/* Operation @configure of the coupler. */
int cks_tty_configure(struct cks_coupler *c, const struct cks_settings *s,
		      struct iso7816_config *cfg, struct netlink_ext_ack *extack)
{
	struct cks_tty *t = cks_coupler_drvdata(c);
	int err;

	mutex_lock(&t->io);
	err = configure(t, s, cfg, extack);
	mutex_unlock(&t->io);
	wake_up_process(t->thread);
	return err;
}
