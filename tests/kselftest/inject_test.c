// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation, and every copy from or to userspace, fails in turn: while modules are loaded,
 * a coupler's device is used, netlink asked, a coupler given to another namespace, and all through
 * a session of a CAS.
 * Whatever fails, the next one works; of what is lost the kernel tells (kmemleak).
 *
 * For a kernel with fault injection: tests/rows.
 */
#include <fcntl.h>
#include <linux/cks.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/inject.h"
#include "lib/router_bed.h"
#include "lib/wait.h"

#define SESSION_MS	5000	/* for a frame that may never come */

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static uint64_t dispositions;

/* ---------------------------------------------------------------------- in this thread */

static int use_a_device(struct bed *b, void (*arm)(unsigned int nth), unsigned int nth)
{
	struct cks_reset r = { .size = sizeof(r) };
	struct cks_state s = { .size = sizeof(s) };
	struct cks_transmit t = {
		.size = sizeof(t), .cmd_len = sizeof(read8), .rsp_len = 16,
		.cmd = (uintptr_t)read8,
	};
	uint8_t rsp[16];
	char path[64];
	int fd, err = 0;

	t.rsp = (uintptr_t)rsp;
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", b->coupler);
	arm(nth);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, CKS_IOC_RESET, &r) || write(fd, read8, sizeof(read8)) != sizeof(read8) ||
	    read(fd, rsp, sizeof(rsp)) != 10 || ioctl(fd, CKS_IOC_TRANSMIT, &t) ||
	    ioctl(fd, CKS_IOC_STATE, &s) || ioctl(fd, CKS_IOC_POWER_OFF))
		err = errno ? -errno : -EIO;
	close(fd);
	return err;
}

static int a_device(void *ctx, unsigned int nth)
{
	return use_a_device(ctx, inject_arm, nth);
}

/* It has room for the longest command, and for the longest response. */
static int a_large_device(void *ctx, unsigned int nth)
{
	return use_a_device(ctx, inject_arm_large, nth);
}

static int nothing(const void *obj, void *arg)
{
	(void)obj;
	(void)arg;
	return 0;
}

/* Each has a connection of its own: an answer that was not taken stays in the socket. */
static int with_netlink(struct bed *b, unsigned int nth, int (*call)(struct bed *, struct cksnl *))
{
	struct cksnl *nl;
	int err = cksnl_open(&nl, PATIENCE_MS, NULL, 0);

	assert_int_equal(err, 0);
	inject_arm(nth);
	err = call(b, nl);
	/* Closing may fail in nothing; it counts all the same. */
	cksnl_close(nl);
	return err;
}

static int get_coupler(struct bed *b, struct cksnl *nl)
{
	struct cksnl_coupler c;

	return cksnl_coupler_get(nl, b->coupler, &c);
}

static int a_look_at_a_coupler(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, get_coupler);
}

static int reset_coupler(struct bed *b, struct cksnl *nl)
{
	struct cksnl_coupler c;

	return cksnl_coupler_reset(nl, b->coupler, CKS_RESET_KIND_COLD, &c);
}

static int a_reset(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, reset_coupler);
}

static int dump_couplers(struct bed *b, struct cksnl *nl)
{
	(void)b;
	return cksnl_coupler_dump(nl, nothing, NULL);
}

static int a_dump_of_couplers(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, dump_couplers);
}

static int dump_sessions(struct bed *b, struct cksnl *nl)
{
	(void)b;
	return cksnl_session_dump(nl, nothing, NULL);
}

static int a_dump_of_sessions(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, dump_sessions);
}

static int get_session(struct bed *b, struct cksnl *nl)
{
	struct cksnl_session s;

	return cksnl_session_get(nl, b->request, &s);
}

static int look_at_session(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, get_session);
}

static void a_look_at_a_session_in_turn(void **state)
{
	struct bed *b = *state;

	new_request(b);
	inject_in_turn("a_look_at_a_session", look_at_session, b);
}

static int change_coupler(struct bed *b, struct cksnl *nl)
{
	struct cksnl_coupler c = {
		.has = CKSNL_HAS(CKS_A_COUPLER_INDEX) | CKSNL_HAS(CKS_A_COUPLER_IFSD),
		.index = b->coupler,
		.ifsd = 254,
	};

	return cksnl_coupler_change(nl, &c);
}

static int a_change_of_a_coupler(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, change_coupler);
}

static int get_station(struct bed *b, struct cksnl *nl)
{
	struct cksnl_station st;

	(void)b;
	return cksnl_station_get(nl, &st);
}

static int a_look_at_the_station(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, get_station);
}

static int stop_and_listen(struct bed *b, struct cksnl *nl)
{
	struct cksnl_station off = { .has = CKSNL_HAS(CKS_A_STATION_LISTEN), .listen = 0 };
	struct cksnl_station on = { .has = CKSNL_HAS(CKS_A_STATION_LISTEN), .listen = 1 };
	int err = cksnl_station_change(nl, &off);

	(void)b;
	return err ? err : cksnl_station_change(nl, &on);
}

static int a_listening_station(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, stop_and_listen);
}

/* The first time it is queued; from then on the station has it. */
static int tell_disposition(struct bed *b, struct cksnl *nl)
{
	struct cksnl *own = b->nl;
	int err;

	b->nl = nl;
	err = dispose(b, 1, CKS_DISPOSITION_REJECTED, 0);
	b->nl = own;
	return err;
}

static int a_disposition(void *ctx, unsigned int nth)
{
	return with_netlink(ctx, nth, tell_disposition);
}

/* -------------------------------------------------------------------------- namespaces */

static int new_namespace(void)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	assert_true(home >= 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(home);
	return fd;
}

static bool has_coupler(struct bed *b)
{
	struct cksnl_station st = station(b);

	return st.lanes.data[b->coupler / 8] & 1 << b->coupler % 8;
}

/* A station is made for the namespace, and the coupler goes to it; it is back when that ends. */
static void a_coupler_is_given_or_not(void **state)
{
	struct bed *b = *state;
	struct cksnl_station give = {
		.has = CKSNL_HAS(CKS_A_STATION_GIVE_LANE) | CKSNL_HAS(CKS_A_STATION_NETNS_FD),
		.give_lane = b->coupler,
	};
	unsigned int nth, failures = 0;
	struct cksnl *nl;
	bool happened;
	int err;

	for (nth = 1;; nth++) {
		assert_in_range(nth, 1, INJECT_MAX);
		give.netns_fd = new_namespace();
		assert_int_equal(cksnl_open(&nl, PATIENCE_MS, NULL, 0), 0);
		inject_arm(nth);
		err = cksnl_station_change(nl, &give);
		happened = inject_disarm();
		cksnl_close(nl);
		close(give.netns_fd);
		wait_for("the coupler is here", has_coupler(b));
		if (!happened)
			break;
		failures += !!err;
	}
	printf("# a coupler is given: %u made to fail, %u of them seen\n", nth - 1, failures);
	assert_int_equal(err, 0);
	assert_in_range(failures, 1, INJECT_MAX);
}

/* ----------------------------------------------------------------------------- modules */

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", "cks_tty", "cks_router" };

static int load_and_unload(void *arg)
{
	int err = module_load(arg);

	if (!err)
		assert_int_equal(module_unload(arg), 0);
	return err;
}

/* In the init function of each; of one that does not come up nothing may stay. */
static void modules_load_or_do_not(void **state)
{
	struct inject_place place;
	int i;

	(void)state;
	inject_in_function(&place, "do_init_module");
	for (i = 0; i < 5; i++) {
		unsigned int nth, failures = 0;
		int err;

		for (nth = 1;; nth++) {
			char name[32];

			assert_in_range(nth, 1, INJECT_MAX);
			snprintf(name, sizeof(name), "%s", modules[i]);
			inject_arm_in(&place, nth, load_and_unload, name);
			err = module_load(name);
			if (!inject_disarm())
				break;
			failures += !!err;
			if (!err)
				assert_int_equal(module_unload(name), 0);
		}
		printf("# %s: %u made to fail, %u times it did not come up\n", modules[i], nth - 1,
		       failures);
		assert_int_equal(err, 0);
		assert_in_range(failures, 1, INJECT_MAX);
	}
	while (i--)
		assert_int_equal(module_unload(modules[i]), 0);
}

/* ----------------------------------------------------------------------------- sessions */

/* The frame wanted; others before it do not matter. */
static bool comes(struct bed *b, int fd, uint8_t type)
{
	int frames;

	for (frames = 0; frames < 16; frames++) {
		if (client_recv(fd, &b->f, SESSION_MS) != 1 || b->f.type == ERROR)
			return false;
		if (b->f.type == type)
			return true;
	}
	return false;
}

static bool sends(struct bed *b, int fd)
{
	return !client_send(fd, &b->out);
}

static bool hello(struct bed *b)
{
	b->control = client_connect(CONTROL_PORT);
	if (b->control < 0 || !comes(b, b->control, HELLO))
		return false;
	client_begin(&b->out, HELLO, 0);
	client_put(&b->out, NAME, "test CAS", 8);
	client_put_int(&b->out, LEASE_EPOCH, 1, 8);
	return sends(b, b->control);
}

static bool channel(struct bed *b)
{
	const uint8_t *token;
	uint32_t len;

	if (try_request(b, b->presence_gen))
		return false;
	if (!comes(b, b->control, REQUEST))
		return false;
	token = client_field(&b->f, TOKEN, &len);
	if (!token || len != 16)
		return false;
	memcpy(b->token, token, 16);
	b->channel = client_connect((uint16_t)client_int(&b->f, PORT));
	if (b->channel < 0)
		return false;
	client_begin(&b->out, OPEN, 0);
	client_put(&b->out, TOKEN, b->token, 16);
	return sends(b, b->channel) && comes(b, b->channel, OPENED);
}

static bool command(struct bed *b)
{
	client_begin(&b->out, COMMAND, 1);
	client_put(&b->out, DATA, read8, sizeof(read8));
	client_put_int(&b->out, TIMEOUT, 0, 4);
	return sends(b, b->channel) && comes(b, b->channel, RESPONSE) &&
	       !client_int(&b->f, STATUS);
}

static bool verdict(struct bed *b)
{
	client_begin(&b->out, RESULT, 0);
	client_put_int(&b->out, F_REQUEST, b->request, 8);
	client_put_int(&b->out, RESULT_ID, 1, 8);
	client_put_int(&b->out, PRESENCE_GEN, b->presence_gen, 4);
	client_put_int(&b->out, VERDICT, CKS_VERDICT_REJECT, 1);
	client_put_int(&b->out, BIN, 7, 4);
	return sends(b, b->control) && comes(b, b->control, RESULT_ACK);
}

static int probe(void *arg)
{
	struct bed *b = arg;
	struct cksnl_station st;

	return cksnl_station_get(b->nl, &st);
}

static bool is_in(struct bed *b, uint32_t gen)
{
	struct cksnl_coupler c = coupler(b);

	return c.present && c.presence_gen == gen;
}

/* All that the coupler has to tell is told when its file is closed; that it opens is not said. */
static void settle(struct bed *b)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cks/coupler%u", b->coupler);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	close(fd);
}

/*
 * A card comes and goes, which is told to all the world: none of them need hear of it, but the
 * coupler's state is true.
 */
static void a_card_in_every_place(void **state)
{
	struct bed *b = *state;
	struct inject_place place;
	unsigned int nth;
	bool happened;

	inject_in_module(&place, "cks");
	for (nth = 1;; nth++) {
		uint32_t gen = coupler(b).presence_gen;

		assert_in_range(nth, 1, INJECT_MAX);
		inject_arm_in(&place, nth, probe, b);
		assert_int_equal(simcard_remove(b->card), 0);
		settle(b);
		assert_int_equal(simcard_insert(b->card), 0);
		settle(b);
		happened = inject_disarm();
		wait_for("another card is in", is_in(b, gen + 1));
		if (!happened)
			break;
	}
	printf("# card in and out: %u made to fail\n", nth - 1);
	assert_in_range(nth, 2, INJECT_MAX);
	new_request(b);
	wait_session(b, CKS_SESSION_STATE_OFFERED);
}

/* Whatever became of it: the card is free again, and the CAS is told. */
static void clean_up(struct bed *b)
{
	struct cksnl_session s;

	if (b->channel >= 0)
		close(b->channel);
	if (b->control >= 0)
		close(b->control);
	b->channel = -1;
	b->control = -1;
	cksnl_request_cancel(b->nl, b->request, "cleaned up");
	wait_for("the session is over", cksnl_session_get(b->nl, b->request, &s) ||
		 s.state >= CKS_SESSION_STATE_RESULT);
	if (!cksnl_session_get(b->nl, b->request, &s) && s.state == CKS_SESSION_STATE_RESULT) {
		dispositions++;
		assert_int_equal(dispose(b, dispositions, CKS_DISPOSITION_REJECTED, 0), 0);
	}
	cas_connect(b);
	if (station(b).acked_disposition < dispositions) {
		expect_disposed(b, dispositions, CKS_DISPOSITION_REJECTED);
		ack_disposed(b, dispositions);
	}
	cas_disconnect(b);
	wait_connected(b, CKS_STATION_STATE_LISTENING);
	b->request = 0;
}

static void a_session_in_every_place(void **state)
{
	unsigned int nth, failures = 0;
	struct bed *b = *state;
	struct inject_place place;

	inject_in_module(&place, "cks_router");
	for (nth = 1;; nth++) {
		bool whole, happened;

		assert_in_range(nth, 1, INJECT_MAX);
		b->presence_gen = coupler(b).presence_gen;
		inject_arm_in(&place, nth, probe, b);
		whole = hello(b) && channel(b) && command(b) && verdict(b);
		happened = inject_disarm();
		clean_up(b);
		if (!happened) {
			assert_true(whole);
			break;
		}
		failures += !whole;
	}
	printf("# session: %u made to fail, %u of them seen\n", nth - 1, failures);
	assert_in_range(failures, 1, INJECT_MAX);
}

#define IN_TURN(op)								\
	static void op##_in_turn(void **state)					\
	{									\
		inject_in_turn(#op, op, *state);				\
	}
IN_TURN(a_device)
IN_TURN(a_large_device)
IN_TURN(a_look_at_a_coupler)
IN_TURN(a_reset)
IN_TURN(a_dump_of_couplers)
IN_TURN(a_dump_of_sessions)
IN_TURN(a_change_of_a_coupler)
IN_TURN(a_look_at_the_station)
IN_TURN(a_listening_station)
IN_TURN(a_disposition)

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BED(a_device_in_turn),
		ON_BED(a_large_device_in_turn),
		ON_BED(a_look_at_a_coupler_in_turn),
		ON_BED(a_reset_in_turn),
		ON_BED(a_look_at_a_session_in_turn),
		ON_BED(a_dump_of_couplers_in_turn),
		ON_BED(a_dump_of_sessions_in_turn),
		ON_BED(a_change_of_a_coupler_in_turn),
		ON_BED(a_look_at_the_station_in_turn),
		ON_BED(a_listening_station_in_turn),
		ON_BED(a_disposition_in_turn),
		ON_BED(a_session_in_every_place),
		ON_BED(a_card_in_every_place),
		ON_BED(a_coupler_is_given_or_not),
		cmocka_unit_test(modules_load_or_do_not),
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
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("inject", tests, NULL, NULL) ? 1 : 0;
}
