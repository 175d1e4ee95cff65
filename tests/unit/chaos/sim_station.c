// SPDX-License-Identifier: GPL-2.0-only
/* Honest stations for the chaos test: sockets, lanes, journal, and the cards' way. */
#include "sim_station.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE	10000	/* ms: for the CAS to do the next thing */

unsigned int sim_draw(struct sim_world *w, unsigned int n)
{
	w->chance = w->chance * 1664525 + 1013904223;
	return (w->chance >> 8) % n;
}

static bool happens(struct sim_world *w, unsigned int per_mille)
{
	return sim_draw(w, 1000) < per_mille;
}

uint64_t sim_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void fill_random(struct sim_world *w, uint8_t out[16])
{
	for (int i = 0; i < 16; i++)
		out[i] = (uint8_t)sim_draw(w, 256);
}

/* ------------------------------------------------------------------------------- connections */

static int listen_any(uint16_t *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	*port = ntohs(addr.sin_port);
	return fd;
}

static void conn_close(struct sim_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->greeted = false;
	c->have = 0;
}

/* The CAS may be stopped or gone: what does not fit into the socket is as good as lost with it. */
static void conn_send(struct sim_conn *c, struct ck_builder *b)
{
	if (!ck_end(b) || send(c->fd, b->data, b->len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
			  (ssize_t)b->len)
		conn_close(c);
	ck_free(b);
}

static struct sim_conn *cas(struct sim_station *st)
{
	for (int i = 0; i < SIM_CONTROLS; i++)
		if (st->control[i].fd >= 0 && st->control[i].greeted)
			return &st->control[i];
	return NULL;
}

static void send_error(struct sim_conn *c, enum ck_code code, const char *reason)
{
	struct ck_builder b;

	ck_begin(&b, CK_ERROR, 0);
	ck_put_u16(&b, CK_T_CODE, (uint16_t)code);
	ck_put_text(&b, CK_T_REASON, reason);
	conn_send(c, &b);
	conn_close(c);
}

/* ------------------------------------------------------------------------ journal and control */

static void send_dispositions(struct sim_station *st)
{
	struct sim_conn *c = cas(st);

	while (c && c->fd >= 0 && st->sent < st->written) {
		const struct sim_entry *e = &st->journal[st->sent++];
		struct ck_builder b;

		ck_begin(&b, CK_DISPOSED, 0);
		ck_put_u64(&b, CK_T_NUMBER, st->sent);
		ck_put_u64(&b, CK_T_JOURNAL_EPOCH, 1);
		ck_put(&b, CK_T_BOOT_ID, e->boot_id, 16);
		ck_put_u64(&b, CK_T_REQUEST, e->request);
		ck_put_u64(&b, CK_T_RESULT_ID, e->result_id);
		ck_put_u32(&b, CK_T_COUPLER, e->coupler);
		ck_put_u32(&b, CK_T_PRESENCE_GEN, e->gen);
		ck_put_u8(&b, CK_T_DISPOSITION, e->what);
		ck_put_text(&b, CK_T_EVIDENCE, "sensor");
		conn_send(c, &b);
	}
}

static void send_request(struct sim_station *st, struct sim_lane *lane)
{
	struct sim_conn *c = cas(st);
	struct ck_builder b;
	char reference[16];

	if (!c || lane->told)
		return;
	fill_random(st->world, lane->token);
	snprintf(reference, sizeof(reference), "T%u", (unsigned int)lane->request);
	ck_begin(&b, CK_REQUEST, 0);
	ck_put_u64(&b, CK_T_REQUEST, lane->request);
	ck_put_u32(&b, CK_T_COUPLER, (uint32_t)(lane - st->lane));
	ck_put_u32(&b, CK_T_PRESENCE_GEN, lane->gen);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	ck_put_text(&b, CK_T_APPLICATION, "personalize");
	ck_put_text(&b, CK_T_PROTOCOL, "cks");
	ck_put_text(&b, CK_T_ENCRYPTION, "none");
	ck_put_u16(&b, CK_T_PORT, lane->port);
	ck_put(&b, CK_T_TOKEN, lane->token, 16);
	ck_put(&b, CK_T_ATR, "\x3b\x00", 2);
	ck_put_u8(&b, CK_T_CARD_PROTOCOL, 0);
	ck_put_u8(&b, CK_T_REPEAT, lane->asked_before);
	ck_put_text(&b, CK_T_CARD_REFERENCE, reference);
	lane->told = true;
	lane->asked_before = true;
	conn_send(c, &b);
}

static void send_ended(struct sim_station *st, struct sim_lane *lane)
{
	struct sim_conn *c = cas(st);
	struct ck_builder b;

	if (!c || !lane->asked_before)
		return;
	ck_begin(&b, CK_ENDED, 0);
	ck_put_u64(&b, CK_T_REQUEST, lane->request);
	ck_put_text(&b, CK_T_REASON, "ended by the station");
	lane->ended_told = true;
	conn_send(c, &b);
}

static void send_inventory(struct sim_station *st, struct sim_conn *c, uint32_t number)
{
	uint8_t list[SIM_LANES * CK_INVENTORY_ITEM] = { 0 };
	struct ck_builder b;
	size_t n = 0;

	for (unsigned int i = 0; i < SIM_LANES; i++) {
		const struct sim_lane *lane = &st->lane[i];
		uint8_t *p = list + n;

		if (lane->phase == SIM_EMPTY)
			continue;
		for (int j = 0; j < 8; j++)
			p[j] = (uint8_t)(lane->request >> (56 - 8 * j));
		p[11] = (uint8_t)i;
		p[15] = (uint8_t)lane->gen;
		p[16] = CK_INVENTORY_OPEN;
		if (lane->phase == SIM_DECIDED)
			p[16] = lane->own ? CK_INVENTORY_ENDED : CK_INVENTORY_RESULT;
		n += CK_INVENTORY_ITEM;
	}
	ck_begin(&b, CK_INVENTORY, number);
	ck_put_u8(&b, CK_T_MORE, 0);
	ck_put(&b, CK_T_INVENTORY, list, n);
	conn_send(c, &b);
}

static void write_disposition(struct sim_station *st, struct sim_lane *lane,
			      enum ck_disposition what)
{
	struct sim_entry *e = &st->journal[st->written];

	if (st->written == SIM_JOURNAL) {
		st->world->wrong = "the test's journal is full";
		return;
	}
	memcpy(e->boot_id, st->boot_id, 16);
	e->request = lane->request;
	e->result_id = lane->own ? 0 : lane->result_id;
	e->coupler = (uint32_t)(lane - st->lane);
	e->gen = lane->gen;
	e->what = (uint8_t)what;
	st->written++;
	st->world->disposed++;
	send_dispositions(st);
}

static void decide(struct sim_station *st, struct sim_lane *lane, uint8_t verdict, bool own)
{
	lane->phase = SIM_DECIDED;
	lane->verdict = verdict;
	lane->own = own;
	conn_close(&lane->channel);
	gp_card_reset(&lane->card->gp);
	/* Time for things to happen between result and gate. */
	lane->deadline = sim_now() + sim_draw(st->world, 30);
	if (own)
		send_ended(st, lane);
}

static void on_result(struct sim_station *st, struct sim_conn *c, const struct ck_frame *f)
{
	struct ck_builder b;

	for (int i = 0; i < SIM_LANES; i++) {
		struct sim_lane *lane = &st->lane[i];

		if (lane->phase == SIM_EMPTY || lane->phase == SIM_DECIDED ||
		    lane->request != ck_u(f, CK_T_REQUEST) ||
		    lane->gen != ck_u(f, CK_T_PRESENCE_GEN) ||
		    memcmp(f->field[CK_T_BOOT_ID].data, st->boot_id, 16))
			continue;
		lane->result_id = ck_u(f, CK_T_RESULT_ID);
		decide(st, lane, (uint8_t)ck_u(f, CK_T_VERDICT), false);
	}
	ck_begin(&b, CK_RESULT_ACK, 0);
	ck_put_u64(&b, CK_T_REQUEST, ck_u(f, CK_T_REQUEST));
	ck_put_u64(&b, CK_T_RESULT_ID, ck_u(f, CK_T_RESULT_ID));
	conn_send(c, &b);
}

static void lose_channel(struct sim_station *st, struct sim_lane *lane)
{
	struct sim_conn *c = cas(st);
	struct ck_builder b;

	conn_close(&lane->channel);
	if (!c || lane->phase != SIM_OPEN)
		return;
	fill_random(st->world, lane->token);
	ck_begin(&b, CK_RECHANNEL, 0);
	ck_put_u64(&b, CK_T_REQUEST, lane->request);
	ck_put_u16(&b, CK_T_PORT, lane->port);
	ck_put(&b, CK_T_TOKEN, lane->token, 16);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, lane->gen);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	conn_send(c, &b);
}

static void on_hello(struct sim_station *st, struct sim_conn *c, const struct ck_frame *f)
{
	uint64_t lease = ck_u(f, CK_T_LEASE_EPOCH);

	if (lease < st->lease) {
		send_error(c, CK_E_LEASE, "lease has passed to another node");
		return;
	}
	for (int i = 0; i < SIM_CONTROLS; i++)
		if (&st->control[i] != c && st->control[i].greeted)
			conn_close(&st->control[i]);
	for (int i = 0; i < SIM_LANES; i++) {
		if (lease > st->lease)
			conn_close(&st->lane[i].channel);
		st->lane[i].told = false;
		st->lane[i].ended_told = false;
	}
	st->lease = lease;
	c->greeted = true;
	st->sent = st->acked;
	send_dispositions(st);
	for (int i = 0; i < SIM_LANES; i++) {
		struct sim_lane *lane = &st->lane[i];

		if (lane->phase == SIM_DECIDED && lane->own)
			send_ended(st, lane);
		else if (lane->phase != SIM_EMPTY && lane->phase != SIM_DECIDED)
			send_request(st, lane);
	}
}

static void on_control(struct sim_station *st, struct sim_conn *c, const struct ck_frame *f)
{
	struct ck_builder b;

	if (!c->greeted && f->type != CK_HELLO) {
		st->world->wrong = "HELLO did not come first";
		return;
	}
	switch (f->type) {
	case CK_HELLO:
		on_hello(st, c, f);
		break;
	case CK_PING:
		ck_begin(&b, CK_PONG, f->number);
		conn_send(c, &b);
		break;
	case CK_ORDER:
		send_inventory(st, c, f->number);
		break;
	case CK_RESULT:
		on_result(st, c, f);
		break;
	case CK_DISPOSED_ACK:
		if (ck_u(f, CK_T_NUMBER) == st->acked + 1)
			st->acked++;
		else if (ck_u(f, CK_T_NUMBER) > st->acked)
			st->world->wrong = "a disposition was acknowledged out of order";
		break;
	case CK_ERROR:
		conn_close(c);
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------------------------------ channel */

static void respond(struct sim_lane *lane, uint16_t status)
{
	struct ck_builder b;

	if (lane->channel.fd < 0)
		return;
	ck_begin(&b, CK_RESPONSE, lane->number);
	ck_put_u16(&b, CK_T_STATUS, status);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	if (status)
		ck_put_text(&b, CK_T_REASON, "the card does not answer");
	else
		ck_put(&b, CK_T_DATA, lane->rsp, lane->rsp_len);
	conn_send(&lane->channel, &b);
}

static void on_command(struct sim_station *st, struct sim_lane *lane, const struct ck_frame *f)
{
	struct sim_world *w = st->world;

	lane->number = f->number;
	if (!lane->powered) {
		respond(lane, CK_STATUS_OFF);
		return;
	}
	lane->rsp_len = gp_card_command(&lane->card->gp, f->field[CK_T_DATA].data,
					f->field[CK_T_DATA].len, lane->rsp);
	if (happens(w, w->silent)) {
		gp_card_reset(&lane->card->gp);
		lane->powered = false;
		respond(lane, CK_STATUS_SILENT);
	} else if (happens(w, w->cut)) {
		lose_channel(st, lane);
	} else {
		respond(lane, CK_STATUS_DONE);
	}
}

static void on_open(struct sim_station *st, struct sim_lane *lane, const struct ck_frame *f)
{
	uint32_t from = (uint32_t)ck_u(f, CK_T_RESUME_FROM);
	struct ck_builder b;

	if ((lane->phase != SIM_ASKED && lane->phase != SIM_OPEN) ||
	    memcmp(f->field[CK_T_TOKEN].data, lane->token, 16)) {
		send_error(&lane->channel, CK_E_TOKEN, "token unknown");
		return;
	}
	fill_random(st->world, lane->token);
	lane->phase = SIM_OPEN;
	lane->channel.greeted = true;
	ck_begin(&b, CK_OPENED, 0);
	ck_put_u64(&b, CK_T_REQUEST, lane->request);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, lane->gen);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	if (ck_has(f, CK_T_RESUME_FROM))
		ck_put_u8(&b, CK_T_OUTCOME, from < lane->number ? CK_OUTCOME_KEPT :
								  CK_OUTCOME_NONE);
	conn_send(&lane->channel, &b);
	if (ck_has(f, CK_T_RESUME_FROM) && from < lane->number)
		respond(lane, lane->powered ? CK_STATUS_DONE : CK_STATUS_SILENT);
}

static void on_channel(struct sim_station *st, struct sim_lane *lane, const struct ck_frame *f)
{
	struct ck_builder b;

	if (!lane->channel.greeted) {
		if (f->type == CK_OPEN)
			on_open(st, lane, f);
		else
			st->world->wrong = "OPEN did not come first";
		return;
	}
	lane->deadline = sim_now() + DEADLINE;
	switch (f->type) {
	case CK_COMMAND:
		on_command(st, lane, f);
		break;
	case CK_RESET:
		lane->number = f->number;
		gp_card_reset(&lane->card->gp);
		lane->powered = true;
		ck_begin(&b, CK_ATR, f->number);
		ck_put_u16(&b, CK_T_STATUS, 0);
		ck_put_u32(&b, CK_T_PRESENCE_GEN, lane->gen);
		ck_put_u32(&b, CK_T_POWER_GEN, 1);
		ck_put(&b, CK_T_ATR, "\x3b\x00", 2);
		conn_send(&lane->channel, &b);
		break;
	case CK_CLOSE:
		ck_begin(&b, CK_CLOSED, 0);
		conn_send(&lane->channel, &b);
		conn_close(&lane->channel);
		lane->phase = SIM_CLOSED;
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------------------------- the cards' way */

static void ask(struct sim_station *st, struct sim_lane *lane)
{
	lane->phase = SIM_ASKED;
	lane->request = ++st->last_request;
	lane->told = false;
	lane->asked_before = false;
	lane->own = false;
	lane->ended_told = false;
	lane->result_id = 0;
	lane->number = 0;
	lane->rsp_len = 0;
	lane->powered = true;
	/* A request that was never offered waits for its CAS. */
	lane->deadline = 0;
	gp_card_reset(&lane->card->gp);
	send_request(st, lane);
}

static void leave(struct sim_lane *lane, enum sim_place to)
{
	lane->card->place = to;
	lane->card = NULL;
	lane->gen++;
	lane->phase = SIM_EMPTY;
	conn_close(&lane->channel);
}

static struct sim_card *next_card(struct sim_world *w)
{
	if (happens(w, w->refed)) {
		struct sim_card *c = &w->card[sim_draw(w, w->cards)];

		if (c->place == SIM_TRAY && c->feeds)
			return c;
	}
	for (unsigned int i = 0; i < w->cards; i++)
		if (w->card[i].place == SIM_TRAY && !w->card[i].feeds)
			return &w->card[i];
	return NULL;
}

static void feed(struct sim_station *st, struct sim_lane *lane)
{
	struct sim_card *card = st->world->feeding ? next_card(st->world) : NULL;

	if (!card)
		return;
	card->place = SIM_IN_LANE;
	card->feeds++;
	lane->card = card;
	lane->retries = 0;
	ask(st, lane);
}

void sim_take_out(struct sim_station *st, struct sim_lane *lane)
{
	if (lane->phase == SIM_EMPTY)
		return;
	if (lane->phase != SIM_DECIDED)
		decide(st, lane, CK_REJECT, true);
	write_disposition(st, lane, CK_DISP_REMOVED);
	leave(lane, SIM_TRAY);
}

/* Durable point 3. The control unit may die before, in and after the gate. */
static void gate(struct sim_station *st, struct sim_lane *lane)
{
	struct sim_world *w = st->world;
	unsigned int dies = happens(w, w->gate) ? 1 + sim_draw(w, 4) : 0;

	if (dies == 1) {
		/* The lane is not empty at the start: the card goes to reject. */
		write_disposition(st, lane, CK_DISP_REJECTED);
		leave(lane, SIM_TRAY);
		return;
	}
	/* The sensor proves it, or it does not, wherever the card went. */
	write_disposition(st, lane, dies > 2 ? CK_DISP_UNKNOWN : CK_DISP_GOOD);
	if (dies == 4) {
		leave(lane, SIM_TRAY);
		return;
	}
	leave(lane, SIM_GOOD_BIN);
	w->good++;
}

static void act(struct sim_station *st, struct sim_lane *lane)
{
	struct sim_world *w = st->world;

	if (happens(w, w->taken)) {
		sim_take_out(st, lane);
	} else if (lane->verdict == CK_GOOD) {
		gate(st, lane);
	} else if (lane->verdict == CK_RETRY && lane->retries < 2) {
		write_disposition(st, lane, CK_DISP_REMOVED);
		lane->retries++;
		ask(st, lane);
	} else {
		write_disposition(st, lane, CK_DISP_REJECTED);
		leave(lane, SIM_TRAY);
	}
}

static void tick(struct sim_station *st)
{
	uint64_t now = sim_now();

	for (int i = 0; i < SIM_LANES; i++) {
		struct sim_lane *lane = &st->lane[i];

		if (lane->phase == SIM_EMPTY) {
			feed(st, lane);
		} else if (lane->phase == SIM_DECIDED) {
			if (now >= lane->deadline)
				act(st, lane);
		} else if (!cas(st)) {
			/* Without a CAS nothing runs out but what is under way. */
			if (lane->phase != SIM_ASKED && lane->deadline && now >= lane->deadline)
				decide(st, lane, CK_REJECT, true);
		} else {
			send_request(st, lane);
			if (!lane->deadline)
				lane->deadline = now + DEADLINE;
			else if (now >= lane->deadline)
				decide(st, lane, CK_REJECT, true);
		}
	}
}

void sim_cut_control(struct sim_station *st)
{
	for (int i = 0; i < SIM_CONTROLS; i++)
		conn_close(&st->control[i]);
}

void sim_reboot(struct sim_station *st)
{
	sim_cut_control(st);
	for (int i = 0; i < SIM_LANES; i++) {
		struct sim_lane *lane = &st->lane[i];

		if (lane->phase == SIM_EMPTY)
			continue;
		write_disposition(st, lane, CK_DISP_REJECTED);
		leave(lane, SIM_TRAY);
		lane->gen = 0;
	}
	fill_random(st->world, st->boot_id);
	st->last_request = 0;
}

/* ------------------------------------------------------------------------------------ the loop */

static void accept_control(struct sim_station *st)
{
	static const uint8_t couplers[16] = { 0 };
	int fd = accept4(st->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct sim_conn *c = NULL;
	struct ck_builder b;

	if (fd < 0)
		return;
	for (int i = 0; i < SIM_CONTROLS && !c; i++)
		if (st->control[i].fd < 0)
			c = &st->control[i];
	if (!c || sim_now() < st->gone_until) {
		close(fd);
		return;
	}
	c->fd = fd;
	ck_begin(&b, CK_HELLO, 0);
	ck_put(&b, CK_T_STATION, st->uuid, 16);
	ck_put(&b, CK_T_BOOT_ID, st->boot_id, 16);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, 1);
	ck_put_u64(&b, CK_T_LAST_DISPOSITION, st->written);
	ck_put(&b, CK_T_COUPLERS, couplers, sizeof(couplers));
	conn_send(c, &b);
}

static void accept_channel(struct sim_lane *lane)
{
	int fd = accept4(lane->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	conn_close(&lane->channel);
	lane->channel.fd = fd;
}

/* The next whole frame of @c into @f, whose fields point into @body; false if there is none yet. */
static bool take_frame(struct sim_world *w, struct sim_conn *c, uint8_t body[SIM_BUFFER],
		       struct ck_frame *f)
{
	struct ck_problem problem;
	struct ck_header h;

	if (c->fd < 0 || c->have < CK_HEADER)
		return false;
	if (!ck_header_parse(c->in, SIM_BUFFER - CK_HEADER, &h, &problem)) {
		w->wrong = problem.text;
		conn_close(c);
		return false;
	}
	if (c->have < CK_HEADER + h.length)
		return false;
	memcpy(body, c->in + CK_HEADER, h.length);
	c->have -= CK_HEADER + h.length;
	memmove(c->in, c->in + CK_HEADER + h.length, c->have);
	if (ck_body_parse(&h, body, true, f, &problem))
		return true;
	w->wrong = problem.text;
	conn_close(c);
	return false;
}

static void receive(struct sim_conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->have, SIM_BUFFER - c->have, 0);

	if (n > 0)
		c->have += (size_t)n;
	else if (n == 0 || errno != EAGAIN)
		conn_close(c);
}

static void serve_control(struct sim_station *st, struct sim_conn *c)
{
	uint8_t body[SIM_BUFFER];
	struct ck_frame f;

	receive(c);
	while (take_frame(st->world, c, body, &f))
		on_control(st, c, &f);
}

static void serve_channel(struct sim_station *st, struct sim_lane *lane)
{
	uint8_t body[SIM_BUFFER];
	struct ck_frame f;
	bool open = lane->channel.greeted;

	receive(&lane->channel);
	if (lane->channel.fd < 0 && open) {
		lose_channel(st, lane);
		return;
	}
	while (take_frame(st->world, &lane->channel, body, &f))
		on_channel(st, lane, &f);
}

void sim_run(struct sim_world *w, int ms)
{
	struct pollfd p[16 * (1 + SIM_CONTROLS + 2 * SIM_LANES)];
	unsigned int n = 0;
	uint64_t now = sim_now();

	for (unsigned int s = 0; s < w->stations; s++) {
		struct sim_station *st = &w->station[s];
		bool deaf = now < st->deaf_until;

		p[n++] = (struct pollfd){ .fd = st->listen, .events = POLLIN };
		for (int i = 0; i < SIM_CONTROLS; i++)
			p[n++] = (struct pollfd){ .fd = deaf ? -1 : st->control[i].fd,
						  .events = POLLIN };
		for (int i = 0; i < SIM_LANES; i++) {
			p[n++] = (struct pollfd){ .fd = st->lane[i].listen, .events = POLLIN };
			p[n++] = (struct pollfd){ .fd = st->lane[i].channel.fd, .events = POLLIN };
		}
	}
	if (poll(p, n, ms) > 0) {
		n = 0;
		for (unsigned int s = 0; s < w->stations; s++) {
			struct sim_station *st = &w->station[s];

			if (p[n++].revents)
				accept_control(st);
			for (int i = 0; i < SIM_CONTROLS; i++, n++)
				if (p[n].revents && st->control[i].fd == p[n].fd)
					serve_control(st, &st->control[i]);
			for (int i = 0; i < SIM_LANES; i++) {
				if (p[n++].revents)
					accept_channel(&st->lane[i]);
				if (p[n].revents && st->lane[i].channel.fd == p[n].fd)
					serve_channel(st, &st->lane[i]);
				n++;
			}
		}
	}
	for (unsigned int s = 0; s < w->stations; s++)
		tick(&w->station[s]);
}

bool sim_settled(const struct sim_world *w)
{
	for (unsigned int s = 0; s < w->stations; s++) {
		const struct sim_station *st = &w->station[s];

		if (st->acked != st->written)
			return false;
		for (int i = 0; i < SIM_LANES; i++)
			if (st->lane[i].phase != SIM_EMPTY)
				return false;
	}
	return true;
}

bool sim_begin(struct sim_world *w)
{
	for (unsigned int s = 0; s < w->stations; s++) {
		struct sim_station *st = &w->station[s];

		memset(st, 0, sizeof(*st));
		st->world = w;
		fill_random(w, st->uuid);
		fill_random(w, st->boot_id);
		for (int i = 0; i < SIM_CONTROLS; i++)
			st->control[i].fd = -1;
		st->listen = listen_any(&st->port);
		if (st->listen < 0)
			return false;
		for (int i = 0; i < SIM_LANES; i++) {
			st->lane[i].channel.fd = -1;
			st->lane[i].listen = listen_any(&st->lane[i].port);
			if (st->lane[i].listen < 0)
				return false;
		}
	}
	return true;
}

void sim_end(struct sim_world *w)
{
	for (unsigned int s = 0; s < w->stations; s++) {
		struct sim_station *st = &w->station[s];

		sim_cut_control(st);
		close(st->listen);
		for (int i = 0; i < SIM_LANES; i++) {
			conn_close(&st->lane[i].channel);
			close(st->lane[i].listen);
		}
	}
	for (unsigned int i = 0; i < w->cards; i++)
		gp_card_free(&w->card[i].gp);
}
