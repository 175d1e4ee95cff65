// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware that goes in the middle of things: in each phase of an activation, of PPS and of an
 * exchange the coupler's device is unbound, its bench closed, or the card pulled. The user hears of
 * it by the right error and at once, the contacts go off in order, and nothing is left.
 *
 *	unplug_test [ROUNDS]	(default: UNPLUG_ROUNDS of the environment, or 60)
 *	tools/qemu/run --timeout 1800 -- build/tests/kselftest/unplug_test 1000
 *
 * A round is one phase and one way. The card is this program, character by character, and the
 * answer to reset is the bench's. A moment that had passed before the program was there, which a
 * busy machine may do, shows nothing, and is tried again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <linux/cks_sim.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "libcksnl/cksnl.h"
#include "lib/modules.h"
#include "lib/simcard.h"

#define TRIES		10
#define LEAK_KIB	512	/* what a kernel's caches may grow by meanwhile */
#define RST_LOW_CLKS	40000
/* TS is awaited for 90 ms then, which is time to be there. */
#define CLK_DIV		(simcard_clk_div() / 2)

/* Ticks: from RST high to TS; and from the coupler's last character to the card's first. */
#define TS_AT		(1000ULL * CKS_SIM_TICKS_PER_CLK)
#define TURN		(24ULL * 372 * CKS_SIM_TICKS_PER_CLK)

static const char *const modules[] = { "cks", "cks_uart", "cks_sim", NULL };

/* ------------------------------------------------------------------------- what is tried */

/* What the card sees when the moment has come. */
enum moment {
	BEFORE,		/* nothing yet */
	VCC,
	RST_LOW,	/* half-way to RST high */
	RST_HIGH,	/* and no answer */
	SENT,		/* it has sent what it was to send, and more is expected */
	HEARD,		/* so many characters */
	READY,		/* the reset is over */
};

/**
 * struct phase - a moment of a session
 * @name: of it
 * @moment: kind
 * @atr: answer to reset, or the part of it that comes
 * @len: its length
 * @cmd: command that is sent after the reset, or NULL
 * @cmd_len: its length
 * @answer_at: after so many characters of the coupler the card sends @answer; 0 for never
 * @answer: characters
 * @answer_len: how many
 * @heard: HEARD: characters of the coupler
 */
struct phase {
	const char *name;
	enum moment moment;
	const uint8_t *atr;
	uint8_t len;
	const uint8_t *cmd;
	uint8_t cmd_len;
	uint8_t answer_at;
	const uint8_t *answer;
	uint8_t answer_len;
	uint8_t heard;
};

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t atr_ta1[] = { 0x3b, 0x12, 0x12, 0x14, 0x50 };	/* Fi 372, Di 2 */
static const uint8_t atr_t1[] = { 0x3b, 0x80, 0x01, 0x81 };
static const uint8_t pps[] = { 0xff, 0x10 };
static const uint8_t get[] = { 0x00, 0xb0, 0x00, 0x00, 0x10 };
static const uint8_t put[] = { 0x00, 0xd6, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t some_data[] = { 0xb0, 0x01, 0x02, 0x03 };
static const uint8_t go_on[] = { 0xd6 };
static const uint8_t prologue[] = { 0x00, 0xe1, 0x01 };			/* of S(IFS response) */

#define ATR(a)		.atr = a, .len = sizeof(a)
#define CMD(c)		.cmd = c, .cmd_len = sizeof(c)
#define ANSWER(n, a)	.answer_at = n, .answer = a, .answer_len = sizeof(a)

static const struct phase phases[] = {
	{ "before the reset", BEFORE, ATR(atr_t0) },
	{ "VCC and CLK on", VCC, ATR(atr_t0) },
	{ "RST low", RST_LOW, ATR(atr_t0) },
	{ "RST high, no TS yet", .moment = RST_HIGH },
	{ "half of the ATR", SENT, .atr = atr_t0, .len = 2 },
	{ "PPS request on its way", HEARD, ATR(atr_ta1), .heard = 2 },
	{ "PPS response awaited", HEARD, ATR(atr_ta1), .heard = 4 },
	{ "half of the PPS response", SENT, ATR(atr_ta1), ANSWER(4, pps) },
	{ "ready", READY, ATR(atr_t0) },
	{ "T=0, header on its way", HEARD, ATR(atr_t0), CMD(get), .heard = 2 },
	{ "T=0, procedure byte awaited", HEARD, ATR(atr_t0), CMD(get), .heard = 5 },
	{ "T=0, half of the response", SENT, ATR(atr_t0), CMD(get), ANSWER(5, some_data) },
	{ "T=0, half of the data sent", HEARD, ATR(atr_t0), CMD(put), ANSWER(5, go_on),
	  .heard = 9 },
	{ "T=1, block on its way", HEARD, ATR(atr_t1), CMD(get), .heard = 2 },
	{ "T=1, block awaited", HEARD, ATR(atr_t1), CMD(get), .heard = 5 },
	{ "T=1, half of a block", SENT, ATR(atr_t1), CMD(get), ANSWER(5, prologue) },
};

#define PHASES	(sizeof(phases) / sizeof(phases[0]))

enum way {
	UNBIND,		/* the driver is taken from the device */
	CLOSE,		/* the device goes */
	PULL,		/* the card goes */
	WAYS
};

static const char *const way_names[] = { "unbound", "closed", "pulled" };

/* --------------------------------------------------------------------------------- a round */

/**
 * struct round - one bench with a coupler, a card and a user
 * @phase: in which it is to go
 * @way: in which it goes
 * @bench: descriptor, -1 when closed
 * @slot: the card's side
 * @coupler: opened
 * @number: of the coupler
 * @heard: characters that the card has heard after its ATR
 * @sent: the card has sent, so many times
 * @powered: the card has VCC
 * @rst: RST is high
 * @order: nothing has gone off in the wrong order yet
 * @err: what the user's last call said
 * @why: what is wrong
 */
struct round {
	const struct phase *phase;
	enum way way;
	int bench;
	int slot;
	int coupler;
	unsigned int number;
	unsigned int heard;
	unsigned int sent;
	bool powered;
	bool rst;
	bool order;
	int err;
	char why[160];
};

static __attribute__((format(printf, 2, 3))) bool wrong(struct round *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, args);
	va_end(args);
	return false;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---------------------------------------------------------------------------- the card */

static bool put_chars(int slot, uint64_t at, const uint8_t *data, size_t len, uint8_t flags)
{
	struct cks_sim_event e = { .type = CKS_SIM_CHAR, .time = at, .flags = flags };

	for (size_t i = 0; i < len; i++) {
		e.value = data[i];
		if (write(slot, &e, sizeof(e)) != sizeof(e))
			return false;
	}
	return true;
}

/* What the card has seen; also whether contacts went off in the order of ISO/IEC 7816-3, 6.4. */
static void see(struct round *r, const struct cks_sim_event *e)
{
	const struct phase *p = r->phase;

	switch (e->type) {
	case CKS_SIM_VCC:
		/* One that is pulled loses all at once. */
		if (!e->value && r->rst && r->way != PULL)
			r->order = false;
		r->powered = e->value;
		break;
	case CKS_SIM_RST:
		r->rst = e->value;
		break;
	case CKS_SIM_SENT:
		r->sent++;
		break;
	case CKS_SIM_CHAR:
		r->heard++;
		if (p->answer_at && r->heard == p->answer_at) {
			r->sent = 0;
			put_chars(r->slot, e->time + TURN, p->answer, p->answer_len, 0);
		}
		break;
	}
}

static bool moment_has_come(const struct round *r)
{
	const struct phase *p = r->phase;

	switch (p->moment) {
	case VCC:
	case RST_LOW:
		return r->powered;
	case RST_HIGH:
		return r->rst;
	case SENT:
		return r->sent && r->heard >= p->answer_at;
	case HEARD:
		return r->heard >= p->heard;
	default:
		return true;
	}
}

/* Events until the moment has come; false when it does not. */
static bool play(struct round *r)
{
	struct pollfd f = { .fd = r->slot, .events = POLLIN };
	struct cks_sim_event e;

	while (!moment_has_come(r)) {
		if (poll(&f, 1, PATIENCE_MS) != 1 || read(r->slot, &e, sizeof(e)) != sizeof(e))
			return false;
		see(r, &e);
	}
	/* The middle of a phase that is nothing but time. */
	if (r->phase->moment == RST_LOW)
		usleep(RST_LOW_CLKS / 2 * (1000000ULL * CLK_DIV) / SIMCARD_OSCILLATOR);
	return true;
}

/* ---------------------------------------------------------------------------- the user */

static int err_of(long ret)
{
	return ret < 0 ? errno : 0;
}

static int reset(int fd)
{
	struct cks_reset arg = { .size = sizeof(arg) };

	return err_of(ioctl(fd, CKS_IOC_RESET, &arg));
}

/* A session of which no call is expected to come to its end. */
static void *use(void *arg)
{
	struct round *r = arg;
	uint8_t rsp[300];

	r->err = reset(r->coupler);
	if (r->err || !r->phase->cmd)
		return NULL;
	r->err = err_of(write(r->coupler, r->phase->cmd, r->phase->cmd_len));
	if (!r->err)
		r->err = err_of(read(r->coupler, rsp, sizeof(rsp)));
	return NULL;
}

/* It must end by itself. */
static bool join(pthread_t user)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_MS / 1000;
	return !pthread_timedjoin_np(user, NULL, &end);
}

static bool wait_present(int fd)
{
	struct cks_state st = { .size = sizeof(st) };

	for (int i = 0; i < PATIENCE_MS; i++) {
		if (ioctl(fd, CKS_IOC_STATE, &st))
			return false;
		if (st.present)
			return true;
		usleep(1000);
	}
	return false;
}

/* ---------------------------------------------------------------------------- it goes */

/* "cks_uart.3.auto": the device that the coupler belongs to. */
static bool unbind(unsigned int number)
{
	char link[64], target[256], *name;
	ssize_t n;
	int fd;
	bool ok;

	snprintf(link, sizeof(link), "/sys/class/cks/coupler%u/device", number);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	name = strrchr(target, '/') + 1;
	fd = open("/sys/bus/platform/drivers/cks_uart/unbind", O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, name, strlen(name)) == (ssize_t)strlen(name);
	close(fd);
	return ok;
}

static bool take_away(struct round *r)
{
	__u32 no = 0;

	switch (r->way) {
	case UNBIND:
		return unbind(r->number);
	case CLOSE:
		if (close(r->bench))
			return false;
		r->bench = -1;
		return true;
	default:
		return !ioctl(r->slot, CKS_SIM_PRESENT, &no);
	}
}

/* ---------------------------------------------------------------------------- and then */

static int count_coupler(const void *obj, void *arg)
{
	(void)obj;
	++*(int *)arg;
	return 0;
}

static int couplers_known(void)
{
	struct cksnl *nl;
	char why[256];
	int n = 0;

	if (cksnl_open(&nl, PATIENCE_MS, why, sizeof(why)))
		return -1;
	if (cksnl_coupler_dump(nl, count_coupler, &n))
		n = -1;
	cksnl_close(nl);
	return n;
}

/* A file whose coupler is gone: each call says so, none waits. */
static bool gone_for_good(struct round *r)
{
	struct pollfd f = { .fd = r->coupler, .events = POLLIN | POLLOUT };
	uint8_t rsp[16];
	char path[64];
	int fd, n;

	if (reset(r->coupler) != ENODEV)
		return wrong(r, "another reset is not ENODEV");
	if (err_of(write(r->coupler, get, sizeof(get))) != ENODEV)
		return wrong(r, "another command is not ENODEV");
	if (err_of(read(r->coupler, rsp, sizeof(rsp))) != ENODEV)
		return wrong(r, "reading is not ENODEV");
	if (poll(&f, 1, 0) != 1 || (f.revents & (POLLHUP | POLLERR)) != (POLLHUP | POLLERR))
		return wrong(r, "poll says %#x", (unsigned int)f.revents);
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", r->number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return wrong(r, "%s can still be opened", path);
	}
	n = couplers_known();
	return n ? wrong(r, "netlink still knows %d couplers", n) : true;
}

/* Card out: the coupler stays and is free for the next one. */
static bool usable(struct round *r)
{
	struct cks_state st = { .size = sizeof(st) };

	if (reset(r->coupler) != ENOMEDIUM)
		return wrong(r, "a reset without a card is not ENOMEDIUM");
	if (ioctl(r->coupler, CKS_IOC_STATE, &st) || st.present)
		return wrong(r, "a card is still there");
	return couplers_known() == 1 ? true : wrong(r, "netlink does not know the coupler");
}

/* What is left in the slot: the card has been switched off, RST before VCC. */
static bool switched_off(struct round *r)
{
	struct cks_sim_event e;

	fcntl(r->slot, F_SETFL, O_NONBLOCK);
	while (read(r->slot, &e, sizeof(e)) == sizeof(e))
		see(r, &e);
	if (r->powered)
		return wrong(r, "VCC is still on");
	return r->order ? true : wrong(r, "VCC went off before RST");
}

static bool set_up(struct round *r)
{
	struct cks_sim_slot slot;
	__u32 yes = 1;
	char path[64];

	simcard_slot_default(&slot);
	slot.clk_div = CLK_DIV;
	r->bench = simbench_open();
	r->slot = r->bench < 0 ? -1 : ioctl(r->bench, CKS_SIM_ADD_SLOT, &slot);
	if (r->slot < 0)
		return wrong(r, "no slot: %s", strerror(errno));
	r->number = slot.coupler;
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", r->number);
	r->coupler = open(path, O_RDWR | O_CLOEXEC);
	if (r->coupler < 0)
		return wrong(r, "%s: %s", path, strerror(errno));
	if (!put_chars(r->slot, TS_AT, r->phase->atr, r->phase->len, CKS_SIM_ON_RESET) ||
	    ioctl(r->slot, CKS_SIM_PRESENT, &yes) || !wait_present(r->coupler))
		return wrong(r, "the card does not get in");
	return true;
}

static void tear_down(struct round *r)
{
	if (r->coupler >= 0)
		close(r->coupler);
	if (r->slot >= 0)
		close(r->slot);
	if (r->bench >= 0)
		close(r->bench);
}

static bool is_between_calls(const struct phase *p)
{
	return p->moment == BEFORE || p->moment == READY;
}

/* The user at work, up to the moment, and the blow. */
static bool strike(struct round *r)
{
	pthread_t user;

	if (is_between_calls(r->phase)) {
		if (r->phase->moment == READY && reset(r->coupler))
			return wrong(r, "the reset failed: %s", strerror(errno));
		if (!take_away(r))
			return wrong(r, "cannot be taken away: %s", strerror(errno));
		r->err = r->way == PULL ? ENOMEDIUM : ENODEV;
		return true;
	}
	if (pthread_create(&user, NULL, use, r))
		return wrong(r, "no thread");
	if (!play(r)) {
		join(user);
		return wrong(r, "the moment did not come");
	}
	if (!take_away(r))
		wrong(r, "cannot be taken away: %s", strerror(errno));
	if (join(user))
		return !*r->why;
	printf("Bail out! %s, %s: a call does not end\n", r->phase->name, way_names[r->way]);
	exit(1);
}

enum outcome { GOOD, BAD, MISSED };

static struct {
	uint64_t set_up, strike, rest;
} spent;

/* Once. The engine's own deadline came first: the moment was missed. */
static enum outcome once(struct round *r)
{
	int expected = r->way == PULL ? ENOMEDIUM : ENODEV;
	uint64_t t0 = now_us(), t1, t2;
	enum outcome ret = BAD;

	if (!set_up(r))
		goto out;
	t1 = now_us();
	if (!strike(r))
		goto out;
	t2 = now_us();
	spent.set_up += t1 - t0;
	spent.strike += t2 - t1;
	if (r->err == ETIMEDOUT)
		ret = MISSED;
	else if (r->err != expected)
		wrong(r, "the user heard: %s", strerror(r->err));
	else if ((r->way == PULL ? usable(r) : gone_for_good(r)) && switched_off(r))
		ret = GOOD;
out:
	t2 = now_us();
	tear_down(r);
	if (ret != BAD && couplers_known()) {
		wrong(r, "the coupler outlives its bench");
		ret = BAD;
	}
	spent.rest += now_us() - t2;
	return ret;
}

/* ----------------------------------------------------------------------------- reports */

static int count;
static bool failed;

static void tap(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++count, name);
	fflush(stdout);
	failed |= !ok;
}

/* Memory that the kernel cannot take back by itself, KiB. */
static long kernel_memory(void)
{
	static const char *const what[] = { "SUnreclaim:", "Percpu:", "KernelStack:" };
	long sum = 0, kib;
	char line[128];
	FILE *f;

	f = fopen("/proc/sys/vm/drop_caches", "w");
	if (f) {
		fputs("3\n", f);
		fclose(f);
	}
	f = fopen("/proc/meminfo", "r");
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++)
			if (!strncmp(line, what[i], strlen(what[i])) &&
			    sscanf(line + strlen(what[i]), "%ld", &kib) == 1)
				sum += kib;
	if (f)
		fclose(f);
	return sum;
}

/* KASAN keeps what is freed for a while; with it comes kmemleak, which looks at the end. */
static bool freed_memory_stays(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	bool found = false;
	char line[256];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " kasan_quarantine_put");
	if (f)
		fclose(f);
	return found;
}

/* Of each phase. */
static struct {
	unsigned int rounds, bad, missed;
} tally[PHASES];

static void one_round(unsigned int i)
{
	unsigned int phase = i % PHASES, way = i / PHASES % WAYS;
	enum outcome o = MISSED;

	for (int n = 0; n < TRIES && o == MISSED; n++) {
		struct round r = {
			.phase = &phases[phase], .way = way, .order = true,
			.bench = -1, .slot = -1, .coupler = -1,
		};

		o = once(&r);
		if (o == MISSED)
			tally[phase].missed++;
		else if (o == BAD)
			printf("# round %u, %s, %s: %s\n", i, r.phase->name, way_names[way], r.why);
	}
	tally[phase].rounds++;
	tally[phase].bad += o != GOOD;
}

static unsigned int rounds_wanted(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : getenv("UNPLUG_ROUNDS");
	unsigned long n = text ? strtoul(text, NULL, 10) : 60;

	return n >= PHASES && n <= 1000000 ? (unsigned int)n : PHASES;
}

int main(int argc, char **argv)
{
	unsigned int rounds = rounds_wanted(argc, argv), missed = 0;
	long before = 0, after;
	uint64_t start;

	printf("1..%zu\n", PHASES + 3);
	tap(!modules_load(modules), "modules are loaded");
	start = now_us();
	for (unsigned int i = 0; i < rounds && !failed; i++) {
		if (i == PHASES)
			before = kernel_memory();
		one_round(i);
	}
	after = kernel_memory();
	for (size_t i = 0; i < PHASES; i++) {
		tap(tally[i].rounds && !tally[i].bad, phases[i].name);
		missed += tally[i].missed;
	}
	printf("# %u rounds in %llu ms, %u moments missed\n", rounds,
	       (unsigned long long)(now_us() - start) / 1000, missed);
	printf("# set up: %llu ms, until it was gone: %llu ms, cleaned up: %llu ms\n",
	       (unsigned long long)spent.set_up / 1000, (unsigned long long)spent.strike / 1000,
	       (unsigned long long)spent.rest / 1000);
	printf("# %ld KiB after %zu rounds, %ld KiB after all\n", before, PHASES, after);
	tap(!before || freed_memory_stays() || after - before <= LEAK_KIB, "the memory is back");
	tap(!modules_unload(modules), "modules are unloaded");
	return failed;
}
