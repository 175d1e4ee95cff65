// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is the whole machine's, and needs one of its own. Suspend and resume, as far as the drivers
 * are concerned (pm_test "devices"): the card is switched off in order and counts as taken out; on
 * resume one is there, and works; of the bench, under cks_uart and as a tty, and of a PCI card,
 * QEMU's pci-serial-4x, on which no card answers. How deep processors may sleep. And lockdown, from
 * which there is no way back.
 *
 * In a guest of this kind because the root file system of the others does not survive a suspend.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/cks.h>
#include <linux/cks_sim.h>
#include <linux/cks_tty.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest/lib/modules.h"
#include "kselftest/lib/simcard.h"
#include "libcksnl/cksnl.h"

#define ANY_LATENCY	2000000000	/* PM_QOS_CPU_LATENCY_DEFAULT_VALUE */
#define PCI		"/sys/bus/pci/"
#define SECURITY	"/sys/kernel/security"
#define NO_UART		"no UART of the family 16550 answers"
#define LOCKED_DOWN	"the kernel is locked down"
#define TS_AT		(1000ULL * CKS_SIM_TICKS_PER_CLK)

static const char *const modules[] = { "cks", "cks_uart", "cks_sim", "cks_tty", NULL };
static const uint8_t atr[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t get[] = { 0x00, 0xb0, 0x00, 0x00, 0x10 };

static int count;
static bool failed;

static void tap(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++count, name);
	fflush(stdout);
	failed |= !ok;
}

/* A bench with one slot, its coupler, and what the card has seen. */
static struct {
	int bench;
	int slot;
	int tty;		/* to which the slot is wired, if it is */
	int coupler;
	bool powered;
	bool rst;
	bool order;		/* nothing has gone off in the wrong order */
	unsigned int offs;	/* how often VCC has gone off */
	unsigned int heard;
} t = { .bench = -1, .slot = -1, .tty = -1, .coupler = -1, .order = true };

static void see(const struct cks_sim_event *e)
{
	switch (e->type) {
	case CKS_SIM_VCC:
		if (!e->value) {
			t.order &= !t.rst;
			t.offs++;
		}
		t.powered = e->value;
		break;
	case CKS_SIM_RST:
		t.rst = e->value;
		break;
	case CKS_SIM_CHAR:
		t.heard++;
		break;
	}
}

/* Events that are there, or as many characters as are wanted. */
static bool look(unsigned int chars)
{
	struct pollfd f = { .fd = t.slot, .events = POLLIN };
	struct cks_sim_event e;

	while (poll(&f, 1, t.heard < chars ? PATIENCE_MS : 0) == 1 &&
	       read(t.slot, &e, sizeof(e)) == sizeof(e))
		see(&e);
	return t.heard >= chars;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!ok)
		printf("# %s: %s\n", path, strerror(errno));
	close(fd);
	return ok;
}

static bool suspend(void)
{
	return write_text("/sys/power/state", "freeze");
}

static struct cks_state state(void)
{
	struct cks_state st = { .size = sizeof(st) };

	if (ioctl(t.coupler, CKS_IOC_STATE, &st))
		memset(&st, 0, sizeof(st));
	return st;
}

static bool wait_present(void)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (state().present)
			return true;
		usleep(1000);
	}
	return false;
}

static bool reset(void)
{
	struct cks_reset r = { .size = sizeof(r) };

	return !ioctl(t.coupler, CKS_IOC_RESET, &r) && r.atr_len == sizeof(atr) &&
	       !memcmp(r.atr, atr, sizeof(atr));
}

/* The coupler that is made of the slot's tty, wired as the slot is; or -1. */
static int attach(const struct cks_sim_slot *slot)
{
	struct cksnl_coupler c = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_CLK_HZ) |
		       CKSNL_HAS(CKS_A_COUPLER_POWER_LINE) | CKSNL_HAS(CKS_A_COUPLER_DETECT_LINE),
		.clk_hz = simcard_clk_hz(),
		.power_line = CKS_MODEM_LINE_DTR,
		.detect_line = CKS_MODEM_LINE_CTS,
	};
	int ldisc = CKS_TTY_LDISC, index = -1;
	struct cksnl *nl = NULL;
	char text[128];

	snprintf(text, sizeof(text), "/dev/ttyS%u", slot->coupler);
	t.tty = open(text, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t.tty >= 0 && !ioctl(t.tty, TIOCSETD, &ldisc))
		index = ioctl(t.tty, CKS_TTY_IOC_COUPLER);
	c.index = (uint32_t)index;
	if (index >= 0 && (cksnl_open(&nl, PATIENCE_MS, text, sizeof(text)) ||
			   cksnl_coupler_change(nl, &c)))
		index = -1;
	cksnl_close(nl);
	return index;
}

static bool set_up(uint32_t flags)
{
	struct cks_sim_event e = {
		.type = CKS_SIM_CHAR, .flags = CKS_SIM_ON_RESET, .time = TS_AT,
	};
	struct cks_sim_slot slot;
	__u32 yes = 1;
	char path[64];
	int index;

	simcard_slot_default(&slot);
	slot.flags |= flags;
	t.bench = simbench_open();
	t.slot = ioctl(t.bench, CKS_SIM_ADD_SLOT, &slot);
	if (t.slot < 0)
		return false;
	for (size_t i = 0; i < sizeof(atr); i++) {
		e.value = atr[i];
		if (write(t.slot, &e, sizeof(e)) != sizeof(e))
			return false;
	}
	index = flags & CKS_SIM_8250 ? attach(&slot) : (int)slot.coupler;
	snprintf(path, sizeof(path), "/dev/cks/coupler%d", index);
	t.coupler = open(path, O_RDWR | O_CLOEXEC);
	return t.coupler >= 0 && !ioctl(t.slot, CKS_SIM_PRESENT, &yes) && wait_present();
}

static void take_down(void)
{
	close(t.coupler);
	close(t.tty);
	close(t.slot);
	close(t.bench);
	t.tty = -1;
}

/* A command that the card does not answer. */
static void *command(void *arg)
{
	uint8_t rsp[300];
	int *err = arg;

	*err = 0;
	if (write(t.coupler, get, sizeof(get)) < 0 || read(t.coupler, rsp, sizeof(rsp)) < 0)
		*err = errno;
	return NULL;
}

/* Microseconds that a processor may take to wake up, by all that have asked for less. */
static int32_t latency(void)
{
	int32_t us = -1;
	int fd = open("/dev/cpu_dma_latency", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &us, sizeof(us)) != sizeof(us))
		printf("# /dev/cpu_dma_latency: %s\n", strerror(errno));
	close(fd);
	return us;
}

/* With a card that is in. */
static void sleeps(void)
{
	struct cks_state before, after;
	pthread_t user;
	int err = 0;

	tap(reset(), "its ATR");
	before = state();
	look(0);
	t.offs = 0;
	t.order = true;
	tap(suspend(), "suspended and resumed with a card that is ready");
	look(0);
	tap(t.offs == 1 && !t.powered && t.order, "it was switched off in order");
	tap(wait_present(), "a card is in");
	after = state();
	tap(after.presence_gen == before.presence_gen + 1 &&
	    after.power_gen == before.power_gen + 1, "which is not known to be the same");
	tap(write(t.coupler, get, sizeof(get)) < 0 && errno == EHOSTDOWN, "and is not active");
	tap(reset(), "its ATR again");

	t.heard = 0;
	if (pthread_create(&user, NULL, command, &err))
		abort();
	tap(look(sizeof(get)) && suspend(), "suspended in the middle of a command");
	pthread_join(user, NULL);
	tap(err == ENOMEDIUM, "which ends as with a card that was taken out");
	look(0);
	tap(t.offs == 2 && !t.powered && t.order, "it was switched off in order");
	tap(wait_present() && reset(), "and answers again");
}

static void bench(void)
{
	tap(latency() == ANY_LATENCY, "processors sleep as deep as they like");
	tap(set_up(0), "a card is in");
	tap(latency() == 1, "not while somebody has the coupler");
	sleeps();
	take_down();
	tap(latency() == ANY_LATENCY, "they sleep again");
}

static void tty(void)
{
	tap(set_up(CKS_SIM_8250), "a card is in, on a tty");
	sleeps();
	take_down();
}

/* The first path that a pattern finds; empty for none. */
static const char *found(const char *pattern)
{
	static char path[128];
	glob_t g;

	path[0] = 0;
	if (!glob(pattern, 0, NULL, &g)) {
		snprintf(path, sizeof(path), "%s", g.gl_pathv[0]);
		globfree(&g);
	}
	return path;
}

/* Address of QEMU's card, the only one that the kernel's own driver has. */
static const char *card(void)
{
	static char address[32];
	const char *path = found(PCI "drivers/serial/0000:*");

	snprintf(address, sizeof(address), "%.31s", *path ? strrchr(path, '/') + 1 : "");
	return address;
}

static bool bind(const char *address)
{
	return write_text(PCI "drivers/cks_uart/bind", address);
}

/* The first coupler of the card, opened. */
static bool open_first(const char *address)
{
	char pattern[128], device[64];
	const char *path;

	snprintf(pattern, sizeof(pattern), PCI "devices/%s/cks/coupler*", address);
	path = found(pattern);
	snprintf(device, sizeof(device), "/dev/cks/%.31s", *path ? strrchr(path, '/') + 1 : "");
	t.coupler = *path ? open(device, O_RDWR | O_CLOEXEC) : -1;
	return t.coupler >= 0;
}

/* What a reset says that no card answers. */
static int no_answer(void)
{
	struct cks_reset r = { .size = sizeof(r) };

	return ioctl(t.coupler, CKS_IOC_RESET, &r) ? errno : 0;
}

static void pci(void)
{
	struct cks_state before;
	char path[128];
	const char *address = card();
	int err;

	snprintf(path, sizeof(path), PCI "devices/%s/driver_override", address);
	tap(write_text(PCI "drivers/serial/unbind", address) && write_text(path, "cks_uart") &&
	    bind(address) && open_first(address), "couplers on a PCI card");
	tap(wait_present(), "QEMU says that a card is in");
	before = state();
	err = no_answer();
	tap(err && before.present, "which does not answer");
	tap(suspend() && wait_present(), "suspended and resumed");
	tap(state().presence_gen == before.presence_gen + 1, "it counts as another card");
	tap(no_answer() == err, "which does not answer either");
	close(t.coupler);
	tap(write_text(PCI "drivers/cks_uart/unbind", address) && bind(address) &&
	    open_first(address), "the UARTs stand their tests as before");
	close(t.coupler);
}

/* What coupler-new says of a place. */
static const char *refusal(const struct cksnl_coupler *place)
{
	static char why[200];
	struct cksnl_coupler made;
	struct cksnl *nl = NULL;

	if (cksnl_open(&nl, PATIENCE_MS, why, sizeof(why)))
		return why;
	snprintf(why, sizeof(why), "%s",
		 cksnl_coupler_new(nl, place, &made) ? cksnl_error(nl) : "accepted");
	cksnl_close(nl);
	return why;
}

static bool is_refused(const struct cksnl_coupler *place, const char *why)
{
	return strstr(refusal(place), why);
}

/* A port or an address could be anything's: that is not for root to say under lockdown. */
static void lockdown(void)
{
	const struct cksnl_coupler port = {
		.has = CKSNL_HAS(CKS_A_COUPLER_NAME) | CKSNL_HAS(CKS_A_COUPLER_DRIVER) |
		       CKSNL_HAS(CKS_A_COUPLER_PORT) | CKSNL_HAS(CKS_A_COUPLER_IRQ),
		.name = "front", .driver = "cks_uart", .port = 0x2f8, .irq = 3,
	};
	const struct cksnl_coupler memory = {
		.has = CKSNL_HAS(CKS_A_COUPLER_NAME) | CKSNL_HAS(CKS_A_COUPLER_DRIVER) |
		       CKSNL_HAS(CKS_A_COUPLER_ADDRESS) | CKSNL_HAS(CKS_A_COUPLER_IRQ) |
		       CKSNL_HAS(CKS_A_COUPLER_UART_CLK),
		.name = "rack", .driver = "cks_uart", .address = 0xfd000000, .irq = 3,
		.uart_clk = 1843200,
	};

	tap(is_refused(&port, NO_UART), "a port without a UART");
	tap(is_refused(&memory, NO_UART), "an address likewise");
	tap((!mount("securityfs", SECURITY, "securityfs", 0, NULL) || errno == EBUSY) &&
	    write_text(SECURITY "/lockdown", "integrity"), "the kernel is locked down");
	tap(is_refused(&port, LOCKED_DOWN), "no port is looked at any more");
	tap(is_refused(&memory, LOCKED_DOWN), "nor an address");
	tap(set_up(0) && reset(), "what a bus tells of is a coupler as before");
	take_down();
}

int main(void)
{
	printf("1..43\n");
	tap(!modules_load(modules), "modules are loaded");
	tap(write_text("/sys/power/pm_test", "devices") &&
	    write_text("/sys/module/suspend/parameters/pm_test_delay", "0"),
	    "the kernel suspends devices alone");
	bench();
	tty();
	pci();
	lockdown();
	tap(!modules_unload(modules), "modules are unloaded");
	return failed;
}
