// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of line and UART while commands run, T=0 and T=1: what the protocol can mend is mended,
 * anything else is reported; no response is wrong, and after a reset the card works again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kselftest/lib/modules.h"
#include "kselftest/lib/simcard.h"
#include "kselftest/lib/simtrace.h"

#define CARD_CLK	3571200
#define UART_CLK	1843200
#define COMMANDS	20
#define DATA		30	/* bytes, there and back */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };

/* T=0; T=1 with IFSC 254, BWI 4, CWI 13. */
static const uint8_t atr_t0[] = { 0x3b, 0x00 };
static const uint8_t atr_t1[] = { 0x3b, 0x80, 0x81, 0x31, 0xfe, 0x4d, 0x03 };

/* With bit T of @mends, T mends it: no command fails. */
static const struct fault {
	const char *name;
	struct cks_sim_fault fault;
	unsigned int mends;
} faults[] = {
	{ "parity of the card", { .type = CKS_SIM_FAULT_CARD_PARITY, .nth = 5, .every = 97 }, 3 },
	{ "parity of the coupler", { .type = CKS_SIM_FAULT_UART_PARITY, .nth = 5, .every = 97 },
	  3 },
	{ "overrun", { .type = CKS_SIM_FAULT_OVERRUN, .nth = 60, .every = 151 }, 2 },
	{ "stalls of 3 ms", { .type = CKS_SIM_FAULT_STALL, .nth = 6, .every = 5, .value = 3000000 },
	  3 },
	{ "interrupts that come twice", { .type = CKS_SIM_FAULT_IRQ_DOUBLE, .nth = 3, .every = 3 },
	  3 },
	{ "interrupts that are lost", { .type = CKS_SIM_FAULT_IRQ_LOST, .nth = 60, .every = 151 },
	  2 },
};

/**
 * struct count - what became of the commands
 * @good: well
 * @failed: reported as failed
 * @wrong: with a wrong response
 * @resets: that failed
 */
struct count {
	unsigned int good;
	unsigned int failed;
	unsigned int wrong;
	unsigned int resets;
};

static bool wait_present(int fd)
{
	struct cks_state st = { .size = sizeof(st) };

	for (int i = 0; i < 1000 && !st.present; i++) {
		if (ioctl(fd, CKS_IOC_STATE, &st))
			return false;
		usleep(1000);
	}
	return st.present;
}

static bool reset(int fd)
{
	struct cks_reset r = { .size = sizeof(r) };

	return !ioctl(fd, CKS_IOC_RESET, &r);
}

/* Return: 1 it is well, 0 it was reported, -1 it is wrong. */
static int command(int fd, unsigned int n)
{
	uint8_t cmd[5 + DATA + 1] = { 0x00, 0xda, 0x00, 0x00, DATA }, rsp[DATA + 2];
	ssize_t len;

	for (unsigned int i = 0; i < DATA; i++)
		cmd[5 + i] = (uint8_t)(i * 37 + n);
	if (write(fd, cmd, sizeof(cmd)) != sizeof(cmd))
		return 0;
	len = read(fd, rsp, sizeof(rsp));
	if (len < 0)
		return 0;
	if (len != sizeof(rsp) || memcmp(rsp, cmd + 5, DATA) || rsp[DATA] != 0x90)
		return -1;
	return 1;
}

/* The fault stays in force while the card is reset, and may hit its ATR: then once more. */
static void commands(int fd, struct count *c)
{
	bool active = true;

	for (unsigned int i = 0; i < COMMANDS; i++) {
		int result;

		for (int k = 0; k < 3 && !active; k++)
			active = reset(fd);
		if (!active) {
			c->resets++;
			return;
		}
		result = command(fd, i);
		c->good += result > 0;
		c->failed += !result;
		c->wrong += result < 0;
		active = result > 0;
	}
}

static int open_coupler(const struct simcard *card)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	return open(path, O_RDWR | O_CLOEXEC);
}

static bool play(struct simcard *card, const struct fault *f, struct count *c)
{
	const struct cks_sim_fault none = { .type = CKS_SIM_FAULT_NONE };
	int fd = open_coupler(card);
	bool ok;

	if (fd < 0)
		return false;
	ok = !simcard_insert(card) && wait_present(fd) && reset(fd) &&
	     !ioctl(simcard_fd(card), CKS_SIM_FAULT, &f->fault);
	if (ok) {
		commands(fd, c);
		ok = !ioctl(simcard_fd(card), CKS_SIM_FAULT, &none) && reset(fd) &&
		     command(fd, 0) == 1;
	}
	close(fd);
	return ok;
}

static struct simcard *new_card(int bench, unsigned int t)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .card_clk = CARD_CLK, .uart_clk = UART_CLK, .clk_div = 1,
	};

	return bench < 0 ? NULL : simcard_new_in(bench, &slot, t ? atr_t1 : atr_t0,
						 t ? sizeof(atr_t1) : sizeof(atr_t0));
}

static bool test(const struct fault *f, unsigned int t)
{
	int bench = simbench_open();
	struct simcard *card = new_card(bench, t);
	struct count c = { 0 };
	bool ok = card && play(card, f, &c);

	printf("# %s, T=%u: %u well, %u reported, %u wrong%s\n", f->name, t, c.good, c.failed,
	       c.wrong, ok ? "" : "; no card at its end");
	simcard_free(card);
	if (bench >= 0)
		close(bench);
	ok = ok && !c.wrong && !c.resets && c.good;
	return ok && (!(f->mends >> t & 1) || c.good == COMMANDS);
}

/* ISO/IEC 7816-3 6.4: RST low, then I/O, then VCC, and none of them earlier. */
static bool is_off_in_order(int trace)
{
	size_t rst, io, vcc;
	struct simtrace t;
	bool ok;

	if (!simtrace_read(trace, &t))
		return false;
	rst = simtrace_find(&t, CKS_SIM_SIGNAL_RST, 1, 0);
	rst = simtrace_find(&t, CKS_SIM_SIGNAL_RST, 0, rst);
	io = simtrace_find(&t, CKS_SIM_SIGNAL_UART, 0, rst);
	vcc = simtrace_find(&t, CKS_SIM_SIGNAL_VCC, 0, io);
	ok = vcc < t.n && vcc == simtrace_find(&t, CKS_SIM_SIGNAL_VCC, 0, rst);
	simtrace_free(&t);
	return ok;
}

/* No ATR: the card is off by the time that its user hears of it. */
static bool is_silent_at_reset(struct simcard *card, int fd)
{
	int trace = ioctl(simcard_fd(card), CKS_SIM_TRACE);
	bool ok;

	simcard_silence(card, true);
	ok = trace >= 0 && !reset(fd) && errno == ETIMEDOUT && is_off_in_order(trace);
	simcard_silence(card, false);
	if (trace >= 0)
		close(trace);
	return ok && reset(fd) && command(fd, 0) == 1;
}

/* No answer: what is to become of the card is its user's to say, who goes. */
static bool is_silent_in_exchange(struct simcard *card, int fd)
{
	static const uint8_t mute[] = { 0x00, SIMCARD_INS_MUTE, 0x00, 0x00 };
	int trace = ioctl(simcard_fd(card), CKS_SIM_TRACE);
	uint8_t rsp[2];
	bool ok;

	ok = trace >= 0 && write(fd, mute, sizeof(mute)) == sizeof(mute) &&
	     read(fd, rsp, sizeof(rsp)) < 0 && errno == ETIMEDOUT;
	close(fd);
	ok = ok && is_off_in_order(trace);
	if (trace >= 0)
		close(trace);
	return ok;
}

static bool silent(struct simcard *card)
{
	int fd = open_coupler(card);

	if (fd < 0)
		return false;
	if (!simcard_insert(card) && wait_present(fd) && reset(fd) && is_silent_at_reset(card, fd))
		return is_silent_in_exchange(card, fd);
	close(fd);
	return false;
}

static bool test_silent(unsigned int t)
{
	int bench = simbench_open();
	struct simcard *card = new_card(bench, t);
	bool ok = card && silent(card);

	simcard_free(card);
	if (bench >= 0)
		close(bench);
	return ok;
}

static bool result(bool ok, const char *name, unsigned int t)
{
	static unsigned int number;

	printf("%sok %u - %s, T=%u\n", ok ? "" : "not ", ++number, name, t);
	fflush(stdout);
	return ok;
}

int main(void)
{
	const unsigned int n = sizeof(faults) / sizeof(faults[0]);
	bool all = true;

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest, make exact\n");
		return 2;
	}
	if (modules_load(modules))
		return 1;
	printf("1..%u\n", 2 * n + 2);
	for (unsigned int i = 0; i < 2 * n; i++)
		all = result(test(&faults[i / 2], i % 2), faults[i / 2].name, i % 2) && all;
	for (unsigned int t = 0; t < 2; t++)
		all = result(test_silent(t), "a silent card is switched off in order", t) && all;
	return modules_unload(modules) || !all;
}
