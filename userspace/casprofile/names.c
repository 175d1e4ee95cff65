// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names in a profile that nothing has. Lua takes such a name for a global one that is nil, and says
 * so when it comes to it, with a card in the machine. Scopes are not looked at: a name that is
 * declared or assigned anywhere is known everywhere.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dry.h"

#define NAMES_MAX 1024

enum kind { END, NAME, OTHER };

/**
 * struct token - of Lua
 * @kind: what it is
 * @at: its text
 * @len: bytes
 * @line: where it is
 */
struct lexeme {
	enum kind kind;
	const char *at;
	size_t len;
	unsigned int line;
};

/**
 * struct source - a text under way
 * @p: what comes next
 * @end: of the text
 * @line: of @p
 */
struct source {
	const char *p;
	const char *end;
	unsigned int line;
};

static const char *const words[] = {
	/* Lua's own */
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
	"in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
	/* what a profile may call: sandbox.c, application.c */
	"assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen",
	"rawset", "select", "tonumber", "tostring", "type", "string", "table", "math", "hex",
	"unhex", "bcd", "_ENV", NULL,
};

static void skip_to(struct source *s, const char *mark)
{
	size_t n = strlen(mark);

	while (s->p < s->end && ((size_t)(s->end - s->p) < n || memcmp(s->p, mark, n)))
		s->line += *s->p++ == '\n';
	s->p = (size_t)(s->end - s->p) > n ? s->p + n : s->end;
}

/* [[...]], [=[...]=]: true if one begins here, and is gone past. */
static bool long_bracket(struct source *s)
{
	char close[16] = "]";
	const char *p = s->p + 1;
	size_t n = 1;

	while (p < s->end && *p == '=' && n < sizeof(close) - 2) {
		close[n++] = '=';
		p++;
	}
	if (*s->p != '[' || p >= s->end || *p != '[')
		return false;
	close[n] = ']';
	skip_to(s, close);
	return true;
}

static void skip_string(struct source *s)
{
	char quote = *s->p++;

	while (s->p < s->end && *s->p != quote && *s->p != '\n')
		s->p += *s->p == '\\' && s->end - s->p > 1 ? 2 : 1;
	if (s->p < s->end)
		s->p++;
}

static bool skip_comment(struct source *s)
{
	if (s->end - s->p < 2 || s->p[0] != '-' || s->p[1] != '-')
		return false;
	s->p += 2;
	if (s->p == s->end || !long_bracket(s))
		while (s->p < s->end && *s->p != '\n')
			s->p++;
	return true;
}

static struct lexeme next(struct source *s)
{
	struct lexeme t = { .kind = END };

	for (;;) {
		while (s->p < s->end && isspace((unsigned char)*s->p))
			s->line += *s->p++ == '\n';
		if (s->p == s->end || !skip_comment(s))
			break;
	}
	t.at = s->p;
	t.line = s->line;
	if (s->p == s->end)
		return t;
	t.kind = OTHER;
	if (*s->p == '"' || *s->p == '\'') {
		skip_string(s);
	} else if (isalnum((unsigned char)*s->p) || *s->p == '_') {
		t.kind = isdigit((unsigned char)*s->p) ? OTHER : NAME;
		while (s->p < s->end && (isalnum((unsigned char)*s->p) || *s->p == '_' ||
					 (t.kind == OTHER && *s->p == '.')))
			s->p++;
	} else if (!long_bracket(s)) {
		/* What is of several characters, as far as it matters here */
		while (s->p < s->end && strchr("=~<>.:", *s->p) && s->p - t.at < 2)
			s->p++;
		if (s->p == t.at)
			s->p++;
	}
	t.len = (size_t)(s->p - t.at);
	return t;
}

static bool is(const struct lexeme *t, const char *text)
{
	return t->len == strlen(text) && !memcmp(t->at, text, t->len);
}

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
		if (is(t, words[i]))
			return true;
	return false;
}

/* Names up to what ends a list of them: local a, b; for a, b in; function f(a, b). */
static void collect(struct names *n, const char *text, size_t len)
{
	struct source s = { text, text + len, 1 };
	struct lexeme before = { .kind = OTHER, .at = "" }, t = next(&s);
	bool declares = false;

	while (t.kind != END) {
		struct lexeme after = next(&s);

		if (is(&t, "local") || is(&t, "for") || is(&t, "function"))
			declares = true;
		else if (is(&t, ")") || is(&t, "=") || is(&t, "in") || t.line != before.line)
			declares = declares && !is(&t, ")") && !is(&t, "=") && !is(&t, "in") &&
				   (is(&before, ",") || is(&before, "(") || is(&before, "local"));
		if (t.kind == NAME && !is_word(&t) && !is(&before, ".") && !is(&before, ":")) {
			if (declares || is(&after, "=") || is(&before, "goto") ||
			    is(&before, "::"))
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
