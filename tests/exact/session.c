// SPDX-License-Identifier: GPL-2.0-only
/* The rates and cards of the sessions that are checked, and one session from reset to its end. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "check.h"
#include "iso7816/iso7816.h"
#include "session.h"

const struct rate session_rates[SESSION_RATES] = {
	{ 0x11, 14745600, true },
	{ 0x12, 14745600, true },
	{ 0x13, 14745600, true },
	{ 0x18, 14745600, false },
	{ 0x95, 14284800, false },
	{ 0x96, 14284800, false },
	{ 0x97, 14284800, false },
};

bool session_say(const struct session *s, const char *fmt, ...)
{
	va_list ap;

	printf("# TA1 %02x, T=%u, N %u, %s, wiring %#x%s: ", s->rate->ta1, s->t, s->n,
	       s->inverse ? "inverse" : "direct", s->flags, s->refuse ? ", refused" : "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return false;
}

uint64_t session_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/*
 * TA1 TC1; with T=1 IFSC, BWI 4 and CWI 13 as well; with T=15 a class indicator. With either of
 * them there is TCK.
 */
static void build_atr(struct session *s)
{
	uint8_t *a = s->atr;
	bool check = s->t || s->t15;

	*a++ = s->inverse ? 0x3f : 0x3b;
	*a++ = check ? 0xd0 : 0x50;
	*a++ = s->rate->ta1;
	*a++ = s->n;
	if (check)
		*a++ = 0x80 | s->t;
	if (s->t) {
		*a++ = s->t15 ? 0xb1 : 0x31;
		*a++ = 0xfe;
		*a++ = 0x4d;
	}
	if (s->t15) {
		*a++ = 0x1f;
		*a++ = 0x03;
	}
	if (check) {
		*a = 0;
		for (const uint8_t *p = s->atr + 1; p < a; p++)
			*a ^= *p;
		a++;
	}
	s->atr_len = (size_t)(a - s->atr);
}

void session_plan(struct session *s, struct cks_sim_slot *ret_slot)
{
	build_atr(s);
	*ret_slot = (struct cks_sim_slot){
		.size = sizeof(*ret_slot), .flags = s->flags, .card_clk = SESSION_CARD_CLK,
		.uart_clk = s->rate->uart_clk, .clk_div = 1,
	};
	/*
	 * From the interrupt to the begin of an error signal 0.14 etu are left, 3.6 us at TA1 13,
	 * and the bench takes longer for the interrupt alone.
	 */
	if (s->refuse)
		ret_slot->flags |= CKS_SIM_PROMPT;
}

bool session_record(struct session *s)
{
	s->trace = ioctl(simcard_fd(s->card), CKS_SIM_TRACE);
	return s->trace >= 0 || session_say(s, "no trace: %m");
}

static double us(int64_t t)
{
	return (double)t / 1000;
}

static void tell(struct session *s, const struct exact_report *r)
{
	struct cks_sim_cost cost = { 0 };

	ioctl(simcard_fd(s->card), CKS_SIM_COST, &cost);
	session_say(s, "%u sent, %u received, %u + %u refused; used %.1f %% of the line's time",
		    r->sent, r->received, r->repeated, r->refused,
		    r->taken ? 100.0 * (double)r->due / (double)r->taken : 0);
	session_say(s, "THR written %.1f us after the guard time, without the bench %.1f",
		    us(r->late), us(r->late_own));
	if (r->late_next != INT64_MIN)
		session_say(s, "a command in time: THR written %.1f us after the guard time",
			    us(r->late_next));
	if (r->reaction)
		session_say(s, "a command that was not: %.1f us after the last character",
			    us((int64_t)r->reaction));
	session_say(s, "the bench takes %.1f us a character",
		    us((int64_t)cost.ns) / (r->sent + r->received));
}

bool session_check(struct session *s)
{
	struct exact_session e = {
		.clk_hz = SESSION_CARD_CLK,
		.atr_len = (unsigned int)s->atr_len, .pps_len = s->rate->ta1 == 0x11 ? 0 : 4,
		.f = iso7816_fi(s->rate->ta1), .d = iso7816_di(s->rate->ta1), .t = s->t, .n = s->n,
		.cwi = 13, .bwi = 4, .wi = 10, .odd = s->inverse,
		.t15 = s->t15, .ri = iso7816_fi(s->rate->ta1), .rd = iso7816_di(s->rate->ta1),
		.blind = s->flags & CKS_SIM_NO_ECHO,
		.given = s->given, .commands = s->commands,
	};
	struct wire_plan plan;
	struct exact_report r;
	struct simtrace t;
	struct wire w;
	bool ok;

	if (!simtrace_read(s->trace, &t))
		return session_say(s, "no trace");
	exact_plan(&plan, &e);
	ok = wire_read(&w, &t, &plan) && exact_check(&w, &e, &r);
	if (ok)
		tell(s, &r);
	else
		session_say(s, "%s: character %zu of %zu: %.3f us, bound %.3f us", r.rule, r.at,
			    w.n, us((int64_t)r.is), us((int64_t)r.bound));
	if (ok && s->refuse && (!r.refused || !r.repeated))
		ok = session_say(s, "nothing was refused");
	wire_free(&w);
	simtrace_free(&t);
	return ok;
}
