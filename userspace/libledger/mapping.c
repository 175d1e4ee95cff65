// SPDX-License-Identifier: GPL-2.0-only
/* What the columns of a bureau's file are, and what else is checked in them. */
#include "mapping.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"

#define LINE 256

/**
 * struct mapping_seen - hashes of the values of a column, 0 for none; no value itself
 * @slots: open addressing, half of them are used at most
 * @size: of them, a power of 2
 * @count: used
 */
struct mapping_seen {
	uint64_t *slots;
	size_t size;
	size_t count;
};

/* N or N-M behind "length=". */
static bool take_length(const char *text, struct mapping_column *c)
{
	unsigned int min = 0, max = 0;
	char rest = 0;
	int n = sscanf(text, "%4u-%4u%c", &min, &max, &rest);

	if (n == 1 && !strchr(text, '-') && text[strspn(text, "0123456789")] == '\0')
		max = min;
	else if (n != 2)
		return false;
	c->min = min;
	c->max = max;
	return max >= min && max && *text >= '0' && *text <= '9';
}

static const char *take_word(const char *word, struct mapping_column *c)
{
	if (!strcmp(word, "digits"))
		c->digits = true;
	else if (!strcmp(word, "hex"))
		c->hex = true;
	else if (!strcmp(word, "luhn"))
		c->luhn = true;
	else if (!strcmp(word, "unique"))
		c->unique = true;
	else if (strncmp(word, "length=", 7) || !take_length(word + 7, c))
		return "a check is digits, hex, luhn, unique, length=N or length=N-M";
	return NULL;
}

static const char *take_line(char *line, struct mapping *m)
{
	struct mapping_column *c = &m->column[m->count];
	/* length=N has one too: it is the one that stands alone. */
	char *header = strstr(line, " = "), *word, *save = NULL;
	const char *wrong = NULL;

	if (!header)
		return "COLUMN [CHECK]... = HEADER is wanted";
	if (m->count == CSV_COLUMNS_MAX)
		return "more than 32 columns";
	*header = '\0';
	header += 3;
	header += strspn(header, " \t");
	word = strtok_r(line, " \t", &save);
	if (!word || strlen(word) >= sizeof(c->column) || !*header ||
	    strlen(header) >= sizeof(c->header))
		return "a name is missing, or too long";
	if (mapping_find(m, header))
		return "this header was there already";
	memset(c, 0, sizeof(*c));
	strcpy(c->column, word);
	strcpy(c->header, header);
	while (!wrong && (word = strtok_r(NULL, " \t", &save)))
		wrong = take_word(word, c);
	if (!wrong)
		m->count++;
	return wrong;
}

const char *mapping_read(FILE *f, struct mapping *m, unsigned int *line)
{
	const char *wrong = NULL;
	char text[LINE];
	size_t len;

	memset(m, 0, sizeof(*m));
	if (RAND_bytes(m->key, sizeof(m->key)) != 1)
		return "no random numbers";
	for (*line = 1; !wrong && fgets(text, sizeof(text), f); (*line)++) {
		len = strcspn(text, "\r\n");
		if (len == sizeof(text) - 1)
			return "the line is too long";
		text[len] = '\0';
		if (text[strspn(text, " \t")] && *text != '#')
			wrong = take_line(text, m);
	}
	(*line)--;
	return wrong || m->count ? wrong : "no column";
}

void mapping_end(struct mapping *m)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->column[i].seen)
			free(m->column[i].seen->slots);
		free(m->column[i].seen);
		m->column[i].seen = NULL;
	}
}

struct mapping_column *mapping_find(struct mapping *m, const char *header)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->column[i].header, header))
			return &m->column[i];
	return NULL;
}

/* Keyed, so that no file can be made to collide; never 0. */
static bool hash(const struct mapping *m, const char *value, uint64_t *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (!HMAC(EVP_sha256(), m->key, sizeof(m->key), (const unsigned char *)value,
		  strlen(value), mac, &len))
		return false;
	memcpy(out, mac, sizeof(*out));
	*out |= !*out;
	return true;
}

/* True if it was there already. */
static bool put(uint64_t *slots, size_t size, uint64_t value)
{
	size_t i = value & (size - 1);

	while (slots[i] && slots[i] != value)
		i = (i + 1) & (size - 1);
	if (slots[i])
		return true;
	slots[i] = value;
	return false;
}

static bool grow(struct mapping_seen *s)
{
	size_t size = s->size ? 2 * s->size : 1024;
	uint64_t *slots = size / 2 > MAPPING_UNIQUE_MAX ? NULL : calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < s->size; i++)
		if (s->slots[i])
			put(slots, size, s->slots[i]);
	free(s->slots);
	s->slots = slots;
	s->size = size;
	return true;
}

static const char *check_unique(const struct mapping *m, struct mapping_column *c,
				const char *value)
{
	uint64_t h;

	if (!c->seen)
		c->seen = calloc(1, sizeof(*c->seen));
	if (!c->seen || !hash(m, value, &h) ||
	    (2 * c->seen->count >= c->seen->size && !grow(c->seen)))
		return "no memory is left to tell whether it is unique";
	if (put(c->seen->slots, c->seen->size, h))
		return "another row has the same";
	c->seen->count++;
	return NULL;
}

const char *mapping_check(struct mapping *m, struct mapping_column *c, const char *value)
{
	size_t len = strlen(value);

	if (c->max && (len < c->min || len > c->max))
		return "has another length than the mapping says";
	if ((c->digits || c->luhn) && (!len || value[strspn(value, "0123456789")]))
		return "must be digits, by the mapping";
	if (c->hex && (len % 2 || value[strspn(value, "0123456789ABCDEFabcdef")]))
		return "must be hexadecimal, by the mapping";
	if (c->luhn && !column_luhn(value))
		return "the Luhn check digit is wrong";
	return c->unique ? check_unique(m, c, value) : NULL;
}
