// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plays the bureau: writes an order's CSV file with the columns that a bureau delivers. The same
 * seed and transport key always give the same file.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "libgp/aes.h"
#include "libgp/dgi.h"
#include "libgp/hex.h"
#include "libgp/keyfile.h"

#define ROWS_MAX	1000000
#define PAYLOAD_MAX	512

/**
 * struct stream - bytes that follow from a seed: SHA-256(seed || block number), block by block
 * @seed: chosen by the user
 * @block: number of the next block
 * @buf: the current block
 * @used: bytes of @buf that are used up
 */
struct stream {
	uint64_t seed;
	uint64_t block;
	uint8_t buf[32];
	size_t used;
};

static int stream_read(struct stream *s, uint8_t *out, size_t len)
{
	while (len--) {
		if (s->used == sizeof(s->buf)) {
			uint8_t in[16];

			for (int i = 0; i < 8; i++) {
				in[i] = (uint8_t)(s->seed >> (56 - 8 * i));
				in[8 + i] = (uint8_t)(s->block >> (56 - 8 * i));
			}
			if (EVP_Digest(in, sizeof(in), s->buf, NULL, EVP_sha256(), NULL) != 1)
				return -1;
			s->block++;
			s->used = 0;
		}
		*out++ = s->buf[s->used++];
	}
	return 0;
}

static int stream_digits(struct stream *s, char *out, size_t len)
{
	uint8_t b;

	for (size_t i = 0; i < len; i++) {
		do {
			if (stream_read(s, &b, 1))
				return -1;
		} while (b >= 250);	/* else 0 to 5 would come up more often */
		out[i] = (char)('0' + b % 10);
	}
	out[len] = '\0';
	return 0;
}

/* ISO/IEC 7812-1 annex B: the digit that makes the sum a multiple of ten. */
static char luhn_digit(const char *digits)
{
	size_t len = strlen(digits);
	unsigned int sum = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int d = (unsigned int)(digits[len - 1 - i] - '0');

		if (i % 2 == 0)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

/* Four data groupings, some 200 bytes together. */
static ssize_t make_payload(struct stream *s, uint8_t *out, size_t cap)
{
	static const struct {
		uint16_t id;
		size_t len;
	} group[] = { { 0x0101, 40 }, { 0x0102, 64 }, { 0x0201, 24 }, { 0x3000, 48 } };
	uint8_t value[64];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(group) / sizeof(group[0]); i++) {
		size_t n;

		if (stream_read(s, value, group[i].len))
			return -1;
		n = gp_dgi_put(group[i].id, value, group[i].len, out + len, cap - len);
		if (!n)
			return -1;
		len += n;
	}
	return (ssize_t)len;
}

static int write_key(FILE *f, struct stream *s, const uint8_t transport[16])
{
	uint8_t key[16], wrapped[24];
	char hex[2 * sizeof(wrapped) + 1];
	int ret = stream_read(s, key, sizeof(key));

	if (!ret)
		ret = gp_aes_wrap(transport, key, wrapped);
	OPENSSL_cleanse(key, sizeof(key));
	if (!ret)
		fprintf(f, ",%s", hex_encode(wrapped, sizeof(wrapped), hex));
	return ret;
}

static int write_row(FILE *f, struct stream *s, unsigned long row, const uint8_t transport[16])
{
	char iccid[32], imsi[32], pin[8], puk[16], hex[2 * PAYLOAD_MAX + 1];
	uint8_t payload[PAYLOAD_MAX];
	size_t len;
	ssize_t n;

	/* 89 telecommunication, 49 a country, 99 an issuer; then the serial number */
	len = (size_t)snprintf(iccid, sizeof(iccid) - 1, "894999%012lu", row);
	iccid[len + 1] = '\0';
	iccid[len] = luhn_digit(iccid);
	snprintf(imsi, sizeof(imsi), "26299%010lu", row);
	if (stream_digits(s, pin, 4) || stream_digits(s, puk, 8))
		return -1;
	fprintf(f, "%s,%s,%s,%s,30", iccid, imsi, pin, puk);
	for (int k = 0; k < 3; k++) {
		if (write_key(f, s, transport))
			return -1;
	}
	n = make_payload(s, payload, sizeof(payload));
	if (n < 0)
		return -1;
	fprintf(f, ",%s\n", hex_encode(payload, (size_t)n, hex));
	return ferror(f) ? -1 : 0;
}

static void usage(FILE *f)
{
	fputs("usage: mkorder --transport-key-file FILE [--rows N] [--seed N]\n"
	      "Writes an order to standard output: a CSV file with a header line.\n\n"
	      "  --transport-key-file FILE  AES-128 key, in hexadecimal, to wrap the card keys under\n"
	      "  --rows N                   records, 1 to 1000000, default 40\n"
	      "  --seed N                   what the contents follow from, default 1\n"
	      "  --help                     this text\n", f);
}

static bool number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return !errno && *text >= '0' && *text <= '9' && !*end && *ret <= max;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "transport-key-file", required_argument, NULL, 't' },
		{ "rows", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct stream s = { .used = sizeof(s.buf) };
	unsigned long rows = 40, seed = 1;
	const char *key_file = NULL, *why;
	uint8_t transport[16];
	bool valid = true;
	int ret = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't':
			key_file = optarg;
			break;
		case 'r':
			valid &= number(optarg, ROWS_MAX, &rows) && rows;
			break;
		case 's':
			valid &= number(optarg, ULONG_MAX, &seed);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			valid = false;
		}
	}
	if (!valid || !key_file || optind != argc) {
		usage(stderr);
		return 2;
	}
	why = gp_key_read(key_file, transport);
	if (why) {
		fprintf(stderr, "mkorder: %s: %s\n", key_file, why);
		return 1;
	}

	s.seed = seed;
	puts("iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload");
	for (unsigned long row = 1; row <= rows && !ret; row++)
		ret = write_row(stdout, &s, row, transport);
	OPENSSL_cleanse(transport, sizeof(transport));
	if (ret || fflush(stdout)) {
		fprintf(stderr, "mkorder: the file is not complete: %s\n",
			ferror(stdout) ? strerror(errno) : "the cryptographic library failed");
		return 1;
	}
	return 0;
}
