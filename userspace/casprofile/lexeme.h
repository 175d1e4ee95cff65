/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of a profile in pieces, without blanks and comments. */
#ifndef CASPROFILE_LEXEME_H
#define CASPROFILE_LEXEME_H

#include <stdbool.h>
#include <stddef.h>

enum lexeme_kind { LEXEME_END, LEXEME_NAME, LEXEME_OTHER };

/**
 * struct lexeme - a piece of Lua
 * @kind: what it is
 * @at: its text
 * @len: bytes
 * @line: where it is
 */
struct lexeme {
	enum lexeme_kind kind;
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

/* lexeme_next() - the next piece; LEXEME_END at the end */
struct lexeme lexeme_next(struct source *s);

bool lexeme_is(const struct lexeme *t, const char *text);

#endif
