// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coupler's half: its actions, its clock and the dispatch to reset, T=0 and T=1.
 *
 * No locks and no contexts of its own: the owner serialises all calls on one object, which may
 * come from a hard interrupt. The longest step is one T=1 block: 259 characters copied and
 * checked, and 259 built.
 */
#include "internal.h"

#define DEFAULT_RESET_CLKS	400
#define DEFAULT_OFF_CLKS	50000	/* 10 ms at 5 MHz */
#define EXTRA_TCK_ETU		16	/* a superfluous TCK comes within this, or not at all */
#define TX_SLACK_ETU		9600	/* initial etu; the owner's own time to send */
#define ABORT_CHARS		(3 * ISO7816_BLOCK_MAX)
#define TX_REPEATS		6	/* a refused character costs this much at the most */

/* ------------------------------------------------------------------------ configuration */

void iso7816_config_init(struct iso7816_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->policy = ISO7816_TOLERANT;
	cfg->t = ISO7816_T_ANY;
	cfg->ifsd = 254;
	cfg->max_null = 1000;
	cfg->max_wtx = 100;
	cfg->reset_clks = DEFAULT_RESET_CLKS;
	cfg->off_clks = DEFAULT_OFF_CLKS;
	iso7816_config_allow(cfg, 0x11);
}

void iso7816_config_allow(struct iso7816_config *cfg, u8 ta1)
{
	cfg->rates[ta1 / 8] |= (u8)(1U << ta1 % 8);
}

bool iso7816_config_allows(const struct iso7816_config *cfg, u8 ta1)
{
	/* 01 and 11 are the same F and D; they differ in fmax, which is not the line's matter. */
	if (ta1 == 0x11 || ta1 == 0x01)
		return true;
	return cfg->rates[ta1 / 8] >> ta1 % 8 & 1;
}

/* --------------------------------------------------------------------- actions and time */

struct iso7816_action *iso7816_push(struct iso7816_coupler *c, enum iso7816_op op)
{
	struct iso7816_action *act = &c->queue[iso7816_ring_put(&c->pending)];

	memset(act, 0, sizeof(*act));
	act->op = op;
	return act;
}

bool iso7816_coupler_next(struct iso7816_coupler *c, struct iso7816_action *act)
{
	if (!c->pending.len)
		return false;
	*act = c->queue[iso7816_ring_take(&c->pending)];
	return true;
}

void iso7816_push_line(struct iso7816_coupler *c)
{
	iso7816_push(c, ISO7816_DO_LINE)->line = c->line;
}

/* Times may come from anywhere: never wrap around. */
u64 iso7816_add(u64 t, u64 ticks)
{
	return t > ISO7816_NEVER - ticks ? ISO7816_NEVER : t + ticks;
}

/**
 * iso7816_late() - did a character begin too late?
 * @c: coupler
 * @t: its leading edge
 * @limit: ticks allowed since the leading edge of the last one, tolerance included
 */
bool iso7816_late(const struct iso7816_coupler *c, u64 t, u64 limit)
{
	return t > iso7816_add(c->last, limit + ISO7816_CLK(c->cfg.late_clks));
}

/**
 * iso7816_wait() - expect the next character
 * @c: coupler
 * @limit: ticks from @c->last to its leading edge
 */
void iso7816_wait(struct iso7816_coupler *c, u64 limit)
{
	limit += ISO7816_CLK(c->cfg.late_clks) + (u64)ISO7816_REPORT_ETU * c->timing.etu;
	c->deadline = iso7816_add(c->last, limit);
}

/**
 * iso7816_send() - ask for what is in @c->tx to be sent
 * @c: coupler
 * @len: of it, at least 1
 * @at: earliest leading edge
 */
void iso7816_send(struct iso7816_coupler *c, u16 len, u64 at)
{
	struct iso7816_action *act = iso7816_push(c, ISO7816_DO_SEND);
	u64 limit = (u64)len * TX_REPEATS * c->timing.gap;
	u16 i;

	if (c->line.odd)
		for (i = 0; i < len; i++)
			c->tx[i] = iso7816_convert(c->tx[i]);
	at = iso7816_max(at, c->not_before);
	act->send.data = c->tx;
	act->send.len = len;
	act->send.at = at;
	act->send.gap = c->timing.gap;
	act->send.limit = ISO7816_NEVER;
	if (c->phase == PH_T1_WAIT)
		act->send.limit = iso7816_max(c->timing.cwt, (u64)c->timing.gap);
	c->sending = true;
	limit += (u64)TX_SLACK_ETU * ISO7816_ETU0 + ISO7816_CLK(c->cfg.late_clks);
	c->deadline = iso7816_add(at, limit);
}

/**
 * iso7816_done() - the exchange is over and the card ready for the next one
 * @c: coupler
 * @err: for the DO_DONE
 */
void iso7816_done(struct iso7816_coupler *c, enum iso7816_err err)
{
	if (!err && c->overflow)
		err = ISO7816_E_OVERFLOW;
	c->phase = PH_READY;
	c->sending = false;
	c->deadline = ISO7816_NEVER;
	c->expiry = ISO7816_NEVER;
	c->x = NULL;
	iso7816_push(c, ISO7816_DO_DONE)->err = err;
}

/**
 * iso7816_fail() - the exchange is over and the line in doubt
 * @c: coupler
 * @err: for the DO_DONE
 */
void iso7816_fail(struct iso7816_coupler *c, enum iso7816_err err)
{
	iso7816_done(c, err);
	c->phase = PH_DOUBT;
}

/* ------------------------------------------------------------------------------ resetting */

static bool resetting(const struct iso7816_coupler *c)
{
	return c->phase >= PH_OFF_WAIT && c->phase <= PH_PPS;
}

static bool exchanging(const struct iso7816_coupler *c)
{
	return c->phase >= PH_T0 && c->phase <= PH_T1_SILENCE;
}

void iso7816_coupler_init(struct iso7816_coupler *c, const struct iso7816_config *cfg)
{
	memset(c, 0, sizeof(*c));
	c->cfg = *cfg;
	if (c->cfg.reset_clks < DEFAULT_RESET_CLKS)
		c->cfg.reset_clks = DEFAULT_RESET_CLKS;
	if (c->cfg.off_clks < DEFAULT_OFF_CLKS)
		c->cfg.off_clks = DEFAULT_OFF_CLKS;
	c->cfg.nad = t1_nad(cfg->nad);
	c->phase = PH_OFF;
	c->line.f = ISO7816_FD;
	c->line.d = 1;
	c->timing.etu = ISO7816_ETU0;
	c->timing.gap = 12 * ISO7816_ETU0;
	c->deadline = ISO7816_NEVER;
	c->expiry = ISO7816_NEVER;
}

/* Reset begins anew at 372/1; see 8.1. */
static void initial_line(struct iso7816_coupler *c)
{
	memset(&c->line, 0, sizeof(c->line));
	c->line.f = ISO7816_FD;
	c->line.d = 1;
	memset(&c->timing, 0, sizeof(c->timing));
	c->timing.etu = ISO7816_ETU0;
	c->timing.gap = 12 * ISO7816_ETU0;
	c->timing.card_gap = 12 * ISO7816_ETU0;
	c->t = 0;
	c->not_before = 0;
	c->raw_len = 0;
	c->pps_len = 0;
	c->sending = false;
	iso7816_push_line(c);
}

static void rst_low(struct iso7816_coupler *c, u64 now)
{
	initial_line(c);
	c->phase = PH_RST;
	c->deadline = iso7816_add(now, ISO7816_CLK(c->cfg.reset_clks));
}

static void activate(struct iso7816_coupler *c, u64 now)
{
	iso7816_push(c, ISO7816_DO_ACTIVATE);
	c->active = true;
	c->warm = false;
	rst_low(c, now);
}

static void warm_reset(struct iso7816_coupler *c, u64 now)
{
	iso7816_push(c, ISO7816_DO_RST_LOW);
	c->warm = true;
	rst_low(c, now);
}

static void switch_off(struct iso7816_coupler *c, u64 now)
{
	iso7816_push(c, ISO7816_DO_DEACTIVATE);
	c->active = false;
	c->sending = false;
	c->off_at = now;
	c->was_off = true;
}

enum iso7816_err iso7816_coupler_reset(struct iso7816_coupler *c, u64 now, enum iso7816_reset how)
{
	if (how == ISO7816_WARM && !(c->active && c->has_atr))
		return ISO7816_E_STATE;

	c->pending.len = 0;
	c->x = NULL;
	c->expiry = ISO7816_NEVER;
	c->resets = 1;
	c->plain = false;
	c->has_atr = false;
	if (how == ISO7816_WARM) {
		warm_reset(c, now);
		return ISO7816_OK;
	}
	if (c->active)
		switch_off(c, now);
	if (c->was_off && now < iso7816_add(c->off_at, ISO7816_CLK(c->cfg.off_clks))) {
		c->phase = PH_OFF_WAIT;
		c->deadline = iso7816_add(c->off_at, ISO7816_CLK(c->cfg.off_clks));
		return ISO7816_OK;
	}
	activate(c, now);
	return ISO7816_OK;
}

void iso7816_coupler_want(struct iso7816_coupler *c, u8 t)
{
	c->cfg.t = t;
}

/* The reset at hand failed: again, if the policy has one more, else off and report. */
static void reset_failed(struct iso7816_coupler *c, u64 now, enum iso7816_err err, bool again)
{
	/* EMV 4.3 Book 1, 8.4: one warm reset. ETSI TS 102 221, 6.3: three attempts. */
	static const u8 resets[] = {
		[ISO7816_STRICT] = 1, [ISO7816_TOLERANT] = 3, [ISO7816_EMV] = 2,
	};

	if (again && c->resets < resets[c->cfg.policy]) {
		c->resets++;
		warm_reset(c, now);
		return;
	}
	switch_off(c, now);
	c->phase = PH_OFF;
	c->deadline = ISO7816_NEVER;
	iso7816_push(c, ISO7816_DO_DONE)->err = err;
}

void iso7816_coupler_deactivate(struct iso7816_coupler *c, u64 now, enum iso7816_err why)
{
	bool running = resetting(c) || exchanging(c);
	struct iso7816_action act;

	/* A result that was not taken yet stays: only one DO_DONE per command, and the true one. */
	while (iso7816_coupler_next(c, &act)) {
		if (act.op == ISO7816_DO_DONE) {
			running = true;
			why = act.err;
		}
	}
	if (c->active)
		switch_off(c, now);
	c->phase = PH_OFF;
	c->has_atr = false;
	c->sending = false;
	c->x = NULL;
	/* What the last block or header had may have been secret. */
	memset(c->tx, 0, sizeof(c->tx));
	memset(&c->t0, 0, sizeof(c->t0));
	memset(&c->t1, 0, sizeof(c->t1));
	c->deadline = ISO7816_NEVER;
	c->expiry = ISO7816_NEVER;
	if (running)
		iso7816_push(c, ISO7816_DO_DONE)->err = why;
}

/* ------------------------------------------------------------------------------ the ATR */

static bool tolerances(const struct iso7816_coupler *c)
{
	return c->cfg.policy != ISO7816_STRICT;
}

static u64 ts_limit(const struct iso7816_coupler *c)
{
	if (tolerances(c))
		return ISO7816_CLK(ISO7816_EMV_TS_CLKS);
	return ISO7816_CLK(ISO7816_TS_CLKS) + ISO7816_STAMP_ETU * ISO7816_ETU0;
}

/* From RST high; before it the contact I/O may still be settling, 6.2.2. */
static u64 ts_earliest(const struct iso7816_coupler *c)
{
	switch (c->cfg.policy) {
	case ISO7816_STRICT:
		return ISO7816_CLK(ISO7816_TS_CLKS_MIN);
	case ISO7816_EMV:
		return ISO7816_CLK(ISO7816_EMV_TS_CLKS_MIN);
	default:
		return 0;
	}
}

/* Between two characters of ATR or PPS. */
static u64 atr_limit(const struct iso7816_coupler *c)
{
	return (u64)(ISO7816_ATR_WT_ETU +
		     (tolerances(c) ? ISO7816_EMV_ATR_ETU : ISO7816_STAMP_ETU)) * ISO7816_ETU0;
}

static void start_protocol(struct iso7816_coupler *c, u8 t, u8 ta1)
{
	/* The last character still has the slot that its own etu gives it. */
	c->not_before = iso7816_add(c->last, c->timing.gap);
	c->t = t;
	c->line.f = iso7816_fi(ta1);
	c->line.d = iso7816_di(ta1);
	c->line.t = t;
	c->line.guard11 = t == 1 && c->atr.n == 255;
	c->line.error_signal = t == 0;
	iso7816_timing_set(&c->timing, &c->atr, c->line.f, c->line.d, t);
	if (t == 1)
		iso7816_t1_reset(c);
	iso7816_push_line(c);
	c->overflow = false;
	iso7816_done(c, ISO7816_OK);
}

static void start_pps(struct iso7816_coupler *c, u8 t, u8 ta1)
{
	c->pps_t = t;
	c->pps_ta1 = ta1;
	c->pps_len = 0;
	c->phase = PH_PPS;
	iso7816_send(c, iso7816_pps_build(c->tx, t, ta1), iso7816_add(c->last, c->timing.gap));
}

static bool wanted(const struct iso7816_coupler *c, u8 t)
{
	return t <= 1 && (c->cfg.t == ISO7816_T_ANY || c->cfg.t == t);
}

/* Specific mode: the card has chosen, 8.2.3. Take it, or ask for negotiable mode. */
static void specific_mode(struct iso7816_coupler *c, u64 now)
{
	u8 ta2 = c->atr.ta2;
	bool may_change = !(ta2 & 0x80);

	if (!wanted(c, ta2 & 0xf))
		reset_failed(c, now, ISO7816_E_ATR_PROTOCOL, may_change);
	else if (ta2 & 0x10 || !iso7816_config_allows(&c->cfg, c->atr.ta1))
		reset_failed(c, now, ISO7816_E_ATR_RATE, may_change);
	else
		start_protocol(c, ta2 & 0xf, c->atr.ta1);
}

static void negotiable_mode(struct iso7816_coupler *c, u64 now)
{
	/* EMV 4.3 Book 1, 8.3: no PPS. */
	bool may = !c->cfg.no_pps && c->cfg.policy != ISO7816_EMV;
	u8 ta1 = may && !c->plain ? iso7816_pps_best(&c->cfg, c->atr.ta1) : 0x11;
	u8 t = c->atr.first;

	if (!wanted(c, t) || !(c->atr.protocols >> t & 1)) {
		t = wanted(c, 0) && c->atr.protocols & 1 ? 0 : 1;
		if (!may || !wanted(c, t) || !(c->atr.protocols >> t & 1)) {
			reset_failed(c, now, ISO7816_E_ATR_PROTOCOL, false);
			return;
		}
	}
	if (ta1 != 0x11 || t != c->atr.first)
		start_pps(c, t, ta1);
	else
		start_protocol(c, t, 0x11);
}

/* EMV 4.3 Book 1, 8.4 bounds the ATR as a whole too: the last leading edge that is in time. */
static u64 emv_atr_end(const struct iso7816_coupler *c)
{
	return iso7816_add(c->ts_at, (u64)ISO7816_EMV_ATR_TOTAL * ISO7816_ETU0 +
			   ISO7816_CLK(c->cfg.late_clks));
}

static void atr_complete(struct iso7816_coupler *c, u64 now)
{
	enum iso7816_err err = iso7816_atr_parse_after(&c->atr, c->raw, c->raw_len, c->cfg.policy,
						       c->warm);

	if (err) {
		reset_failed(c, now, err, true);
		return;
	}
	c->has_atr = true;
	/* During PPS the guard time is that of T=0 at the initial etu, N of TC1 included. */
	iso7816_timing_set(&c->timing, &c->atr, ISO7816_FD, 1, 0);
	if (c->atr.specific)
		specific_mode(c, now);
	else
		negotiable_mode(c, now);
}

static void atr_rx(struct iso7816_coupler *c, u64 t, u8 byte)
{
	if (c->raw_len == ISO7816_ATR_MAX) {
		reset_failed(c, t, ISO7816_E_ATR_LENGTH, true);
		return;
	}
	c->raw[c->raw_len++] = byte;
	if (iso7816_atr_missing(c->raw, c->raw_len)) {
		iso7816_wait(c, atr_limit(c));
		if (c->cfg.policy == ISO7816_EMV)
			c->deadline = iso7816_min(c->deadline,
						  iso7816_add(emv_atr_end(c),
							      ISO7816_REPORT_ETU * ISO7816_ETU0));
		return;
	}
	/*
	 * Some cards that offer only T=0 send a TCK all the same. It must not meet the first
	 * character that we send.
	 */
	if (c->cfg.policy == ISO7816_TOLERANT && c->raw_len < ISO7816_ATR_MAX &&
	    !iso7816_atr_tck_due(c->raw, c->raw_len)) {
		c->phase = PH_ATR_EXTRA;
		iso7816_wait(c, EXTRA_TCK_ETU * ISO7816_ETU0);
		return;
	}
	atr_complete(c, t);
}

static void atr_extra_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags)
{
	if (!flags)
		c->raw[c->raw_len++] = byte;
	atr_complete(c, t);
}

static void ts_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags)
{
	if (t > iso7816_add(c->rst_at, ts_limit(c) + ISO7816_CLK(c->cfg.late_clks))) {
		reset_failed(c, t, ISO7816_E_NO_ATR, false);
		return;
	}
	/*
	 * With LSB first and even parity, the TS of the inverse convention reads as 03 with a
	 * parity error (8.1). The flag may be missing where a line does not report it.
	 */
	if (byte == 0x3b && !flags) {
		c->raw[0] = 0x3b;
	} else if (byte == iso7816_convert(0x3f) && !(flags & ~ISO7816_RX_PARITY)) {
		c->raw[0] = 0x3f;
		c->line.odd = true;
		iso7816_push_line(c);
	} else {
		reset_failed(c, t, ISO7816_E_ATR_TS, true);
		return;
	}
	c->raw_len = 1;
	c->ts_at = t;
	c->last = t;
	c->last_was_rx = true;
	c->phase = PH_ATR;
	iso7816_wait(c, atr_limit(c));
}

/* -------------------------------------------------------------------------------- PPS */

static void pps_failed(struct iso7816_coupler *c, u64 now)
{
	if (c->plain) {
		reset_failed(c, now, ISO7816_E_PPS, false);
		return;
	}
	c->plain = true;
	warm_reset(c, now);
}

static void pps_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags, bool late)
{
	u8 ta1;

	c->pps[c->pps_len++] = byte;
	if (flags || late || c->pps[0] != 0xff) {
		pps_failed(c, t);
		return;
	}
	if (c->pps_len < iso7816_pps_size(c->pps, c->pps_len)) {
		iso7816_wait(c, atr_limit(c));
		return;
	}
	if (iso7816_pps_accept(c->pps, c->pps_len, c->pps_t, c->pps_ta1, &ta1))
		start_protocol(c, c->pps_t, ta1);
	else
		pps_failed(c, t);
}

/* ----------------------------------------------------------------------------- dispatch */

enum iso7816_err iso7816_coupler_exchange(struct iso7816_coupler *c, u64 now,
					  struct iso7816_exchange *x)
{
	enum iso7816_err err;

	if (c->phase != PH_READY || c->pending.len)
		return ISO7816_E_STATE;
	if (x->cmd_len < 4 || x->cmd_len > ISO7816_APDU_MAX || x->rsp_size < 2)
		return ISO7816_E_APDU;
	c->x = x;
	c->overflow = false;
	c->extensions = 0;
	x->rsp_len = 0;
	/* The card may have been idle for long: the owner's time to send counts from here. */
	c->not_before = iso7816_max(c->not_before, now);
	c->expiry = x->timeout ? iso7816_add(now, x->timeout) : ISO7816_NEVER;
	err = c->t ? iso7816_t1_start(c) : iso7816_t0_start(c);
	if (err) {
		c->x = NULL;
		c->expiry = ISO7816_NEVER;
	}
	return err;
}

void iso7816_coupler_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags)
{
	bool late;

	/*
	 * Nothing can be meant for us while we send; a wrong echo is reported by sent(). What is
	 * stamped before RST went high belongs to an earlier life of the card.
	 */
	if (c->phase <= PH_RST || c->sending ||
	    (c->phase == PH_TS && t < iso7816_add(c->rst_at, ts_earliest(c))))
		return;
	if (c->phase == PH_TS) {
		ts_rx(c, t, byte, flags);
		return;
	}
	if (c->line.odd)
		byte = iso7816_convert(byte);
	switch (c->phase) {
	case PH_ATR:
		late = iso7816_late(c, t, atr_limit(c)) ||
		       (c->cfg.policy == ISO7816_EMV && t > emv_atr_end(c));
		break;
	case PH_PPS:
		late = iso7816_late(c, t, atr_limit(c));
		break;
	case PH_T0:
		late = iso7816_late(c, t, iso7816_t0_limit(c));
		break;
	case PH_T1_WAIT:
	case PH_T1_BLOCK:
	case PH_T1_OVER:
	case PH_T1_SILENCE:
		iso7816_t1_rx(c, t, byte, flags);
		return;
	default:
		late = false;
		break;
	}
	c->last = iso7816_max(c->last, t);
	c->last_was_rx = true;
	switch (c->phase) {
	case PH_ATR_EXTRA:
		atr_extra_rx(c, t, byte, flags);
		break;
	case PH_ATR:
		if (late)
			reset_failed(c, t, ISO7816_E_ATR_TIMEOUT, true);
		else if (flags)
			reset_failed(c, t, ISO7816_E_ATR_PARITY, true);
		else
			atr_rx(c, t, byte);
		break;
	case PH_PPS:
		pps_rx(c, t, byte, flags, late);
		break;
	case PH_T0:
		iso7816_t0_rx(c, byte, late, flags);
		break;
	default:
		break;
	}
}

void iso7816_coupler_sent(struct iso7816_coupler *c, u64 t, u8 flags)
{
	if (!c->sending)
		return;
	c->sending = false;
	c->last = iso7816_max(c->last, t);
	c->last_was_rx = false;
	switch (c->phase) {
	case PH_PPS:
		if (flags)
			pps_failed(c, t);
		else
			iso7816_wait(c, atr_limit(c));
		break;
	case PH_T0:
		iso7816_t0_sent(c, flags);
		break;
	case PH_T1_WAIT:
		iso7816_t1_sent(c, flags);
		break;
	default:
		break;
	}
}

void iso7816_coupler_switched(struct iso7816_coupler *c, u64 t)
{
	switch (c->phase) {
	case PH_RST:
		c->deadline = iso7816_add(t, ISO7816_CLK(c->cfg.reset_clks));
		break;
	case PH_OFF_WAIT:
		c->off_at = t;
		c->deadline = iso7816_add(t, ISO7816_CLK(c->cfg.off_clks));
		break;
	case PH_OFF:
		c->off_at = t;
		c->was_off = true;
		break;
	default:
		break;
	}
}

void iso7816_coupler_timer(struct iso7816_coupler *c, u64 now)
{
	if (exchanging(c) && now >= c->expiry) {
		if (!c->t || !iso7816_t1_expire(c)) {
			iso7816_fail(c, ISO7816_E_TIMEOUT);
			return;
		}
		/* The block under way, S(ABORT request), and the card's answer to it. */
		c->expiry = iso7816_add(now, c->timing.bwt + ABORT_CHARS * (u64)c->timing.gap);
	}
	if (now < c->deadline)
		return;
	c->deadline = ISO7816_NEVER;
	if (c->sending) {
		if (c->phase == PH_PPS)
			pps_failed(c, now);
		else
			iso7816_fail(c, ISO7816_E_LINE);
		return;
	}
	switch (c->phase) {
	case PH_OFF_WAIT:
		activate(c, now);
		break;
	case PH_RST:
		iso7816_push(c, ISO7816_DO_RST_HIGH);
		c->phase = PH_TS;
		c->rst_at = now;
		c->last = now;
		iso7816_wait(c, ts_limit(c));
		break;
	case PH_TS:
		reset_failed(c, now, ISO7816_E_NO_ATR, false);
		break;
	case PH_ATR:
		/* A missing TCK is one of the things that cards in the field do. */
		if (c->cfg.policy == ISO7816_TOLERANT &&
		    iso7816_atr_tck_due(c->raw, c->raw_len) &&
		    iso7816_atr_missing(c->raw, c->raw_len) == 1)
			atr_complete(c, now);
		else
			reset_failed(c, now, ISO7816_E_ATR_TIMEOUT, true);
		break;
	case PH_ATR_EXTRA:
		atr_complete(c, now);
		break;
	case PH_PPS:
		pps_failed(c, now);
		break;
	case PH_T0:
		iso7816_t0_timer(c);
		break;
	case PH_T1_WAIT:
	case PH_T1_BLOCK:
	case PH_T1_OVER:
	case PH_T1_SILENCE:
		iso7816_t1_timer(c, now);
		break;
	default:
		break;
	}
}

u64 iso7816_coupler_deadline(const struct iso7816_coupler *c)
{
	return iso7816_min(c->deadline, c->expiry);
}

const struct iso7816_atr *iso7816_coupler_atr(const struct iso7816_coupler *c)
{
	return c->has_atr ? &c->atr : NULL;
}

const struct iso7816_line *iso7816_coupler_line(const struct iso7816_coupler *c)
{
	return &c->line;
}

bool iso7816_coupler_active(const struct iso7816_coupler *c)
{
	return c->active;
}

bool iso7816_coupler_ready(const struct iso7816_coupler *c)
{
	return c->phase == PH_READY;
}

u32 iso7816_coupler_extensions(const struct iso7816_coupler *c)
{
	return c->extensions;
}
