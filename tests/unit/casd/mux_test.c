// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels that share casd's control connection (docs/protocol.md section 3b): frames pass whole
 * however they are cut, credit is kept both ways, and each end of a link is told of. The station
 * is this test, at the other end of a pair of sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "casd/mux.h"

#define PATIENCE	20000	/* ms */
#define COUPLER		2
#define BIG		60000	/* of a command's or a response's bytes */

/* What a channel's owner heard. */
struct channel {
	struct link *link;
	bool connected;
	bool closed;
	unsigned int frames;
	uint32_t number;
	size_t len;
	bool right;	/* the data were pattern() */
};

static struct event_base *base;
static struct link *control;
static struct mux *mux;
static int station;
static const char *wrong;	/* what mux_frame() said last */
static uint8_t body[CK_CONTROL_MAX];
static struct ck_frame f;

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void on_connected(void *arg)
{
	struct channel *c = arg;

	c->connected = true;
}

static void on_frame(void *arg, const struct ck_frame *frame)
{
	struct channel *c = arg;
	const struct ck_field *data = &frame->field[CK_T_DATA];

	c->frames++;
	c->number = frame->number;
	c->len = data->len;
	c->right = true;
	for (size_t i = 0; i < data->len; i++)
		c->right &= data->data[i] == pattern(i);
}

static void on_closed(void *arg, const char *why)
{
	struct channel *c = arg;

	(void)why;
	c->link = NULL;
	c->closed = true;
}

static const struct link_ops channel_ops = { on_connected, on_frame, on_closed };

static void control_connected(void *arg)
{
	(void)arg;
}

static void control_frame(void *arg, const struct ck_frame *frame)
{
	(void)arg;
	wrong = mux_frame(mux, frame);
}

static void control_closed(void *arg, const char *why)
{
	(void)arg;
	(void)why;
	control = NULL;
	mux_free(mux);
	mux = NULL;
}

static const struct link_ops control_ops = { control_connected, control_frame, control_closed };

static int setup(void **state)
{
	int pair[2];

	(void)state;
	base = event_base_new();
	if (!base || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -1;
	station = pair[1];
	wrong = NULL;
	control = link_over(bufferevent_socket_new(base, pair[0], BEV_OPT_CLOSE_ON_FREE |
						   BEV_OPT_DEFER_CALLBACKS),
			    CK_CONTROL_MAX, &control_ops, NULL, NULL, NULL);
	mux = control ? mux_new(base, control) : NULL;
	return mux ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mux_free(mux);
	link_close(control);
	/* Callbacks that are due have a hold on their buffers, which event_base_free() leaves. */
	while (event_base_get_num_events(base, EVENT_BASE_COUNT_ACTIVE))
		event_base_loop(base, EVLOOP_NONBLOCK);
	close(station);
	event_base_free(base);
	return 0;
}

/* All that can be done without the station. */
static void settle(void)
{
	for (int i = 0; i < 20; i++)
		assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

/* The next frame at the station: false if there is none. */
static bool next(void)
{
	struct ck_problem problem = { 0 };
	uint8_t head[CK_HEADER];
	struct ck_header header;
	size_t have = 0;

	settle();
	if (recv(station, head, sizeof(head), MSG_DONTWAIT) != sizeof(head))
		return false;
	assert_true(ck_header_parse(head, CK_CONTROL_MAX, &header, &problem));
	for (int ms = 0; have < header.length; ms++) {
		ssize_t n = recv(station, body + have, header.length - have, MSG_DONTWAIT);

		assert_in_range(ms, 0, PATIENCE);
		settle();
		have += n > 0 ? (size_t)n : 0;
	}
	assert_true(ck_body_parse(&header, body, true, &f, &problem));
	return true;
}

static void expect(enum ck_type type, uint32_t number)
{
	assert_true(next());
	assert_int_equal(f.type, type);
	assert_int_equal(f.number, number);
}

static void put(struct ck_builder *b)
{
	assert_true(ck_end(b));
	for (size_t sent = 0; sent < b->len; ) {
		ssize_t n = send(station, b->data + sent, b->len - sent, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		settle();
	}
	ck_free(b);
}

static void carry(uint32_t number, const uint8_t *p, size_t len)
{
	struct ck_builder b;

	ck_begin(&b, CK_CARRY, number);
	ck_put(&b, CK_T_CARRIED, p, len);
	put(&b);
}

static void credit(uint32_t number, uint32_t n)
{
	struct ck_builder b;

	ck_begin(&b, CK_CREDIT, number);
	ck_put_u32(&b, CK_T_CREDIT, n);
	put(&b);
}

static void unlink_it(uint32_t number)
{
	struct ck_builder b;

	ck_begin(&b, CK_UNLINK, number);
	put(&b);
}

static void open_one(struct channel *c, uint32_t number)
{
	*c = (struct channel){ .link = mux_open(mux, COUPLER, CK_CHANNEL_MAX, &channel_ops, c) };
	assert_non_null(c->link);
	expect(CK_LINK, number);
	assert_int_equal(ck_u(&f, CK_T_COUPLER), COUPLER);
	assert_true(c->connected);
}

static void data_frame(struct ck_builder *b, enum ck_type type, uint32_t number, size_t len)
{
	uint8_t *data = malloc(len);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = pattern(i);
	ck_begin(b, type, number);
	if (type == CK_RESPONSE) {
		ck_put_u16(b, CK_T_STATUS, 0);
		ck_put_u32(b, CK_T_POWER_GEN, 1);
	} else {
		ck_put_u32(b, CK_T_TIMEOUT, 0);
	}
	ck_put(b, CK_T_DATA, data, len);
	assert_true(ck_end(b));
	free(data);
}

static void frames_pass_however_cut(void **state)
{
	struct ck_builder b, copy;
	struct channel c, d;

	(void)state;
	open_one(&c, 1);
	open_one(&d, 2);
	data_frame(&b, CK_COMMAND, 1, 100);
	data_frame(&copy, CK_COMMAND, 1, 100);
	assert_true(link_send(c.link, &b));
	expect(CK_CARRY, 1);
	assert_int_equal(f.field[CK_T_CARRIED].len, copy.len);
	assert_memory_equal(f.field[CK_T_CARRIED].data, copy.data, copy.len);
	ck_free(&copy);

	data_frame(&b, CK_RESPONSE, 1, 100);
	for (size_t i = 0; i < b.len; i += 7) {
		assert_int_equal(c.frames, 0);
		carry(1, b.data + i, b.len - i < 7 ? b.len - i : 7);
	}
	settle();
	ck_free(&b);
	assert_int_equal(c.frames, 1);
	assert_int_equal(c.number, 1);
	assert_int_equal(c.len, 100);
	assert_true(c.right);
	assert_int_equal(d.frames, 0);
	link_close(c.link);
	expect(CK_UNLINK, 1);
	link_close(d.link);
	expect(CK_UNLINK, 2);
}

static size_t carried(uint8_t *out, size_t have)
{
	while (next()) {
		assert_int_equal(f.type, CK_CARRY);
		memcpy(out + have, f.field[CK_T_CARRIED].data, f.field[CK_T_CARRIED].len);
		have += f.field[CK_T_CARRIED].len;
	}
	return have;
}

static void no_more_is_carried_than_the_credit(void **state)
{
	struct ck_builder b, copy;
	struct channel c;
	uint8_t *got = malloc(4 * BIG);
	size_t have;

	(void)state;
	assert_non_null(got);
	open_one(&c, 1);
	for (uint32_t i = 1; i <= 3; i++) {
		data_frame(&b, CK_COMMAND, i, BIG);
		assert_true(link_send(c.link, &b));
	}
	have = carried(got, 0);
	assert_int_equal(have, CK_CREDIT_FIRST);
	credit(1, 1000);
	have = carried(got, have);
	assert_int_equal(have, CK_CREDIT_FIRST + 1000);
	credit(1, 1U << 20);
	have = carried(got, have);
	for (uint32_t i = 1; i <= 3; i++) {
		data_frame(&copy, CK_COMMAND, i, BIG);
		assert_int_equal(have, 3 * copy.len);
		assert_memory_equal(got + (i - 1) * copy.len, copy.data, copy.len);
		ck_free(&copy);
	}
	free(got);
	credit(1, 1U << 30);
	assert_non_null(wrong);
	link_close(c.link);
	expect(CK_UNLINK, 1);
}

static void credit_is_given_for_what_was_taken(void **state)
{
	uint32_t left = CK_CREDIT_FIRST, given = 0;
	struct ck_builder b;
	struct channel c;

	(void)state;
	open_one(&c, 1);
	for (uint32_t i = 1; i <= 4; i++) {
		data_frame(&b, CK_RESPONSE, i, BIG);
		for (size_t at = 0; at < b.len; ) {
			size_t n = b.len - at < 4000 ? b.len - at : 4000;

			while (left < n) {
				expect(CK_CREDIT, 1);
				left += (uint32_t)ck_u(&f, CK_T_CREDIT);
				assert_in_range(left, 0, CK_CREDIT_FIRST);
				given++;
			}
			carry(1, b.data + at, n);
			at += n;
			left -= (uint32_t)n;
		}
		settle();
		ck_free(&b);
		assert_int_equal(c.frames, i);
		assert_true(c.right);
		assert_null(wrong);
	}
	assert_true(given >= 2);
	link_close(c.link);
}

/* All at a time, so that the channel has no turn to take any of it. */
static void more_than_the_credit_is_refused(void **state)
{
	static const uint8_t bytes[8000];
	struct ck_frame carry = { .type = CK_CARRY, .number = 1 };
	struct channel c;

	(void)state;
	open_one(&c, 1);
	carry.field[CK_T_CARRIED] = (struct ck_field){ bytes, sizeof(bytes) };
	for (size_t n = sizeof(bytes); n <= CK_CREDIT_FIRST; n += sizeof(bytes))
		assert_null(mux_frame(mux, &carry));
	assert_non_null(mux_frame(mux, &carry));
	link_close(c.link);
}

static void station_ends_a_link(void **state)
{
	struct ck_builder b;
	struct channel c;

	(void)state;
	open_one(&c, 1);
	data_frame(&b, CK_RESPONSE, 9, 50);
	carry(1, b.data, b.len);
	ck_free(&b);
	unlink_it(1);
	settle();
	assert_int_equal(c.frames, 1);	/* what came before counts */
	assert_true(c.closed);
	expect(CK_UNLINK, 1);
	assert_false(next());
}

static void what_comes_for_a_link_that_is_over_changes_nothing(void **state)
{
	static const uint8_t byte;
	struct channel c;

	(void)state;
	open_one(&c, 1);
	link_close(c.link);
	expect(CK_UNLINK, 1);
	carry(1, &byte, 1);
	credit(1, 5);
	unlink_it(1);
	settle();
	assert_null(wrong);
	assert_false(next());
	carry(2, &byte, 1);
	settle();
	assert_non_null(wrong);
}

static void channels_end_with_the_connection(void **state)
{
	struct channel c, d;

	(void)state;
	open_one(&c, 1);
	open_one(&d, 2);
	shutdown(station, SHUT_RDWR);
	settle();
	assert_null(control);
	assert_true(c.closed);
	assert_true(d.closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_pass_however_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(no_more_is_carried_than_the_credit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(credit_is_given_for_what_was_taken, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_than_the_credit_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(station_ends_a_link, setup, teardown),
		cmocka_unit_test_setup_teardown(what_comes_for_a_link_that_is_over_changes_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(channels_end_with_the_connection, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
