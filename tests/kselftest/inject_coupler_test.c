// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation, and every copy from or to userspace, fails in turn while a coupler is made: by
 * the bench, whose own devices are then used, by netlink, of a tty, of a device that firmware
 * describes, and of a PCI card. Whatever fails, the next one works; of what is lost the kernel
 * tells (kmemleak).
 *
 * For a kernel with fault injection: tests/rows.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/cks_sim.h>
#include <linux/cks_tty.h>
#include <linux/tty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/inject.h"
#include "libcksnl/cksnl.h"
#include "lib/modules.h"
#include "lib/simcard.h"

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", "cks_tty", NULL };

/* ----------------------------------------------------------------------- of the bench */

static int read_a_trace(int fd)
{
	struct cks_sim_edge edge;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (read(fd, &edge, sizeof(edge)) != sizeof(edge))
		err = errno ? -errno : -EIO;
	close(fd);
	return err;
}

/*
 * A UART and a coupler are made, and all is done that there is to do with the slot. Its card has
 * VCC as soon as it is in, which is an event.
 */
static int use_a_slot(int bench, struct cks_sim_slot *slot)
{
	const struct cks_sim_fault fault = { .type = CKS_SIM_FAULT_BOUNCE, .nth = 1, .value = 1 };
	const struct cks_sim_event line = {
		.type = CKS_SIM_LINE, .etu = 372 * CKS_SIM_TICKS_PER_CLK,
	};
	struct cks_sim_event event;
	struct cks_sim_cost cost;
	const uint32_t in = 1;
	int fd, err = 0;

	fd = ioctl(bench, CKS_SIM_ADD_SLOT, slot);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, CKS_SIM_PRESENT, &in) || ioctl(fd, CKS_SIM_FAULT, &fault) ||
	    ioctl(fd, CKS_SIM_COST, &cost) || write(fd, &line, sizeof(line)) != sizeof(line) ||
	    read(fd, &event, sizeof(event)) != sizeof(event))
		err = errno ? -errno : -EIO;
	if (!err)
		err = read_a_trace(ioctl(fd, CKS_SIM_TRACE));
	if (!err)
		err = read_a_trace(ioctl(bench, CKS_SIM_TRACE_COUPLER, &slot->coupler));
	close(fd);
	return err;
}

static int use_a_bench(void (*arm)(unsigned int nth), unsigned int nth)
{
	struct cks_sim_slot slot;
	int bench, err;

	simcard_slot_default(&slot);
	slot.flags = CKS_SIM_NO_SWITCH;
	arm(nth);
	bench = simbench_open();
	if (bench < 0)
		return -errno;
	err = use_a_slot(bench, &slot);
	close(bench);
	return err;
}

static int a_slot(void *ctx, unsigned int nth)
{
	(void)ctx;
	return use_a_bench(inject_arm, nth);
}

/* It has two rings, and a trace has room for 65536 records. */
static int a_large_slot(void *ctx, unsigned int nth)
{
	(void)ctx;
	return use_a_bench(inject_arm_large, nth);
}

/* ------------------------------------------------------------------------ by netlink */

#define PORT		0x2f8	/* of a UART that tests/run gives the guest */
#define PORT_IRQ	3
#define OTHER_DRIVER	"/sys/bus/pnp/drivers/serial/"
#define DEVICE_MAX	32	/* name of one */

/* The other driver's name for it, or "" if there is none. */
static void find_port(char *ret_name, size_t size)
{
	char line[128];
	glob_t g;

	*ret_name = '\0';
	if (glob(OTHER_DRIVER "*:*/resources", 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *name = g.gl_pathv[i] + strlen(OTHER_DRIVER);
		FILE *f = fopen(g.gl_pathv[i], "re");

		assert_non_null(f);
		while (fgets(line, sizeof(line), f))
			if (strstr(line, "0x2f8"))
				snprintf(ret_name, size, "%.*s", (int)strcspn(name, "/"), name);
		fclose(f);
	}
	globfree(&g);
}

static int open_of_driver(const char *driver, const char *what)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s%s", driver, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void tell_driver(const char *driver, const char *what, const char *device)
{
	int fd = open_of_driver(driver, what);

	assert_int_equal(write(fd, device, strlen(device)), strlen(device));
	close(fd);
}

/* Whatever a failure has left: the coupler may be there, and only the answer was lost. */
static int take_away(void)
{
	const struct cksnl_coupler it = { .has = CKSNL_HAS(CKS_A_COUPLER_NAME), .name = "front" };
	struct cksnl *nl;
	int err;

	assert_int_equal(cksnl_open(&nl, PATIENCE_MS, NULL, 0), 0);
	err = cksnl_coupler_del(nl, &it);
	cksnl_close(nl);
	return err;
}

static int a_new_coupler(void *ctx, unsigned int nth)
{
	const struct cksnl_coupler place = {
		.has = CKSNL_HAS(CKS_A_COUPLER_DRIVER) | CKSNL_HAS(CKS_A_COUPLER_NAME) |
		       CKSNL_HAS(CKS_A_COUPLER_PORT) | CKSNL_HAS(CKS_A_COUPLER_IRQ),
		.driver = "cks_uart", .name = "front", .port = PORT, .irq = PORT_IRQ,
	};
	struct cksnl_coupler made;
	struct cksnl *nl;
	int err;

	(void)ctx;
	assert_int_equal(cksnl_open(&nl, PATIENCE_MS, NULL, 0), 0);
	inject_arm(nth);
	err = cksnl_coupler_new(nl, &place, &made);
	if (err) {
		if (!take_away() && err == -ENOMEM)
			fail_msg("call %u that failed: there is a coupler in spite of it", nth);
	} else {
		made.has = CKSNL_HAS(CKS_A_COUPLER_INDEX);
		err = cksnl_coupler_del(nl, &made);
		if (err)
			take_away();
	}
	cksnl_close(nl);
	return err;
}

static void a_new_coupler_in_turn(void **state)
{
	char port[DEVICE_MAX];

	(void)state;
	find_port(port, sizeof(port));
	/* tests/run gives each guest some. */
	assert_true(*port);
	tell_driver(OTHER_DRIVER, "unbind", port);
	inject_in_turn("a_new_coupler", a_new_coupler, NULL);
	tell_driver(OTHER_DRIVER, "bind", port);
}

/* ------------------------------------------------------------------ of a device that is there */

/* A device is bound to a driver. That it is taken away does not fail: the kernel warns of that. */
static void bound_in_turn(const char *name, const char *driver, const char *device)
{
	int bind = open_of_driver(driver, "bind");
	unsigned int nth, failures = 0;
	bool happened;
	int err;

	for (nth = 1;; nth++) {
		assert_in_range(nth, 1, INJECT_MAX);
		inject_arm(nth);
		err = write(bind, device, strlen(device)) < 0 ? -errno : 0;
		happened = inject_disarm();
		if (!err)
			tell_driver(driver, "unbind", device);
		if (!happened)
			break;
		failures += !!err;
	}
	close(bind);
	printf("# %s: %u made to fail, %u of them seen\n", name, nth - 1, failures);
	assert_int_equal(err, 0);
	assert_in_range(failures, 1, INJECT_MAX);
}

static void a_described_device_in_turn(void **state)
{
	static const char driver[] = "/sys/bus/platform/drivers/cks_uart/";
	static const char board[] = "cks_uart.77";
	char port[DEVICE_MAX];

	(void)state;
	find_port(port, sizeof(port));
	assert_true(*port);
	tell_driver(OTHER_DRIVER, "unbind", port);
	assert_int_equal(module_load("cks_board"), 0);
	tell_driver(driver, "unbind", board);
	bound_in_turn("a_described_device", driver, board);
	assert_int_equal(module_unload("cks_board"), 0);
	tell_driver(OTHER_DRIVER, "bind", port);
}

#define PCI_DRIVERS	"/sys/bus/pci/drivers/"

/* A card with four UARTs that tests/run gives each guest; the kernel's own driver has it. */
static void find_card(char *ret_name, size_t size)
{
	char id[16] = "";
	glob_t g;

	*ret_name = '\0';
	if (glob(PCI_DRIVERS "serial/*:*/device", 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *name = g.gl_pathv[i] + strlen(PCI_DRIVERS "serial/");
		FILE *f = fopen(g.gl_pathv[i], "re");

		assert_non_null(f);
		if (fgets(id, sizeof(id), f) && !strcmp(id, "0x0004\n"))
			snprintf(ret_name, size, "%.*s", (int)strcspn(name, "/"), name);
		fclose(f);
	}
	globfree(&g);
}

static void a_pci_card_in_turn(void **state)
{
	char name[DEVICE_MAX], of_card[64];

	(void)state;
	find_card(name, sizeof(name));
	assert_true(*name);
	snprintf(of_card, sizeof(of_card), "/sys/bus/pci/devices/%s/", name);
	tell_driver(PCI_DRIVERS "serial/", "unbind", name);
	tell_driver(of_card, "driver_override", "cks_uart");
	/* Else ACPI is asked for its interrupt, which without memory uses what it has freed. */
	tell_driver(of_card, "enable", "1");
	bound_in_turn("a_pci_card", PCI_DRIVERS "cks_uart/", name);
	tell_driver(of_card, "enable", "0");
	tell_driver(of_card, "driver_override", "\n");
	tell_driver(PCI_DRIVERS "serial/", "bind", name);
}

/* -------------------------------------------------------------------------- of a tty */

static int set_ldisc(int tty, int ldisc)
{
	return ioctl(tty, TIOCSETD, &ldisc) ? -errno : 0;
}

static int an_attached_tty(void *ctx, unsigned int nth)
{
	const int *tty = ctx;
	int err;

	inject_arm(nth);
	err = set_ldisc(*tty, CKS_TTY_LDISC);
	if (!err && ioctl(*tty, CKS_TTY_IOC_COUPLER) < 0)
		err = -errno;
	/* Where the change back is what fails, it is still attached. */
	if (set_ldisc(*tty, N_TTY)) {
		err = -errno;
		assert_int_equal(set_ldisc(*tty, N_TTY), 0);
	}
	return err;
}

static void an_attached_tty_in_turn(void **state)
{
	struct cks_sim_slot slot;
	int bench, card, tty;
	char path[32];

	(void)state;
	bench = simbench_open();
	assert_true(bench >= 0);
	simcard_slot_default(&slot);
	slot.flags = CKS_SIM_8250;
	card = ioctl(bench, CKS_SIM_ADD_SLOT, &slot);
	assert_true(card >= 0);
	snprintf(path, sizeof(path), "/dev/ttyS%u", slot.coupler);
	tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(tty >= 0);
	inject_in_turn("an_attached_tty", an_attached_tty, &tty);
	close(tty);
	close(card);
	close(bench);
}

#define IN_TURN(op)								\
	static void op##_in_turn(void **state)					\
	{									\
		(void)state;							\
		inject_in_turn(#op, op, NULL);					\
	}
IN_TURN(a_slot)
IN_TURN(a_large_slot)

static int setup(void **state)
{
	(void)state;
	return modules_load(modules);
}

static int teardown(void **state)
{
	(void)state;
	return modules_unload(modules);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slot_in_turn),
		TEST(a_large_slot_in_turn),
		TEST(a_new_coupler_in_turn),
		TEST(a_described_device_in_turn),
		TEST(a_pci_card_in_turn),
		TEST(an_attached_tty_in_turn),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	/* A page fault of our own must not be what fails. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE) || !inject_setup()) {
		printf("Bail out! this kernel has no fault injection\n");
		return 1;
	}
	/* Where /proc/irq lacks a file, the kernel warns that it cannot remove it. */
	inject_spare("register_irq_proc");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("inject_coupler", tests, NULL, NULL) ? 1 : 0;
}
