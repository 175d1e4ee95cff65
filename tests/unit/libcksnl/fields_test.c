// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attribute tables of libcksnl: text to values, values to messages and back, and messages
 * that do not keep to the specification.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "libcksnl/internal.h"

static int set(const struct cksnl_set *s, void *obj, const char *name, const char *text)
{
	const struct cksnl_field *f = cksnl_field(s, name);

	assert_non_null(f);
	return cksnl_field_parse(f, obj, text);
}

static void test_text(void **state)
{
	struct cksnl_coupler c = { .has = 0 };
	char hex[2 * CKSNL_ATR_MAX + 3];

	(void)state;
	assert_int_equal(set(&cksnl_coupler_set, &c, "clk-hz", "3579545"), 0);
	assert_int_equal(c.clk_hz, 3579545);
	assert_int_equal(set(&cksnl_coupler_set, &c, "clk-hz", "4294967296"), -ERANGE);
	assert_int_equal(set(&cksnl_coupler_set, &c, "clk-hz", "-1"), -EINVAL);
	assert_int_equal(set(&cksnl_coupler_set, &c, "clk-hz", ""), -EINVAL);
	assert_int_equal(set(&cksnl_coupler_set, &c, "clk-hz", "1k"), -EINVAL);
	assert_int_equal(c.clk_hz, 3579545);
	assert_int_equal(set(&cksnl_coupler_set, &c, "ifsd", "256"), -ERANGE);
	assert_int_equal(set(&cksnl_coupler_set, &c, "rst-line", "dtr"), 0);
	assert_int_equal(c.rst_line, CKS_MODEM_LINE_DTR);
	assert_int_equal(set(&cksnl_coupler_set, &c, "rst-line", "2"), -EINVAL);
	assert_int_equal(set(&cksnl_coupler_set, &c, "echo", "off"), 0);
	assert_int_equal(set(&cksnl_coupler_set, &c, "echo", "2"), -EINVAL);
	assert_int_equal(set(&cksnl_coupler_set, &c, "atr", "3B0"), -EINVAL);
	assert_int_equal(set(&cksnl_coupler_set, &c, "atr", "3B0G"), -EINVAL);
	assert_int_equal(set(&cksnl_coupler_set, &c, "atr", "3b00"), 0);
	assert_int_equal(c.atr.len, 2);
	memset(hex, '0', sizeof(hex));
	hex[sizeof(hex) - 1] = 0;
	assert_int_equal(set(&cksnl_coupler_set, &c, "atr", hex), -ERANGE);
	hex[2 * CKSNL_ATR_MAX] = 0;
	assert_int_equal(set(&cksnl_coupler_set, &c, "atr", hex), 0);
	assert_int_equal(c.atr.len, CKSNL_ATR_MAX);
	assert_true(c.has == (CKSNL_HAS(CKS_A_COUPLER_CLK_HZ) | CKSNL_HAS(CKS_A_COUPLER_RST_LINE) |
			      CKSNL_HAS(CKS_A_COUPLER_ECHO) | CKSNL_HAS(CKS_A_COUPLER_ATR)));
	assert_null(cksnl_field(&cksnl_coupler_set, "colour"));
}

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	assert_non_null(msg);
	assert_non_null(genlmsg_put(msg, 0, 0, 0x20, 0, 0, 1, 1));
	return msg;
}

static void test_there_and_back(void **state)
{
	struct cksnl_session s = { .has = 0 }, back;
	struct nl_msg *msg = message();

	(void)state;
	assert_int_equal(set(&cksnl_session_set, &s, "request", "18446744073709551615"), 0);
	assert_int_equal(set(&cksnl_session_set, &s, "application", "personalize"), 0);
	assert_int_equal(set(&cksnl_session_set, &s, "verdict", "good"), 0);
	assert_int_equal(set(&cksnl_session_set, &s, "information", "00FF"), 0);
	assert_int_equal(set(&cksnl_session_set, &s, "boot-id",
			     "000102030405060708090A0B0C0D0E0F"), 0);
	assert_int_equal(set(&cksnl_session_set, &s, "boot-id", "0001"), -EINVAL);
	assert_int_equal(cksnl_put(msg, &cksnl_session_set, &s), 0);
	assert_int_equal(cksnl_parse(nlmsg_hdr(msg), &cksnl_session_set, &back), 0);
	assert_memory_equal(&s, &back, sizeof(s));
	nlmsg_free(msg);
}

/* Attributes of a wrong size are left out; text without an end, or too long, is cut. */
static void test_malformed(void **state)
{
	struct nl_msg *msg = message();
	struct cksnl_coupler c;
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(nla_put_u16(msg, CKS_A_COUPLER_INDEX, 7), 0);
	assert_int_equal(nla_put_u64(msg, CKS_A_COUPLER_PRESENT, 1), 0);
	assert_int_equal(nla_put(msg, CKS_A_COUPLER_ATR, CKSNL_ATR_MAX + 1, text), 0);
	assert_int_equal(nla_put(msg, CKS_A_COUPLER_NAME, 3, "abc"), 0);
	assert_int_equal(nla_put(msg, CKS_A_COUPLER_OWNER, sizeof(text), text), 0);
	assert_int_equal(nla_put_u32(msg, 63, 1), 0);
	assert_int_equal(cksnl_parse(nlmsg_hdr(msg), &cksnl_coupler_set, &c), 0);
	assert_true(c.has == (CKSNL_HAS(CKS_A_COUPLER_NAME) | CKSNL_HAS(CKS_A_COUPLER_OWNER)));
	assert_string_equal(c.name, "abc");
	assert_int_equal(strlen(c.owner), CKSNL_NAME_MAX);
	nlmsg_free(msg);
}

static void test_unknown_values(void **state)
{
	(void)state;
	assert_string_equal(cksnl_name(cksnl_field(&cksnl_coupler_set, "state"), 77), "?");
	assert_string_equal(cksnl_verdict_name(77), "?");
	assert_string_equal(cksnl_disposition_name(CKS_DISPOSITION_REMOVED), "removed");
	assert_string_equal(cksnl_event_name(0), "?");
	assert_string_equal(cksnl_event_name(CKS_CMD_RESULT_NTF), "result");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_unknown_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
