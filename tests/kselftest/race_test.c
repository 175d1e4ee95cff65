// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that can be done to couplers is done at once: who opens them, resets them, makes requests
 * of them, pulls their cards, closes their benches, takes their driver away and brings it back,
 * unloads the modules, gives them to another namespace, and asks netlink about all of it. Each gets
 * its turn and its errors, none waits for ever; afterwards nothing is left, and a session works.
 *
 * CKS_RACE_SECONDS (5) says for how long at least; and until each has had its way once.
 */
#include <fcntl.h>
#include <linux/cks.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/router_bed.h"

#define BENCHES		2
#define SLOTS		2	/* of a bench */
#define COUPLERS	6	/* numbers that are tried: old ones may be held a while */
#define REQUESTS	(10 * COUPLERS)	/* that are tried before the station is set again */
#define WEDGED_S	300	/* for who has not had its way, and for who is still at it */
#define RATIO		4	/* card clock to what is usual: the ATR takes less */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", "cks_router", NULL };
static const char *const to_unload[] = { "cks_router", "cks_uart", "cks_sim", "cks" };

static atomic_bool stop;

/* One of those at work; @worked counts what the kernel has let it do, @last_err is why not. */
struct party {
	const char *name;
	void (*step)(struct party *p);
	pthread_t thread;
	unsigned int seed;
	unsigned long tried;
	atomic_ulong worked;
	int last_err;
	int netns;
};

static unsigned int dice(struct party *p, unsigned int sides)
{
	return (unsigned int)rand_r(&p->seed) / 7 % sides;
}

static void worked(struct party *p, bool it)
{
	p->tried++;
	if (it)
		atomic_fetch_add(&p->worked, 1);
}

static int open_coupler(struct party *p, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", dice(p, COUPLERS));
	return open(path, O_RDWR | O_CLOEXEC | flags);
}

/* ----------------------------------------------------------------------------- the device */

static void opener(struct party *p)
{
	static const uint8_t read2[] = { 0x00, 0xb0, 0x00, 0x00, 0x02 };
	struct cks_state st = { .size = sizeof(st) };
	int fd = open_coupler(p, O_NONBLOCK);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	uint8_t rsp[16];

	worked(p, fd >= 0);
	if (fd < 0)
		return;
	ioctl(fd, CKS_IOC_STATE, &st);
	poll(&poll_fd, 1, 1);
	if (write(fd, read2, sizeof(read2)) > 0 && read(fd, rsp, sizeof(rsp)) < 0)
		ioctl(fd, CKS_IOC_POWER_OFF);
	close(fd);
}

static void resetter(struct party *p)
{
	struct cks_reset r = { .size = sizeof(r), .kind = CKS_COLD };
	struct cks_transmit t = {
		.size = sizeof(t), .timeout_ms = 5, .cmd_len = 5, .rsp_len = 16,
	};
	uint8_t cmd[5] = { 0x00, 0xb0, 0x00, 0x00, 0x02 }, rsp[16];
	int fd = open_coupler(p, 0);
	bool reset;

	if (fd < 0) {
		worked(p, false);
		return;
	}
	t.cmd = (uintptr_t)cmd;
	t.rsp = (uintptr_t)rsp;
	reset = !ioctl(fd, CKS_IOC_RESET, &r);
	worked(p, reset);
	if (reset)
		ioctl(fd, CKS_IOC_TRANSMIT, &t);
	r.kind = CKS_WARM;
	if (reset)
		ioctl(fd, CKS_IOC_RESET, &r);
	close(fd);
}

/* ------------------------------------------------------------------------------- netlink */

static int each(const void *obj, void *arg)
{
	(void)obj;
	++*(unsigned int *)arg;
	return 0;
}

static void dumper(struct party *p)
{
	struct cksnl_coupler c;
	struct cksnl_station st;
	unsigned int n = 0;
	struct cksnl *nl;

	if (cksnl_open(&nl, PATIENCE_MS, NULL, 0)) {
		worked(p, false);
		return;
	}
	cksnl_coupler_dump(nl, each, &n);
	worked(p, n > 0);
	cksnl_session_dump(nl, each, &n);
	cksnl_station_get(nl, &st);
	cksnl_coupler_get(nl, dice(p, COUPLERS), &c);
	cksnl_close(nl);
}

static void settler(struct party *p)
{
	struct cksnl_coupler c = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_IFSD),
		.index = dice(p, COUPLERS), .ifsd = (uint8_t)(32 + dice(p, 200)),
	};
	struct cksnl_coupler reply;
	struct cksnl *nl;

	if (cksnl_open(&nl, PATIENCE_MS, NULL, 0)) {
		worked(p, false);
		return;
	}
	worked(p, !cksnl_coupler_change(nl, &c));
	cksnl_coupler_reset(nl, c.index, dice(p, 2), &reply);
	cksnl_close(nl);
}

/* Listens, and asks for sessions that nobody leads to an end but itself. */
static void requester(struct party *p)
{
	struct cksnl_session r = {
		.has = CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_APPLICATION),
		.application = "read",
	};
	struct cksnl_station st = {
		.has = CKSNL_HAS(CKS_A_STATION_UUID) | CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH) |
		       CKSNL_HAS(CKS_A_STATION_LISTEN),
		.journal_epoch = p->tried + 1, .listen = !!dice(p, 8),
	};
	struct cksnl_session d = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_COUPLER) |
		       CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) | CKSNL_HAS(CKS_A_SESSION_BOOT_ID) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION_NUMBER),
		.disposition = CKS_DISPOSITION_UNKNOWN,
		.disposition_number = 1,
	};
	unsigned int tries;
	struct cksnl *nl;
	int err = 0;

	if (cksnl_open(&nl, PATIENCE_MS, NULL, 0)) {
		worked(p, false);
		return;
	}
	memcpy(st.uuid, uuid, sizeof(st.uuid));
	cksnl_station_change(nl, &st);
	/* A card is in for some milliseconds, and somebody else wants it, too. */
	for (tries = 0; tries < REQUESTS; tries++) {
		r.coupler = tries % COUPLERS;
		err = cksnl_request_new(nl, &r, &d.request, d.boot_id);
		if (!err)
			break;
		p->last_err = err;
	}
	d.coupler = r.coupler;
	worked(p, !err);
	if (!err) {
		if (dice(p, 2))
			cksnl_request_cancel(nl, d.request, "raced");
		cksnl_disposition_new(nl, &d);
	}
	cksnl_close(nl);
}

/* In a namespace of its own, it is given what it can get, and the namespace's end gives it back. */
static void emigrant(struct party *p)
{
	struct cksnl_station st = {
		.has = CKSNL_HAS(CKS_A_STATION_GIVE_LANE) | CKSNL_HAS(CKS_A_STATION_NETNS_FD),
	};
	struct cksnl *nl;
	int ns, err = 0;

	if (cksnl_open(&nl, PATIENCE_MS, NULL, 0)) {
		worked(p, false);
		return;
	}
	if (unshare(CLONE_NEWNET)) {
		cksnl_close(nl);
		return;
	}
	ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	st.netns_fd = (uint32_t)ns;
	for (st.give_lane = 0; st.give_lane < COUPLERS; st.give_lane++) {
		err = cksnl_station_change(nl, &st);
		if (!err)
			break;
		p->last_err = err;
	}
	worked(p, !err);
	cksnl_close(nl);
	close(ns);
	setns(p->netns, CLONE_NEWNET);
}

/* -------------------------------------------------------------------------------- sockets */

static void caller(struct party *p)
{
	static const uint8_t hello[] = {
		0x43, 0x4b, 1, HELLO, 0, 0, 0, 0, 0, 0, 0, 23, 0, NAME, 0, 0, 0, 3, 'C', 'A', 'S',
		0, LEASE_EPOCH, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	struct timeval patience = { .tv_usec = 20000 };
	struct linger reset = { .l_onoff = 1 };
	unsigned int port = dice(p, 2) ? CONTROL_PORT : CHANNEL_PORT + dice(p, COUPLERS);
	int fd = client_connect((uint16_t)port);
	uint8_t sink[256];

	worked(p, fd >= 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	client_send_raw(fd, hello, sizeof(hello));
	if (recv(fd, sink, sizeof(sink), 0) <= 0 || dice(p, 2))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

/* ------------------------------------------------------------------------------ hardware */

/* What a slow kernel needs, whose clocks the row divides: in 60 ms it gets no request through. */
static unsigned int slower(void)
{
	return simcard_clk_div() / SIMCARD_CLK_DIV;
}

static int add_slot(int bench)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .card_clk = RATIO * SIMCARD_OSCILLATOR,
		.uart_clk = RATIO * 1843200, .clk_div = slower(),
	};

	return ioctl(bench, CKS_SIM_ADD_SLOT, &slot);
}

static void preload(int slot)
{
	static const uint8_t atr[] = { 0x3b, 0x02, 0x14, 0x50 };
	struct cks_sim_event e[sizeof(atr)];
	size_t i;

	for (i = 0; i < sizeof(atr); i++)
		e[i] = (struct cks_sim_event){
			.type = CKS_SIM_CHAR, .value = atr[i], .flags = CKS_SIM_ON_RESET,
			.time = 500ULL * CKS_SIM_TICKS_PER_CLK,
		};
	if (write(slot, e, sizeof(e)) < 0)
		return;
}

/* A bench comes, its cards come and go, and it goes. */
static void unplugger(struct party *p)
{
	int bench = simbench_open(), slot[SLOTS], i, n;

	if (bench < 0) {
		worked(p, false);
		return;
	}
	for (i = 0; i < SLOTS; i++)
		slot[i] = add_slot(bench);
	for (n = (int)dice(p, 40); n >= 0 && !atomic_load(&stop); n--) {
		i = (int)dice(p, SLOTS);
		if (slot[i] < 0)
			continue;
		ioctl(slot[i], CKS_SIM_PRESENT, &(uint32_t){ 1 });
		preload(slot[i]);
		usleep(dice(p, 60000) * slower());
		worked(p, !ioctl(slot[i], CKS_SIM_PRESENT, &(uint32_t){ 0 }));
	}
	for (i = 0; i < SLOTS; i++)
		if (slot[i] >= 0 && dice(p, 2)) {
			close(slot[i]);
			slot[i] = -1;
		}
	close(bench);
	for (i = 0; i < SLOTS; i++)
		if (slot[i] >= 0)
			close(slot[i]);
}

static bool say(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The device of a coupler, by its number. */
static bool device_of(unsigned int number, char *name, size_t size)
{
	char path[64], link[256];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/cks/coupler%u/device", number);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	last = strrchr(link, '/');
	snprintf(name, size, "%s", last ? last + 1 : link);
	return true;
}

static void unbinder(struct party *p)
{
	char name[256];
	bool gone;

	if (!device_of(dice(p, COUPLERS), name, sizeof(name))) {
		worked(p, false);
		return;
	}
	gone = say("/sys/bus/platform/drivers/cks_uart/unbind", name);
	worked(p, gone);
	if (gone)
		say("/sys/bus/platform/drivers/cks_uart/bind", name);
}

static void unloader(struct party *p)
{
	time_t begin = time(NULL);
	unsigned int i;
	bool any = false;

	for (i = 0; i < 4; i++)
		any |= !syscall(SYS_delete_module, to_unload[i], O_NONBLOCK);
	worked(p, any);
	/* Some may not come, as long as those that they need go: those are due the next time. */
	for (i = 0; i < 4; i++)
		modules_load((const char *[]){ modules[i], NULL });
	usleep(dice(p, 100000));
	/* They are there for as long as they were away, which a slow kernel makes many seconds. */
	for (begin -= time(NULL); begin < 0 && !atomic_load(&stop); begin++)
		sleep(1);
}

/* ------------------------------------------------------------------------------ together */

static struct party parties[] = {
	{ .name = "opener", .step = opener },
	{ .name = "opener", .step = opener },
	{ .name = "resetter", .step = resetter },
	{ .name = "resetter", .step = resetter },
	{ .name = "dumper", .step = dumper },
	{ .name = "settler", .step = settler },
	{ .name = "requester", .step = requester },
	{ .name = "emigrant", .step = emigrant },
	{ .name = "caller", .step = caller },
	{ .name = "unplugger", .step = unplugger },
	{ .name = "unplugger", .step = unplugger },
	{ .name = "unbinder", .step = unbinder },
	{ .name = "unloader", .step = unloader },
};

#define PARTIES	(sizeof(parties) / sizeof(parties[0]))

static void *run(void *arg)
{
	struct party *p = arg;

	p->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	while (!atomic_load(&stop)) {
		p->step(p);
		/* The others want to get on, too. */
		usleep(dice(p, 2000));
	}
	close(p->netns);
	return NULL;
}

static bool all_have_worked(void)
{
	unsigned int i;

	for (i = 0; i < PARTIES; i++)
		if (!atomic_load(&parties[i].worked))
			return false;
	return true;
}

static void all_at_once(void **state)
{
	const char *text = getenv("CKS_RACE_SECONDS");
	unsigned int seconds = text ? (unsigned int)strtoul(text, NULL, 10) : 5, i;
	struct timespec end;

	(void)state;
	assert_int_equal(modules_load(modules), 0);
	for (i = 0; i < PARTIES; i++) {
		parties[i].seed = i + 1;
		assert_int_equal(pthread_create(&parties[i].thread, NULL, run, &parties[i]), 0);
	}
	sleep(seconds);
	for (i = 0; i < WEDGED_S && !all_have_worked(); i++)
		sleep(1);
	atomic_store(&stop, true);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WEDGED_S;
	for (i = 0; i < PARTIES; i++) {
		if (pthread_timedjoin_np(parties[i].thread, NULL, &end))
			fail_msg("the %s does not come back", parties[i].name);
		printf("# %s: %lu times, %lu worked%s%s\n", parties[i].name, parties[i].tried,
		       atomic_load(&parties[i].worked), parties[i].last_err ? "; at last: " : "",
		       parties[i].last_err ? strerror(-parties[i].last_err) : "");
	}
	assert_true(all_have_worked());
	for (i = 0; i < 4; i++) {
		int err = module_unload(to_unload[i]);

		if (err && err != -ENOENT)
			fail_msg("%s: %s", to_unload[i], strerror(-err));
	}
}

static int bed(void **state)
{
	static const uint8_t atr[] = { 0x3b, 0x02, 0x14, 0x50 };

	return bed_make(state, atr, sizeof(atr));
}

static void a_session(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_result(b, 1, CKS_VERDICT_GOOD);
	wait_session(b, CKS_SESSION_STATE_RESULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once),
		cmocka_unit_test_setup_teardown(a_session, bed, teardown),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("race", tests, NULL, NULL) ? 1 : 0;
}
