// SPDX-License-Identifier: GPL-2.0-only
/*
 * The world is set up through libcksnl and the bench's device, and put in order between programs.
 */
#include <fcntl.h>
#include <linux/cks_sim.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../lib/router_bed.h"
#include "kcov.h"
#include "world.h"

/*
 * Faster than in other tests, so that cards that say nothing do not take long: but slow enough for
 * a kernel with all its checks to keep up with the characters.
 */
#define CARD_CLK	7159090
#define UART_CLK	3686400
#define SLOWER(div)	((div) / 4)

/* What can be set, and read again. */
#define SETTINGS	(CKSNL_HAS(CKS_A_STATION_UUID) | CKSNL_HAS(CKS_A_STATION_ADDRESS) | \
			 CKSNL_HAS(CKS_A_STATION_CONTROL_PORT) | \
			 CKSNL_HAS(CKS_A_STATION_CHANNEL_PORT) | \
			 CKSNL_HAS(CKS_A_STATION_VPCD_PORT) | \
			 CKSNL_HAS(CKS_A_STATION_PLAINTEXT_OK) | CKSNL_HAS(CKS_A_STATION_HOLD) | \
			 CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH) | \
			 CKSNL_HAS(CKS_A_STATION_LISTEN) | \
			 attributes(CKS_A_STATION_DEADLINE_RESET, CKS_A_STATION_DISPOSITIONS_MAX))

static void on_alarm(int sig)
{
	(void)sig;	/* what waits is interrupted */
}

bool world_wait(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, ms) > 0;
}

static bool at_work(const struct world *w)
{
	struct cksnl_coupler c;

	return !cksnl_coupler_get(w->nl, w->here.coupler, &c) &&
	       (c.state == CKS_COUPLER_STATE_RESETTING ||
		c.state == CKS_COUPLER_STATE_EXCHANGING);
}

/* Nothing but this runs or could: whatever has been set going is done, or waits for a time. */
static bool alone(const struct world *w)
{
	char text[64] = "";

	assert_true(pread(w->load, text, sizeof(text) - 1, 0) > 0);
	/* Behind the averages: how many can run now, of how many. */
	return strstr(text, " 1/");
}

bool world_expect(struct world *w, int fd)
{
	unsigned int ms;

	if (fd < 0)
		return false;
	/* The longer it takes, the longer it may take: a look costs more than time that passes. */
	for (ms = 1; !world_wait(fd, 0); ms = ms < STEP_MS ? 2 * ms : ms) {
		/* What ran a moment ago may have set the coupler to work, and vice versa. */
		if (alone(w) && !at_work(w) && alone(w))
			return world_wait(fd, 0);
		if (w->patience < ms)
			return false;
		w->patience -= ms;
		if (world_wait(fd, (int)ms))
			break;
	}
	return true;
}

void world_drain(int fd)
{
	static uint8_t buf[32768];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* -------------------------------------------------------------------------- what is set */

static bool same(const struct cksnl_field *f, const void *a, const void *b)
{
	static const uint8_t size[] = {
		[CKSNL_BOOL] = 1, [CKSNL_U8] = 1, [CKSNL_U16] = 2, [CKSNL_U32] = 4,
		[CKSNL_U64] = 8, [CKSNL_ENUM] = 4, [CKSNL_FLAGS] = 4, [CKSNL_ID] = CKSNL_ID_LEN,
	};
	const uint8_t *p = (const uint8_t *)a + f->offset, *q = (const uint8_t *)b + f->offset;
	uint16_t len;

	switch (f->kind) {
	case CKSNL_STRING:
		return !strcmp((const char *)p, (const char *)q);
	case CKSNL_BINARY:
		memcpy(&len, p, sizeof(len));
		return !memcmp(p, q, sizeof(len) + len);
	default:
		return !memcmp(p, q, size[f->kind]);
	}
}

/* Of the attributes @which; a program that was refused has changed none. */
static bool all_same(const struct cksnl_set *set, uint64_t which, const void *a, const void *b)
{
	unsigned int i;

	for (i = 0; i < set->nfields; i++)
		if (which & CKSNL_HAS(set->fields[i].attr) && !same(&set->fields[i], a, b))
			return false;
	return true;
}

static uint64_t attributes(unsigned int first, unsigned int last)
{
	uint64_t which = 0;

	while (first <= last)
		which |= CKSNL_HAS(first++);
	return which;
}

/* --------------------------------------------------------------------------- the bench */

/* Return: number of its coupler, or of its tty. */
static uint32_t slot_begin(struct world *w, struct place *at, uint32_t flags)
{
	struct cks_sim_slot slot = {
		.size = sizeof(slot), .flags = flags, .card_clk = CARD_CLK, .uart_clk = UART_CLK,
		.clk_div = SLOWER(simcard_clk_div()),
	};

	memset(at, 0, sizeof(*at));
	at->file = -1;
	at->slot = ioctl(w->bench, CKS_SIM_ADD_SLOT, &slot);
	assert_true(at->slot >= 0);
	assert_int_equal(fcntl(at->slot, F_SETFL, O_NONBLOCK), 0);
	return slot.coupler;
}

static void bench_begin(struct world *w)
{
	w->bench = open("/dev/cks_sim", O_RDWR | O_CLOEXEC);
	assert_true(w->bench >= 0);
	w->here.coupler = slot_begin(w, &w->here, 0);
	assert_int_equal(cksnl_coupler_get(w->nl, w->here.coupler, &w->settings), 0);
	w->settings.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) |
			  attributes(CKS_A_COUPLER_CLK_HZ, CKS_A_COUPLER_IFSD);
	w->tty_line = slot_begin(w, &w->of_tty, CKS_SIM_8250);
	w->of_tty.coupler = UINT32_MAX;
}

static void bench_end(struct world *w)
{
	close(w->of_tty.slot);
	close(w->here.slot);
	close(w->bench);
}

/* The card out, and nothing of it left. */
static void bench_again(struct world *w)
{
	struct cks_sim_fault none = { .type = CKS_SIM_FAULT_NONE };
	struct cks_sim_event e[64];
	uint32_t out = 0;

	assert_int_equal(ioctl(w->here.slot, CKS_SIM_FAULT, &none), 0);
	assert_int_equal(ioctl(w->here.slot, CKS_SIM_PRESENT, &out), 0);
	while (read(w->here.slot, e, sizeof(e)) > 0)
		;
	if (w->here.present)
		world_wait(w->events, WAIT_MS);
	w->here.present = false;
	w->here.t1 = false;
}

static int take_back(const void *obj, void *arg)
{
	const struct cksnl_coupler *c = obj;
	struct world *w = arg;

	if (c->index != w->here.coupler)
		cksnl_coupler_del(w->nl, c);
	return 0;
}

/* ------------------------------------------------------------------------- the station */

static struct cksnl_station station_now(struct world *w)
{
	struct cksnl_station st;
	int err = cksnl_station_get(w->nl, &st);

	if (err)
		fail_msg("station: %s", strerror(-err));
	return st;
}

static void station_change(struct world *w, const struct cksnl_station *st)
{
	if (cksnl_station_change(w->nl, st))
		fail_msg("station: %s", cksnl_error(w->nl));
}

/* As it was when the router was loaded; what only grows stays. */
static void station_set_up(void *arg)
{
	static const struct cksnl_station first = {
		.uuid = "a hostile world", .address = "127.0.0.1",
		.control_port = CONTROL_PORT, .channel_port = CHANNEL_PORT,
		.vpcd_port = VPCD_PORT, .deadline_reset = 60000, .deadline_open = 30000,
		.deadline_idle = 120000, .deadline_command = 60000, .deadline_reopen = 30000,
		.deadline_result = 30000, .deadline_greeting = 10000, .ping_interval = 10000,
		.connections_max = 1024, .backlog = 128, .requests_max = 1024,
		.dispositions_max = 4096,
	};
	struct cksnl_station off = { .has = CKSNL_HAS(CKS_A_STATION_LISTEN) };
	struct world *w = arg;
	struct cksnl_station st = first, now;
	unsigned int i;

	station_change(w, &off);
	now = station_now(w);
	for (i = 0; i < 8 * sizeof(now.vpcd_lanes.data); i++) {
		struct cksnl_station lane = { .vpcd_off_lane = i, .start_lane = i };

		if (now.vpcd_lanes.data[i / 8] & 1 << i % 8)
			lane.has |= CKSNL_HAS(CKS_A_STATION_VPCD_OFF_LANE);
		if (now.lanes_stopped.data[i / 8] & 1 << i % 8)
			lane.has |= CKSNL_HAS(CKS_A_STATION_START_LANE);
		if (lane.has)
			station_change(w, &lane);
	}
	st.has = SETTINGS;
	st.journal_epoch = ++w->journal;
	st.listen = 1;
	station_change(w, &st);
	w->station = station_now(w);
}

static bool has_lane(const struct world *w, const struct cksnl_station *st)
{
	return st->lanes.data[w->here.coupler / 8] & 1 << w->here.coupler % 8;
}

static bool as_set_up(const struct world *w, const struct cksnl_station *st)
{
	return st->state != CKS_STATION_STATE_DOWN &&
	       all_same(&cksnl_station_set, SETTINGS | CKSNL_HAS(CKS_A_STATION_LANES_STOPPED) |
			CKSNL_HAS(CKS_A_STATION_VPCD_LANES), st, &w->station);
}

struct left {
	struct {
		uint64_t request;
		uint32_t coupler;
		uint32_t presence_gen;
	} s[64];
	unsigned int n;
};

static int note(const void *obj, void *arg)
{
	const struct cksnl_session *s = obj;
	struct left *l = arg;

	if (l->n < sizeof(l->s) / sizeof(l->s[0])) {
		l->s[l->n].request = s->request;
		l->s[l->n].coupler = s->coupler;
		l->s[l->n++].presence_gen = s->presence_gen;
	}
	return 0;
}

static void sessions_end(struct world *w, const struct cksnl_station *st)
{
	struct cksnl_session d = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_COUPLER) |
		       CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) | CKSNL_HAS(CKS_A_SESSION_BOOT_ID) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION_NUMBER),
		.disposition = CKS_DISPOSITION_UNKNOWN,
	};
	uint64_t last = st->last_disposition;
	struct left l = { .n = 0 };

	if (cksnl_session_dump(w->nl, note, &l))
		fail_msg("sessions: %s", cksnl_error(w->nl));
	memcpy(d.boot_id, st->boot_id, sizeof(d.boot_id));
	while (l.n--) {
		d.request = l.s[l.n].request;
		d.coupler = l.s[l.n].coupler;
		d.presence_gen = l.s[l.n].presence_gen;
		d.disposition_number = ++last;
		cksnl_request_cancel(w->nl, d.request, "the program is over");
		if (cksnl_disposition_new(w->nl, &d))
			fail_msg("disposition: %s", cksnl_error(w->nl));
	}
}

/* What the program said had been disposed of before counts, too. */
static void acknowledge(struct world *w, struct cksnl_station *st)
{
	struct cksnl_station acked = {
		.has = CKSNL_HAS(CKS_A_STATION_ACKED_DISPOSITION),
		.acked_disposition = st->last_disposition,
	};

	if (st->last_disposition > st->acked_disposition)
		station_change(w, &acked);
}

static void station_again(struct world *w, struct cksnl_station st)
{
	unsigned int ms;

	/* Of the last numbers there are, none is next. */
	if (!as_set_up(w, &st) || st.last_disposition > UINT64_MAX / 2) {
		kcov_in_remote(station_set_up, w);
		st = station_now(w);
	}
	acknowledge(w, &st);
	sessions_end(w, &st);
	for (ms = 0; st = station_now(w), st.connections || !has_lane(w, &st); ms++) {
		assert_in_range(ms, 0, PATIENCE_MS);
		usleep(1000);
	}
	acknowledge(w, &st);
	w->number = st.last_disposition + 1;
	w->lease = st.lease_epoch;
	w->request = 0;
	memcpy(w->boot_id, st.boot_id, sizeof(w->boot_id));
}

/* ------------------------------------------------------------------------------- sockets */

static int message_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	assert_true(fd >= 0);
	/* Without an address of its own it would hear of no event. */
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

static void netlink_begin(struct world *w)
{
	static const char *const groups[] = { "card", "request", "result", "fault" };
	struct nl_sock *sk = nl_socket_alloc();
	int home, i, group;

	assert_non_null(sk);
	assert_int_equal(genl_connect(sk), 0);
	w->family = genl_ctrl_resolve(sk, CKS_FAMILY_NAME);
	assert_in_range(w->family, 1, UINT16_MAX);
	w->events = message_socket();
	for (i = 0; i < 4; i++) {
		group = genl_ctrl_resolve_grp(sk, CKS_FAMILY_NAME, groups[i]);
		assert_int_equal(setsockopt(w->events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					    &group, sizeof(group)), 0);
	}
	nl_socket_free(sk);

	w->netlink[0] = message_socket();
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	w->netlink[1] = message_socket();
	w->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(w->netns >= 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(home);
}

static void reader_begin(struct world *w)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)(VPCD_PORT + w->here.coupler)),
	};
	int on = 1;

	w->vpcd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(w->vpcd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(w->vpcd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(w->vpcd, 8), 0);
}

/* ---------------------------------------------------------------------------------- life */

void world_begin(struct world *w)
{
	struct sigaction alarmed = { .sa_handler = on_alarm };
	char why[128] = "";
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->tty = -1;
	for (i = 0; i < WORLD_CONNS; i++)
		w->conn[i].fd = -1;
	sigaction(SIGALRM, &alarmed, NULL);
	if (cksnl_open(&w->nl, PATIENCE_MS, why, sizeof(why)))
		fail_msg("netlink: %s", why);
	w->load = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	assert_true(w->load >= 0);
	bench_begin(w);
	netlink_begin(w);
	reader_begin(w);
	world_again(w);
}

void world_end(struct world *w)
{
	world_again(w);
	close(w->load);
	close(w->vpcd);
	close(w->netlink[0]);
	close(w->netlink[1]);
	close(w->events);
	close(w->netns);
	bench_end(w);
	cksnl_close(w->nl);
}

/* Whoever has connected to the reader's driver meanwhile. */
static void reader_again(const struct world *w)
{
	int fd;

	while (fd = accept(w->vpcd, NULL, NULL), fd >= 0)
		close(fd);
}

void world_again(struct world *w)
{
	struct cksnl_station st;
	struct cksnl_coupler c;

	tcp_close_all(w);
	if (w->here.file >= 0)
		close(w->here.file);
	w->here.file = -1;
	tty_again(w);
	bench_again(w);
	if (w->made)
		cksnl_coupler_dump(w->nl, take_back, w);
	w->made = false;
	st = station_now(w);
	if (!has_lane(w, &st)) {
		/* Given to another station. */
		bench_end(w);
		bench_begin(w);
		close(w->vpcd);
		reader_begin(w);
	}
	assert_int_equal(cksnl_coupler_get(w->nl, w->here.coupler, &c), 0);
	if (!all_same(&cksnl_coupler_set, w->settings.has, &c, &w->settings) &&
	    cksnl_coupler_change(w->nl, &w->settings))
		fail_msg("coupler: %s", cksnl_error(w->nl));
	/* A request for another presence would be refused. */
	w->here.presence_gen = c.presence_gen;
	station_again(w, st);
	reader_again(w);
	world_drain(w->netlink[0]);
	world_drain(w->netlink[1]);
	world_drain(w->events);
}

/* --------------------------------------------------------------------------------- running */

void world_fill(const struct world *w, const struct op *op, uint8_t *ret_data, bool big)
{
	const struct {
		const char *mark;
		unsigned int len;
		bool number;
		uint64_t v;
		const uint8_t *bytes;
	} marks[] = {
		{ "@CPL", 4, true, w->here.coupler, NULL },
		{ "@GEN", 4, true, w->here.presence_gen, NULL },
		{ "@TTY", 4, true, w->of_tty.coupler, NULL },
		{ "@CLK", 4, true, w->settings.clk_hz, NULL },
		{ "@NET", 4, true, (uint64_t)w->netns, NULL },
		{ "@REQUEST", 8, true, w->request, NULL },
		{ "@NUMBER@", 8, true, w->number, NULL },
		{ "@LEASE@@", 8, true, w->lease, NULL },
		{ MARK_TOKEN, 16, false, 0, w->token },
		{ MARK_BOOT_ID, 16, false, 0, w->boot_id },
	};
	size_t at, i, j;

	memcpy(ret_data, op->data, op->len);
	for (at = 0; at + 4 <= op->len; at++) {
		if (ret_data[at] != '@')
			continue;
		for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
			unsigned int len = marks[i].len;

			if (at + len > op->len || memcmp(ret_data + at, marks[i].mark, len))
				continue;
			for (j = 0; j < len; j++)
				ret_data[at + j] = marks[i].number ?
					(uint8_t)(marks[i].v >> 8 * (big ? len - 1 - j : j)) :
					marks[i].bytes[j];
			break;
		}
	}
}

void world_run(struct world *w, const struct program *p)
{
	static void (*const run[OP_KINDS])(struct world *w, const struct op *op) = {
		[OP_NETLINK] = netlink_run,
		[OP_CHARDEV] = chardev_run,
		[OP_TCP] = tcp_run,
		[OP_CARD] = card_run,
		[OP_TTY] = tty_run,
	};
	const struct itimerval patience = {
		.it_value.tv_usec = 10 * WAIT_MS * 1000, .it_interval.tv_usec = WAIT_MS * 1000,
	};
	const struct itimerval off = { .it_value.tv_sec = 0 };
	uint16_t at = 0;
	struct op op;

	w->patience = BUSY_MS;
	while (program_next(p, &at, &op)) {
		setitimer(ITIMER_REAL, &patience, NULL);
		run[op.kind](w, &op);
		w->ops[op.kind]++;
		setitimer(ITIMER_REAL, &off, NULL);
	}
}
