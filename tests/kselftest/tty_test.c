// SPDX-License-Identifier: GPL-2.0-only
/*
 * Couplers on ttys: the bench's UART is given to the kernel's own 8250 driver, and the line
 * discipline makes a coupler of its /dev/ttySN.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/cks.h>
#include <linux/cks_tty.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcksnl/cksnl.h"
#include "lib/modules.h"
#include "lib/simcard.h"
#include "lib/simtrace.h"
#include "lib/wait.h"

#define ROUNDS		20
#define NL_TIMEOUT_MS	30000
#define NOBODY		65534

static const char *const modules[] = { "cks", "cks_sim", "cks_tty", NULL };
static const uint8_t atr_t0[] = { 0x3b, 0x82, 0x40, 0x01, 0x14, 0x50 };
static const uint8_t atr_t1[] = { 0x3b, 0x90, 0x18, 0x01, 0x89 };
static const uint8_t atr_inverse[] = { 0x3f, 0x02, 0x14, 0x50 };
static const uint8_t atr_guard[] = { 0x3b, 0x42, 0x05, 0x14, 0x50 };
static const uint8_t atr_ta1_94[] = { 0x3b, 0x12, 0x94, 0x14, 0x50 };
static const uint8_t hold[] = { 0x00, SIMCARD_INS_HOLD, 0x00, 0x00 };
static const uint8_t case1[] = { 0x00, 0x44, 0x00, 0x00 };

/* A card in a slot of the bench, the tty on which it is, and the coupler that is made of it. */
struct bed {
	int bench;
	struct simcard *card;
	char path[32];
	int tty;
	uint32_t coupler;
	struct cksnl *nl;
};

static int set_ldisc(int fd, int ldisc)
{
	return ioctl(fd, TIOCSETD, &ldisc) ? -errno : 0;
}

static int ldisc_of(int fd)
{
	int ldisc = -1;

	ioctl(fd, TIOCGETD, &ldisc);
	return ldisc;
}

static void bed_open_wired(struct bed *b, uint32_t flags, const uint8_t *atr, size_t len)
{
	struct cks_sim_slot slot;
	char why[128];

	memset(b, 0, sizeof(*b));
	b->bench = simbench_open();
	assert_true(b->bench >= 0);
	simcard_slot_default(&slot);
	slot.flags = CKS_SIM_8250 | flags;
	b->card = simcard_new_in(b->bench, &slot, atr, len);
	assert_non_null(b->card);
	snprintf(b->path, sizeof(b->path), "/dev/ttyS%u", slot.coupler);
	b->tty = open(b->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(b->tty >= 0);
	assert_int_equal(cksnl_open(&b->nl, NL_TIMEOUT_MS, why, sizeof(why)), 0);
}

static void bed_open(struct bed *b, const uint8_t *atr, size_t len)
{
	bed_open_wired(b, 0, atr, len);
}

static void bed_attach(struct bed *b)
{
	int n;

	assert_int_equal(set_ldisc(b->tty, CKS_TTY_LDISC), 0);
	n = ioctl(b->tty, CKS_TTY_IOC_COUPLER);
	assert_true(n >= 0);
	b->coupler = n;
}

/* The settings of a slot that is wired by @flags. */
static struct cksnl_coupler wiring_of(uint32_t flags)
{
	const bool on_dtr = flags & CKS_SIM_RST_ON_DTR;

	return (struct cksnl_coupler){
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_CLK_HZ) |
		       CKSNL_HAS(CKS_A_COUPLER_RST_LINE) | CKSNL_HAS(CKS_A_COUPLER_RST_INVERT) |
		       CKSNL_HAS(CKS_A_COUPLER_POWER_LINE) |
		       CKSNL_HAS(CKS_A_COUPLER_POWER_INVERT) |
		       CKSNL_HAS(CKS_A_COUPLER_DETECT_LINE) |
		       CKSNL_HAS(CKS_A_COUPLER_DETECT_INVERT) | CKSNL_HAS(CKS_A_COUPLER_ECHO),
		.clk_hz = simcard_clk_hz(),
		.rst_line = on_dtr ? CKS_MODEM_LINE_DTR : CKS_MODEM_LINE_RTS,
		.rst_invert = !!(flags & CKS_SIM_RST_INVERT),
		.power_line = flags & CKS_SIM_NO_SWITCH ? CKS_MODEM_LINE_NONE :
			      on_dtr ? CKS_MODEM_LINE_RTS : CKS_MODEM_LINE_DTR,
		.power_invert = !!(flags & CKS_SIM_SWITCH_INVERT),
		.detect_line = flags & CKS_SIM_DETECT_DSR ? CKS_MODEM_LINE_DSR :
			       flags & CKS_SIM_DETECT_DCD ? CKS_MODEM_LINE_DCD :
							    CKS_MODEM_LINE_CTS,
		.detect_invert = !!(flags & CKS_SIM_DETECT_INVERT),
		.echo = !(flags & CKS_SIM_NO_ECHO),
	};
}

static int set_wiring_of(struct bed *b, struct cksnl_coupler c)
{
	c.index = b->coupler;
	return cksnl_coupler_change(b->nl, &c);
}

static int set_wiring(struct bed *b, uint32_t clk_hz)
{
	struct cksnl_coupler c = wiring_of(0);

	c.clk_hz = clk_hz;
	return set_wiring_of(b, c);
}

/* Attached and wired. */
static void bed_up(struct bed *b, const uint8_t *atr, size_t len)
{
	bed_open(b, atr, len);
	bed_attach(b);
	assert_int_equal(set_wiring(b, simcard_clk_hz()), 0);
}

static void wait_present(struct bed *b, uint8_t present)
{
	struct cksnl_coupler c;

	wait_for(present ? "card in" : "card out",
		 !cksnl_coupler_get(b->nl, b->coupler, &c) && c.present == present);
}

static void bed_ready(struct bed *b, const uint8_t *atr, size_t len)
{
	bed_up(b, atr, len);
	assert_int_equal(simcard_insert(b->card), 0);
	wait_present(b, 1);
}

static void bed_down(struct bed *b)
{
	if (b->tty >= 0)
		close(b->tty);
	close(b->bench);
	simcard_free(b->card);
	cksnl_close(b->nl);
}

static int open_coupler(const struct bed *b)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", b->coupler);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void reset(int fd, const uint8_t *atr, size_t len)
{
	struct cks_reset r = { .size = sizeof(r) };

	assert_int_equal(ioctl(fd, CKS_IOC_RESET, &r) ? errno : 0, 0);
	assert_int_equal(r.atr_len, len);
	assert_memory_equal(r.atr, atr, len);
}

static bool coupler_exists(struct bed *b)
{
	struct cksnl_coupler c;

	return !cksnl_coupler_get(b->nl, b->coupler, &c);
}

static void wait_commands(struct bed *b, unsigned int n)
{
	wait_for("the card has the command", simcard_commands(b->card) >= n);
}

/* ----------------------------------------------------------------------------- who may */

static int open_pty(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(unlockpt(master), 0);
	return master;
}

/* The error of attaching to the slave of a pty, by a process that has given something up. */
static int attach_without(int (*give_up)(void))
{
	int master = open_pty(), status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		int slave = open(ptsname(master), O_RDWR | O_NOCTTY);

		if (slave < 0 || give_up())
			_exit(255);
		_exit(-set_ldisc(slave, CKS_TTY_LDISC));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(master);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int give_up_root(void)
{
	return setresuid(NOBODY, NOBODY, NOBODY);
}

/* All capabilities, but in a namespace of its own. */
static int go_to_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int give_up_nothing(void)
{
	return 0;
}

static void test_privilege(void **ctx)
{
	(void)ctx;
	assert_int_equal(attach_without(give_up_root), EPERM);
	assert_int_equal(attach_without(go_to_user_namespace), EPERM);
}

static void test_pty_has_no_modem_lines(void **ctx)
{
	char c = 0;
	int master, slave;

	(void)ctx;
	assert_int_equal(attach_without(give_up_nothing), EOPNOTSUPP);

	/* It is left as it was. */
	master = open_pty();
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_int_equal(set_ldisc(slave, CKS_TTY_LDISC), -EOPNOTSUPP);
	assert_int_equal(ldisc_of(slave), N_TTY);
	assert_int_equal(write(slave, "x", 1), 1);
	assert_int_equal(read(master, &c, 1), 1);
	assert_int_equal(c, 'x');
	close(slave);
	close(master);
}

/* Who may open a tty, and no more, must not be able to have the module loaded. */
static void test_no_autoload(void **ctx)
{
	static const char alias[] = "tty-ldisc-";
	char path[PATH_MAX];
	size_t hit = 0;
	FILE *ko;
	int c;

	(void)ctx;
	assert_int_equal(module_path("cks_tty", path, sizeof(path)), 0);
	ko = fopen(path, "r");
	assert_non_null(ko);
	while (alias[hit] && (c = getc(ko)) != EOF)
		hit = c == alias[hit] ? hit + 1 : c == alias[0];
	fclose(ko);
	assert_int_not_equal(hit, sizeof(alias) - 1);
}

/* ------------------------------------------------------------------------- the coupler */

static void test_nothing_before_wiring(void **ctx)
{
	struct cksnl_coupler c;
	struct bed b;
	int before, after;

	(void)ctx;
	bed_open(&b, atr_t0, sizeof(atr_t0));
	assert_int_equal(simcard_insert(b.card), 0);
	assert_int_equal(ioctl(b.tty, TIOCMGET, &before), 0);
	bed_attach(&b);
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	assert_string_equal(c.driver, "cks_tty");
	assert_int_equal(c.present, 0);
	assert_int_equal(c.capabilities, 0);
	assert_int_equal(cksnl_coupler_reset(b.nl, b.coupler, CKS_RESET_KIND_COLD, &c), -ENOMEDIUM);
	assert_int_equal(ioctl(b.tty, TIOCMGET, &after), 0);
	assert_int_equal(before & (TIOCM_RTS | TIOCM_DTR), after & (TIOCM_RTS | TIOCM_DTR));

	assert_int_equal(set_wiring(&b, simcard_clk_hz()), 0);
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	assert_int_equal(c.present, 1);
	/* Neither the error signal nor exact guard times. */
	assert_int_equal(c.capabilities,
			 CKS_CAPABILITY_POWER_SWITCH | CKS_CAPABILITY_CARD_DETECT);
	bed_down(&b);
}

static void test_rate_refused(void **ctx)
{
	struct cksnl_coupler c;
	char reason[64];
	struct bed b;
	int fd;

	(void)ctx;
	bed_ready(&b, atr_t0, sizeof(atr_t0));
	/* 20 MHz / 372, of a UART that makes at most 7200, or less where its clock is slower. */
	snprintf(reason, sizeof(reason), "best rate for 53763 bit/s is %u",
		 115200 / simcard_clk_div());
	assert_int_equal(set_wiring(&b, 20000000), -EINVAL);
	assert_non_null(strstr(cksnl_error(b.nl), reason));
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	assert_int_equal(c.clk_hz, simcard_clk_hz());
	fd = open_coupler(&b);
	reset(fd, atr_t0, sizeof(atr_t0));
	close(fd);
	bed_down(&b);
}

/* Some bytes from the card, and some to it. */
static void exchange(int fd)
{
	uint8_t cmd[5 + 33] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 16 }, rsp[64];

	assert_int_equal(write(fd, cmd, 5), 5);
	assert_int_equal(read(fd, rsp, sizeof(rsp)), 18);
	for (int i = 0; i < 16; i++)
		assert_int_equal(rsp[i], i);
	assert_int_equal(rsp[16], 0x90);

	cmd[1] = 0xd6;
	cmd[4] = 33;
	for (int i = 0; i < 33; i++)
		cmd[5 + i] = (uint8_t)(0x5a ^ i);
	assert_int_equal(write(fd, cmd, sizeof(cmd)), sizeof(cmd));
	assert_in_range(read(fd, rsp, sizeof(rsp)), 2, 35);
}

/* Returns F and D in use, and the protocol. */
static struct cksnl_coupler talk(const uint8_t *atr, size_t len)
{
	struct cksnl_coupler c;
	struct bed b;
	int fd;

	bed_ready(&b, atr, len);
	fd = open_coupler(&b);
	reset(fd, atr, len);
	exchange(fd);
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	/* Cold again, and warm: RST and power work, and the rate goes back. */
	reset(fd, atr, len);
	exchange(fd);
	close(fd);
	assert_int_equal(c.char_errors, atr[0] == 0x3f);
	bed_down(&b);
	return c;
}

static void test_t0(void **ctx)
{
	(void)ctx;
	assert_int_equal(talk(atr_t0, sizeof(atr_t0)).protocol, 0);
}

/* TA1 is 18: by PPS to twelve times the rate, and T=1. */
static void test_t1_after_pps(void **ctx)
{
	struct cksnl_coupler c;

	(void)ctx;
	c = talk(atr_t1, sizeof(atr_t1));
	assert_int_equal(c.protocol, 1);
	assert_int_equal(c.f, 372);
	assert_int_equal(c.d, 12);
}

static void test_inverse_convention(void **ctx)
{
	(void)ctx;
	talk(atr_inverse, sizeof(atr_inverse));
}

/* N is 5: characters are sent one by one. */
static void test_extra_guard_time(void **ctx)
{
	(void)ctx;
	talk(atr_guard, sizeof(atr_guard));
}

/*
 * The UART misses 512/8 by 3 %, though its driver says that it has set what it was asked for. What
 * comes next of all that the card can do is 372/4.
 */
static void test_rate_out_of_reach_is_not_negotiated(void **ctx)
{
	struct cksnl_coupler c;

	(void)ctx;
	c = talk(atr_ta1_94, sizeof(atr_ta1_94));
	assert_int_equal(c.f, 372);
	assert_int_equal(c.d, 4);
}

static void test_card_in_and_out(void **ctx)
{
	struct cks_state s = { .size = sizeof(s) };
	uint32_t before;
	struct bed b;
	uint8_t rsp[16];
	int fd;

	(void)ctx;
	bed_ready(&b, atr_t0, sizeof(atr_t0));
	fd = open_coupler(&b);
	reset(fd, atr_t0, sizeof(atr_t0));
	assert_int_equal(ioctl(fd, CKS_IOC_STATE, &s), 0);
	before = s.presence_gen;
	assert_int_equal(write(fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(&b, 1);
	assert_int_equal(simcard_remove(b.card), 0);
	assert_int_equal(read(fd, rsp, sizeof(rsp)), -1);
	assert_int_equal(errno, ENOMEDIUM);
	assert_int_equal(simcard_insert(b.card), 0);
	wait_present(&b, 1);
	assert_int_equal(ioctl(fd, CKS_IOC_STATE, &s), 0);
	assert_int_equal(s.presence_gen, before + 1);
	reset(fd, atr_t0, sizeof(atr_t0));
	exchange(fd);
	close(fd);
	bed_down(&b);
}

static uint32_t capabilities_of(uint32_t flags)
{
	return CKS_CAPABILITY_CARD_DETECT |
	       (flags & CKS_SIM_NO_SWITCH ? 0 : CKS_CAPABILITY_POWER_SWITCH);
}

/* In, reset, exchange, out, and in again; never more capabilities than the wiring has. */
static void wired(uint32_t flags)
{
	struct cksnl_coupler c;
	struct bed b;
	int fd;

	bed_open_wired(&b, flags, atr_t0, sizeof(atr_t0));
	bed_attach(&b);
	assert_int_equal(set_wiring_of(&b, wiring_of(flags)), 0);
	wait_present(&b, 0);
	assert_int_equal(simcard_insert(b.card), 0);
	wait_present(&b, 1);
	fd = open_coupler(&b);
	reset(fd, atr_t0, sizeof(atr_t0));
	exchange(fd);
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	assert_int_equal(c.capabilities, capabilities_of(flags));
	assert_int_equal(simcard_remove(b.card), 0);
	wait_present(&b, 0);
	assert_int_equal(simcard_insert(b.card), 0);
	wait_present(&b, 1);
	reset(fd, atr_t0, sizeof(atr_t0));
	close(fd);
	bed_down(&b);
}

static void test_wirings(void **ctx)
{
	static const uint32_t flags[] = {
		CKS_SIM_DETECT_DSR,
		CKS_SIM_DETECT_DCD,
		CKS_SIM_DETECT_INVERT,
		CKS_SIM_DETECT_DSR | CKS_SIM_DETECT_INVERT | CKS_SIM_RST_ON_DTR,
		CKS_SIM_DETECT_DCD | CKS_SIM_DETECT_INVERT | CKS_SIM_RST_INVERT,
		CKS_SIM_RST_ON_DTR | CKS_SIM_RST_INVERT | CKS_SIM_SWITCH_INVERT,
		CKS_SIM_NO_SWITCH,
		CKS_SIM_NO_ECHO,
		CKS_SIM_NO_ECHO | CKS_SIM_RST_ON_DTR | CKS_SIM_DETECT_DSR,
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		print_message("# wiring %#x\n", flags[i]);
		wired(flags[i]);
	}
}

/* Without a line that tells of a card there is always one, and no capability to detect it. */
static void test_no_detect_line(void **ctx)
{
	struct cksnl_coupler c = wiring_of(0);
	struct bed b;

	(void)ctx;
	bed_open(&b, atr_t0, sizeof(atr_t0));
	bed_attach(&b);
	c.detect_line = CKS_MODEM_LINE_NONE;
	assert_int_equal(set_wiring_of(&b, c), 0);
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	assert_int_equal(c.present, 1);
	assert_int_equal(c.capabilities, CKS_CAPABILITY_POWER_SWITCH);
	/* There is none: the ATR does not come. */
	assert_int_not_equal(cksnl_coupler_reset(b.nl, b.coupler, CKS_RESET_KIND_COLD, &c), 0);
	assert_int_equal(simcard_insert(b.card), 0);
	assert_int_equal(cksnl_coupler_reset(b.nl, b.coupler, CKS_RESET_KIND_COLD, &c), 0);

	/* What is attached anew may be another adapter: nothing is taken over. */
	assert_int_equal(set_ldisc(b.tty, N_TTY), 0);
	bed_attach(&b);
	assert_int_equal(cksnl_coupler_get(b.nl, b.coupler, &c), 0);
	assert_int_equal(c.present, 0);
	assert_int_equal(c.capabilities, 0);
	bed_down(&b);
}

/* 6.4: RST low, then I/O, then VCC, and none of them earlier. Returns the place of the last. */
static size_t off_in_order(const struct simtrace *t, size_t from)
{
	size_t rst, io, vcc;

	rst = simtrace_find(t, CKS_SIM_SIGNAL_RST, 1, from);
	rst = simtrace_find(t, CKS_SIM_SIGNAL_RST, 0, rst);
	io = simtrace_find(t, CKS_SIM_SIGNAL_UART, 0, rst);
	vcc = simtrace_find(t, CKS_SIM_SIGNAL_VCC, 0, io);
	assert_true(vcc < t->n);
	assert_int_equal(vcc, simtrace_find(t, CKS_SIM_SIGNAL_VCC, 0, rst));
	return vcc;
}

/* 6.2.1: VCC on, then I/O in reception, then RST high. */
static size_t on_in_order(const struct simtrace *t, size_t from)
{
	size_t vcc, io, rst;

	vcc = simtrace_find(t, CKS_SIM_SIGNAL_VCC, 1, from);
	io = simtrace_find(t, CKS_SIM_SIGNAL_UART, 1, vcc);
	rst = simtrace_find(t, CKS_SIM_SIGNAL_RST, 1, io);
	assert_true(rst < t->n);
	assert_int_equal(io, simtrace_find(t, CKS_SIM_SIGNAL_UART, 1, from));
	assert_int_equal(rst, simtrace_find(t, CKS_SIM_SIGNAL_RST, 1, from));
	return rst;
}

/* From the first settings on, which find RST high and VCC on. */
static void test_io_low_without_power(void **ctx)
{
	int fd, trace, rts = TIOCM_RTS;
	struct simtrace t;
	struct bed b;
	size_t at;

	(void)ctx;
	bed_open(&b, atr_t0, sizeof(atr_t0));
	trace = ioctl(simcard_fd(b.card), CKS_SIM_TRACE);
	assert_true(trace >= 0);
	assert_int_equal(ioctl(b.tty, TIOCMBIC, &rts), 0);
	bed_attach(&b);
	assert_int_equal(set_wiring(&b, simcard_clk_hz()), 0);
	assert_int_equal(simcard_insert(b.card), 0);
	wait_present(&b, 1);
	for (int i = 0; i < 2; i++) {
		fd = open_coupler(&b);
		reset(fd, atr_t0, sizeof(atr_t0));
		exchange(fd);
		close(fd);
	}
	assert_int_equal(set_ldisc(b.tty, N_TTY), 0);

	assert_true(simtrace_read(trace, &t));
	at = off_in_order(&t, 0);
	for (int i = 0; i < 2; i++)
		at = off_in_order(&t, on_in_order(&t, at));
	/* And the tty gets it back. */
	assert_true(simtrace_find(&t, CKS_SIM_SIGNAL_UART, 1, at) < t.n);
	simtrace_free(&t);
	close(trace);
	bed_down(&b);
}

/* ---------------------------------------------------------------------- how it can end */

/* A command runs; then @end; its reader and the coupler's owner are told. */
static void end_in_exchange(void (*end)(struct bed *b))
{
	struct cks_reset r = { .size = sizeof(r) };
	struct bed b;
	uint8_t rsp[16];
	int fd;

	bed_ready(&b, atr_t0, sizeof(atr_t0));
	fd = open_coupler(&b);
	reset(fd, atr_t0, sizeof(atr_t0));
	assert_int_equal(write(fd, hold, sizeof(hold)), sizeof(hold));
	wait_commands(&b, 1);
	end(&b);
	assert_int_equal(read(fd, rsp, sizeof(rsp)), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(ioctl(fd, CKS_IOC_RESET, &r), -1);
	assert_int_equal(errno, ENODEV);
	assert_false(coupler_exists(&b));
	close(fd);
	bed_down(&b);
}

static void hang_up(struct bed *b)
{
	struct pollfd p = { .fd = b->tty, .events = POLLIN };

	assert_int_equal(ioctl(b->tty, TIOCVHANGUP), 0);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true(p.revents & POLLHUP);
}

static void detach(struct bed *b)
{
	assert_int_equal(set_ldisc(b->tty, N_TTY), 0);
	assert_int_equal(ldisc_of(b->tty), N_TTY);
}

static void close_tty(struct bed *b)
{
	close(b->tty);
	b->tty = -1;
}

static void unplug(struct bed *b)
{
	close(b->bench);
	b->bench = -1;
}

static void test_hangup(void **ctx)
{
	(void)ctx;
	end_in_exchange(hang_up);
}

static void test_detach(void **ctx)
{
	(void)ctx;
	end_in_exchange(detach);
}

static void test_close(void **ctx)
{
	(void)ctx;
	end_in_exchange(close_tty);
}

static void test_unplug(void **ctx)
{
	(void)ctx;
	end_in_exchange(unplug);
}

static void test_module_stays_while_attached(void **ctx)
{
	struct bed b;

	(void)ctx;
	bed_up(&b, atr_t0, sizeof(atr_t0));
	assert_int_equal(modules_unload((const char *const[]){ "cks_tty", NULL }), -1);
	assert_true(coupler_exists(&b));
	assert_int_equal(set_ldisc(b.tty, N_TTY), 0);
	assert_int_equal(modules_unload((const char *const[]){ "cks_tty", NULL }), 0);
	assert_int_equal(set_ldisc(b.tty, CKS_TTY_LDISC), -EINVAL);
	assert_int_equal(modules_load((const char *const[]){ "cks_tty", NULL }), 0);
	bed_down(&b);
}

/* One who uses whatever coupler there is. */
struct user {
	pthread_t thread;
	atomic_uint coupler;
	atomic_bool stop;
	atomic_uint exchanges;
};

static void *user(void *arg)
{
	struct cks_reset r = { .size = sizeof(r) };
	struct user *u = arg;
	uint8_t rsp[16];
	char path[64];

	while (!atomic_load(&u->stop)) {
		int fd;

		snprintf(path, sizeof(path), "/dev/cks/coupler%u", atomic_load(&u->coupler));
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			usleep(1000);
			continue;
		}
		if (!ioctl(fd, CKS_IOC_RESET, &r))
			while (write(fd, case1, sizeof(case1)) > 0 &&
			       read(fd, rsp, sizeof(rsp)) > 0)
				atomic_fetch_add(&u->exchanges, 1);
		close(fd);
	}
	return NULL;
}

/* At any moment of activation, reset and exchange. */
static void test_ends_under_load(void **ctx)
{
	struct user u = { .stop = false };
	struct bed b;
	int err;

	(void)ctx;
	bed_ready(&b, atr_t0, sizeof(atr_t0));
	atomic_store(&u.coupler, b.coupler);
	assert_int_equal(pthread_create(&u.thread, NULL, user, &u), 0);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int before = atomic_load(&u.exchanges);

		wait_for("exchanges", i % 4 || atomic_load(&u.exchanges) != before);
		usleep((useconds_t)i * 7000);
		if (i % 2) {
			close(b.tty);
			b.tty = open(b.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
			assert_true(b.tty >= 0);
		} else {
			assert_int_equal(set_ldisc(b.tty, N_TTY), 0);
		}
		bed_attach(&b);
		/* It can have the number of the old one, and the user may be there first. */
		wait_for("no user", (err = set_wiring(&b, simcard_clk_hz())) != -EBUSY);
		assert_int_equal(err, 0);
		atomic_store(&u.coupler, b.coupler);
	}
	atomic_store(&u.stop, true);
	unplug(&b);
	pthread_join(u.thread, NULL);
	bed_down(&b);
}

/* -------------------------------------------------------------------------- cksattach */

struct helper {
	pid_t pid;
	FILE *out;
};

static void helper_start(struct helper *h, char *const *argv)
{
	int out[2];

	assert_int_equal(pipe(out), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (!h->pid) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execv(CKS_BIN "/cksattach", argv);
		_exit(127);
	}
	close(out[1]);
	h->out = fdopen(out[0], "r");
	assert_non_null(h->out);
}

static int helper_end(struct helper *h)
{
	int status;

	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	fclose(h->out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char clk_hz[16];

static void attach_by_helper(struct bed *b, struct helper *h)
{
	char *const argv[] = { "cksattach", "--json", b->path, "clk-hz", clk_hz, "power-line",
			       "dtr", "detect-line", "cts", NULL };
	char line[256] = "";
	const char *at;

	snprintf(clk_hz, sizeof(clk_hz), "%u", simcard_clk_hz());
	helper_start(h, argv);
	assert_non_null(fgets(line, sizeof(line), h->out));
	at = strstr(line, "\"coupler\":");
	assert_non_null(at);
	b->coupler = (uint32_t)strtoul(at + strlen("\"coupler\":"), NULL, 10);
}

static void test_helper(void **ctx)
{
	struct termios2 before, after;
	struct helper h;
	struct bed b;
	int fd, modem_before, modem_after;

	(void)ctx;
	bed_open(&b, atr_t0, sizeof(atr_t0));
	assert_int_equal(simcard_insert(b.card), 0);
	assert_int_equal(ioctl(b.tty, TCGETS2, &before), 0);
	assert_int_equal(ioctl(b.tty, TIOCMGET, &modem_before), 0);
	attach_by_helper(&b, &h);
	fd = open_coupler(&b);
	reset(fd, atr_t0, sizeof(atr_t0));
	exchange(fd);
	close(fd);

	kill(h.pid, SIGTERM);
	assert_int_equal(helper_end(&h), 0);
	assert_false(coupler_exists(&b));
	assert_int_equal(ldisc_of(b.tty), N_TTY);
	assert_int_equal(ioctl(b.tty, TCGETS2, &after), 0);
	assert_memory_equal(&after, &before, sizeof(before));
	assert_int_equal(ioctl(b.tty, TIOCMGET, &modem_after), 0);
	assert_int_equal(modem_after & (TIOCM_RTS | TIOCM_DTR),
			 modem_before & (TIOCM_RTS | TIOCM_DTR));
	bed_down(&b);
}

static void test_helper_ends_with_its_tty(void **ctx)
{
	struct helper h;
	struct bed b;

	(void)ctx;
	bed_open(&b, atr_t0, sizeof(atr_t0));
	attach_by_helper(&b, &h);
	unplug(&b);
	assert_int_equal(helper_end(&h), 1);
	bed_down(&b);

	/* And when somebody takes the tty back. */
	bed_open(&b, atr_t0, sizeof(atr_t0));
	attach_by_helper(&b, &h);
	assert_int_equal(set_ldisc(b.tty, N_TTY), 0);
	assert_int_equal(helper_end(&h), 1);
	bed_down(&b);
}

static int load(void **ctx)
{
	(void)ctx;
	return modules_load(modules);
}

static int unload(void **ctx)
{
	(void)ctx;
	return modules_unload(modules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_privilege),
		cmocka_unit_test(test_pty_has_no_modem_lines),
		cmocka_unit_test(test_no_autoload),
		cmocka_unit_test(test_nothing_before_wiring),
		cmocka_unit_test(test_rate_refused),
		cmocka_unit_test(test_t0),
		cmocka_unit_test(test_t1_after_pps),
		cmocka_unit_test(test_inverse_convention),
		cmocka_unit_test(test_extra_guard_time),
		cmocka_unit_test(test_rate_out_of_reach_is_not_negotiated),
		cmocka_unit_test(test_card_in_and_out),
		cmocka_unit_test(test_wirings),
		cmocka_unit_test(test_no_detect_line),
		cmocka_unit_test(test_io_low_without_power),
		cmocka_unit_test(test_hangup),
		cmocka_unit_test(test_detach),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_unplug),
		cmocka_unit_test(test_module_stays_while_attached),
		cmocka_unit_test(test_ends_under_load),
		cmocka_unit_test(test_helper),
		cmocka_unit_test(test_helper_ends_with_its_tty),
	};

	return cmocka_run_group_tests_name("tty", tests, load, unload);
}
