// SPDX-License-Identifier: GPL-2.0-only
/* Frames of the CAS: what docs/protocol.md says must be refused is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libframe/frame.h"

static struct ck_frame frame;
static struct ck_problem problem;

static bool parse(const uint8_t *data, size_t len, bool from_cas)
{
	struct ck_header header;

	memset(&problem, 0, sizeof(problem));
	if (!ck_header_parse(data, CK_CONTROL_MAX, &header, &problem))
		return false;
	assert_int_equal(header.length, len - CK_HEADER);
	return ck_body_parse(&header, data + CK_HEADER, from_cas, &frame, &problem);
}

static bool parse_built(struct ck_builder *b, bool from_cas)
{
	bool ok;

	assert_true(ck_end(b));
	ok = parse(b->data, b->len, from_cas);
	ck_free(b);
	return ok;
}

/* Bytes by hand, so that builder and parser cannot be wrong in the same way. */
static void bytes_of_a_frame(void **state)
{
	static const uint8_t want[] = {
		0x43, 0x4b, 1, 0x14, 0, 0, 0, 0, 0, 0, 0, 28,
		0, 0x30, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5,
		0, 0x05, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8,
	};
	struct ck_builder b;

	(void)state;
	ck_begin(&b, CK_DISPOSED_ACK, 0);
	ck_put_u64(&b, CK_T_NUMBER, 5);
	ck_put_u64(&b, CK_T_JOURNAL_EPOCH, 0x0102030405060708);
	assert_true(ck_end(&b));
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	ck_free(&b);
	assert_true(parse(want, sizeof(want), true));
	assert_int_equal(ck_u(&frame, CK_T_NUMBER), 5);
	/* The station does not send it. */
	assert_false(parse(want, sizeof(want), false));
	assert_int_equal(problem.code, CK_E_STATE);
}

static void wrong_headers(void **state)
{
	uint8_t head[CK_HEADER] = { 0x43, 0x4b, 1, CK_PING };
	struct ck_header header;

	(void)state;
	assert_true(ck_header_parse(head, 10, &header, &problem));
	head[11] = 11;
	assert_false(ck_header_parse(head, 10, &header, &problem));
	assert_int_equal(problem.code, CK_E_LIMIT);
	head[8] = 0xff;
	assert_false(ck_header_parse(head, CK_CHANNEL_MAX, &header, &problem));
	head[2] = 2;
	assert_false(ck_header_parse(head, 10, &header, &problem));
	assert_int_equal(problem.code, CK_E_VERSION);
	head[0] = 0;
	assert_false(ck_header_parse(head, 10, &header, &problem));
	assert_int_equal(problem.code, CK_E_MALFORMED);
}

static void ended(struct ck_builder *b)
{
	ck_begin(b, CK_ENDED, 0);
	ck_put_u64(b, CK_T_REQUEST, 1);
}

static void refused_bodies(void **state)
{
	struct ck_builder b;

	(void)state;
	ended(&b);
	assert_false(parse_built(&b, false));
	assert_string_equal(problem.text, "a field is missing");

	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	ck_put_text(&b, CK_T_REASON, "y");
	assert_false(parse_built(&b, false));
	assert_string_equal(problem.text, "a field twice");

	ended(&b);
	ck_put_text(&b, CK_T_REASON, "");
	assert_false(parse_built(&b, false));

	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	ck_put_u32(&b, CK_T_COUPLER, 1);
	assert_true(parse_built(&b, false));
	assert_false(ck_has(&frame, CK_T_COUPLER));

	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	ck_put_u16(&b, CK_T_COUPLER, 1);
	assert_false(parse_built(&b, false));
	assert_string_equal(problem.text, "field with a wrong length");
}

static void unknown_fields(void **state)
{
	struct ck_builder b;

	(void)state;
	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	ck_put(&b, 0x7abc, "1234", 4);
	assert_true(parse_built(&b, false));
	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	ck_put(&b, 0x8abc, "1234", 4);
	assert_false(parse_built(&b, false));
	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	ck_put(&b, 0x7abc, "1234", 4);
	ck_put(&b, 0x7abc, "1234", 4);
	assert_false(parse_built(&b, false));
	ended(&b);
	ck_put_text(&b, CK_T_REASON, "x");
	for (uint16_t i = 0; i < 63; i++)
		ck_put(&b, 0x7000 + i, "", 0);
	assert_false(parse_built(&b, false));
	assert_int_equal(problem.code, CK_E_LIMIT);
}

static void text_is_utf8(void **state)
{
	static const char *const good[] = { "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x82\xa1" };
	static const char *const bad[] = {
		"\n", "\x7f", "\x80", "\xc3", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xc2\x85", "\xff", "\xe0\x80\x80",
	};
	struct ck_builder b;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ended(&b);
		ck_put_text(&b, CK_T_REASON, good[i]);
		assert_true(parse_built(&b, false));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ended(&b);
		ck_put_text(&b, CK_T_REASON, bad[i]);
		assert_false(parse_built(&b, false));
	}
}

/* A body cut anywhere, with the header's length set to fit, is refused. */
static void cut_bodies(void **state)
{
	struct ck_builder b;

	(void)state;
	ended(&b);
	ck_put_text(&b, CK_T_REASON, "reason");
	assert_true(ck_end(&b));
	for (size_t len = CK_HEADER; len < b.len; len++) {
		uint8_t *copy = malloc(len);

		assert_non_null(copy);
		memcpy(copy, b.data, len);
		copy[11] = (uint8_t)(len - CK_HEADER);
		assert_false(parse(copy, len, false));
		free(copy);
	}
	ck_free(&b);
}

/* Changed bytes must never read beyond the body: the sanitizers watch. */
static void changed_bytes(void **state)
{
	struct ck_builder b;
	unsigned int seed = 1;

	(void)state;
	ck_begin(&b, CK_OPENED, 0);
	ck_put_u64(&b, CK_T_REQUEST, 1);
	ck_put_u32(&b, CK_T_PRESENCE_GEN, 2);
	ck_put_u32(&b, CK_T_POWER_GEN, 3);
	ck_put_u8(&b, CK_T_OUTCOME, 1);
	assert_true(ck_end(&b));
	for (int i = 0; i < 200000; i++) {
		uint8_t *copy = malloc(b.len);
		struct ck_header header;

		assert_non_null(copy);
		memcpy(copy, b.data, b.len);
		for (int j = 0; j < 3; j++)
			copy[(size_t)rand_r(&seed) % b.len] = (uint8_t)rand_r(&seed);
		if (ck_header_parse(copy, CK_CONTROL_MAX, &header, &problem) &&
		    header.length <= b.len - CK_HEADER)
			ck_body_parse(&header, copy + CK_HEADER, false, &frame, &problem);
		free(copy);
	}
	ck_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_a_frame),
		cmocka_unit_test(wrong_headers),
		cmocka_unit_test(refused_bodies),
		cmocka_unit_test(unknown_fields),
		cmocka_unit_test(text_is_utf8),
		cmocka_unit_test(cut_bodies),
		cmocka_unit_test(changed_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
