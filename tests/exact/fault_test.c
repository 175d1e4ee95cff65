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

#include "kselftest/modules.h"
#include "kselftest/simcard.h"

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

static bool play(struct simcard *card, const struct fault *f, struct count *c)
{
	const struct cks_sim_fault none = { .type = CKS_SIM_FAULT_NONE };
	char path[64];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	fd = open(path, O_RDWR | O_CLOEXEC);
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

static bool test(const struct fault *f, unsigned int t)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .card_clk = CARD_CLK, .uart_clk = UART_CLK, .clk_div = 1,
	};
	int bench = simbench_open();
	struct simcard *card = bench < 0 ? NULL :
		simcard_new_in(bench, &slot, t ? atr_t1 : atr_t0,
			       t ? sizeof(atr_t1) : sizeof(atr_t0));
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
	printf("1..%u\n", 2 * n);
	for (unsigned int i = 0; i < 2 * n; i++) {
		bool ok = test(&faults[i / 2], i % 2);

		printf("%sok %u - %s, T=%u\n", ok ? "" : "not ", i + 1, faults[i / 2].name, i % 2);
		fflush(stdout);
		all = all && ok;
	}
	return modules_unload(modules) || !all;
}
