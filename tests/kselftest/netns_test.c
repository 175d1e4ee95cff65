// SPDX-License-Identifier: GPL-2.0-only
/*
 * A station in a network namespace of its own, over IPv4 and IPv6, where it is told to listen by
 * netlink; and what happens when the namespace ends while it is at work.
 *
 * The namespace is kept by a process of the test's, which is also the control unit there. It
 * carries out what it is told over a pair of sockets.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/kernel_memory.h"
#include "lib/router_bed.h"
#include "lib/wait.h"

#define OUTSIDE		"fd00::1"
#define INSIDE		"fd00::2"
#define LEAK_ROUNDS	20
#define SLOW_ROUNDS	5	/* under a slow kernel */
#define MEMORY_SLACK_KB	4096

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };

/* ------------------------------------------------------------------ inside the namespace */

enum order { LISTEN, UNLISTEN, NEW_REQUEST, GET_STATION, GET_COUPLER, COUNT_COUPLERS, SET_COUPLER,
	NEXT_EVENT };

struct request {
	enum order order;
	char address[46];
	uint16_t control_port;
	uint16_t channel_port;
	uint32_t backlog;
	uint8_t plaintext_ok;
	uint32_t coupler;
};

struct answer {
	int err;
	uint64_t number;
	struct cksnl_station station;
	struct cksnl_coupler coupler;
	uint8_t event;
};

static int count(const void *obj, void *arg)
{
	(void)obj;
	++*(uint64_t *)arg;
	return 0;
}

/* The first of those that have come. */
static void note(const struct cksnl_event *event, void *arg)
{
	struct answer *a = arg;

	if (a->number)
		return;
	a->number = 1;
	a->event = event->cmd;
	a->coupler = event->coupler;
}

/* One at a time: the caller makes the next one when this is told. */
static void next_event(struct cksnl_events *events, struct answer *a)
{
	struct pollfd p = { .fd = cksnl_events_fd(events), .events = POLLIN };

	a->err = poll(&p, 1, PATIENCE_MS) == 1 ? cksnl_events_read(events, note, a) : -ETIMEDOUT;
}

static void carry_out(struct cksnl *nl, struct cksnl_events *events, const struct request *r,
		      struct answer *a)
{
	struct cksnl_coupler c = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_POLICY),
		.index = r->coupler,
	};
	struct cksnl_station st = {
		.has = CKSNL_HAS(CKS_A_STATION_UUID) | CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH) |
		       CKSNL_HAS(CKS_A_STATION_ADDRESS) | CKSNL_HAS(CKS_A_STATION_LISTEN) |
		       CKSNL_HAS(CKS_A_STATION_CONTROL_PORT) |
		       CKSNL_HAS(CKS_A_STATION_CHANNEL_PORT) |
		       CKSNL_HAS(CKS_A_STATION_BACKLOG) | CKSNL_HAS(CKS_A_STATION_PLAINTEXT_OK),
		.journal_epoch = EPOCH,
		.listen = 1,
		.control_port = r->control_port,
		.channel_port = r->channel_port,
		.backlog = r->backlog,
		.plaintext_ok = r->plaintext_ok,
	};
	const struct cksnl_station down = { .has = CKSNL_HAS(CKS_A_STATION_LISTEN) };
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_APPLICATION),
		.coupler = r->coupler,
		.application = "personalize",
	};
	uint8_t boot_id[16];

	switch (r->order) {
	case LISTEN:
		memcpy(st.uuid, uuid, sizeof(uuid));
		memcpy(st.address, r->address, sizeof(st.address));
		a->err = cksnl_station_change(nl, &st);
		break;
	case UNLISTEN:
		a->err = cksnl_station_change(nl, &down);
		break;
	case NEW_REQUEST:
		a->err = cksnl_request_new(nl, &s, &a->number, boot_id);
		break;
	case GET_STATION:
		a->err = cksnl_station_get(nl, &a->station);
		break;
	case GET_COUPLER:
		a->err = cksnl_coupler_get(nl, r->coupler, &a->coupler);
		break;
	case COUNT_COUPLERS:
		a->err = cksnl_coupler_dump(nl, count, &a->number);
		break;
	case SET_COUPLER:
		a->err = cksnl_coupler_change(nl, &c);
		break;
	case NEXT_EVENT:
		next_event(events, a);
		break;
	}
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		_exit(3);
	close(fd);
}

static void live_inside(int pipe)
{
	struct cksnl_events *events;
	struct request r;
	struct cksnl *nl;
	char why[128];

	if (unshare(CLONE_NEWNET))
		_exit(1);
	loopback_up();
	if (cksnl_open(&nl, PATIENCE_MS, why, sizeof(why)) ||
	    cksnl_events_open(&events, CKSNL_GROUP_CARD))
		_exit(2);
	if (write(pipe, "+", 1) != 1)
		_exit(4);
	while (read(pipe, &r, sizeof(r)) == sizeof(r)) {
		struct answer a = { .err = 0 };

		carry_out(nl, events, &r, &a);
		if (write(pipe, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

struct inside {
	pid_t pid;
	int pipe;
	int ns;
};

static void inside_begin(struct inside *in)
{
	char path[64], ready;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	in->pid = fork();
	assert_true(in->pid >= 0);
	if (!in->pid) {
		close(pair[0]);
		live_inside(pair[1]);
	}
	close(pair[1]);
	in->pipe = pair[0];
	assert_int_equal(read(in->pipe, &ready, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", in->pid);
	in->ns = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(in->ns >= 0);
}

static struct answer tell(struct inside *in, struct request r)
{
	struct answer a;

	assert_int_equal(write(in->pipe, &r, sizeof(r)), sizeof(r));
	assert_int_equal(read(in->pipe, &a, sizeof(a)), sizeof(a));
	return a;
}

/* Nothing of ours keeps the namespace then. */
static void inside_end(struct inside *in)
{
	if (!in->pid)
		return;
	close(in->ns);
	close(in->pipe);
	assert_int_equal(waitpid(in->pid, NULL, 0), in->pid);
	in->pid = 0;
}

static struct request at(const char *address, uint16_t control_port, uint16_t channel_port)
{
	struct request r = {
		.order = LISTEN,
		.control_port = control_port,
		.channel_port = channel_port,
		.backlog = 7,
	};

	snprintf(r.address, sizeof(r.address), "%s", address);
	return r;
}

/* ----------------------------------------------------------------------------- outside */

static int give(struct bed *b, const struct inside *in)
{
	const struct cksnl_station st = {
		.has = CKSNL_HAS(CKS_A_STATION_GIVE_LANE) | CKSNL_HAS(CKS_A_STATION_NETNS_FD),
		.give_lane = b->coupler,
		.netns_fd = (uint32_t)in->ns,
	};

	return cksnl_station_change(b->nl, &st);
}

static bool has_lane(const struct cksnl_station *st, unsigned int index)
{
	return st->lanes.data[index / 8] & 1 << index % 8;
}

static void wait_home(struct bed *b)
{
	struct cksnl_station st;

	wait_for("a lane of the coupler", (st = station(b), has_lane(&st, b->coupler)));
}

/* A connection of the namespace that @ns stands for; -1: of this one. */
static int dial(int ns, const char *address, uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool v6 = inet_pton(AF_INET6, address, &sin6.sin6_addr) == 1;
	int mine = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd, rc, err;

	assert_true(v6 || inet_pton(AF_INET, address, &sin.sin_addr) == 1);
	assert_true(mine >= 0);
	if (ns >= 0)
		assert_int_equal(setns(ns, CLONE_NEWNET), 0);
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(mine, CLONE_NEWNET), 0);
	close(mine);
	assert_true(fd >= 0);
	rc = v6 ? connect(fd, (struct sockaddr *)&sin6, sizeof(sin6)) :
		  connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	if (!rc)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* A card's whole way, with the station in there. */
static void one_card(struct bed *b, struct inside *in, int ns, const char *address,
		     uint16_t control_port, uint16_t channel_port)
{
	struct answer a;

	b->control = dial(ns, address, control_port);
	assert_true(b->control >= 0);
	expect(b, b->control, HELLO);
	send_hello(b, b->control, "test CAS", 1);
	b->presence_gen = coupler(b).presence_gen;
	a = tell(in, (struct request){ .order = NEW_REQUEST, .coupler = b->coupler });
	assert_int_equal(a.err, 0);
	b->request = a.number;
	take_request(b);
	assert_int_equal(b->port, channel_port + b->coupler);
	b->channel = dial(ns, address, b->port);
	assert_true(b->channel >= 0);
	send_open(b, b->channel, b->token, -1);
	expect(b, b->channel, OPENED);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

static void hang_up(struct bed *b)
{
	close_channel(b);
	cas_disconnect(b);
}

static struct inside in;

static void no_station_before_it_is_set(void **state)
{
	struct bed *b = *state;
	struct answer a;

	inside_begin(&in);
	a = tell(&in, (struct request){ .order = GET_STATION });
	assert_int_equal(a.err, -EOPNOTSUPP);
	/* and the station out there is not this one */
	a = tell(&in, at("127.0.0.1", CONTROL_PORT, CHANNEL_PORT));
	assert_int_equal(a.err, 0);
	a = tell(&in, (struct request){ .order = GET_STATION });
	assert_int_equal(a.err, 0);
	assert_memory_not_equal(a.station.boot_id, station(b).boot_id, 16);
	/* it has no coupler as long as nobody gives it one */
	assert_false(has_lane(&a.station, b->coupler));
	a = tell(&in, (struct request){ .order = NEW_REQUEST, .coupler = b->coupler });
	assert_int_equal(a.err, -ENODEV);
}

static void address_ports_and_backlog_are_set(void **state)
{
	struct bed *b = *state;
	struct request r;
	struct answer a;

	inside_begin(&in);
	assert_int_equal(tell(&in, at("192.0.2.1", 7000, 7100)).err, -EPERM);
	assert_int_equal(tell(&in, at("2001:db8::1", 7000, 7100)).err, -EPERM);
	assert_int_equal(tell(&in, at("fe80::1%nothing", 7000, 7100)).err, -EINVAL);
	r = at("127.0.0.1", 7000, 7100);
	r.backlog = 0;
	assert_int_equal(tell(&in, r).err, -ERANGE);
	r = at("2001:db8::1", 7000, 7100);	/* nobody has it */
	r.plaintext_ok = 1;
	assert_int_equal(tell(&in, r).err, -EADDRNOTAVAIL);

	assert_int_equal(tell(&in, at("127.0.0.1", 7000, 7100)).err, 0);
	a = tell(&in, (struct request){ .order = GET_STATION });
	assert_int_equal(a.station.control_port, 7000);
	assert_int_equal(a.station.channel_port, 7100);
	assert_int_equal(a.station.backlog, 7);
	assert_int_equal(dial(in.ns, "127.0.0.1", CONTROL_PORT), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(give(b, &in), 0);
	one_card(b, &in, in.ns, "127.0.0.1", 7000, 7100);
	hang_up(b);
}

static void ipv6(void **state)
{
	struct bed *b = *state;

	inside_begin(&in);
	assert_int_equal(tell(&in, at("::1", CONTROL_PORT, CHANNEL_PORT)).err, 0);
	assert_int_equal(give(b, &in), 0);
	/* not ours any more, nor its channel socket */
	assert_int_equal(try_request(b, coupler(b).presence_gen), -ENODEV);
	assert_int_equal(dial(-1, "127.0.0.1", (uint16_t)(CHANNEL_PORT + b->coupler)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	/* IPv6 alone, and in there alone */
	assert_int_equal(dial(in.ns, "127.0.0.1", CONTROL_PORT), -1);
	assert_int_equal(dial(-1, "::1", CONTROL_PORT), -1);
	one_card(b, &in, in.ns, "::1", CONTROL_PORT, CHANNEL_PORT);
	hang_up(b);
}

static void coupler_that_is_in_use_is_not_given(void **state)
{
	struct bed *b = *state;

	inside_begin(&in);
	cas_connect(b);
	begin_session(b);
	assert_int_equal(give(b, &in), -EBUSY);
	send_result(b, 1, 2);
	assert_int_equal(dispose(b, 1, CKS_DISPOSITION_REJECTED, 1), 0);
	assert_int_equal(give(b, &in), 0);
	assert_int_equal(give(b, &in), -ENODEV);
}

/* That of the coupler that @arg has. */
static void note_card(const struct cksnl_event *event, void *arg)
{
	struct answer *a = arg;

	if (event->cmd == CKS_CMD_CARD_NTF && event->coupler.index == a->coupler.index)
		a->event = event->cmd;
}

/* What the other namespace is told, and what it can ask for. */
static void coupler_is_seen_where_it_belongs(void **state)
{
	struct bed *b = *state;
	const struct request get = { .order = GET_COUPLER, .coupler = b->coupler };
	const struct request list = { .order = COUNT_COUPLERS };
	const struct request set = { .order = SET_COUPLER, .coupler = b->coupler };
	const struct request next = { .order = NEXT_EVENT };
	struct simcard *other = simcard_new(b->bench, atr_t0, sizeof(atr_t0));
	struct pollfd p = { .events = POLLIN };
	struct cksnl_events *home;
	struct answer a;

	assert_non_null(other);
	inside_begin(&in);
	assert_int_equal(tell(&in, get).err, -ENODEV);
	a = tell(&in, list);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.number, 0);
	assert_int_equal(tell(&in, at("127.0.0.1", CONTROL_PORT, CHANNEL_PORT)).err, 0);

	/* What moves before it is given, and what does in another coupler, is not told there. */
	assert_int_equal(simcard_remove(b->card), 0);
	wait_coupler(b, CKS_COUPLER_STATE_EMPTY);
	assert_int_equal(cksnl_events_open(&home, CKSNL_GROUP_CARD), 0);
	assert_int_equal(give(b, &in), 0);
	assert_int_equal(simcard_insert(other), 0);
	a = tell(&in, next);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.event, CKS_CMD_COUPLER_NTF);
	assert_int_equal(a.coupler.index, b->coupler);
	assert_true(a.coupler.has & CKSNL_HAS(CKS_A_COUPLER_DRIVER));
	insert(b);
	a = tell(&in, next);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.event, CKS_CMD_CARD_NTF);
	assert_int_equal(a.coupler.index, b->coupler);
	assert_int_equal(a.coupler.present, 1);

	a = tell(&in, get);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.coupler.present, 1);
	a = tell(&in, list);
	assert_int_equal(a.number, 1);
	/* But it is no hardware of theirs, and still one of ours. */
	assert_int_equal(tell(&in, set).err, -ENODEV);
	assert_int_equal(coupler(b).present, 1);
	p.fd = cksnl_events_fd(home);
	for (a.event = 0; a.event != CKS_CMD_CARD_NTF; ) {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_int_equal(cksnl_events_read(home, note_card, &a), 0);
	}
	cksnl_events_close(home);
	simcard_free(other);
}

/* With a CAS outside, over a pair of interfaces. */
static void end_while_it_works(struct bed *b)
{
	char cmd[256];
	struct request r;

	inside_begin(&in);
	snprintf(cmd, sizeof(cmd),
		 "ip link add cks0 type veth peer name cks1 netns %d && "
		 "ip addr add " OUTSIDE "/64 dev cks0 nodad && ip link set cks0 up && "
		 "nsenter -t %d -n ip addr add " INSIDE "/64 dev cks1 nodad && "
		 "nsenter -t %d -n ip link set cks1 up", in.pid, in.pid, in.pid);
	assert_int_equal(system(cmd), 0);
	r = at(INSIDE, CONTROL_PORT, CHANNEL_PORT);
	r.plaintext_ok = 1;
	assert_int_equal(tell(&in, r).err, 0);
	assert_int_equal(give(b, &in), 0);
	one_card(b, &in, -1, INSIDE, CONTROL_PORT, CHANNEL_PORT);
	inside_end(&in);

	/* told, closed, the card off and the coupler free, and home's again */
	expect_error(b, b->channel, OPERATOR);
	do
		expect(b, b->control, b->f.type == ENDED ? ERROR : ENDED);
	while (b->f.type != ERROR);
	expect_closed(b, b->control);
	hang_up(b);
	wait_home(b);
	wait_coupler(b, CKS_COUPLER_STATE_INACTIVE);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
}

static void namespace_ends(void **state)
{
	int rounds = simcard_clk_div() > SIMCARD_CLK_DIV ? SLOW_ROUNDS : LEAK_ROUNDS;
	struct bed *b = *state;
	long before;
	int i;

	end_while_it_works(b);
	end_while_it_works(b);
	before = kernel_memory();
	for (i = 0; i < rounds; i++)
		end_while_it_works(b);
	printf("# %d namespaces, kernel memory %+ld kB\n", i, kernel_memory() - before);
	assert_true(kernel_memory() - before < MEMORY_SLACK_KB);
	/* the coupler is as good as ever */
	cas_connect(b);
	begin_session(b);
	send_command(b, 1, read8, sizeof(read8), 0);
	expect_data(b, 1, read8_answer, sizeof(read8_answer));
}

/* teardown() unloads the router while the station in there listens. */
static void module_is_unloaded(void **state)
{
	struct bed *b = *state;
	static const char *const router[] = { "cks_router", NULL };

	inside_begin(&in);
	assert_int_equal(tell(&in, at("::1", CONTROL_PORT, CHANNEL_PORT)).err, 0);
	assert_int_equal(give(b, &in), 0);
	one_card(b, &in, in.ns, "::1", CONTROL_PORT, CHANNEL_PORT);
	assert_int_equal(modules_unload(router), 0);
	expect_error(b, b->channel, OPERATOR);
	hang_up(b);
	assert_int_equal(dial(in.ns, "::1", CONTROL_PORT), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_false(coupler(b).has & CKSNL_HAS(CKS_A_COUPLER_OWNER));
	assert_int_equal(modules_load(router), 0);
	assert_int_equal(listen_at(b, "127.0.0.1", false), 0);
}

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

static int down(void **state)
{
	inside_end(&in);
	return teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_station_before_it_is_set, setup, down),
		cmocka_unit_test_setup_teardown(address_ports_and_backlog_are_set, setup, down),
		cmocka_unit_test_setup_teardown(ipv6, setup, down),
		cmocka_unit_test_setup_teardown(coupler_that_is_in_use_is_not_given, setup, down),
		cmocka_unit_test_setup_teardown(coupler_is_seen_where_it_belongs, setup, down),
		cmocka_unit_test_setup_teardown(namespace_ends, setup, down),
		cmocka_unit_test_setup_teardown(module_is_unloaded, setup, down),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netns", tests, NULL, NULL) ? 1 : 0;
}
