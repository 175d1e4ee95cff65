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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest/lib/modules.h"
#include "session.h"

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };

static const uint8_t ns[] = { 0, 2, 254, 255 };

/**
 * struct talk - a session through the coupler's file
 * @s: session
 * @bench: descriptor
 * @fd: coupler
 */
struct talk {
	struct session s;
	int bench;
	int fd;
};

static bool open_all(struct talk *talk)
{
	struct session *s = &talk->s;
	struct cks_sim_slot slot;
	char path[64];

	session_plan(s, &slot);
	talk->bench = simbench_open();
	if (talk->bench < 0)
		return session_say(s, "no bench");
	s->card = simcard_new_in(talk->bench, &slot, s->atr, s->atr_len);
	if (!s->card)
		return session_say(s, "no slot");
	if (!session_record(s))
		return false;
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(s->card));
	talk->fd = open(path, O_RDWR | O_CLOEXEC);
	return talk->fd >= 0 || session_say(s, "no coupler");
}

static void close_all(struct talk *talk)
{
	if (talk->fd >= 0)
		close(talk->fd);
	if (talk->s.trace >= 0)
		close(talk->s.trace);
	simcard_free(talk->s.card);
	if (talk->bench >= 0)
		close(talk->bench);
}

static bool card_in(struct talk *talk)
{
	struct cks_state st = { .size = sizeof(st) };

	if (simcard_insert(talk->s.card))
		return false;
	for (int i = 0; i < 1000 && !st.present; i++) {
		if (ioctl(talk->fd, CKS_IOC_STATE, &st))
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
static bool command(struct talk *talk, const uint8_t *cmd, size_t len, const uint8_t *want,
		    size_t want_len)
{
	struct session *s = &talk->s;
	uint8_t rsp[300];
	ssize_t n;

	s->given[s->commands++] = session_now();
	if (write(talk->fd, cmd, len) != (ssize_t)len)
		return session_say(s, "command %u: %m", s->commands);
	n = read(talk->fd, rsp, sizeof(rsp));
	if (n < 0)
		return session_say(s, "response %u: %m", s->commands);
	if ((size_t)n != want_len + 2 || memcmp(rsp, want, want_len) || rsp[want_len] != 0x90)
		return session_say(s, "response %u is wrong", s->commands);
	return true;
}

static bool commands(struct talk *talk)
{
	static const uint8_t nothing[] = { 0x00, 0x44, 0x00, 0x00 };
	static const uint8_t read_40[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 40 };
	uint8_t echo[5 + 60 + 1] = { 0x00, 0xda, 0x00, 0x00, 60 };
	uint8_t counted[40];

	for (size_t i = 0; i < sizeof(counted); i++)
		counted[i] = (uint8_t)i;
	for (size_t i = 5; i + 1 < sizeof(echo); i++)
		echo[i] = (uint8_t)(i * 37);
	return command(talk, nothing, sizeof(nothing), NULL, 0) &&
	       command(talk, read_40, sizeof(read_40), counted, sizeof(counted)) &&
	       command(talk, echo, sizeof(echo), echo + 5, 60) &&
	       command(talk, nothing, sizeof(nothing), NULL, 0) &&
	       command(talk, read_40, sizeof(read_40), counted, sizeof(counted));
}

static bool exchange(struct talk *talk)
{
	struct session *s = &talk->s;
	struct cks_reset r = { .size = sizeof(r) };

	if (!card_in(talk))
		return session_say(s, "the card is not seen");
	if (ioctl(talk->fd, CKS_IOC_RESET, &r))
		return session_say(s, "reset: %m");
	if (r.atr_len != s->atr_len || memcmp(r.atr, s->atr, r.atr_len))
		return session_say(s, "the ATR is wrong");
	if (s->refuse && !(fault(s, CKS_SIM_FAULT_CARD_PARITY, 3, 7) &&
			   fault(s, CKS_SIM_FAULT_UART_PARITY, 4, 9)))
		return session_say(s, "no faults");
	return commands(talk);
}

/* A session of which what it is to be is filled in. */
static bool run(struct session s)
{
	struct talk talk = { .s = s, .bench = -1, .fd = -1 };
	bool ok;

	talk.s.trace = -1;
	ok = open_all(&talk) && exchange(&talk);

	/* Closed, it is deactivated. */
	if (talk.fd >= 0)
		close(talk.fd);
	talk.fd = -1;
	ok = talk.s.trace >= 0 && session_check(&talk.s) && ok;
	close_all(&talk);
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
			.rate = &session_rates[4], .t = t, .n = ns[i / 2], .inverse = i % 2,
			.t15 = true,
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
			.rate = &session_rates[0], .t = t, .n = 2, .inverse = i % 2,
			.flags = flags[i],
		}) && ok;
	return result(ok, "wirings", t, "");
}

/* Tests of rate i / 2 in T = i % 2: none, one, or one with refused characters as well. */
static unsigned int tests(size_t i, int argc, char **argv)
{
	char ta1[4];

	snprintf(ta1, sizeof(ta1), "%02x", session_rates[i / 2].ta1);
	if (!wanted(ta1, i % 2, argc, argv))
		return 0;
	return session_rates[i / 2].signals && i % 2 == 0 ? 2 : 1;
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
	for (size_t i = 0; i < 2 * SESSION_RATES; i++)
		plan += tests(i, argc, argv);
	for (uint8_t t = 0; t < 2; t++)
		plan += wanted("t15", t, argc, argv) + wanted("wiring", t, argc, argv);
	printf("1..%u\n", plan);
	for (size_t i = 0; i < 2 * SESSION_RATES; i++)
		for (unsigned int k = 0; k < tests(i, argc, argv); k++)
			ok = test(&session_rates[i / 2], i % 2, k) && ok;
	for (uint8_t t = 0; t < 2; t++)
		if (wanted("t15", t, argc, argv))
			ok = test_t15(t) && ok;
	for (uint8_t t = 0; t < 2; t++)
		if (wanted("wiring", t, argc, argv))
			ok = test_wirings(t) && ok;
	return modules_unload(modules) || !ok;
}
