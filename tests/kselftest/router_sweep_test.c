// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way from the CAS to the card and back changes no byte: commands of every length from 4 to
 * 261 and of 40 lengths beyond, through TCP, router, engine, UART and line, compared with what
 * the card got; and what the card answered with what came back.
 *
 * A fast card with T=1: blocks of 254 bytes, 8 clock cycles an etu. The bench runs at the
 * card's full clock, so its ATR is left to the bench.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"

/* TA1: F 512, D 64. IFSC 254, CWI 15 and BWI 7: a busy machine must not be too slow a card. */
static const uint8_t atr_fast[] = { 0x3b, 0x90, 0x97, 0x81, 0x31, 0xfe, 0x7f, 0x36 };

#define SHORT_MAX	261
#define EXTENDED_MAX	65544
#define UART_CLK	(4 * SIMCARD_OSCILLATOR)	/* exact at 372 and at 8 cycles an etu */
#define SLOW_MAX	8193	/* under a slow kernel, where longer ones take minutes */

/* Around multiples of a block and powers of two, and the end. */
static const uint32_t boundaries[] = {
	262, 263, 264, 265, 266, 507, 508, 509, 511, 512, 513, 762, 763, 1023, 1024, 1025, 2047,
	2048, 2049, 4095, 4096, 4097, 8191, 8192, 8193, 16383, 16384, 16385, 32767, 32768, 32769,
	65279, 65280, 65535, 65536, 65537, 65541, 65542, 65543, EXTENDED_MAX,
};

static uint8_t apdu[EXTENDED_MAX];
static unsigned int seed = 7816;

/* A command of exactly @len bytes, as long a response as the case allows. */
static void make_command(uint32_t len)
{
	uint32_t lc = 0, at = 5, i;

	memset(apdu, 0, len);
	if (len == 5) {		/* case 2 */
		apdu[1] = SIMCARD_INS_READ;
		apdu[4] = 0x11;
		return;
	}
	apdu[1] = 0x10;		/* the card sends the data back */
	apdu[2] = (uint8_t)(len >> 8);
	apdu[3] = (uint8_t)len;
	if (len == 6) {		/* case 3: one byte */
		lc = 1;
	} else if (len > SHORT_MAX) {
		lc = len - 9;	/* case 4, extended */
		apdu[5] = (uint8_t)(lc >> 8);
		apdu[6] = (uint8_t)lc;
		at = 7;
	} else if (len > 6) {
		lc = len - 6;	/* case 4, short */
	}
	if (at == 5 && lc)
		apdu[4] = (uint8_t)lc;
	for (i = 0; i < lc; i++)
		apdu[at + i] = (uint8_t)(rand_r(&seed) >> 8);
}

static void exchange(struct bed *b, uint32_t number, uint32_t len)
{
	const uint8_t *cmd, *rsp, *came;
	uint32_t cmd_len, rsp_len, came_len;

	make_command(len);
	send_command(b, number, apdu, len, 0);
	expect(b, b->channel, RESPONSE);
	assert_int_equal(b->f.number, number);
	if (client_int(&b->f, STATUS)) {
		const uint8_t *why = client_field(&b->f, REASON, &came_len);

		fail_msg("command of %u bytes: %.*s", len, (int)came_len, (const char *)why);
	}
	came = client_field(&b->f, DATA, &came_len);
	simcard_last(b->card, &cmd, &cmd_len, &rsp, &rsp_len);
	if (cmd_len != len || memcmp(cmd, apdu, len))
		fail_msg("command of %u bytes: the card got others (%u)", len, cmd_len);
	if (came_len != rsp_len || memcmp(came, rsp, rsp_len))
		fail_msg("command of %u bytes: the CAS got another response", len);
	/* and it is the one that was meant: the card is a witness, not the judge */
	if (len > 6) {
		assert_int_equal(rsp_len, len > SHORT_MAX ? len - 9 + 2 : len - 6 + 2);
		assert_memory_equal(came, apdu + (len > SHORT_MAX ? 7 : 5), rsp_len - 2);
	}
}

static void every_length_passes_unchanged(void **state)
{
	struct bed *b = *state;
	uint32_t n = 0, len, i;
	bool slow = simcard_clk_div() > SIMCARD_CLK_DIV;

	cas_connect(b);
	begin_session(b);
	for (len = 4; len <= SHORT_MAX; len++)
		exchange(b, ++n, len);
	for (i = 0; i < sizeof(boundaries) / sizeof(boundaries[0]); i++) {
		if (slow && boundaries[i] > SLOW_MAX)
			break;
		exchange(b, ++n, boundaries[i]);
	}
	assert_int_equal(i, slow ? 25 : 40);
	assert_int_equal(simcard_commands(b->card), n);
}

/* The card of the bed is not put in; this one takes its place. */
static int setup(void **state)
{
	struct cks_sim_slot slot;
	struct bed *b;

	bed_make(state, atr_fast, sizeof(atr_fast));
	b = *state;
	simcard_free(b->card);
	simcard_slot_default(&slot);
	slot.uart_clk = UART_CLK;
	slot.clk_div /= SIMCARD_CLK_DIV;
	b->card = simcard_new_in(b->bench, &slot, atr_fast, sizeof(atr_fast));
	assert_non_null(b->card);
	b->coupler = simcard_coupler(b->card);
	assert_int_equal(simcard_preload(b->card), 0);
	insert(b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_length_passes_unchanged, setup, teardown),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_sweep", tests, NULL, NULL) ? 1 : 0;
}
