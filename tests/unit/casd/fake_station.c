// SPDX-License-Identifier: GPL-2.0-only
/* The station's side of docs/protocol.md for tests of the CAS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_station.h"

#define PATIENCE 20000	/* ms */

static void await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE), 1);
}

static int listen_any(uint16_t *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

void station_start(struct fake_station *st)
{
	memset(st, 0, sizeof(*st));
	st->control_listen = listen_any(&st->control_port);
	st->channel_listen = listen_any(&st->channel_port);
	st->control = -1;
	st->channel = -1;
	memcpy(st->uuid, "station-uuid-016", 16);
	memset(st->boot_id, 0xb0, 16);
	st->journal_epoch = 5;
}

void station_stop(struct fake_station *st)
{
	if (st->control >= 0)
		close(st->control);
	if (st->channel >= 0)
		close(st->channel);
	close(st->control_listen);
	close(st->channel_listen);
}

static bool read_all(int fd, uint8_t *out, size_t len)
{
	while (len) {
		ssize_t n;

		await(fd);
		n = read(fd, out, len);
		if (n <= 0)
			return false;
		out += n;
		len -= (size_t)n;
	}
	return true;
}

bool station_read_any(int fd, struct message *m)
{
	struct ck_problem problem = { 0 };
	uint8_t head[CK_HEADER];
	struct ck_header header;

	if (!read_all(fd, head, sizeof(head)))
		return false;
	assert_true(ck_header_parse(head, sizeof(m->body), &header, &problem));
	assert_true(read_all(fd, m->body, header.length));
	if (!ck_body_parse(&header, m->body, true, &m->f, &problem))
		fail_msg("%s: %s", ck_type_name(header.type), problem.text);
	return true;
}

bool station_read(int fd, struct message *m)
{
	do {
		if (!station_read_any(fd, m))
			return false;
	} while (m->f.type == CK_PING);
	return true;
}

void station_write(int fd, struct ck_builder *b)
{
	assert_true(ck_end(b));
	assert_int_equal(send(fd, b->data, b->len, MSG_NOSIGNAL), b->len);
	ck_free(b);
}

void station_inventory(struct fake_station *st)
{
	uint8_t item[CK_INVENTORY_ITEM] = { 0 };
	struct ck_builder b;

	for (int i = 0; i < 8; i++)
		item[i] = (uint8_t)(st->has_result >> (56 - 8 * i));
	item[11] = 2;
	item[15] = 7;
	item[16] = CK_INVENTORY_RESULT;
	ck_begin(&b, CK_INVENTORY, 0);
	ck_put_u8(&b, CK_T_MORE, 0);
	ck_put(&b, CK_T_INVENTORY, item, st->has_result ? sizeof(item) : 0);
	station_write(st->control, &b);
}

void station_accept(struct fake_station *st)
{
	if (st->control >= 0)
		close(st->control);
	await(st->control_listen);
	st->control = accept(st->control_listen, NULL, NULL);
	assert_true(st->control >= 0);
}

void station_say_hello(struct fake_station *st)
{
	static const uint8_t couplers[16] = { 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 3 };
	struct ck_builder b;

	station_accept(st);
	ck_begin(&b, CK_HELLO, 0);
	ck_put(&b, CK_T_STATION, st->uuid, 16);
	ck_put(&b, CK_T_BOOT_ID, st->boot_id, 16);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, st->journal_epoch);
	ck_put_u64(&b, CK_T_LAST_DISPOSITION, st->last_disposition);
	ck_put(&b, CK_T_COUPLERS, couplers, sizeof(couplers));
	station_write(st->control, &b);
}

uint64_t station_await_hello(struct fake_station *st)
{
	static struct message m;
	uint64_t lease;

	assert_true(station_read(st->control, &m));
	assert_int_equal(m.f.type, CK_HELLO);
	lease = ck_u(&m.f, CK_T_LEASE_EPOCH);
	assert_true(station_read(st->control, &m));
	assert_int_equal(m.f.type, CK_ORDER);
	assert_int_equal(ck_u(&m.f, CK_T_ORDER), CK_ORDER_INVENTORY);
	if (!st->no_inventory)
		station_inventory(st);
	return lease;
}

uint64_t station_hello(struct fake_station *st)
{
	station_say_hello(st);
	return station_await_hello(st);
}

void station_request(struct fake_station *st, uint64_t number, const char *application,
		     bool repeat)
{
	struct ck_builder b;

	ck_begin(&b, CK_REQUEST, 0);
	ck_put_u64(&b, CK_T_REQUEST, number);
	ck_put_u32(&b, CK_T_COUPLER, 2);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 7);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	ck_put_text(&b, CK_T_APPLICATION, application);
	ck_put_text(&b, CK_T_PROTOCOL, "cks");
	ck_put_text(&b, CK_T_ENCRYPTION, "none");
	ck_put_u16(&b, CK_T_PORT, st->channel_port);
	ck_put(&b, CK_T_TOKEN, "token-of-16-byte", 16);
	ck_put(&b, CK_T_ATR, "\x3b\x00", 2);
	ck_put_u8(&b, CK_T_CARD_PROTOCOL, 0);
	ck_put_u8(&b, CK_T_REPEAT, repeat);
	ck_put_text(&b, CK_T_CARD_REFERENCE, "TRAY-0001");
	station_write(st->control, &b);
}

static void open_channel(struct fake_station *st, uint64_t number, bool again, uint32_t *resume)
{
	static struct message m;
	struct ck_builder b;

	await(st->channel_listen);
	st->channel = accept(st->channel_listen, NULL, NULL);
	assert_true(st->channel >= 0);
	assert_true(station_read(st->channel, &m));
	assert_int_equal(m.f.type, CK_OPEN);
	assert_memory_equal(m.f.field[CK_T_TOKEN].data,
			    again ? "token-of-rechann" : "token-of-16-byte", 16);
	assert_int_equal(ck_has(&m.f, CK_T_RESUME_FROM), again);
	*resume = (uint32_t)ck_u(&m.f, CK_T_RESUME_FROM);
	ck_begin(&b, CK_OPENED, 0);
	ck_put_u64(&b, CK_T_REQUEST, number);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 7);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	if (again)
		ck_put_u8(&b, CK_T_OUTCOME, *resume < st->last_number ? CK_OUTCOME_KEPT :
									 CK_OUTCOME_NONE);
	station_write(st->channel, &b);
}

static void send_response(struct fake_station *st, const uint8_t *rsp, size_t len)
{
	struct ck_builder b;

	ck_begin(&b, CK_RESPONSE, st->last_number);
	ck_put_u16(&b, CK_T_STATUS, 0);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	ck_put(&b, CK_T_DATA, rsp, len);
	station_write(st->channel, &b);
}

static void send_silence(struct fake_station *st)
{
	struct ck_builder b;

	ck_begin(&b, CK_RESPONSE, st->last_number);
	ck_put_u16(&b, CK_T_STATUS, CK_STATUS_SILENT);
	ck_put_u32(&b, CK_T_POWER_GEN, 2);
	ck_put_text(&b, CK_T_REASON, "waiting time exceeded");
	station_write(st->channel, &b);
}

/* The channel breaks after the card has done a command, or some of a batch: they are kept. */
void station_break(struct fake_station *st, uint64_t number, uint32_t first)
{
	struct ck_builder b;
	uint32_t resume;

	close(st->channel);
	ck_begin(&b, CK_RECHANNEL, 0);
	ck_put_u64(&b, CK_T_REQUEST, number);
	ck_put_u16(&b, CK_T_PORT, st->channel_port);
	ck_put(&b, CK_T_TOKEN, "token-of-rechann", 16);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 7);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	station_write(st->control, &b);
	open_channel(st, number, true, &resume);
	assert_int_equal(resume, first - 1);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool accepted(const uint8_t *pairs, unsigned int n, const uint8_t *sw)
{
	for (unsigned int i = 0; i < n; i++, pairs += 4)
		if (!(((sw[0] ^ pairs[0]) & pairs[2]) | ((sw[1] ^ pairs[1]) & pairs[3])))
			return true;
	return !n;
}

static void serve_batch(struct fake_station *st, uint64_t number, struct gp_card *card,
			const struct message *m)
{
	const uint8_t *p = m->f.field[CK_T_COMMANDS].data;
	const uint8_t *end = p + m->f.field[CK_T_COMMANDS].len;
	static uint8_t rsps[65536];
	uint32_t first = m->f.number, executed = 0;
	uint8_t stop = CK_STOP_NONE;
	struct ck_builder b;
	size_t total = 0;

	assert_int_equal(first, st->last_number + 1);
	st->batches++;
	while (p < end && !stop) {
		unsigned int pairs = p[5];
		uint32_t len = get32(p + 6);
		uint8_t *rsp = rsps + total + 6;
		size_t n;

		assert_true((size_t)(end - p) >= 10 + 4 * pairs + len);
		n = gp_card_command(card, p + 10 + 4 * pairs, len, rsp);
		memcpy(rsps + total, (uint8_t[]){ 0, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n }, 6);
		total += 6 + n;
		executed++;
		if (++st->commands == st->cut_after)
			stop = CK_STOP_CHANNEL;
		else if (!accepted(p + 10, pairs, rsp + n - 2))
			stop = CK_STOP_STATUS_WORD;
		p += 10 + 4 * pairs + len;
	}
	st->last_number += executed;
	if (stop == CK_STOP_CHANNEL)
		station_break(st, number, first);
	ck_begin(&b, CK_BATCHED, first);
	ck_put_u32(&b, CK_T_EXECUTED, executed);
	ck_put_u8(&b, CK_T_STOP, stop);
	ck_put_u32(&b, CK_T_POWER_GEN, 1);
	ck_put(&b, CK_T_RESPONSES, rsps, total);
	station_write(st->channel, &b);
}

/* The card is changed while it works: what it does is to be cancelled. */
static void hang(struct fake_station *st, uint64_t number)
{
	static struct message m;
	struct ck_builder b;

	ck_begin(&b, CK_RECHANNEL, 0);
	ck_put_u64(&b, CK_T_REQUEST, number);
	ck_put_u16(&b, CK_T_PORT, st->channel_port);
	ck_put(&b, CK_T_TOKEN, "token-of-rechann", 16);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 8);
	ck_put_u32(&b, CK_T_POWER_GEN, 2);
	station_write(st->control, &b);
	assert_true(station_read(st->channel, &m));
	assert_int_equal(m.f.type, CK_CANCEL);
	assert_int_equal(m.f.number, st->last_number);
	st->cancelled = true;
	ck_begin(&b, CK_RESPONSE, st->last_number);
	ck_put_u16(&b, CK_T_STATUS, CK_STATUS_CANCELLED);
	ck_put_u32(&b, CK_T_POWER_GEN, 2);
	ck_put_text(&b, CK_T_REASON, "cancelled");
	station_write(st->channel, &b);
}

/* Until the channel has something: prompts are shown and answered. */
static void serve_prompts(struct fake_station *st)
{
	static struct message m;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = st->channel, .events = POLLIN },
			{ .fd = st->control, .events = POLLIN },
		};
		struct ck_builder b;

		assert_true(poll(p, 2, PATIENCE) > 0);
		if (p[0].revents)
			return;
		assert_true(station_read_any(st->control, &m));
		if (m.f.type == CK_PING)
			continue;
		assert_int_equal(m.f.type, CK_PROMPT);
		st->prompts++;
		st->prompt_kind = (uint8_t)ck_u(&m.f, CK_T_KIND);
		snprintf(st->prompt_text, sizeof(st->prompt_text), "%.*s",
			 (int)m.f.field[CK_T_TEXT].len, (const char *)m.f.field[CK_T_TEXT].data);
		if (st->prompt_kind == CK_PROMPT_DISPLAY)
			continue;
		ck_begin(&b, CK_ENTRY, 0);
		ck_put_u64(&b, CK_T_REQUEST, ck_u(&m.f, CK_T_REQUEST));
		ck_put_u32(&b, CK_T_PROMPT, (uint32_t)ck_u(&m.f, CK_T_PROMPT));
		ck_put_u8(&b, CK_T_ANSWER, st->entry ? CK_ANSWER_GIVEN : CK_ANSWER_REFUSED);
		if (st->entry && st->prompt_kind == CK_PROMPT_ENTRY)
			ck_put(&b, CK_T_ENTRY, st->entry, strlen(st->entry));
		station_write(st->control, &b);
	}
}

static size_t play(struct fake_station *st, struct gp_card *card, const uint8_t *apdu, size_t len,
		   uint8_t rsp[GP_RESPONSE_MAX])
{
	return st->other ? st->other(st->other_card, apdu, len, rsp) :
			   gp_card_command(card, apdu, len, rsp);
}

void station_open(struct fake_station *st, uint64_t number)
{
	uint32_t resume;

	open_channel(st, number, false, &resume);
	st->commands = 0;
	st->batches = 0;
	st->cancelled = false;
	st->prompts = 0;
	st->last_number = 0;
}

static void close_channel(struct fake_station *st)
{
	struct ck_builder b;

	ck_begin(&b, CK_CLOSED, 0);
	station_write(st->channel, &b);
	close(st->channel);
	st->channel = -1;
}

bool station_step(struct fake_station *st, uint64_t number, struct gp_card *card)
{
	static struct message m;
	uint8_t rsp[GP_RESPONSE_MAX];
	size_t len;

	serve_prompts(st);
	assert_true(station_read(st->channel, &m));
	if (m.f.type == CK_CLOSE) {
		close_channel(st);
		return false;
	}
	if (m.f.type == CK_BATCH) {
		serve_batch(st, number, card, &m);
		return true;
	}
	assert_int_equal(m.f.type, CK_COMMAND);
	assert_int_equal(m.f.number, ++st->last_number);
	if (st->commands + 1 == st->hang_at) {
		hang(st, number);
		return true;
	}
	len = play(st, card, m.f.field[CK_T_DATA].data, m.f.field[CK_T_DATA].len, rsp);
	if (++st->commands == st->mute_after)
		send_silence(st);
	if (st->commands == st->cut_after)
		station_break(st, number, st->last_number);
	if (st->commands != st->mute_after)
		send_response(st, rsp, len);
	return true;
}

void station_serve(struct fake_station *st, uint64_t number, struct gp_card *card)
{
	station_open(st, number);
	while (station_step(st, number, card))
		;
}

void station_result(struct fake_station *st, uint64_t number, struct message *m)
{
	struct ck_builder b;

	assert_true(station_read(st->control, m));
	assert_int_equal(m->f.type, CK_RESULT);
	assert_int_equal(ck_u(&m->f, CK_T_REQUEST), number);
	assert_int_equal(ck_u(&m->f, CK_T_PRESENCE_GEN), 7);
	ck_begin(&b, CK_RESULT_ACK, 0);
	ck_put_u64(&b, CK_T_REQUEST, number);
	ck_put_u64(&b, CK_T_RESULT_ID, ck_u(&m->f, CK_T_RESULT_ID));
	station_write(st->control, &b);
}

void station_dispose(struct fake_station *st, uint64_t disposition, uint64_t number,
		     uint64_t result_id, enum ck_disposition what)
{
	static struct message m;
	struct ck_builder b;

	ck_begin(&b, CK_DISPOSED, 0);
	ck_put_u64(&b, CK_T_NUMBER, disposition);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, st->journal_epoch);
	ck_put(&b, CK_T_BOOT_ID, st->boot_id, 16);
	ck_put_u64(&b, CK_T_REQUEST, number);
	ck_put_u64(&b, CK_T_RESULT_ID, result_id);
	ck_put_u32(&b, CK_T_COUPLER, 2);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 7);
	ck_put_u8(&b, CK_T_DISPOSITION, what);
	ck_put_text(&b, CK_T_EVIDENCE, "drop sensor");
	station_write(st->control, &b);
	assert_true(station_read(st->control, &m));
	assert_int_equal(m.f.type, CK_DISPOSED_ACK);
	assert_int_equal(ck_u(&m.f, CK_T_NUMBER), disposition);
	st->last_disposition = disposition;
}
