// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays the worked example of docs/protocol.md against the router: what the page says that the
 * CAS sends is sent, and what it says that the station sends must come, byte for byte. Only
 * boot_id and token, which are random, may differ, and the card's presence_gen, which is 0 on the
 * page and goes on from coupler to coupler.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"
#include "lib/wait.h"

#define EXAMPLE_MAX	48
#define BYTES_MAX	512

static const uint8_t atr_t0[] = { 0x3b, 0x02, 0x14, 0x50 };

/* A frame of the page, with its header. */
struct example {
	bool channel;
	bool from_cas;
	unsigned int len;
	uint8_t bytes[BYTES_MAX];
};

static struct example examples[EXAMPLE_MAX];
static unsigned int count;

static unsigned int nibble(char c)
{
	return isdigit((unsigned char)c) ? (unsigned int)(c - '0') : (unsigned int)(c - 'a' + 10);
}

/* Hexadecimal digits with single spaces between; what follows two spaces is for the reader. */
static void take_bytes(struct example *e, const char *p)
{
	for (;;) {
		if (*p == ' ' && isxdigit((unsigned char)p[1]))
			p++;
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
			return;
		assert_in_range(e->len, 0, BYTES_MAX - 1);
		e->bytes[e->len++] = (uint8_t)(nibble(p[0]) << 4 | nibble(p[1]));
		p += 2;
	}
}

/* "    control  station to CAS  HELLO", then lines of six spaces and bytes. */
static void read_page(void)
{
	FILE *page = fopen(CKS_TOP "/docs/protocol.md", "re");
	struct example *e = NULL;
	bool here = false;
	char line[256];

	assert_non_null(page);
	while (fgets(line, sizeof(line), page)) {
		if (!strncmp(line, "## ", 3)) {
			here = strstr(line, "example");
			e = NULL;
		} else if (here && (!strncmp(line, "    control  ", 13) ||
				    !strncmp(line, "    channel  ", 13))) {
			assert_in_range(count, 0, EXAMPLE_MAX - 1);
			e = &examples[count++];
			e->channel = line[5] == 'h';
			e->from_cas = !strncmp(line + 13, "CAS to", 6);
		} else if (e && !strncmp(line, "      ", 6)) {
			take_bytes(e, line + 6);
		}
	}
	fclose(page);
}

static void show(const char *what, const struct client_frame *f)
{
	uint32_t i;

	printf("# %s: type %02x number %08x length %08x", what, f->type, f->number, f->len);
	for (i = 0; i < f->len; i++)
		printf(" %02x", f->body[i]);
	printf("\n");
}

/* The page's frame as a frame. */
static void frame_of(const struct example *e, struct client_frame *ret_f)
{
	assert_in_range(e->len, 12, BYTES_MAX);
	assert_memory_equal(e->bytes, "\x43\x4b\x01", 3);
	ret_f->type = e->bytes[3];
	ret_f->number = (uint32_t)e->bytes[4] << 24 | (uint32_t)e->bytes[5] << 16 |
			(uint32_t)e->bytes[6] << 8 | e->bytes[7];
	ret_f->len = e->len - 12;
	assert_int_equal((uint32_t)e->bytes[10] << 8 | e->bytes[11], ret_f->len);
	memcpy(ret_f->body, e->bytes + 12, ret_f->len);
}

/* The field's @size bytes from @at on are @value, if the frame has it. */
static void set_field(struct client_frame *f, uint16_t tag, unsigned int at, const uint8_t *value,
		      unsigned int size)
{
	uint32_t len;
	uint8_t *p = (uint8_t *)client_field(f, tag, &len);

	if (p) {
		assert_in_range(at + size, 0, len);
		memcpy(p + at, value, size);
	}
}

/* What is of this run: the page's own values are replaced. */
static void set_own(struct bed *b, struct client_frame *f)
{
	const uint8_t gen[] = {
		(uint8_t)(b->presence_gen >> 24), (uint8_t)(b->presence_gen >> 16),
		(uint8_t)(b->presence_gen >> 8), (uint8_t)b->presence_gen,
	};

	set_field(f, TOKEN, 0, b->token, 16);
	set_field(f, BOOT_ID, 0, b->boot_id, 16);
	set_field(f, PRESENCE_GEN, 0, gen, 4);
	set_field(f, COUPLERS, 4, gen, 4);
	set_field(f, F_INVENTORY, 12, gen, 4);
}

static void receive(struct bed *b, int fd, struct client_frame *wanted)
{
	const uint8_t *token;
	uint32_t len;

	expect(b, fd, wanted->type);
	token = client_field(&b->f, TOKEN, &len);
	if (token)
		memcpy(b->token, token, 16);
	set_own(b, wanted);
	if (b->f.number == wanted->number && b->f.len == wanted->len &&
	    !memcmp(b->f.body, wanted->body, wanted->len))
		return;
	show("page says", wanted);
	show("came     ", &b->f);
	fail_msg("frame differs from the page's");
}

/* The operator agrees, when there is something to agree to. */
static void answer_prompt(struct bed *b)
{
	const struct cksnl_session answer = {
		.has = CKSNL_HAS(CKS_A_SESSION_REQUEST) | CKSNL_HAS(CKS_A_SESSION_PROMPT) |
		       CKSNL_HAS(CKS_A_SESSION_ANSWER),
		.request = b->request,
		.prompt = 1,
		.answer = CKS_PROMPT_ANSWER_GIVEN,
	};

	wait_for("the prompt", session(b).prompt == 1);
	assert_int_equal(cksnl_prompt_answer(b->nl, &answer), 0);
}

static void example_is_true(void **state)
{
	static struct client_frame f;
	struct bed *b = *state;
	unsigned int i;

	read_page();
	assert_in_range(count, 15, EXAMPLE_MAX);
	memcpy(b->boot_id, station(b).boot_id, 16);
	b->presence_gen = coupler(b).presence_gen;
	b->control = connect_to(CONTROL_PORT);
	for (i = 0; i < count; i++) {
		const struct example *e = &examples[i];
		int *fd = e->channel ? &b->channel : &b->control;

		frame_of(e, &f);
		/* What the control unit does between the frames. */
		if (f.type == REQUEST)
			new_request(b);
		else if (f.type == ENTRY)
			answer_prompt(b);
		else if (f.type == DISPOSED)
			assert_int_equal(dispose(b, 1, CKS_DISPOSITION_GOOD, 4711), 0);
		if (*fd < 0)
			*fd = connect_to((uint16_t)(CHANNEL_PORT + b->coupler));
		if (e->from_cas) {
			set_own(b, &f);
			assert_int_equal(client_send(*fd, &f), 0);
		} else {
			receive(b, *fd, &f);
		}
	}
	assert_int_equal(station(b).acked_disposition, 1);
	expect_closed(b, b->channel);
	expect_closed(b, b->control);	/* the last frame was an ERROR */
}

static int setup(void **state)
{
	return bed_make(state, atr_t0, sizeof(atr_t0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(example_is_true, setup, teardown),
	};

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("router_example", tests, NULL, NULL) ? 1 : 0;
}
