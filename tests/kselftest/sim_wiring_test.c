// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways in which a slot can be wired, each with a card that answers; the faults that a coupler
 * gets to feel; and a slot whose UART goes to the stock 8250 driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcksnl/cksnl.h"
#include "lib/modules.h"
#include "lib/simcard.h"

#define SIGNAL		CKS_CAPABILITY_ERROR_SIGNAL
#define GUARD		CKS_CAPABILITY_EXACT_GUARD

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };
static const uint8_t atr[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t command[] = { 0x00, 0x44, 0x00, 0x00 };

static int bench;

static int setup(void **state)
{
	(void)state;
	bench = simbench_open();
	return bench < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(bench);
	return 0;
}

static int open_coupler(struct simcard *card)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	return open(path, O_RDWR | O_CLOEXEC);
}

static bool wait_present(int fd, bool in)
{
	struct cks_state st = { .size = sizeof(st) };
	int i;

	for (i = 0; i < PATIENCE_MS; i++) {
		if (ioctl(fd, CKS_IOC_STATE, &st))
			return false;
		if (st.present == in)
			return true;
		usleep(1000);
	}
	return false;
}

/* Card in, reset, a command, card out. */
static bool works(struct simcard *card)
{
	struct cks_reset r = { .size = sizeof(r) };
	uint8_t rsp[16];
	int fd = open_coupler(card);
	bool ok;

	if (fd < 0)
		return false;
	ok = wait_present(fd, false) && !simcard_insert(card) && wait_present(fd, true);
	ok = ok && !ioctl(fd, CKS_IOC_RESET, &r) && r.atr_len == sizeof(atr) &&
	     !memcmp(r.atr, atr, sizeof(atr));
	ok = ok && write(fd, command, sizeof(command)) == sizeof(command) &&
	     read(fd, rsp, sizeof(rsp)) == 2 && rsp[0] == 0x90;
	ok = ok && !simcard_remove(card) && wait_present(fd, false);
	close(fd);
	return ok;
}

static void each_wiring_works(void **state)
{
	static const __u32 flags[] = {
		0,
		CKS_SIM_RST_ON_DTR,
		CKS_SIM_RST_INVERT,
		CKS_SIM_RST_ON_DTR | CKS_SIM_RST_INVERT | CKS_SIM_SWITCH_INVERT,
		CKS_SIM_SWITCH_INVERT | CKS_SIM_DETECT_INVERT,
		CKS_SIM_NO_SWITCH | CKS_SIM_DETECT_DSR,
		CKS_SIM_RST_INVERT | CKS_SIM_DETECT_DCD,
		CKS_SIM_NO_ECHO,
		CKS_SIM_NO_ECHO | CKS_SIM_DETECT_DCD | CKS_SIM_DETECT_INVERT,
		CKS_SIM_PROMPT,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct cks_sim_slot slot;
		struct simcard *card;

		simcard_slot_default(&slot);
		slot.flags = flags[i];
		card = simcard_new_in(bench, &slot, atr, sizeof(atr));
		assert_non_null(card);
		if (!works(card))
			fail_msg("flags %#x", flags[i]);
		simcard_free(card);
	}
}

/* What netlink tells of a coupler. */
static struct cksnl_coupler told(unsigned int coupler)
{
	struct cksnl_coupler c;
	char why[256];
	struct cksnl *nl;

	assert_int_equal(cksnl_open(&nl, PATIENCE_MS, why, sizeof(why)), 0);
	assert_int_equal(cksnl_coupler_get(nl, coupler, &c), 0);
	cksnl_close(nl);
	return c;
}

/* What the driver has measured. */
static uint32_t fifo_found(unsigned int coupler)
{
	struct cksnl_coupler c = told(coupler);

	assert_true(c.has & CKSNL_HAS(CKS_A_COUPLER_FIFO));
	return c.fifo;
}

/*
 * The error signal: on a plain 16550 that hears itself, up to TA1 13. At 94 there is none any more,
 * and without a card, when the line is at 372/1, it is back.
 */
static void capabilities_are_of_the_line(void **state)
{
	static const uint8_t atr_13[] = { 0x3b, 0x10, 0x13 }, atr_94[] = { 0x3b, 0x10, 0x94 };
	static const struct {
		const uint8_t *atr;
		__u32 family, flags;
		uint32_t idle, active;
	} t[] = {
		{ atr_13, CKS_SIM_16550, 0, SIGNAL | GUARD, SIGNAL | GUARD },
		{ atr_94, CKS_SIM_16550, 0, SIGNAL | GUARD, GUARD },
		{ atr_13, CKS_SIM_16550, CKS_SIM_NO_ECHO, 0, 0 },
		{ atr_13, CKS_SIM_XR17V35X, 0, GUARD, GUARD },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cks_reset r = { .size = sizeof(r) };
		struct cks_sim_slot slot;
		struct simcard *card;
		int fd;

		simcard_slot_default(&slot);
		slot.family = t[i].family;
		slot.flags = t[i].flags;
		slot.uart_clk = 24000000;
		card = simcard_new_in(bench, &slot, t[i].atr, sizeof(atr_13));
		assert_non_null(card);
		assert_int_equal(told(slot.coupler).capabilities & (SIGNAL | GUARD), t[i].idle);
		fd = open_coupler(card);
		assert_true(!simcard_insert(card) && wait_present(fd, true));
		assert_int_equal(ioctl(fd, CKS_IOC_RESET, &r), 0);
		assert_int_equal(told(slot.coupler).d, 1 << ((t[i].atr[2] & 7) - 1));
		assert_int_equal(told(slot.coupler).capabilities & (SIGNAL | GUARD), t[i].active);
		close(fd);
		assert_int_equal(told(slot.coupler).capabilities & (SIGNAL | GUARD), t[i].idle);
		simcard_free(card);
	}
}

static void each_family_works(void **state)
{
	static const struct {
		__u32 family, fifo, clk, found;
	} t[] = {
		{ CKS_SIM_16550, 1, 1843200, 1 },
		{ CKS_SIM_16550, 0, 1843200, 16 },
		{ CKS_SIM_16550, 32, 14745600, 32 },
		{ CKS_SIM_16550, 64, 1843200, 64 },
		{ CKS_SIM_16550, 128, 24000000, 128 },
		{ CKS_SIM_16550, 256, 1843200, 256 },
		{ CKS_SIM_OX950, 0, 62500000, 128 },
		{ CKS_SIM_OX950, 128, 14745600, 128 },
		{ CKS_SIM_XR17V35X, 0, 125000000, 256 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cks_sim_slot slot;
		struct simcard *card;

		simcard_slot_default(&slot);
		slot.family = t[i].family;
		slot.fifo = t[i].fifo;
		slot.uart_clk = t[i].clk;
		card = simcard_new_in(bench, &slot, atr, sizeof(atr));
		assert_non_null(card);
		if (!works(card))
			fail_msg("family %u, fifo %u", t[i].family, t[i].fifo);
		assert_int_equal(fifo_found(simcard_coupler(card)), t[i].found);
		simcard_free(card);
	}
}

static void contradictions_are_refused(void **state)
{
	static const __u32 flags[] = {
		CKS_SIM_NO_SWITCH | CKS_SIM_SWITCH_INVERT,
		CKS_SIM_DETECT_DSR | CKS_SIM_DETECT_DCD,
		CKS_SIM_SLOT_FLAGS + 1,
	};
	static const struct {
		__u32 family, fifo;
	} bad[] = {
		{ CKS_SIM_16550, 8 }, { CKS_SIM_16550, 48 }, { CKS_SIM_16550, 512 },
		{ CKS_SIM_OX950, 16 }, { CKS_SIM_XR17V35X, 128 }, { CKS_SIM_XR17V35X + 1, 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct cks_sim_slot slot;

		simcard_slot_default(&slot);
		slot.flags = flags[i];
		assert_true(ioctl(bench, CKS_SIM_ADD_SLOT, &slot) < 0 && errno == EINVAL);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cks_sim_slot slot;

		simcard_slot_default(&slot);
		slot.family = bad[i].family;
		slot.fifo = bad[i].fifo;
		assert_true(ioctl(bench, CKS_SIM_ADD_SLOT, &slot) < 0 && errno == EINVAL);
	}
}

static int fault(struct simcard *card, __u32 type, __u32 nth, __u32 every, __s32 value)
{
	struct cks_sim_fault f = { .type = type, .nth = nth, .every = every, .value = value };

	return ioctl(simcard_fd(card), CKS_SIM_FAULT, &f);
}

static void faults_come_when_asked(void **state)
{
	struct simcard *card = simcard_new(bench, atr, sizeof(atr));
	struct cks_reset r = { .size = sizeof(r) };
	uint8_t rsp[16];
	ssize_t n;
	int fd;

	(void)state;
	assert_non_null(card);
	assert_true(fault(card, CKS_SIM_FAULT_PULL, 0, 0, 0) < 0 && errno == EINVAL);
	assert_true(works(card));

	/* Six characters of the ATR, and the third of the command. */
	fd = open_coupler(card);
	assert_int_equal(fault(card, CKS_SIM_FAULT_PULL, 9, 0, 0), 0);
	assert_true(!simcard_insert(card) && wait_present(fd, true));
	assert_int_equal(ioctl(fd, CKS_IOC_RESET, &r), 0);
	n = write(fd, command, sizeof(command));
	if (n > 0)
		n = read(fd, rsp, sizeof(rsp));
	assert_true(n < 0 && errno == ENOMEDIUM);
	assert_true(wait_present(fd, false));

	/* What the detect contact does while it bounces ends as it should. */
	assert_int_equal(fault(card, CKS_SIM_FAULT_BOUNCE, 1, 1, 5), 0);
	assert_true(!simcard_insert(card));
	usleep(20000);
	assert_true(wait_present(fd, true));

	/* A line that is low: no ATR. A slow card, interrupts that come twice: no harm. */
	assert_int_equal(fault(card, CKS_SIM_FAULT_STUCK, 0, 0, 0), 0);
	assert_true(ioctl(fd, CKS_IOC_RESET, &r) < 0);
	assert_int_equal(fault(card, CKS_SIM_FAULT_NONE, 0, 0, 0), 0);
	assert_int_equal(fault(card, CKS_SIM_FAULT_PPM, 0, 0, 5000), 0);
	assert_int_equal(fault(card, CKS_SIM_FAULT_IRQ_DOUBLE, 1, 3, 0), 0);
	assert_int_equal(ioctl(fd, CKS_IOC_RESET, &r), 0);
	assert_int_equal(fault(card, CKS_SIM_FAULT_NONE, 0, 0, 0), 0);
	close(fd);
	simcard_free(card);
}

static bool expect_status(int tty, int mask, int want)
{
	int i, lines = 0;

	for (i = 0; i < PATIENCE_MS; i++) {
		if (ioctl(tty, TIOCMGET, &lines))
			return false;
		if ((lines & mask) == want)
			return true;
		usleep(1000);
	}
	return false;
}

/* Up to @len characters, as long as they come within the time. */
static size_t read_tty(int tty, uint8_t *buf, size_t len)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };
	size_t n = 0;
	ssize_t got;

	while (n < len && poll(&p, 1, PATIENCE_MS) == 1) {
		got = read(tty, buf + n, len - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static void stock_driver_reads_the_atr(void **state)
{
	int rts = TIOCM_RTS, dtr = TIOCM_DTR, tty, slot;
	struct cks_sim_slot arg = {
		.size = sizeof(arg), .card_clk = 3571200, .uart_clk = 1843200,
		.flags = CKS_SIM_8250,
	};
	struct cks_sim_event e = { .type = CKS_SIM_CHAR, .flags = CKS_SIM_ON_RESET };
	struct termios t = { 0 };
	__u32 present = 1;
	uint8_t buf[16];
	char path[32];
	unsigned int i;

	(void)state;
	slot = ioctl(bench, CKS_SIM_ADD_SLOT, &arg);
	assert_true(slot >= 0);
	snprintf(path, sizeof(path), "/dev/ttyS%u", arg.coupler);
	tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(tty >= 0);
	t.c_cflag = CS8 | PARENB | CSTOPB | CREAD | CLOCAL;
	cfsetspeed(&t, B9600);
	assert_int_equal(tcsetattr(tty, TCSANOW, &t), 0);
	assert_int_equal(ioctl(tty, TIOCMBIS, &rts), 0);
	assert_int_equal(ioctl(tty, TIOCMBIC, &dtr), 0);
	assert_true(expect_status(tty, TIOCM_CTS, 0));
	for (i = 0; i < sizeof(atr); i++) {
		e.value = atr[i];
		e.time = 1000 * CKS_SIM_TICKS_PER_CLK;
		assert_int_equal(write(slot, &e, sizeof(e)), sizeof(e));
	}
	assert_int_equal(ioctl(slot, CKS_SIM_PRESENT, &present), 0);
	assert_true(expect_status(tty, TIOCM_CTS, TIOCM_CTS));

	/* Power, then RST high. */
	assert_int_equal(ioctl(tty, TIOCMBIS, &dtr), 0);
	assert_int_equal(ioctl(tty, TIOCMBIC, &rts), 0);
	assert_int_equal(read_tty(tty, buf, sizeof(atr)), sizeof(atr));
	assert_memory_equal(buf, atr, sizeof(atr));
	/* It hears itself. */
	assert_int_equal(write(tty, command, sizeof(command)), sizeof(command));
	assert_int_equal(read_tty(tty, buf, sizeof(command)), sizeof(command));
	assert_memory_equal(buf, command, sizeof(command));

	/* The bench goes, the tty is still open. */
	close(slot);
	close(bench);
	assert_true(write(tty, command, sizeof(command)) < 0 && errno == EIO);
	close(tty);
	tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty >= 0) {
		assert_true(tcgetattr(tty, &t) < 0 && errno == EIO);
		close(tty);
	}
	bench = -1;
}

static void ttys_come_and_go(void **state)
{
	struct cks_sim_slot arg = {
		.size = sizeof(arg), .card_clk = 3571200, .uart_clk = 1843200,
		.flags = CKS_SIM_8250,
	};
	int slot[64], n;

	(void)state;
	for (n = 0; n < 64; n++) {
		slot[n] = ioctl(bench, CKS_SIM_ADD_SLOT, &arg);
		if (slot[n] < 0)
			break;
	}
	/* As many as the driver has been built for. */
	assert_true(n >= 4 && n < 64 && errno == ENOSPC);
	while (n--)
		close(slot[n]);
	close(bench);
	bench = simbench_open();
	slot[0] = ioctl(bench, CKS_SIM_ADD_SLOT, &arg);
	assert_true(slot[0] >= 0);
	close(slot[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_wiring_works, setup, teardown),
		cmocka_unit_test_setup_teardown(each_family_works, setup, teardown),
		cmocka_unit_test_setup_teardown(capabilities_are_of_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(contradictions_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_come_when_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(stock_driver_reads_the_atr, setup, teardown),
		cmocka_unit_test_setup_teardown(ttys_come_and_go, setup, teardown),
	};
	int rc;

	if (!getenv("CKS_GUEST")) {
		fprintf(stderr, "loads kernel modules: run it in the guest\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (modules_load(modules))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	return modules_unload(modules) || rc;
}
