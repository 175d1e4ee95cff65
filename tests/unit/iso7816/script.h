/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchanges by script: the coupler's half against bytes and times that a test writes down from
 * the standard. Nothing of the engine's own card half is involved.
 */
#ifndef ISO7816_SCRIPT_H
#define ISO7816_SCRIPT_H

#include "../check.h"
#include "iso7816/iso7816.h"

#define ETU0		(372ULL * 960)		/* initial etu in ticks */
#define CLK(n)		((u64)(n) * 960)

struct script {
	struct iso7816_coupler c;
	struct iso7816_config cfg;
	struct iso7816_exchange x;
	u64 t;			/* now: mostly the leading edge of the last character */
	u64 edge;		/* that leading edge */
	u64 etu;		/* in use */
	u64 gap;		/* of the last DO_SEND */
	u64 at;
	u8 rsp[70000];
	u8 cmd[70000];
};

static inline u32 script_hex(u8 *buf, const char *hex)
{
	u32 n = 0;

	for (; *hex; hex++) {
		unsigned int byte;

		if (*hex == ' ')
			continue;
		if (sscanf(hex, "%2x", &byte) != 1)
			fail_msg("not hexadecimal: %s", hex);
		buf[n++] = (u8)byte;
		hex++;
	}
	return n;
}

/*
 * A block, and an exchange of T=0, are over when no character too many has followed: 12 etu after
 * the last one, and 12 more for a UART to report it.
 */
static inline void take(struct script *s, enum iso7816_op op, struct iso7816_action *act)
{
	if (!iso7816_coupler_next(&s->c, act)) {
		u64 deadline = iso7816_coupler_deadline(&s->c);

		assert_true(deadline <= s->t + 24 * s->etu);
		iso7816_coupler_timer(&s->c, deadline);
		assert_true(iso7816_coupler_next(&s->c, act));
	}
	assert_int_equal(act->op, op);
}

static inline void nothing(struct script *s)
{
	struct iso7816_action act;

	assert_false(iso7816_coupler_next(&s->c, &act));
}

static inline void done(struct script *s, enum iso7816_err err)
{
	struct iso7816_action act;

	take(s, ISO7816_DO_DONE, &act);
	assert_int_equal(act.err, err);
	nothing(s);
}

static inline void line_is(struct script *s, u16 f, u8 d, u8 t)
{
	struct iso7816_action act;

	take(s, ISO7816_DO_LINE, &act);
	assert_int_equal(act.line.f, f);
	assert_int_equal(act.line.d, d);
	assert_int_equal(act.line.t, t);
	s->etu = 372ULL * 960 / 372 * f / d;
}

/* A character @after ticks behind the last one. */
static inline void rx_after(struct script *s, u64 after, u8 byte, u8 flags)
{
	s->t += after;
	s->edge = s->t;
	iso7816_coupler_rx(&s->c, s->t, byte, flags);
}

/* Characters of the card: the first @first etu behind the last one, then 12 etu each. */
static inline void gives_after(struct script *s, u64 first, const char *hex)
{
	u8 buf[600];
	u32 n = script_hex(buf, hex), i;

	for (i = 0; i < n; i++)
		rx_after(s, (i ? 12 : first) * s->etu, buf[i], 0);
}

static inline void gives(struct script *s, const char *hex)
{
	gives_after(s, iso7816_coupler_line(&s->c)->t ? 22 : 12, hex);
}

/* The coupler sends exactly that; it goes out as early as it may. */
static inline void sends(struct script *s, const char *hex)
{
	struct iso7816_action act;
	u8 buf[600];
	u32 n = script_hex(buf, hex);

	take(s, ISO7816_DO_SEND, &act);
	nothing(s);
	assert_int_equal(act.send.len, n);
	assert_memory_equal(act.send.data, buf, n);
	s->gap = act.send.gap;
	s->at = act.send.at;
	s->t = (s->at > s->t ? s->at : s->t) + (u64)(n - 1) * s->gap;
	s->edge = s->t;
	iso7816_coupler_sent(&s->c, s->t, 0);
}

/* The same, and it may not begin before @etu etu after the last character. */
static inline void sends_after(struct script *s, u64 etu, const char *hex)
{
	u64 before = s->t;

	sends(s, hex);
	assert_int_equal(s->at - before, etu * s->etu);
}

/* Nothing happens a tick before the deadline; then it does. */
static inline void expires(struct script *s, u64 ticks)
{
	assert_int_equal(iso7816_coupler_deadline(&s->c) - s->t, ticks);
	iso7816_coupler_timer(&s->c, s->t + ticks - 1);
	nothing(s);
	s->t += ticks;
	iso7816_coupler_timer(&s->c, s->t);
}

static inline struct script *script_new(enum iso7816_policy policy)
{
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	iso7816_config_init(&s->cfg);
	s->cfg.policy = policy;
	s->cfg.settle = true;
	s->etu = ETU0;
	s->t = 5000;
	return s;
}

/* Cold reset of an inactive card up to RST high. */
static inline void script_rst(struct script *s)
{
	struct iso7816_action act;

	iso7816_coupler_init(&s->c, &s->cfg);
	assert_int_equal(iso7816_coupler_reset(&s->c, s->t, ISO7816_COLD), ISO7816_OK);
	take(s, ISO7816_DO_ACTIVATE, &act);
	line_is(s, 372, 1, 0);
	nothing(s);
	expires(s, CLK(s->cfg.reset_clks < 400 ? 400 : s->cfg.reset_clks));
	take(s, ISO7816_DO_RST_HIGH, &act);
	nothing(s);
}

/* The same up to the end of the ATR. */
static inline void script_atr(struct script *s, const char *atr)
{
	script_rst(s);
	rx_after(s, CLK(400), 0x3b, 0);
	gives_after(s, 12, atr + 2);
}

/* A card that needs no PPS: ready for exchanges. */
static inline void script_ready(struct script *s, const char *atr, u8 t)
{
	script_atr(s, atr);
	line_is(s, 372, 1, t);
	done(s, ISO7816_OK);
	assert_true(iso7816_coupler_ready(&s->c));
	/* T=0 has the error signal of 7.3, T=1 has not. */
	assert_int_equal(iso7816_coupler_line(&s->c)->error_signal, t == 0);
}

static inline enum iso7816_err begin_mode(struct script *s, const char *cmd,
					  enum iso7816_mode mode)
{
	memset(&s->x, 0, sizeof(s->x));
	s->x.cmd_len = script_hex(s->cmd, cmd);
	s->x.cmd = s->cmd;
	s->x.rsp = s->rsp;
	s->x.rsp_size = sizeof(s->rsp);
	s->x.mode = mode;
	return iso7816_coupler_exchange(&s->c, s->t, &s->x);
}

static inline void begin(struct script *s, const char *cmd)
{
	assert_int_equal(begin_mode(s, cmd, ISO7816_APDU), ISO7816_OK);
}

static inline void responds(struct script *s, const char *hex)
{
	u8 buf[600];
	u32 n = script_hex(buf, hex);

	done(s, ISO7816_OK);
	assert_int_equal(s->x.rsp_len, n);
	assert_memory_equal(s->rsp, buf, n);
	assert_true(iso7816_coupler_ready(&s->c));
}

#endif
