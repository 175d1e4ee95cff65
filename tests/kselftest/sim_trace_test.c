// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces of a slot while a coupler talks to a card: what the contacts did is in them, in order and
 * with the times that ISO/IEC 7816-3 wants.
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
#include <unistd.h>

#include <cmocka.h>

#include "lib/modules.h"
#include "lib/simcard.h"
#include "lib/simtrace.h"
#include "lib/wait.h"

#define CLK_NS		(1e9 / simcard_clk_hz())
#define ETU_NS		(372 * CLK_NS)

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", NULL };
static const uint8_t atr[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t command[] = { 0x00, 0x44, 0x00, 0x00 };
static const uint8_t header[] = { 0x00, 0x44, 0x00, 0x00, 0x00 };

static int bench;
static struct simcard *card;

static int setup(void **state)
{
	(void)state;
	bench = simbench_open();
	if (bench < 0)
		return -1;
	card = simcard_new(bench, atr, sizeof(atr));
	return card ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	simcard_free(card);
	close(bench);
	return 0;
}

static int trace_of(unsigned int coupler)
{
	__u32 n = coupler;

	return ioctl(bench, CKS_SIM_TRACE_COUPLER, &n);
}

/* Card in, reset, one command, coupler closed. */
static void session(void)
{
	struct cks_reset r = { .size = sizeof(r) };
	struct cks_state st = { .size = sizeof(st) };
	uint8_t rsp[16];
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", simcard_coupler(card));
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(simcard_insert(card), 0);
	wait_for("card in", !ioctl(fd, CKS_IOC_STATE, &st) && st.present);
	assert_int_equal(ioctl(fd, CKS_IOC_RESET, &r), 0);
	assert_int_equal(write(fd, command, sizeof(command)), sizeof(command));
	assert_int_equal(read(fd, rsp, sizeof(rsp)), 2);
	close(fd);
}

static void expect_chars(const struct simtrace *t, enum cks_sim_signal signal, size_t pos,
			 const uint8_t *data, unsigned int len)
{
	uint64_t start, last = 0;
	unsigned int i;
	uint8_t byte;

	for (i = 0; i < len; i++) {
		assert_true(simtrace_char(t, signal, ETU_NS, &pos, &byte, &start));
		assert_int_equal(byte, data[i]);
		if (last)
			assert_true(start - last >= (uint64_t)(11.7 * ETU_NS));
		last = start;
	}
}

static void expect_values(const struct simtrace *t, enum cks_sim_signal signal, size_t pos,
			  const uint8_t *data, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++, pos++) {
		while (pos < t->n && t->rec[pos].signal != signal)
			pos++;
		assert_true(pos < t->n);
		assert_int_equal(t->rec[pos].value, data[i]);
	}
}

static void session_is_recorded(void **state)
{
	size_t i, vcc, rst, thr, edge, down, off;
	struct simtrace t;
	int fd;

	(void)state;
	fd = trace_of(simcard_coupler(card));
	assert_true(fd >= 0);
	session();
	assert_true(simtrace_read(fd, &t));

	/* Begins with the levels, goes on in order, nothing lost. */
	for (i = 0; i < CKS_SIM_SIGNAL_IRQ; i++)
		assert_int_equal(t.rec[i].signal, i + 1);
	for (i = 1; i < t.n; i++) {
		assert_true(t.rec[i].time >= t.rec[i - 1].time);
		assert_int_not_equal(t.rec[i].signal, CKS_SIM_SIGNAL_LOST);
	}

	/* 6.2: VCC on with RST low, RST high 400 clock cycles later at the earliest. */
	i = simtrace_find(&t, CKS_SIM_SIGNAL_PRESENT, 1, CKS_SIM_SIGNAL_IRQ);
	vcc = simtrace_find(&t, CKS_SIM_SIGNAL_VCC, 1, i);
	rst = simtrace_find(&t, CKS_SIM_SIGNAL_RST, 1, vcc);
	assert_true(i < vcc && vcc < rst && rst < t.n);
	assert_true(t.rec[rst].time - t.rec[vcc].time >= (uint64_t)(400 * CLK_NS));
	/* 6.4: RST low before VCC goes. */
	down = simtrace_find(&t, CKS_SIM_SIGNAL_RST, 0, rst);
	off = simtrace_find(&t, CKS_SIM_SIGNAL_VCC, 0, vcc);
	assert_true(down < off && off < t.n);

	/* The characters, as edges and as the driver handled them; the UART hears itself. */
	expect_chars(&t, CKS_SIM_SIGNAL_CARD, rst, atr, sizeof(atr));
	expect_values(&t, CKS_SIM_SIGNAL_RBR, rst, atr, sizeof(atr));
	thr = simtrace_find(&t, CKS_SIM_SIGNAL_THR, header[0], rst);
	expect_chars(&t, CKS_SIM_SIGNAL_UART, thr, header, sizeof(header));
	expect_values(&t, CKS_SIM_SIGNAL_THR, thr, header, sizeof(header));
	expect_values(&t, CKS_SIM_SIGNAL_RBR, thr, header, sizeof(header));

	/* PC16550D: 8 to 24 clocks of the baud rate generator from the write to the start bit. */
	edge = simtrace_find(&t, CKS_SIM_SIGNAL_UART, 0, thr);
	assert_true(t.rec[edge].time - t.rec[thr].time >= (uint64_t)(0.49 * ETU_NS));
	assert_true(t.rec[edge].time - t.rec[thr].time <= (uint64_t)(1.51 * ETU_NS));
	simtrace_free(&t);
	close(fd);
}

static void readers_are_independent(void **state)
{
	struct pollfd p = { .events = POLLIN };
	struct simtrace a, b;
	int first, second;

	(void)state;
	first = ioctl(simcard_fd(card), CKS_SIM_TRACE);
	second = trace_of(simcard_coupler(card));
	assert_true(first >= 0 && second >= 0);
	session();
	p.fd = first;
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_int_equal(p.revents, POLLIN);
	assert_true(simtrace_read(first, &a) && simtrace_read(second, &b));
	assert_true(a.n > CKS_SIM_SIGNAL_IRQ && a.n == b.n);
	/* They began one after the other. */
	assert_memory_equal(a.rec + CKS_SIM_SIGNAL_IRQ, b.rec + CKS_SIM_SIGNAL_IRQ,
			    (a.n - CKS_SIM_SIGNAL_IRQ) * sizeof(*a.rec));
	simtrace_free(&a);
	simtrace_free(&b);
	close(first);
	close(second);
}

static void ends_with_its_slot(void **state)
{
	struct cks_sim_edge e[32];
	int fd, flags;
	ssize_t n;

	(void)state;
	assert_true(trace_of(9999) < 0 && errno == ENXIO);
	fd = trace_of(simcard_coupler(card));
	assert_true(fd >= 0);
	flags = fcntl(fd, F_GETFL);
	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	assert_true(read(fd, e, sizeof(e)) > 0);
	assert_true(read(fd, e, sizeof(e)) < 0 && errno == EAGAIN);
	assert_true(read(fd, e, sizeof(e[0]) - 1) < 0 && errno == EINVAL);
	close(bench);
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
	while ((n = read(fd, e, sizeof(e))) > 0)
		;
	assert_int_equal(n, 0);
	close(fd);
	bench = -1;
}

static bool tell_driver(const char *what, const char *device)
{
	char path[64];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/platform/drivers/cks_uart/%s", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, device, strlen(device)) == (ssize_t)strlen(device);
	close(fd);
	return done;
}

/* Without its driver the slot is no coupler, and by the next one it can be another. */
static void coupler_is_what_it_is_now(void **state)
{
	char path[64], target[256] = "", *device;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/sys/class/cks/coupler%u/device", simcard_coupler(card));
	assert_true(readlink(path, target, sizeof(target) - 1) > 0);
	device = strrchr(target, '/') + 1;
	assert_true(tell_driver("unbind", device));
	fd = trace_of(simcard_coupler(card));
	assert_true(fd < 0 && errno == ENXIO);
	assert_true(tell_driver("bind", device));
	fd = trace_of(simcard_coupler(card));
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(session_is_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(readers_are_independent, setup, teardown),
		cmocka_unit_test_setup_teardown(coupler_is_what_it_is_now, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_with_its_slot, setup, teardown),
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
