// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a personalized card back through the character device of its coupler and compares it with
 * its row of the order: the bureau's own check, made without the CAS and without its database.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "card.h"
#include "compare.h"
#include "libgp/keyfile.h"

static void usage(FILE *f)
{
	fputs("usage: readback --csv FILE --transport-key-file FILE --coupler DEVICE\n"
	      "Prints \"verified ICCID\", or what differs. Exit status 0 if the card is verified.\n\n"
	      "  --csv FILE                 the order\n"
	      "  --transport-key-file FILE  AES-128 key that its keys are wrapped under, hexadecimal\n"
	      "  --coupler DEVICE           /dev/cks/couplerN with the card\n"
	      "  --help                     this text\n", f);
}

static int read_back(const struct order *order, const char *coupler, const uint8_t transport[16])
{
	const struct ledger_record *row;
	struct card card;
	int ret = 1;

	if (card_open(&card, coupler)) {
		fprintf(stderr, "readback: %s\n", card.error);
		return 1;
	}
	row = order_match(order, &card, transport);
	if (!row) {
		fprintf(stderr, "readback: %s: %s\n", coupler, card.error);
	} else if (compare(&card, row)) {
		fprintf(stderr, "readback: %s: card %s: %s\n", coupler, row->iccid, card.error);
	} else {
		printf("verified %s\n", row->iccid);
		ret = 0;
	}
	card_close(&card);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "csv", required_argument, NULL, 'c' },
		{ "transport-key-file", required_argument, NULL, 't' },
		{ "coupler", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *csv = NULL, *key_file = NULL, *coupler = NULL, *why;
	uint8_t transport[16];
	struct order order;
	int ret, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			csv = optarg;
			break;
		case 't':
			key_file = optarg;
			break;
		case 'd':
			coupler = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (!csv || !key_file || !coupler || optind != argc) {
		usage(stderr);
		return 2;
	}
	why = gp_key_read(key_file, transport);
	if (why) {
		fprintf(stderr, "readback: %s: %s\n", key_file, why);
		return 1;
	}
	if (order_read(&order, csv))
		return 1;
	ret = read_back(&order, coupler, transport);
	order_free(&order);
	OPENSSL_cleanse(transport, sizeof(transport));
	return ret;
}
