// SPDX-License-Identifier: GPL-2.0-only
/*
 * Methods and fields that a profile asks of the card, the request, a secure channel or a record,
 * and that these do not have: card:sned. A name is known to be one of them by the statement that
 * gives it its value, until another one does.
 */
#include <stdio.h>
#include <string.h>

#include "dry.h"
#include "lexeme.h"

#define NAMES_MAX 64
#define MEMBERS_MAX 10

enum what { NONE, CARD, REQUEST, CHANNEL, RECORD };

/* application.c, secure_channel.c, record.c of casd */
static const struct {
	const char *name;
	const char *members[MEMBERS_MAX];
} kinds[] = {
	[CARD] = { "the card", { "send", "reset", "batch", "prompt", "reject", "open_scp02",
				 "open_scp03", "claim" } },
	[REQUEST] = { "the request", { "application", "reference", "coupler", "atr",
				       "parameters" } },
	[CHANNEL] = { "a secure channel", { "send", "put_key", "store_data", "kdd", "kvn" } },
	[RECORD] = { "a record", { "order", "iccid", "imsi", "kvn", "payload", "pin1", "puk1",
				   "keys" } },
};

/**
 * struct names - what is known
 * @name: text
 * @what: kind of thing
 * @count: of them
 */
struct names {
	struct lexeme name[NAMES_MAX];
	enum what what[NAMES_MAX];
	size_t count;
};

static enum what find(const struct names *n, const struct lexeme *t)
{
	for (size_t i = n->count; i--; )
		if (n->name[i].len == t->len && !memcmp(n->name[i].at, t->at, t->len))
			return n->what[i];
	return NONE;
}

static void put(struct names *n, const struct lexeme *t, enum what what)
{
	if (n->count == NAMES_MAX)
		return;
	n->name[n->count] = *t;
	n->what[n->count++] = what;
}

static bool has(enum what what, const struct lexeme *member)
{
	for (size_t i = 0; i < MEMBERS_MAX && kinds[what].members[i]; i++)
		if (lexeme_is(member, kinds[what].members[i]))
			return true;
	return false;
}

/* What METHOD of a card gives. */
static enum what result(enum what of, const struct lexeme *method)
{
	if (of != CARD)
		return NONE;
	if (lexeme_is(method, "open_scp02") || lexeme_is(method, "open_scp03"))
		return CHANNEL;
	return lexeme_is(method, "claim") ? RECORD : NONE;
}

/* NAME = card:METHOD; w[0] is the name. Anything else that is assigned is nothing known. */
static void assigned(struct names *n, const struct lexeme w[5])
{
	bool call = w[2].kind == LEXEME_NAME && lexeme_is(&w[3], ":");

	if (!lexeme_is(&w[2], "..."))
		put(n, &w[0], call ? result(find(n, &w[2]), &w[4]) : NONE);
}

static unsigned int look(struct names *n, const char *path, const struct lexeme *before,
			 const struct lexeme w[5])
{
	enum what what;

	if (w[0].kind != LEXEME_NAME || lexeme_is(before, ".") || lexeme_is(before, ":"))
		return 0;
	if (lexeme_is(&w[1], "=")) {
		assigned(n, w);
		return 0;
	}
	what = find(n, &w[0]);
	if (what == NONE || (!lexeme_is(&w[1], ":") && !lexeme_is(&w[1], ".")) ||
	    w[2].kind != LEXEME_NAME || has(what, &w[2]))
		return 0;
	fprintf(stderr, "%s:%u: %s has no %.*s\n", path, w[2].line, kinds[what].name,
		(int)w[2].len, w[2].at);
	return 1;
}

/* local CARD, REQUEST = ... */
static void arguments(struct names *n, const struct lexeme *before, const struct lexeme w[5])
{
	bool two = lexeme_is(&w[1], ",");
	const struct lexeme *after = two ? &w[3] : &w[1];

	if (!lexeme_is(before, "local") || !lexeme_is(after, "=") || !lexeme_is(after + 1, "..."))
		return;
	put(n, &w[0], CARD);
	if (two)
		put(n, &w[2], REQUEST);
}

unsigned int members_check(const char *path, const char *text, size_t len)
{
	struct source s = { text, text + len, 1 };
	struct lexeme before = { .kind = LEXEME_OTHER, .at = "" }, w[6];
	struct names n = { .count = 0 };
	unsigned int found = 0;

	for (int i = 0; i < 5; i++)
		w[i] = lexeme_next(&s);
	while (w[0].kind != LEXEME_END) {
		found += look(&n, path, &before, w);
		arguments(&n, &before, w);
		before = w[0];
		w[5] = lexeme_next(&s);
		memmove(w, w + 1, 5 * sizeof(w[0]));
	}
	return found;
}
