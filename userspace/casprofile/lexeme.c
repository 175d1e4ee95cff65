// SPDX-License-Identifier: GPL-2.0-only
/* The text of a profile in pieces. */
#include "lexeme.h"

#include <ctype.h>
#include <string.h>

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

struct lexeme lexeme_next(struct source *s)
{
	struct lexeme t = { .kind = LEXEME_END };

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
	t.kind = LEXEME_OTHER;
	if (*s->p == '"' || *s->p == '\'') {
		skip_string(s);
	} else if (isalnum((unsigned char)*s->p) || *s->p == '_') {
		t.kind = isdigit((unsigned char)*s->p) ? LEXEME_OTHER : LEXEME_NAME;
		while (s->p < s->end && (isalnum((unsigned char)*s->p) || *s->p == '_' ||
					 (t.kind == LEXEME_OTHER && *s->p == '.')))
			s->p++;
	} else if (!long_bracket(s)) {
		/* What is of several characters, as far as it matters here */
		int most = *s->p == '.' ? 3 : 2;

		while (s->p < s->end && strchr("=~<>.:", *s->p) && s->p - t.at < most)
			s->p++;
		if (s->p == t.at)
			s->p++;
	}
	t.len = (size_t)(s->p - t.at);
	return t;
}

bool lexeme_is(const struct lexeme *t, const char *text)
{
	return t->len == strlen(text) && !memcmp(t->at, text, t->len);
}
