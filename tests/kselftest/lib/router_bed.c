// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the router's tests have in common.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "router_bed.h"
#include "wait.h"

static const char *const modules[] = { "cks", "cks_sim", "cks_uart", "cks_router", NULL };
const uint8_t uuid[16] = "the test station";

/* What comes when it takes long: a held card asks for more time, the station for a sign of life. */
static bool between(int fd, const struct client_frame *f, uint8_t wanted)
{
	static struct client_frame pong;

	if (f->type == wanted)
		return false;
	if (f->type == PING) {
		client_begin(&pong, PONG, f->number);
		client_send(fd, &pong);
	}
	return f->type == PING || f->type == PROGRESS;
}

void expect(struct bed *b, int fd, uint8_t type)
{
	/* A card may ask for more time more than once. */
	int64_t end = wait_end();
	int rc;

	do {
		rc = client_recv(fd, &b->f, PATIENCE_MS);
	} while (rc == 1 && between(fd, &b->f, type) && wait_now() < end);
	if (rc != 1)
		fail_msg("no frame, wanted type %02x: %s", type, rc ? strerror(errno) : "closed");
	if (b->f.type == ERROR && type != ERROR)
		fail_msg("ERROR %d, wanted type %02x", (int)client_int(&b->f, CODE), type);
	assert_int_equal(b->f.type, type);
}

void expect_closed(struct bed *b, int fd)
{
	int rc = client_recv(fd, &b->f, PATIENCE_MS);

	if (rc > 0)
		fail_msg("frame of type %02x, wanted the end", b->f.type);
	if (rc < 0)
		assert_int_equal(errno, ECONNRESET);
}

void expect_error(struct bed *b, int fd, unsigned int code)
{
	expect(b, fd, ERROR);
	assert_int_equal(client_int(&b->f, CODE), code);
	assert_true(client_has(&b->f, REASON));
	expect_closed(b, fd);
}

void put(struct bed *b, int fd)
{
	assert_int_equal(client_send(fd, &b->out), 0);
}

int connect_to(uint16_t port)
{
	int fd = client_connect(port);

	if (fd < 0)
		fail_msg("port %u: %s", port, strerror(errno));
	return fd;
}

void send_hello(struct bed *b, int fd, const char *name, uint64_t lease)
{
	client_begin(&b->out, HELLO, 0);
	client_put(&b->out, NAME, name, (uint32_t)strlen(name));
	client_put_int(&b->out, LEASE_EPOCH, lease, 8);
	put(b, fd);
}

void cas_connect(struct bed *b)
{
	b->control = connect_to(CONTROL_PORT);
	expect(b, b->control, HELLO);
	send_hello(b, b->control, "test CAS", 1);
}

void cas_disconnect(struct bed *b)
{
	close(b->control);
	b->control = -1;
}

void ping(struct bed *b, uint32_t number)
{
	client_begin(&b->out, PING, number);
	put(b, b->control);
	expect(b, b->control, PONG);
	assert_int_equal(b->f.number, number);
}

struct cksnl_station station(struct bed *b)
{
	struct cksnl_station st;

	assert_int_equal(cksnl_station_get(b->nl, &st), 0);
	return st;
}

struct cksnl_coupler coupler(struct bed *b)
{
	struct cksnl_coupler c;

	assert_int_equal(cksnl_coupler_get(b->nl, b->coupler, &c), 0);
	return c;
}

/* One turn of a loop that waits: a busy machine takes more than a millisecond for it. */
static void await(int64_t end, const char *what, uint32_t wanted, uint32_t is)
{
	if (wait_now() >= end)
		fail_msg("%s is %u, wanted %u", what, is, wanted);
	usleep(1000);
}

void wait_coupler(struct bed *b, uint32_t state)
{
	int64_t end = wait_end();
	uint32_t is;

	while ((is = coupler(b).state) != state)
		await(end, "state of the coupler", state, is);
}

struct cksnl_session session(struct bed *b)
{
	struct cksnl_session s;

	assert_int_equal(cksnl_session_get(b->nl, b->request, &s), 0);
	return s;
}

struct cksnl_session wait_session(struct bed *b, uint32_t state)
{
	int64_t end = wait_end();
	struct cksnl_session s;

	while ((s = session(b)).state != state) {
		/* As when the card was too slow for its coupler. */
		if (s.state >= CKS_SESSION_STATE_RESULT && state < s.state)
			fail_msg("the session is over, wanted state %u: %s", state, s.reason);
		await(end, "state of the session", state, s.state);
	}
	return s;
}

void wait_connected(struct bed *b, uint32_t state)
{
	int64_t end = wait_end();
	uint32_t is;

	while ((is = station(b).state) != state)
		await(end, "state of the station", state, is);
}

int try_request(struct bed *b, uint32_t presence_gen)
{
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) |
		       CKSNL_HAS(CKS_A_SESSION_APPLICATION) | CKSNL_HAS(CKS_A_SESSION_PARAMETERS) |
		       CKSNL_HAS(CKS_A_SESSION_CARD_REFERENCE),
		.coupler = b->coupler,
		.presence_gen = presence_gen,
		.application = "personalize",
		.parameters = { .len = 3, .data = { 1, 2, 3 } },
		.card_reference = "TRAY-0001",
	};

	return cksnl_request_new(b->nl, &s, &b->request, b->boot_id);
}

void new_request(struct bed *b)
{
	b->presence_gen = coupler(b).presence_gen;
	if (try_request(b, b->presence_gen))
		fail_msg("request-new: %s", cksnl_error(b->nl));
}

void take_request(struct bed *b)
{
	uint32_t len;

	expect(b, b->control, REQUEST);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	b->port = (uint16_t)client_int(&b->f, PORT);
	memcpy(b->token, client_field(&b->f, TOKEN, &len), 16);
	assert_int_equal(len, 16);
}

void send_open(struct bed *b, int fd, const uint8_t *token, int64_t resume_from)
{
	client_begin(&b->out, OPEN, 0);
	client_put(&b->out, TOKEN, token, 16);
	if (resume_from >= 0)
		client_put_int(&b->out, RESUME_FROM, (uint64_t)resume_from, 4);
	put(b, fd);
}

void open_channel(struct bed *b, int64_t resume_from)
{
	b->channel = connect_to(b->port);
	send_open(b, b->channel, b->token, resume_from);
	expect(b, b->channel, OPENED);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	assert_int_equal(client_int(&b->f, PRESENCE_GEN), b->presence_gen);
}

void close_channel(struct bed *b)
{
	close(b->channel);
	b->channel = -1;
}

void begin_session(struct bed *b)
{
	new_request(b);
	take_request(b);
	open_channel(b, -1);
}

void send_command(struct bed *b, uint32_t number, const uint8_t *apdu, uint32_t len,
		  uint32_t timeout)
{
	client_begin(&b->out, COMMAND, number);
	client_put(&b->out, DATA, apdu, len);
	client_put_int(&b->out, TIMEOUT, timeout, 4);
	put(b, b->channel);
}

void batch_add(struct batch_list *l, const uint8_t *apdu, uint8_t len, uint16_t sw, uint16_t mask)
{
	uint8_t *p = l->p + l->len;

	assert_true(l->len + 14 + len <= sizeof(l->p));
	memset(p, 0, 10);
	for (unsigned int i = 0; i < 4; i++)	/* not before a mute card is given up */
		p[i] = (uint8_t)((uint32_t)PATIENCE_MS >> (8 * (3 - i)));
	p[5] = mask ? 1 : 0;
	p[9] = len;
	p += 10;
	if (mask) {
		*p++ = (uint8_t)(sw >> 8);
		*p++ = (uint8_t)sw;
		*p++ = (uint8_t)(mask >> 8);
		*p++ = (uint8_t)mask;
	}
	memcpy(p, apdu, len);
	l->len = (uint32_t)(p - l->p) + len;
}

void send_batch(struct bed *b, uint32_t n, const struct batch_list *l, bool stream)
{
	client_begin(&b->out, BATCH, n);
	client_put(&b->out, COMMANDS, l->p, l->len);
	if (stream)
		client_put_int(&b->out, F_STREAM, 1, 1);
	put(b, b->channel);
}

void expect_batched(struct bed *b, uint32_t n, uint32_t executed, uint8_t stop)
{
	expect(b, b->channel, BATCHED);
	assert_int_equal(b->f.number, n);
	assert_int_equal(client_int(&b->f, EXECUTED), executed);
	assert_int_equal(client_int(&b->f, STOP), stop);
}

void expect_response(struct bed *b, uint32_t number, unsigned int status)
{
	expect(b, b->channel, RESPONSE);
	assert_int_equal(b->f.number, number);
	assert_int_equal(client_int(&b->f, STATUS), status);
	assert_int_equal(client_has(&b->f, DATA), !status);
	assert_int_equal(client_has(&b->f, REASON), !!status);
}

void expect_data(struct bed *b, uint32_t number, const uint8_t *data, uint32_t len)
{
	const uint8_t *p;
	uint32_t n;

	expect_response(b, number, 0);
	p = client_field(&b->f, DATA, &n);
	assert_int_equal(n, len);
	assert_memory_equal(p, data, len);
}

void send_result(struct bed *b, uint64_t id, uint8_t verdict)
{
	client_begin(&b->out, RESULT, 0);
	client_put_int(&b->out, F_REQUEST, b->request, 8);
	client_put_int(&b->out, RESULT_ID, id, 8);
	client_put_int(&b->out, PRESENCE_GEN, b->presence_gen, 4);
	client_put_int(&b->out, VERDICT, verdict, 1);
	client_put_int(&b->out, BIN, 7, 4);
	client_put(&b->out, INFORMATION, "print me", 8);
	put(b, b->control);
	expect(b, b->control, RESULT_ACK);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	assert_int_equal(client_int(&b->f, RESULT_ID), id);
}

int dispose(struct bed *b, uint64_t number, uint32_t disposition, uint64_t result_id)
{
	struct cksnl_session s = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_BOOT_ID) |
		       CKSNL_HAS(CKS_A_SESSION_COUPLER) | CKSNL_HAS(CKS_A_SESSION_PRESENCE_GEN) |
		       CKSNL_HAS(CKS_A_SESSION_RESULT_ID) | CKSNL_HAS(CKS_A_SESSION_DISPOSITION) |
		       CKSNL_HAS(CKS_A_SESSION_DISPOSITION_NUMBER) |
		       CKSNL_HAS(CKS_A_SESSION_EVIDENCE),
		.request = b->request,
		.coupler = b->coupler,
		.presence_gen = b->presence_gen,
		.result_id = result_id,
		.disposition = disposition,
		.disposition_number = number,
		.evidence = "gate open, drop seen",
	};

	memcpy(s.boot_id, b->boot_id, 16);
	return cksnl_disposition_new(b->nl, &s);
}

void expect_disposed(struct bed *b, uint64_t number, uint32_t disposition)
{
	expect(b, b->control, DISPOSED);
	assert_int_equal(client_int(&b->f, NUMBER), number);
	assert_int_equal(client_int(&b->f, JOURNAL_EPOCH), EPOCH);
	assert_int_equal(client_int(&b->f, DISPOSITION), disposition);
}

void ack_disposed(struct bed *b, uint64_t number)
{
	client_begin(&b->out, DISPOSED_ACK, 0);
	client_put_int(&b->out, NUMBER, number, 8);
	client_put_int(&b->out, JOURNAL_EPOCH, EPOCH, 8);
	put(b, b->control);
	ping(b, 99);	/* frames are taken in order: when this is answered, that was done */
}

void insert(struct bed *b)
{
	int64_t end = wait_end();

	assert_int_equal(simcard_insert(b->card), 0);
	while (!coupler(b).present)
		await(end, "presence of the card", true, false);
}

int listen_at(struct bed *b, const char *address, bool plaintext_ok)
{
	struct cksnl_station st = {
		.has = CKSNL_HAS(CKS_A_STATION_UUID) | CKSNL_HAS(CKS_A_STATION_JOURNAL_EPOCH) |
		       CKSNL_HAS(CKS_A_STATION_ADDRESS) | CKSNL_HAS(CKS_A_STATION_LISTEN) |
		       CKSNL_HAS(CKS_A_STATION_PLAINTEXT_OK),
		.journal_epoch = EPOCH,
		.listen = 1,
		.plaintext_ok = plaintext_ok,
	};

	memcpy(st.uuid, uuid, sizeof(uuid));
	snprintf(st.address, sizeof(st.address), "%s", address);
	return cksnl_station_change(b->nl, &st);
}

int bed_make_in(void **state, struct cks_sim_slot *slot, const uint8_t *atr, size_t len)
{
	struct bed *b = calloc(1, sizeof(*b));
	char why[128] = "";

	assert_non_null(b);
	b->control = -1;
	b->channel = -1;
	assert_int_equal(modules_load(modules), 0);
	b->bench = simbench_open();
	assert_true(b->bench >= 0);
	b->card = simcard_new_in(b->bench, slot, atr, len);
	assert_non_null(b->card);
	b->coupler = simcard_coupler(b->card);
	if (cksnl_open(&b->nl, PATIENCE_MS, why, sizeof(why)))
		fail_msg("netlink: %s", why);
	assert_int_equal(listen_at(b, "127.0.0.1", false), 0);
	insert(b);
	*state = b;
	return 0;
}

int bed_make(void **state, const uint8_t *atr, size_t len)
{
	struct cks_sim_slot slot;

	simcard_slot_default(&slot);
	return bed_make_in(state, &slot, atr, len);
}

int teardown(void **state)
{
	struct bed *b = *state;

	if (b->channel >= 0)
		close(b->channel);
	if (b->control >= 0)
		close(b->control);
	simcard_free(b->card);
	close(b->bench);
	cksnl_close(b->nl);
	free(b);
	return modules_unload(modules);
}

/* No more is sent; whatever the station says, it closes. */
void shutdown_and_wait(struct bed *b, int fd)
{
	int rc;

	shutdown(fd, SHUT_WR);
	do {
		rc = client_recv(fd, &b->f, PATIENCE_MS);
	} while (rc == 1);
	if (rc < 0)
		assert_int_equal(errno, ECONNRESET);
	close(fd);
}

void rechannel(struct bed *b)
{
	uint32_t len;

	expect(b, b->control, RECHANNEL);
	assert_int_equal(client_int(&b->f, F_REQUEST), b->request);
	assert_int_equal(client_int(&b->f, PORT), b->port);
	memcpy(b->token, client_field(&b->f, TOKEN, &len), 16);
}

void wait_commands(struct bed *b, unsigned int n)
{
	int64_t end = wait_end();
	unsigned int is;

	while ((is = simcard_commands(b->card)) < n) {
		if (b->request && session(b).state >= CKS_SESSION_STATE_RESULT)
			fail_msg("the session is over, wanted command %u of the card: %s", n,
				 session(b).reason);
		await(end, "number of commands that the card had", n, is);
	}
}
