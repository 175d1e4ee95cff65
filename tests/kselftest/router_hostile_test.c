// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile clients beside couplers at work: random bytes, cut frames, wrong lengths, peers that
 * do not read, that say nothing, that reset. The work loses nothing, no connection is left over,
 * and the memory comes back.
 *
 * CKS_HOSTILE_CLIENTS (200) and CKS_HOSTILE_SECONDS (10) say how many and for how long,
 * CKS_HOSTILE_SEED (7816) what they do.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/kernel_memory.h"
#include "lib/router_bed.h"
#include "lib/wait.h"

#define COUPLERS	8
#define COMMANDS	4	/* of a session */
#define CLIENTS_MAX	1000
#define MEMORY_SLACK_KB	16384	/* caches of the kernel's own */

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };
static const uint8_t read8[] = { 0x00, SIMCARD_INS_READ, 0x00, 0x00, 0x08 };
static const uint8_t read8_answer[] = { 0, 1, 2, 3, 4, 5, 6, 7, 0x90, 0x00 };

static atomic_bool stop_clients, stop_workers;
static unsigned int base_seed;

static unsigned int setting(const char *name, unsigned int missing)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned int)strtoul(text, NULL, 10) : missing;
}

/* -------------------------------------------------------------------------- the hostile */

struct client {
	pthread_t thread;
	unsigned int seed;
	unsigned int connected;
};

static unsigned int dice(struct client *c, unsigned int sides)
{
	return (unsigned int)rand_r(&c->seed) % sides;
}

static void send_rubbish(struct client *c, int fd)
{
	uint8_t p[512];
	size_t i, len = 1 + dice(c, sizeof(p));

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(rand_r(&c->seed) >> 8);
	client_send_raw(fd, p, len);
}

/* A right header and a body that is not, cut anywhere. */
static void send_half_right(struct client *c, int fd)
{
	static const uint8_t types[] = { HELLO, PING, RESULT, DISPOSED_ACK, OPEN, COMMAND, BATCH,
					 LINK, CARRY, CREDIT };
	uint8_t p[12 + 256] = { 0x43, 0x4b, 1 };
	size_t i;

	p[3] = types[dice(c, sizeof(types))];
	p[10] = (uint8_t)dice(c, 3);
	p[11] = (uint8_t)dice(c, 256);
	if (!dice(c, 4))
		p[8] = 0xff;
	for (i = 12; i < sizeof(p); i++)
		p[i] = (uint8_t)(rand_r(&c->seed) >> 8) & (i % 6 < 5 ? 0x0f : 0xff);
	client_send_raw(fd, p, 1 + dice(c, sizeof(p)));
}

/* Each is answered, and nobody reads the answers. */
static void send_pings(struct client *c, int fd)
{
	static const uint8_t ping[12] = { 0x43, 0x4b, 1, PING };
	unsigned int n = 200 + dice(c, 2000);

	while (n-- && !client_send_raw(fd, ping, sizeof(ping)))
		;
}

static void send_wrong_token(struct client *c, int fd)
{
	uint8_t p[12 + 22] = {
		0x43, 0x4b, 1, OPEN, 0, 0, 0, 0, 0, 0, 0, 22, 0, TOKEN, 0, 0, 0, 16,
	};
	size_t i;

	for (i = 18; i < sizeof(p); i++)
		p[i] = (uint8_t)rand_r(&c->seed);
	client_send_raw(fd, p, sizeof(p));
}

static void *hostile(void *arg)
{
	struct linger reset = { .l_onoff = 1 };
	struct timeval patience = { .tv_usec = 200000 };
	struct client *c = arg;
	uint8_t sink[64];

	while (!atomic_load(&stop_clients)) {
		unsigned int port = dice(c, 2) ? CONTROL_PORT : CHANNEL_PORT + dice(c, COUPLERS);
		int fd = client_connect((uint16_t)port);

		if (fd < 0)
			continue;
		c->connected++;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		switch (dice(c, 6)) {
		case 0:
			send_rubbish(c, fd);
			break;
		case 1:
			send_half_right(c, fd);
			break;
		case 2:
			send_pings(c, fd);
			break;
		case 3:
			send_wrong_token(c, fd);
			break;
		case 4:
			send_half_right(c, fd);
			send_half_right(c, fd);
			break;
		default:
			break;	/* nothing */
		}
		if (dice(c, 2) && recv(fd, sink, sizeof(sink), 0) < 0)
			dice(c, 2);
		if (dice(c, 2))
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	return NULL;
}

/* ----------------------------------------------------------------------------- the work */

/* A coupler at work, and what the control connection brought for it. */
struct worker {
	pthread_t thread;
	struct simcard *card;
	struct cksnl *nl;
	unsigned int coupler;
	unsigned int done;
	unsigned int missed;	/* resets: on a busy machine the card's thread may come too late */
	const char *wrong;
	bool asked;
	uint64_t request;
	uint16_t port;
	uint8_t token[16];
};

static struct worker workers[COUPLERS];
static int control = -1;
static uint64_t number;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* all above */
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;

static void take(const struct client_frame *f)
{
	static struct client_frame out;
	uint32_t len, i;

	pthread_mutex_lock(&lock);
	switch (f->type) {
	case REQUEST:
		for (i = 0; i < COUPLERS; i++) {
			struct worker *w = &workers[i];

			if (w->coupler != client_int(f, COUPLER))
				continue;
			w->asked = true;
			w->request = client_int(f, F_REQUEST);
			w->port = (uint16_t)client_int(f, PORT);
			memcpy(w->token, client_field(f, TOKEN, &len), 16);
		}
		pthread_cond_broadcast(&news);
		break;
	case DISPOSED:
		client_begin(&out, DISPOSED_ACK, 0);
		client_put_int(&out, NUMBER, client_int(f, NUMBER), 8);
		client_put_int(&out, JOURNAL_EPOCH, EPOCH, 8);
		client_send(control, &out);
		break;
	case PING:
		client_begin(&out, PONG, f->number);
		client_send(control, &out);
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&lock);
}

static void *read_control(void *arg)
{
	static struct client_frame f;

	(void)arg;
	while (client_recv(control, &f, PATIENCE_MS) == 1)
		take(&f);
	return NULL;
}

/* Whether REQUEST came, or the card did not answer to the first reset. */
static const char *wait_for_request(struct worker *w, uint64_t request, bool *ret_missed)
{
	struct cksnl_session s = { .state = 0 };
	bool came = false;
	int tries;

	for (tries = 0; !came && tries < 4 * PATIENCE_MS / 100; tries++) {
		struct timespec end;

		if (cksnl_session_get(w->nl, request, &s))
			return "session is gone";
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += (end.tv_nsec + 100000000) / 1000000000;
		end.tv_nsec = (end.tv_nsec + 100000000) % 1000000000;
		pthread_mutex_lock(&lock);
		came = w->asked && w->request == request;
		if (!came)
			pthread_cond_timedwait(&news, &lock, &end);
		came = w->asked && w->request == request;
		pthread_mutex_unlock(&lock);
		if (!came && s.state == CKS_SESSION_STATE_RESULT) {
			*ret_missed = true;
			return NULL;
		}
	}
	pthread_mutex_lock(&lock);
	w->asked = false;
	pthread_mutex_unlock(&lock);
	return came ? NULL : "REQUEST did not come";
}

static const char *use_channel(struct worker *w, int fd, struct client_frame *f)
{
	const uint8_t *p;
	uint32_t n, len;

	client_begin(f, OPEN, 0);
	client_put(f, TOKEN, w->token, 16);
	if (client_send(fd, f) || client_recv(fd, f, 4 * PATIENCE_MS) != 1 || f->type != OPENED)
		return "no OPENED";
	for (n = 1; n <= COMMANDS; n++) {
		client_begin(f, COMMAND, n);
		client_put(f, DATA, read8, sizeof(read8));
		client_put_int(f, TIMEOUT, 0, 4);
		if (client_send(fd, f) || client_recv(fd, f, 4 * PATIENCE_MS) != 1 ||
		    f->type != RESPONSE || f->number != n)
			return "no RESPONSE";
		p = client_field(f, DATA, &len);
		if (!p || len != sizeof(read8_answer) || memcmp(p, read8_answer, len))
			return "wrong response";
	}
	client_begin(f, CLOSE, 0);
	if (client_send(fd, f) || client_recv(fd, f, 4 * PATIENCE_MS) != 1 || f->type != CLOSED)
		return "no CLOSED";
	return NULL;
}

static const char *dispose_as(struct worker *w, struct cksnl_session *s, uint32_t disposition)
{
	int err;

	s->disposition = disposition;
	s->has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_BOOT_ID) |
		 CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) |
		 CKSNL_HAS(CKS_A_SESSION_DISPOSITION) |
		 CKSNL_HAS(CKS_A_SESSION_DISPOSITION_NUMBER);
	pthread_mutex_lock(&lock);
	s->disposition_number = ++number;
	err = cksnl_disposition_new(w->nl, s);
	pthread_mutex_unlock(&lock);
	return err ? "disposition was refused" : NULL;
}

static const char *finish(struct worker *w, struct cksnl_session *s, struct client_frame *f)
{
	struct cksnl_session now;
	int ms, err;

	client_begin(f, RESULT, 0);
	client_put_int(f, F_REQUEST, s->request, 8);
	client_put_int(f, RESULT_ID, s->request, 8);
	client_put_int(f, PRESENCE_GEN, s->presence_gen, 4);
	client_put_int(f, VERDICT, 1, 1);
	pthread_mutex_lock(&lock);
	err = client_send(control, f);
	pthread_mutex_unlock(&lock);
	if (err)
		return "RESULT was not taken";
	for (ms = 0; ms < 4 * PATIENCE_MS; ms++) {
		if (cksnl_session_get(w->nl, s->request, &now))
			return "session is gone";
		if (now.state == CKS_SESSION_STATE_RESULT)
			break;
		usleep(1000);
	}
	if (now.verdict != CKS_VERDICT_GOOD)
		return "card is not good";
	return dispose_as(w, s, CKS_DISPOSITION_GOOD);
}

static const char *one_session(struct worker *w, struct client_frame *f)
{
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_APPLICATION),
		.coupler = w->coupler,
		.application = "personalize",
	};
	struct cksnl_coupler c;
	bool missed = false;
	const char *wrong;
	int fd;

	if (cksnl_coupler_get(w->nl, w->coupler, &c))
		return "coupler is gone";
	s.presence_gen = c.presence_gen;
	if (cksnl_request_new(w->nl, &s, &s.request, s.boot_id))
		return "request was refused";
	wrong = wait_for_request(w, s.request, &missed);
	if (wrong)
		return wrong;
	if (missed) {
		w->missed++;
		return dispose_as(w, &s, CKS_DISPOSITION_REJECTED);
	}
	fd = client_connect(w->port);
	if (fd < 0)
		return "channel is not there";
	wrong = use_channel(w, fd, f);
	close(fd);
	return wrong ? wrong : finish(w, &s, f);
}

static void *work(void *arg)
{
	struct client_frame *f = malloc(sizeof(*f));
	struct worker *w = arg;

	while (f && !w->wrong && !atomic_load(&stop_workers)) {
		w->wrong = one_session(w, f);
		w->done += !w->wrong;
	}
	free(f);
	return NULL;
}

/* ------------------------------------------------------------------------------ the test */

static void begin_work(struct bed *b)
{
	char why[128] = "";
	unsigned int i;

	for (i = 0; i < COUPLERS; i++) {
		struct worker *w = &workers[i];

		w->card = i ? simcard_new(b->bench, atr_t0, sizeof(atr_t0)) : b->card;
		assert_non_null(w->card);
		w->coupler = simcard_coupler(w->card);
		if (cksnl_open(&w->nl, 4 * PATIENCE_MS, why, sizeof(why)))
			fail_msg("netlink: %s", why);
		if (i)
			assert_int_equal(simcard_insert(w->card), 0);
	}
	for (i = 0; i < COUPLERS; i++) {
		struct cksnl_coupler c = { .present = 0 };

		while (!c.present)
			assert_int_equal(cksnl_coupler_get(b->nl, workers[i].coupler, &c), 0);
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
}

static unsigned int end_work(unsigned int *ret_missed)
{
	unsigned int i, done = 0;

	atomic_store(&stop_workers, true);
	for (i = 0; i < COUPLERS; i++) {
		struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		if (w->wrong)
			fail_msg("coupler%u: %s, after %u sessions", w->coupler, w->wrong, w->done);
		assert_true(w->done > w->missed);
		done += w->done;
		*ret_missed += w->missed;
		cksnl_close(w->nl);
		if (i)
			simcard_free(w->card);
	}
	return done;
}

static void hostile_clients_disturb_nobody(void **state)
{
	unsigned int n = setting("CKS_HOSTILE_CLIENTS", 200), i, connected = 0, done,
		     missed = 0;
	static struct client clients[CLIENTS_MAX];
	struct bed *b = *state;
	pthread_attr_t small;
	pthread_t reader;
	long before;

	base_seed = setting("CKS_HOSTILE_SEED", 7816);
	assert_in_range(n, 1, CLIENTS_MAX);
	cas_connect(b);
	ping(b, 1);
	control = b->control;
	before = kernel_memory();
	assert_int_equal(pthread_create(&reader, NULL, read_control, NULL), 0);
	begin_work(b);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (i = 0; i < n; i++) {
		clients[i].seed = base_seed + i;
		assert_int_equal(pthread_create(&clients[i].thread, &small, hostile, &clients[i]),
				 0);
	}
	sleep(setting("CKS_HOSTILE_SECONDS", 10));
	atomic_store(&stop_clients, true);
	for (i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		connected += clients[i].connected;
	}
	done = end_work(&missed);
	shutdown(control, SHUT_RDWR);
	pthread_join(reader, NULL);
	cas_disconnect(b);
	wait_for("no connection is left", !station(b).connections);
	printf("# seed %u: %u clients connected %u times, %u sessions, %u of them without ATR\n",
	       base_seed, n, connected, done, missed);
	printf("# kernel memory %+ld kB\n", kernel_memory() - before);
	assert_true(connected > n);
	assert_int_equal(number, done);
	assert_true(kernel_memory() - before < MEMORY_SLACK_KB);
	assert_true(station(b).frames_refused > 0);
	assert_true(station(b).channels_refused > 0);
}

/* More than are allowed are not served, and those that are there are not touched. */
static void connections_are_bounded(void **state)
{
	struct cksnl_station few = {
		.has = CKSNL_HAS(CKS_A_STATION_CONNECTIONS_MAX), .connections_max = 4,
	};
	struct bed *b = *state;
	int fd[3], i;

	assert_int_equal(cksnl_station_change(b->nl, &few), 0);
	cas_connect(b);
	ping(b, 1);
	for (i = 0; i < 3; i++) {
		fd[i] = connect_to(CONTROL_PORT);
		expect(b, fd[i], HELLO);
	}
	i = connect_to(CONTROL_PORT);
	expect_closed(b, i);
	close(i);
	assert_int_equal(station(b).connections_refused, 1);
	assert_int_equal(station(b).connections, 4);
	ping(b, 2);
	for (i = 0; i < 3; i++)
		close(fd[i]);
}

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hostile_clients_disturb_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(connections_are_bounded, setup, teardown),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_hostile", tests, NULL, NULL) ? 1 : 0;
}
