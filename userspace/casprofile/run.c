// SPDX-License-Identifier: GPL-2.0-only
/* Runs a profile to its verdict, and prints what goes to the card and comes from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "casd/application.h"
#include "dry.h"
#include "libgp/hex.h"

static void wipe(struct exchange *x)
{
	free(x->cmd);
	free(x->rsp);
	memset(x, 0, sizeof(*x));
}

/* What casd's session.c has for the others. */
uint8_t *session_command(struct session *s, size_t len, uint32_t timeout)
{
	wipe(&s->x);
	s->x.cmd = malloc(len);
	s->x.cmd_len = len;
	s->x.timeout = timeout;
	return s->x.cmd;
}

static void mask(char *hex, size_t at, size_t len)
{
	memset(hex + 2 * at, '*', 2 * len);
}

/*
 * Masks what is of a secret: all of a short one, and of a longer one each piece of 4 bytes and
 * more, since it may be split over commands.
 */
static void mask_secret(const uint8_t *data, size_t len, const uint8_t *secret, size_t size,
			char *hex)
{
	size_t least = size < 4 ? size : 4;

	for (size_t i = 0; least && i + least <= len; i++) {
		for (size_t j = 0; j + least <= size; j++) {
			if (!memcmp(data + i, secret + j, least)) {
				mask(hex, i, least);
				break;
			}
		}
	}
}

/* Hexadecimal, without secrets and what is another one each time. */
static void print(const char *mark, const uint8_t *data, size_t len, bool challenge)
{
	char *hex = malloc(2 * len + 1);
	const uint8_t *secret;
	size_t size;

	if (!hex)
		return;
	hex_encode(data, len, hex);
	if (challenge)
		mask(hex, 5, 8);
	for (unsigned int i = 0; (secret = record_secret(i, &size)); i++)
		mask_secret(data, len, secret, size, hex);
	printf("%s %s\n", mark, hex);
	free(hex);
}

static size_t exchange(const uint8_t *apdu, size_t len, uint8_t rsp[258])
{
	size_t n = card_answer(apdu, len, rsp);

	print(">", apdu, len, len == 14 && apdu[1] == 0x50);
	if (n)
		print("<", rsp, n, false);
	return n;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool accepted(const uint8_t *pairs, unsigned int count, uint16_t sw)
{
	for (unsigned int i = 0; i < count; i++, pairs += 4)
		if (((pairs[0] << 8 | pairs[1]) ^ sw) & (pairs[2] << 8 | pairs[3]))
			continue;
		else
			return true;
	return !count;
}

/* As a station plays it: docs/protocol.md, section 3a. */
static bool play_batch(struct exchange *x)
{
	const uint8_t *p = x->cmd;
	uint8_t rsp[258], *out;

	for (x->executed = 0; x->executed < x->count; ) {
		uint32_t len = get32(p + 6);
		size_t n = exchange(p + 10 + 4 * p[5], len, rsp);

		out = n ? realloc(x->rsp, x->rsp_len + 6 + n) : NULL;
		if (!out)
			return false;
		x->rsp = out;
		out += x->rsp_len;
		memset(out, 0, 6);
		out[4] = (uint8_t)(n >> 8);
		out[5] = (uint8_t)n;
		memcpy(out + 6, rsp, n);
		x->rsp_len += 6 + n;
		x->executed++;
		if (!accepted(p + 10, p[5], (uint16_t)(rsp[n - 2] << 8 | rsp[n - 1])))
			break;
		p += 10 + 4 * p[5] + len;
	}
	return true;
}

static bool prompt(struct exchange *x)
{
	const char *text = card_entry();

	printf("# prompt: %.*s\n", (int)x->cmd_len, (const char *)x->cmd);
	x->given = text;
	printf("entry%s%s\n", text ? " " : "", text ? text : "");
	x->rsp = text ? (uint8_t *)strdup(text) : NULL;
	x->rsp_len = x->rsp ? strlen(text) : 0;
	return !text || x->rsp;
}

/* What the script waits for. False: the card has no answer. */
static bool answer(struct session *s)
{
	struct exchange *x = &s->x;

	if (x->what == EXCHANGE_PROMPT)
		return prompt(x);
	if (x->what == EXCHANGE_BATCH)
		return play_batch(x);
	x->rsp = malloc(258);
	if (!x->rsp)
		return false;
	if (x->what == EXCHANGE_RESET) {
		x->rsp_len = card_atr(x->rsp);
		if (x->rsp_len)
			print("atr", x->rsp, x->rsp_len, false);
	} else {
		x->rsp_len = exchange(x->cmd, x->cmd_len, x->rsp);
	}
	return x->rsp_len;
}

static int verdict(const struct session *s)
{
	static const char *const names[] = { "", "good", "reject", "retry", "hold" };
	const struct ledger_request *r = &s->req;
	unsigned int line = card_rest();

	if (line) {
		printf("# error: the card's script has more from line %u on\n", line);
		return 1;
	}
	if (r->verdict == CK_GOOD && s->claim && !*s->evidence) {
		puts("# verdict reject: the profile did not verify the card's new keys");
		return 1;
	}
	printf("# verdict %s%s%s\n", names[r->verdict], *r->reason ? ": " : "", r->reason);
	if (r->information_len)
		printf("# information %.*s\n", (int)r->information_len,
		       (const char *)r->information);
	if (r->has_bin)
		printf("# bin %u\n", r->bin);
	return 0;
}

int dry_run(struct session *s)
{
	struct sandbox *sb = sandbox_create(&application_limits, s, application_start);
	enum sandbox_status status;
	int rc = 1;

	if (!sb)
		return 1;
	do {
		status = sandbox_resume(sb);
	} while (status == SANDBOX_PREEMPTED || status == SANDBOX_WORKER ||
		 (status == SANDBOX_WAIT && answer(s)));
	if (status == SANDBOX_DONE)
		rc = verdict(s);
	else if (status == SANDBOX_ERROR)
		printf("# verdict reject: %s\n", sandbox_error(sb));
	sandbox_destroy(sb);
	task_drop(s);
	wipe(&s->x);
	if (s->claim)
		key_set_drop(s->claim->keys);
	free(s->claim);
	return rc;
}
