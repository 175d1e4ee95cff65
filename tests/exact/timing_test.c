// SPDX-License-Identifier: GPL-2.0-only
/*
 * timing_test [TA1:T...] [t15:T] [wiring:T]: whole sessions on the bench, each checked against all
 * rules of check.h.
 *
 * For each rate and protocol: both conventions, N of 0, 2, 254 and 255; in T=0, where there is an
 * error signal, characters that are refused as well; a card with T=15, which fixes the unit of N;
 * and at TA1 11 each wiring of a coupler. With words, 95:1 for instance, only those.
 */
#include <fcntl.h>
#include <linux/cks.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "iso7816/iso7816.h"
#include "kselftest/modules.h"
#include "kselftest/simcard.h"

/* 9600 * 372. */
#define CARD_CLK	3571200
#define ATR_SIZE	16
#define COMMANDS	5

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };

/* Clocks of the UART that give each rate exactly; and whether there is an error signal. */
static const struct rate {
	uint8_t ta1;
	uint32_t uart_clk;
	bool signals;
} rates[] = {
	{ 0x11, 14745600, true },
	{ 0x12, 14745600, true },
	{ 0x13, 14745600, true },
	{ 0x18, 14745600, false },
	{ 0x95, 14284800, false },
	{ 0x96, 14284800, false },
	{ 0x97, 14284800, false },
};

static const uint8_t ns[] = { 0, 2, 254, 255 };

/**
 * struct session - one card
 * @rate: of it
 * @t: protocol
 * @n: N
 * @inverse: convention
 * @refuse: characters are refused, in both directions
 * @t15: T=15 is in the ATR
 * @flags: wiring
 * @bench: descriptor
 * @card: in its slot
 * @trace: descriptor
 * @fd: coupler
 * @atr: of the card
 * @atr_len: length
 * @given: when each command was handed over
 * @commands: how many were
 */
struct session {
	const struct rate *rate;
	uint8_t t;
	uint8_t n;
	bool inverse;
	bool refuse;
	bool t15;
	uint32_t flags;
	int bench;
	struct simcard *card;
	int trace;
	int fd;
	uint8_t atr[ATR_SIZE];
	size_t atr_len;
	uint64_t given[COMMANDS];
	unsigned int commands;
};

static bool complain(const struct session *s, const char *fmt, ...)
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

static uint64_t now(void)
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

static bool open_all(struct session *s)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .flags = s->flags, .card_clk = CARD_CLK,
		.uart_clk = s->rate->uart_clk, .clk_div = 1,
	};
	char path[64];

	/*
	 * From the interrupt to the begin of an error signal 0.14 etu are left, 3.6 us at TA1 13,
	 * and the bench takes longer for the interrupt alone.
	 */
	if (s->refuse)
		slot.flags |= CKS_SIM_PROMPT;
	build_atr(s);
	s->bench = simbench_open();
	if (s->bench < 0)
		return complain(s, "no bench");
	s->card = simcard_new_in(s->bench, &slot, s->atr, s->atr_len);
	if (!s->card)
		return complain(s, "no slot");
	s->trace = ioctl(simcard_fd(s->card), CKS_SIM_TRACE);
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(s->card));
	s->fd = open(path, O_RDWR | O_CLOEXEC);
	return (s->trace >= 0 && s->fd >= 0) || complain(s, "no trace or no coupler");
}

static void close_all(struct session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->trace >= 0)
		close(s->trace);
	simcard_free(s->card);
	if (s->bench >= 0)
		close(s->bench);
}

static bool card_in(struct session *s)
{
	struct cks_state st = { .size = sizeof(st) };

	if (simcard_insert(s->card))
		return false;
	for (int i = 0; i < 1000 && !st.present; i++) {
		if (ioctl(s->fd, CKS_IOC_STATE, &st))
			return false;
		usleep(1000);
	}
	return st.present;
}

static bool fault(struct session *s, __u32 type, __u32 nth, __u32 every)
{
	struct cks_sim_fault f = { .type = type, .nth = nth, .every = every };

	return !ioctl(simcard_fd(s->card), CKS_SIM_FAULT, &f);
}

/* A command, and the response that there must be. */
static bool command(struct session *s, const uint8_t *cmd, size_t len, const uint8_t *want,
		    size_t want_len)
{
	uint8_t rsp[300];
	ssize_t n;

	s->given[s->commands++] = now();
	if (write(s->fd, cmd, len) != (ssize_t)len)
		return complain(s, "command %u: %m", s->commands);
	n = read(s->fd, rsp, sizeof(rsp));
	if (n < 0)
		return complain(s, "response %u: %m", s->commands);
	if ((size_t)n != want_len + 2 || memcmp(rsp, want, want_len) || rsp[want_len] != 0x90)
		return complain(s, "response %u is wrong", s->commands);
	return true;
}

static bool commands(struct session *s)
{
	static const uint8_t nothing[] = { 0x00, 0x44, 0x00, 0x00 };
	static const uint8_t read_40[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 40 };
	uint8_t echo[5 + 60 + 1] = { 0x00, 0xda, 0x00, 0x00, 60 };
	uint8_t counted[40];

	for (size_t i = 0; i < sizeof(counted); i++)
		counted[i] = (uint8_t)i;
	for (size_t i = 5; i + 1 < sizeof(echo); i++)
		echo[i] = (uint8_t)(i * 37);
	return command(s, nothing, sizeof(nothing), NULL, 0) &&
	       command(s, read_40, sizeof(read_40), counted, sizeof(counted)) &&
	       command(s, echo, sizeof(echo), echo + 5, 60) &&
	       command(s, nothing, sizeof(nothing), NULL, 0) &&
	       command(s, read_40, sizeof(read_40), counted, sizeof(counted));
}

static bool exchange(struct session *s)
{
	struct cks_reset r = { .size = sizeof(r) };

	if (!card_in(s))
		return complain(s, "the card is not seen");
	if (ioctl(s->fd, CKS_IOC_RESET, &r))
		return complain(s, "reset: %m");
	if (r.atr_len != s->atr_len || memcmp(r.atr, s->atr, r.atr_len))
		return complain(s, "the ATR is wrong");
	if (s->refuse && !(fault(s, CKS_SIM_FAULT_CARD_PARITY, 3, 7) &&
			   fault(s, CKS_SIM_FAULT_UART_PARITY, 4, 9)))
		return complain(s, "no faults");
	return commands(s);
}

static double us(int64_t t)
{
	return (double)t / 1000;
}

static void tell(struct session *s, const struct exact_report *r)
{
	struct cks_sim_cost cost = { 0 };

	ioctl(simcard_fd(s->card), CKS_SIM_COST, &cost);
	complain(s, "%u sent, %u received, %u + %u refused; used %.1f %% of the line's time",
		 r->sent, r->received, r->repeated, r->refused,
		 r->taken ? 100.0 * (double)r->due / (double)r->taken : 0);
	complain(s, "THR written %.1f us after the guard time, without the bench %.1f", us(r->late),
		 us(r->late_own));
	if (r->late_next != INT64_MIN)
		complain(s, "a command in time: THR written %.1f us after the guard time",
			 us(r->late_next));
	if (r->reaction)
		complain(s, "a command that was not: %.1f us after the last character",
			 us((int64_t)r->reaction));
	if (r->signal)
		complain(s, "the error signal: %.2f us after the interrupt",
			 us((int64_t)r->signal));
	complain(s, "the bench takes %.1f us a character",
		 us((int64_t)cost.ns) / (r->sent + r->received));
}

static bool checked(struct session *s)
{
	struct exact_session e = {
		.clk_hz = CARD_CLK,
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
		return complain(s, "no trace");
	exact_plan(&plan, &e);
	ok = wire_read(&w, &t, &plan) && exact_check(&w, &e, &r);
	if (ok)
		tell(s, &r);
	else
		complain(s, "%s: character %zu of %zu: %.3f us, bound %.3f us", r.rule, r.at, w.n,
			 us((int64_t)r.is), us((int64_t)r.bound));
	if (ok && s->refuse && (!r.refused || !r.repeated))
		ok = complain(s, "nothing was refused");
	wire_free(&w);
	simtrace_free(&t);
	return ok;
}

/* A session of which what it is to be is filled in. */
static bool run(struct session s)
{
	bool ok;

	s.bench = -1;
	s.trace = -1;
	s.fd = -1;
	ok = open_all(&s) && exchange(&s);

	/* Closed, it is deactivated. */
	if (s.fd >= 0)
		close(s.fd);
	s.fd = -1;
	ok = s.trace >= 0 && s.card && checked(&s) && ok;
	close_all(&s);
	return ok;
}

static bool wanted(const char *what, unsigned int t, int argc, char **argv)
{
	char name[16];

	snprintf(name, sizeof(name), "%s:%u", what, t);
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

static bool result(bool ok, const char *what, unsigned int t, const char *more)
{
	static unsigned int number;

	printf("%sok %u - %s, T=%u%s\n", ok ? "" : "not ", ++number, what, t, more);
	fflush(stdout);
	return ok;
}

static bool test(const struct rate *rate, uint8_t t, bool refuse)
{
	char what[16];
	bool ok = true;

	snprintf(what, sizeof(what), "TA1 %02x", rate->ta1);
	for (size_t i = 0; i < 2 * sizeof(ns); i++)
		ok = run((struct session){
			.rate = rate, .t = t, .n = ns[i / 2], .inverse = i % 2, .refuse = refuse,
		}) && ok;
	return result(ok, what, t, refuse ? ", refused characters" : "");
}

/* ISO/IEC 7816-3 8.3: N counts in units of Fi/Di of TA1, at each rate, in PPS as well. */
static bool test_t15(uint8_t t)
{
	bool ok = true;

	for (size_t i = 0; i < 2 * sizeof(ns); i++)
		ok = run((struct session){
			.rate = &rates[4], .t = t, .n = ns[i / 2], .inverse = i % 2, .t15 = true,
		}) && ok;
	return result(ok, "T=15 in the ATR", t, "");
}

/* RST and power in all polarities, on both outputs; card detect; no echo. */
static bool test_wirings(uint8_t t)
{
	static const uint32_t flags[] = {
		CKS_SIM_RST_INVERT,
		CKS_SIM_SWITCH_INVERT,
		CKS_SIM_RST_INVERT | CKS_SIM_SWITCH_INVERT | CKS_SIM_DETECT_INVERT,
		CKS_SIM_RST_ON_DTR,
		CKS_SIM_RST_ON_DTR | CKS_SIM_RST_INVERT | CKS_SIM_DETECT_DSR,
		CKS_SIM_RST_ON_DTR | CKS_SIM_SWITCH_INVERT | CKS_SIM_DETECT_DCD,
		CKS_SIM_NO_ECHO,
		CKS_SIM_NO_ECHO | CKS_SIM_RST_ON_DTR | CKS_SIM_RST_INVERT,
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		ok = run((struct session){
			.rate = &rates[0], .t = t, .n = 2, .inverse = i % 2, .flags = flags[i],
		}) && ok;
	return result(ok, "wirings", t, "");
}

/* Tests of rate i / 2 in T = i % 2: none, one, or one with refused characters as well. */
static unsigned int tests(size_t i, int argc, char **argv)
{
	char ta1[4];

	snprintf(ta1, sizeof(ta1), "%02x", rates[i / 2].ta1);
	if (!wanted(ta1, i % 2, argc, argv))
		return 0;
	return rates[i / 2].signals && i % 2 == 0 ? 2 : 1;
}

int main(int argc, char **argv)
{
	unsigned int plan = 0;
	bool ok = true;

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest, make exact\n");
		return 2;
	}
	if (modules_load(modules))
		return 1;
	for (size_t i = 0; i < 2 * sizeof(rates) / sizeof(rates[0]); i++)
		plan += tests(i, argc, argv);
	for (uint8_t t = 0; t < 2; t++)
		plan += wanted("t15", t, argc, argv) + wanted("wiring", t, argc, argv);
	printf("1..%u\n", plan);
	for (size_t i = 0; i < 2 * sizeof(rates) / sizeof(rates[0]); i++)
		for (unsigned int k = 0; k < tests(i, argc, argv); k++)
			ok = test(&rates[i / 2], i % 2, k) && ok;
	for (uint8_t t = 0; t < 2; t++)
		if (wanted("t15", t, argc, argv))
			ok = test_t15(t) && ok;
	for (uint8_t t = 0; t < 2; t++)
		if (wanted("wiring", t, argc, argv))
			ok = test_wirings(t) && ok;
	return modules_unload(modules) || !ok;
}
