// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names in a profile that nothing has. Lua takes such a name for a global one that is nil, and says
 * so when it comes to it, with a card in the machine. Scopes are not looked at: a name that is
 * declared or assigned anywhere is known everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dry.h"
#include "lexeme.h"

#define NAMES_MAX 1024

static const char *const words[] = {
	/* Lua's own */
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
	"in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
	/* what a profile may call: sandbox.c, application.c */
	"assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen",
	"rawset", "select", "tonumber", "tostring", "type", "string", "table", "math", "hex",
	"unhex", "bcd", "_ENV", NULL,
};

/**
 * struct names - what a text has
 * @known: names that are declared or assigned
 * @used: names that are read
 */
struct names {
	struct lexeme known[NAMES_MAX];
	struct lexeme used[NAMES_MAX];
	size_t nknown;
	size_t nused;
};

static void add(struct lexeme *list, size_t *count, const struct lexeme *t)
{
	if (*count < NAMES_MAX)
		list[(*count)++] = *t;
}

static bool is_word(const struct lexeme *t)
{
	for (size_t i = 0; words[i]; i++)
		if (lexeme_is(t, words[i]))
			return true;
	return false;
}

static bool ends_list(const struct lexeme *t)
{
	return lexeme_is(t, ")") || lexeme_is(t, "=") || lexeme_is(t, "in");
}

/* Is a list of names not at its end after this, though the line is? */
static bool goes_on(const struct lexeme *t)
{
	return lexeme_is(t, ",") || lexeme_is(t, "(") || lexeme_is(t, "local");
}

/* Names up to what ends a list of them: local a, b; for a, b in; function f(a, b). */
static void collect(struct names *n, const char *text, size_t len)
{
	struct source s = { text, text + len, 1 };
	struct lexeme before = { .kind = LEXEME_OTHER, .at = "" }, t = lexeme_next(&s);
	bool declares = false;

	while (t.kind != LEXEME_END) {
		struct lexeme after = lexeme_next(&s);

		if (lexeme_is(&t, "local") || lexeme_is(&t, "for") || lexeme_is(&t, "function"))
			declares = true;
		else if (ends_list(&t))
			declares = false;
		else if (t.line != before.line)
			declares = declares && goes_on(&before);
		if (t.kind == LEXEME_NAME && !is_word(&t) && !lexeme_is(&before, ".") &&
		    !lexeme_is(&before, ":")) {
			if (declares || lexeme_is(&after, "=") || lexeme_is(&before, "goto") ||
			    lexeme_is(&before, "::"))
				add(n->known, &n->nknown, &t);
			else
				add(n->used, &n->nused, &t);
		}
		before = t;
		t = after;
	}
}

static bool knows(const struct names *n, const struct lexeme *t)
{
	for (size_t i = 0; i < n->nknown; i++)
		if (n->known[i].len == t->len && !memcmp(n->known[i].at, t->at, t->len))
			return true;
	return false;
}

unsigned int names_check(const char *path, const char *text, size_t len)
{
	struct names *n = calloc(1, sizeof(*n));
	unsigned int found = 0;

	if (!n)
		return 1;
	collect(n, text, len);
	for (size_t i = 0; i < n->nused; i++) {
		const struct lexeme *t = &n->used[i];

		if (knows(n, t))
			continue;
		fprintf(stderr, "%s:%u: nothing has the name %.*s\n", path, t->line, (int)t->len,
			t->at);
		found++;
	}
	free(n);
	return found;
}
