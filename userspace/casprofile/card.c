// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card that is a file:
 *
 *	# comment
 *	atr 3B80...		what a reset gives
 *	> 00A40400*		a command; ** is any byte, * at the end whatever follows
 *	< 9000			its answer
 *	entry 1234		what is entered at a prompt; entry alone: it is refused
 *
 * The run prints the same, so that its output can be played again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dry.h"
#include "libgp/hex.h"

#define LINE_MAX_LEN 1024

static const char *path;
static FILE *script;
static char line[LINE_MAX_LEN];
static unsigned int number;
static bool held;	/* @line is not used up */

bool card_open(const char *name)
{
	path = name;
	if (!name)
		return true;
	script = fopen(name, "re");
	if (!script)
		fprintf(stderr, "cas-profile: %s: %s\n", name, strerror(errno));
	return script;
}

void card_close(void)
{
	if (script)
		fclose(script);
	script = NULL;
}

/* The next line that says something, without its end. */
static const char *next_line(void)
{
	while (!held && script && fgets(line, sizeof(line), script)) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		held = *line && *line != '#';
	}
	return held ? line : NULL;
}

/* What follows @word on the next line; NULL if that is another one. */
static const char *take(const char *word)
{
	size_t n = strlen(word);
	const char *text = next_line();

	if (!text || strncmp(text, word, n) || (text[n] && text[n] != ' '))
		return NULL;
	held = false;
	return text[n] ? text + n + 1 : text + n;
}

static size_t differs(const char *what)
{
	const char *text = next_line();

	fprintf(stderr, "cas-profile: %s:%u: the profile %s here, and the card's script %s%s\n",
		path, number, what, text ? "has " : "has ended", text ? text : "");
	return 0;
}

static bool matches(const char *pattern, const uint8_t *apdu, size_t len)
{
	for (size_t i = 0; i < len; i++, pattern += 2) {
		uint8_t byte;

		if (!strcmp(pattern, "*"))
			return true;
		if (!strncmp(pattern, "**", 2))
			continue;
		if (hex_decode(pattern, strnlen(pattern, 2), &byte, 1) != 1 || byte != apdu[i])
			return false;
	}
	return !*pattern || !strcmp(pattern, "*");
}

static size_t put(const char *hex, uint8_t *out, size_t cap)
{
	ssize_t n = hex ? hex_decode(hex, strlen(hex), out, cap) : -1;

	return n < 0 ? differs("expects an answer in hexadecimal") : (size_t)n;
}

/* Without a script: a card that has any key, and accepts everything. */
static size_t accept_all(const uint8_t *apdu, size_t len, uint8_t *rsp)
{
	static const uint8_t hello[32] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 3, 0x70 };
	size_t n = 0;

	if (len > 4 && apdu[1] == 0x50) {
		memcpy(rsp, hello, sizeof(hello));
		rsp[10] = apdu[2] ? apdu[2] : 1;
		n = sizeof(hello);
	} else if (len > 5 && apdu[1] == 0xd8) {
		memset(rsp, 0, 10);
		rsp[0] = apdu[5];
		n = 10;
	}
	rsp[n++] = 0x90;
	rsp[n++] = 0;
	return n;
}

size_t card_answer(const uint8_t *apdu, size_t len, uint8_t *rsp)
{
	const char *text;
	size_t n;

	if (!script)
		return accept_all(apdu, len, rsp);
	text = next_line();
	if (!text || strncmp(text, "> ", 2) || !matches(text + 2, apdu, len))
		return differs("sends a command");
	held = false;
	n = put(take("<"), rsp, 258);
	return n < 2 ? 0 : n;
}

size_t card_atr(uint8_t atr[33])
{
	const char *text;

	if (!script) {
		memcpy(atr, "\x3b\x00", 2);
		return 2;
	}
	text = take("atr");
	return text ? put(text, atr, 33) : differs("resets the card");
}

const char *card_entry(void)
{
	const char *text = take("entry");

	return text && *text ? text : NULL;
}

unsigned int card_rest(void)
{
	return script && next_line() ? number : 0;
}
