// SPDX-License-Identifier: GPL-2.0-only
/* The transport unit's line protocol: parsing of requests, wording of answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define WORDS_MAX	5

struct context {
	struct machine *m;
	const char *(*ref_of)(void *ctx, unsigned int card);
	FILE *out;
	char *word[WORDS_MAX];
	unsigned int words;
	bool quit;
};

static bool number(const char *text, unsigned int *ret)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 9)
		return false;
	n = strtoul(text, &end, 10);
	if (*end)
		return false;
	*ret = (unsigned int)n;
	return true;
}

static bool bin_named(const char *text, enum bin *ret)
{
	if (!strcmp(text, "good"))
		*ret = BIN_GOOD;
	else if (!strcmp(text, "reject"))
		*ret = BIN_REJECT;
	else
		return false;
	return true;
}

static const char *feed(struct context *c)
{
	unsigned int lane, card;
	const char *err;

	if ((c->words != 2 && c->words != 4) || !number(c->word[1], &lane))
		return "usage: feed LANE [good CARD]";
	if (c->words == 2) {
		err = machine_feed(c->m, lane, &card);
	} else {
		if (strcmp(c->word[2], "good") || !number(c->word[3], &card))
			return "usage: feed LANE [good CARD]";
		err = machine_feed_good(c->m, lane, card);
	}
	if (!err)
		fprintf(c->out, "ok card=%u ref=%s", card, c->ref_of(c->m->ctx, card));
	return err;
}

static const char *eject(struct context *c)
{
	unsigned int lane, card;
	const char *err;
	enum bin to;

	if (c->words != 3 || !number(c->word[1], &lane) || !bin_named(c->word[2], &to))
		return "usage: eject LANE good|reject";
	err = machine_eject(c->m, lane, to, &card);
	if (!err)
		fprintf(c->out, "ok card=%u bin=%s", card, c->word[2]);
	return err;
}

static const char *sense(struct context *c)
{
	unsigned int lane;

	if (c->words != 2 || !number(c->word[1], &lane))
		return "usage: sense LANE";
	if (lane >= c->m->lanes)
		return "no such lane";
	if (c->m->lane[lane])
		fprintf(c->out, "ok card=%u", c->m->lane[lane]);
	else
		fputs("ok empty", c->out);
	return NULL;
}

static const char *list(struct context *c)
{
	const struct pile *p;
	enum bin b;

	if (c->words == 2 && !strcmp(c->word[1], "feeder"))
		p = &c->m->feeder;
	else if (c->words == 2 && bin_named(c->word[1], &b))
		p = &c->m->bin[b];
	else
		return "usage: list good|reject|feeder";
	fputs("ok", c->out);
	for (unsigned int i = 0; i < p->count; i++)
		fprintf(c->out, " %u", p->cards[i]);
	return NULL;
}

static const char *status(struct context *c)
{
	fprintf(c->out, "ok feeder=%u good=%u reject=%u lanes=%u", c->m->feeder.count,
		c->m->bin[BIN_GOOD].count, c->m->bin[BIN_REJECT].count, c->m->lanes);
	return NULL;
}

static const char *quit(struct context *c)
{
	fputs("ok", c->out);
	c->quit = true;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*run)(struct context *c);
} requests[] = {
	{ "feed", feed },
	{ "eject", eject },
	{ "sense", sense },
	{ "list", list },
	{ "status", status },
	{ "quit", quit },
};

static const char *run(struct context *c)
{
	for (size_t i = 0; c->words && i < sizeof(requests) / sizeof(requests[0]); i++)
		if (!strcmp(c->word[0], requests[i].name))
			return requests[i].run(c);
	return "unknown request: feed, eject, sense, list, status, quit";
}

char *request_answer(struct machine *m, const char *(*ref_of)(void *ctx, unsigned int card),
		     const char *line, bool *ret_quit)
{
	struct context c = { .m = m, .ref_of = ref_of };
	char copy[REQUEST_MAX], *answer = NULL, *save = NULL;
	const char *err;
	size_t size;

	c.out = open_memstream(&answer, &size);
	if (!c.out)
		return NULL;
	if (snprintf(copy, sizeof(copy), "%s", line) >= (int)sizeof(copy)) {
		err = "request too long";
	} else {
		for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
			if (c.words == WORDS_MAX)
				break;
			c.word[c.words++] = w;
		}
		err = run(&c);
	}
	if (err)
		fprintf(c.out, "err %s", err);
	if (fclose(c.out)) {
		free(answer);
		return NULL;
	}
	*ret_quit = c.quit;
	return answer;
}
