// SPDX-License-Identifier: GPL-2.0-only
/*
 * The router's frames against docs/protocol.md: what is taken, what is refused and why, and what
 * is built, byte by byte.
 */
#include "../check.h"
#include "router/frame.h"

/* A body under construction, by hand: independent of the builder under test. */
struct body {
	u8 p[70000];
	u32 len;
};

static void field(struct body *b, u16 tag, u32 claimed, const void *data, u32 len)
{
	u8 *p = b->p + b->len;

	p[0] = tag >> 8;
	p[1] = tag & 0xff;
	p[2] = claimed >> 24;
	p[3] = claimed >> 16 & 0xff;
	p[4] = claimed >> 8 & 0xff;
	p[5] = claimed & 0xff;
	memcpy(p + 6, data, len);
	b->len += 6 + len;
}

/* Parsed in a buffer of exactly its length, so that the sanitizer sees a byte too many. */
static unsigned int parse(u8 type, const struct body *b, struct cks_msg *m, u8 **ret_copy)
{
	const char *why = NULL;
	unsigned int code;
	u8 *copy = malloc(b->len ? b->len : 1);

	assert_non_null(copy);
	memcpy(copy, b->p, b->len);
	m->h.type = type;
	m->h.number = 0;
	m->h.len = b->len;
	code = cks_frame_fields(m, copy, &why);
	if (code)
		assert_non_null(why);
	if (ret_copy)
		*ret_copy = copy;
	else
		free(copy);
	return code;
}

static unsigned int code_of(u8 type, const struct body *b)
{
	static struct cks_msg m;

	return parse(type, b, &m, NULL);
}

static struct body *new_body(void)
{
	static struct body b;

	b.len = 0;
	return &b;
}

static struct body *hello(void)
{
	struct body *b = new_body();

	field(b, 0x0001, 3, "cas", 3);
	field(b, 0x0004, 8, "\0\0\0\0\0\0\0\7", 8);
	return b;
}

TEST(header_is_read)
{
	static const u8 p[12] = { 0x43, 0x4b, 1, 0x22, 1, 2, 3, 4, 0, 0, 2, 0 };
	struct cks_header h;
	const char *why;

	assert_int_equal(cks_frame_header(&h, p, 512, &why), 0);
	assert_int_equal(h.type, 0x22);
	assert_int_equal(h.number, 0x01020304);
	assert_int_equal(h.len, 512);
}

TEST(header_is_refused)
{
	static const struct {
		u8 p[12];
		unsigned int code;
	} bad[] = {
		{ { 0x43, 0x4c, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 1 },
		{ { 0x4b, 0x43, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 1 },
		{ { 'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P', '/', '1' }, 1 },
		{ { 0x43, 0x4b, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 2 },
		{ { 0x43, 0x4b, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 2 },
		{ { 0x43, 0x4b, 1, 1, 0, 0, 0, 0, 0, 0, 2, 1 }, 6 },
		{ { 0x43, 0x4b, 1, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff }, 6 },
	};
	struct cks_header h;
	const char *why;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cks_frame_header(&h, bad[i].p, 512, &why), bad[i].code);
}

TEST(fields_are_found)
{
	struct body *b = hello();
	struct cks_msg m;
	u8 *copy;

	assert_int_equal(parse(0x01, b, &m, &copy), 0);
	assert_int_equal(m.f[CKS_F_NAME].len, 3);
	assert_memory_equal(m.f[CKS_F_NAME].p, "cas", 3);
	assert_int_equal(cks_msg_u64(&m, CKS_F_LEASE_EPOCH), 7);
	assert_false(cks_msg_has(&m, CKS_F_TOKEN));
	assert_int_equal(cks_msg_u32(&m, CKS_F_POWER_GEN), 0);
	free(copy);
}

TEST(unknown_fields_are_skipped)
{
	struct body *b = hello();

	field(b, 0x7abc, 4, "next", 4);
	field(b, 0x0000, 0, "", 0);
	field(b, 0x005f, 1, "x", 1);
	assert_int_equal(code_of(0x01, b), 0);
}

TEST(unknown_mandatory_field_is_refused)
{
	struct body *b = hello();

	field(b, 0x8001, 1, "x", 1);
	assert_int_equal(code_of(0x01, b), 1);
}

TEST(bodies_are_refused)
{
	struct body *b;
	u32 cut;

	for (cut = 1; cut < hello()->len; cut++) {
		b = hello();
		b->len -= cut;
		assert_int_equal(code_of(0x01, b), 1);
	}
	b = hello();
	field(b, 0x0001, 3, "two", 3);
	assert_int_equal(code_of(0x01, b), 1);	/* known tag twice */
	b = hello();
	field(b, 0x0777, 0, "", 0);
	field(b, 0x0777, 0, "", 0);
	assert_int_equal(code_of(0x01, b), 1);	/* unknown tag twice */
	b = hello();
	field(b, 0x0777, 0xffffffff, "", 0);
	assert_int_equal(code_of(0x01, b), 1);	/* beyond the body */
	b = hello();
	field(b, 0x0777, 2, "x", 1);
	assert_int_equal(code_of(0x01, b), 1);
	b = new_body();
	assert_int_equal(code_of(0x01, b), 1);	/* nothing of it */
}

TEST(lengths_are_checked)
{
	struct body *b = new_body();
	char text[64];

	memset(text, 'a', sizeof(text));
	field(b, 0x0001, 63, text, 63);
	field(b, 0x0004, 8, text, 8);
	assert_int_equal(code_of(0x01, b), 0);
	b = new_body();
	field(b, 0x0001, 64, text, 64);
	field(b, 0x0004, 8, text, 8);
	assert_int_equal(code_of(0x01, b), 1);
	b = new_body();
	field(b, 0x0001, 0, text, 0);
	field(b, 0x0004, 8, text, 8);
	assert_int_equal(code_of(0x01, b), 1);
	b = new_body();
	field(b, 0x0001, 1, text, 1);
	field(b, 0x0004, 7, text, 7);
	assert_int_equal(code_of(0x01, b), 1);
	/* A field that this frame does not need must be right all the same. */
	b = hello();
	field(b, 0x0017, 15, text, 15);
	assert_int_equal(code_of(0x01, b), 1);
}

TEST(types_are_checked)
{
	static const u8 foreign[] = {
		0x00, 0x04, 0x10, 0x12, 0x13, 0x15, 0x16, 0x21, 0x23, 0x25, 0x27, 0x28, 0x2b, 0x7e,
		0x80, 0xff
	};
	size_t i;

	for (i = 0; i < sizeof(foreign); i++)
		assert_int_equal(code_of(foreign[i], hello()), 1);
	assert_int_equal(code_of(0x02, new_body()), 0);
	assert_int_equal(code_of(0x26, new_body()), 0);
}

static struct body *command(u32 len, int mode)
{
	static u8 apdu[65600];
	struct body *b = new_body();
	u8 m = mode;

	field(b, 0x0050, len, apdu, len);
	field(b, 0x0051, 4, "\0\0\0\0", 4);
	if (mode >= 0)
		field(b, 0x0052, 1, &m, 1);
	return b;
}

TEST(commands_are_checked)
{
	assert_int_equal(code_of(0x22, command(4, -1)), 0);
	assert_int_equal(code_of(0x22, command(65544, 1)), 0);
	assert_int_equal(code_of(0x22, command(65545, 0)), 1);
	assert_int_equal(code_of(0x22, command(3, 0)), 1);
	assert_int_equal(code_of(0x22, command(0, 0)), 1);
	assert_int_equal(code_of(0x22, command(5, 2)), 1);
}

TEST(resets_are_checked)
{
	struct body *b;
	u8 how, t;

	for (how = 0; how <= 3; how++) {
		for (t = 0; t <= 2; t++) {
			b = new_body();
			field(b, 0x0053, 1, &how, 1);
			field(b, 0x0019, 1, &t, 1);
			assert_int_equal(code_of(0x24, b), how <= 2 && t <= 1 ? 0 : 1);
		}
	}
}

/* ------------------------------------------------------------------------------ batches */

/* SELECT with two accepted status words, then a TPDU that takes any, by hand. */
static const u8 two_commands[] = {
	0x00, 0x00, 0x13, 0x88, 0x00, 0x02, 0x00, 0x00, 0x00, 0x04,
	0x90, 0x00, 0xff, 0xff, 0x61, 0x00, 0xff, 0x00,
	0x00, 0xa4, 0x04, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x05,
	0x00, 0xb0, 0x00, 0x00, 0x08,
};

TEST(batch_is_taken_apart)
{
	struct cks_list l = { two_commands, sizeof(two_commands) };
	struct cks_list_item item;

	assert_int_equal(cks_list_count(two_commands, sizeof(two_commands)), 2);
	assert_true(cks_list_next(&l, &item));
	assert_int_equal(item.timeout, 5000);
	assert_int_equal(item.mode, 0);
	assert_int_equal(item.len, 4);
	assert_memory_equal(item.data, "\x00\xa4\x04\x00", 4);
	assert_true(cks_list_accepts(&item, 0x9000));
	assert_false(cks_list_accepts(&item, 0x9001));
	assert_true(cks_list_accepts(&item, 0x6100));
	assert_true(cks_list_accepts(&item, 0x61ff));
	assert_false(cks_list_accepts(&item, 0x6a82));
	assert_true(cks_list_next(&l, &item));
	assert_int_equal(item.mode, 1);
	assert_int_equal(item.len, 5);
	assert_true(cks_list_accepts(&item, 0x6a82));
	assert_false(cks_list_next(&l, &item));
}

/* Cut anywhere, or with a length, mode or count that is wrong: nothing of it is executed. */
TEST(batches_are_checked)
{
	u8 *p = malloc(sizeof(two_commands));
	u8 one[14] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 4 };
	u8 *many = malloc(4097 * sizeof(one));
	struct body *b = new_body();
	u32 len, i;

	assert_non_null(p);
	assert_non_null(many);
	for (len = 0; len < sizeof(two_commands); len++) {
		u8 *cut = malloc(len ? len : 1);

		assert_non_null(cut);
		memcpy(cut, two_commands, len);
		assert_int_equal(cks_list_count(cut, len), len == 22);
		free(cut);
	}
	memcpy(p, two_commands, sizeof(two_commands));
	p[4] = 2;
	assert_int_equal(cks_list_count(p, sizeof(two_commands)), 0);
	p[4] = 0;
	p[9] = 3;
	assert_int_equal(cks_list_count(p, sizeof(two_commands)), 0);
	p[9] = 4;
	p[6] = 0xff;
	assert_int_equal(cks_list_count(p, sizeof(two_commands)), 0);
	for (i = 0; i < 4097; i++)
		memcpy(many + i * sizeof(one), one, sizeof(one));
	assert_int_equal(cks_list_count(many, 4096 * sizeof(one)), 4096);
	assert_int_equal(cks_list_count(many, 4097 * sizeof(one)), 0);
	field(b, 0x0057, sizeof(two_commands), two_commands, sizeof(two_commands));
	assert_int_equal(code_of(0x2a, b), 0);
	field(b, 0x0058, 1, "\2", 1);
	assert_int_equal(code_of(0x2a, b), 1);
	b = new_body();
	field(b, 0x0057, 14, p, 14);
	assert_int_equal(code_of(0x2a, b), 1);
	free(many);
	free(p);
}

/* Its header alone may announce more than a channel's other frames. */
TEST(batch_may_be_long)
{
	u8 p[12] = { 0x43, 0x4b, 1, 0x2a, 0, 0, 0, 1, 0, 0x10, 0x02, 0 };
	struct cks_header h;
	const char *why;

	assert_int_equal(cks_frame_header(&h, p, CKS_BODY_CHANNEL, &why), 0);
	assert_int_equal(h.len, 1049088);
	p[11] = 1;
	assert_int_equal(cks_frame_header(&h, p, CKS_BODY_CHANNEL, &why), 6);
	p[11] = 0;
	p[3] = 0x22;
	assert_int_equal(cks_frame_header(&h, p, CKS_BODY_CHANNEL, &why), 6);
	p[3] = 0x2a;
	assert_int_equal(cks_frame_header(&h, p, CKS_BODY_GREETING, &why), 6);
	assert_int_equal(cks_frame_header(&h, p, CKS_BODY_CONTROL, &why), 6);
}

TEST(answers_are_written)
{
	u8 p[10];

	assert_int_equal(cks_put_answer(p, CKS_STATUS_DONE, (const u8 *)"\x90", 2), 8);
	assert_memory_equal(p, "\0\0\0\0\0\2\x90", 8);
	assert_int_equal(cks_put_answer(p, CKS_STATUS_TIMEOUT, NULL, 0), 6);
	assert_memory_equal(p, "\0\3\0\0\0", 6);
}

static struct body *result(u8 verdict)
{
	struct body *b = new_body();

	field(b, 0x0010, 8, "\0\0\0\0\0\0\0\1", 8);
	field(b, 0x0020, 8, "\0\0\0\0\0\0\0\2", 8);
	field(b, 0x0008, 4, "\0\0\0\3", 4);
	field(b, 0x0021, 1, &verdict, 1);
	return b;
}

TEST(results_are_checked)
{
	assert_int_equal(code_of(0x11, result(0)), 1);
	assert_int_equal(code_of(0x11, result(1)), 0);
	assert_int_equal(code_of(0x11, result(4)), 0);
	assert_int_equal(code_of(0x11, result(5)), 1);
}

TEST(number_of_fields_is_bounded)
{
	struct body *b = hello();
	u16 tag;

	for (tag = 0x0100; tag < 0x0100 + 62; tag++)
		field(b, tag, 0, "", 0);
	assert_int_equal(code_of(0x01, b), 0);
	field(b, tag, 0, "", 0);
	assert_int_equal(code_of(0x01, b), 6);
}

/* Markus Kuhn's UTF-8 decoder stress test: boundaries, overlong forms, surrogates. */
TEST(text_is_utf8)
{
	static const char *const good[] = {
		"", "a", "ISO 7816", "\xc3\xa9", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "\xe6\xbc\xa2\xe5\xad\x97",
	};
	static const char *const bad[] = {
		"\x01", "a\nb", "\x1f", "\x7f", "\xc2\x80", "\xc2\x9f", "\x80", "\xbf", "\xc0\xaf",
		"\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe",
		"\xff", "\xc3", "\xe2\x82", "\xf0\x90\x80", "\xc3(", "a\xe2\x28\xa1",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(cks_text_ok((const u8 *)good[i], strlen(good[i])));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(cks_text_ok((const u8 *)bad[i], strlen(bad[i])));
	assert_false(cks_text_ok((const u8 *)"a\0b", 3));
}

TEST(frame_is_built)
{
	static const u8 wanted[] = {
		0x43, 0x4b, 0x01, 0x23, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x1a,
		0x00, 0x54, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,
		0x00, 0x09, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x02,
		0x00, 0x50, 0x00, 0x00, 0x00, 0x02, 0x90, 0x00,
	};
	struct cks_build b;
	u8 p[64];

	cks_build_begin(&b, p, sizeof(p), CKS_T_RESPONSE, 5);
	cks_put_u16(&b, CKS_F_STATUS, 0);
	cks_put_u32(&b, CKS_F_POWER_GEN, 2);
	cks_put(&b, CKS_F_DATA, "\x90\x00", 2);
	assert_int_equal(cks_build_end(&b), sizeof(wanted));
	assert_memory_equal(p, wanted, sizeof(wanted));
}

TEST(builder_keeps_within_its_room)
{
	struct cks_build b;
	u32 size;
	u8 *p;

	for (size = 0; size < 40; size++) {
		p = malloc(size ? size : 1);
		assert_non_null(p);
		cks_build_begin(&b, p, size, CKS_T_ENDED, 0);
		cks_put_u64(&b, CKS_F_REQUEST, 1);
		cks_put_text(&b, CKS_F_REASON, "no");
		assert_int_equal(cks_build_end(&b), size >= 34 ? 34 : 0);
		free(p);
	}
}

TEST(long_text_is_cut_between_characters)
{
	char text[200];
	struct cks_build b;
	u8 p[256];

	memset(text, 'x', sizeof(text));
	memcpy(text + 126, "\xc3\xa9", 2);
	text[199] = '\0';
	cks_build_begin(&b, p, sizeof(p), CKS_T_ENDED, 0);
	cks_put_text(&b, CKS_F_REASON, text);
	assert_int_equal(cks_build_end(&b), 12 + 6 + 126);
	assert_true(cks_text_ok(p + 18, 126));
}

static TEST_CASE cases[] = {
	RUN(header_is_read),
	RUN(header_is_refused),
	RUN(fields_are_found),
	RUN(unknown_fields_are_skipped),
	RUN(unknown_mandatory_field_is_refused),
	RUN(bodies_are_refused),
	RUN(lengths_are_checked),
	RUN(types_are_checked),
	RUN(commands_are_checked),
	RUN(resets_are_checked),
	RUN(batch_is_taken_apart),
	RUN(batches_are_checked),
	RUN(batch_may_be_long),
	RUN(answers_are_written),
	RUN(results_are_checked),
	RUN(number_of_fields_is_bounded),
	RUN(text_is_utf8),
	RUN(frame_is_built),
	RUN(builder_keeps_within_its_room),
	RUN(long_text_is_cut_between_characters),
	{}
};

TEST_SUITE("router_frame");
