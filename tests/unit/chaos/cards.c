// SPDX-License-Identifier: GPL-2.0-only
/* What a game's records and cards are, and which record a card really holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "casctl/casctl.h"
#include "game.h"
#include "identity.h"
#include "libgp/aes.h"
#include "libgp/hex.h"
#include "libledger/ledger.h"
#include "libtoken/token.h"

#define KVN	0x31

static const uint8_t kmc[16] = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
				 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f };
static const uint8_t transport[16] = { 0x11, 0x22, 0x33 };

bool cards_keys(void)
{
	game.token = tokens_begin();
	return game.token && !token_import(game.token, "kmc", TOKEN_MASTER, kmc, 16) &&
	       !token_import(game.token, "transport", TOKEN_TRANSPORT, transport, 16);
}

static void record_key(unsigned int i, unsigned int j, uint8_t key[16])
{
	memset(key, (int)(0xa0 + j), 16);
	key[0] = (uint8_t)i;
}

static void record_iccid(unsigned int i, char iccid[24])
{
	unsigned int sum = 0;

	snprintf(iccid, 24, "894900000000000%03u", i);
	for (unsigned int j = 0; j < 18; j++) {
		unsigned int d = (unsigned int)(iccid[17 - j] - '0') * (j % 2 ? 1 : 2);

		sum += d / 10 + d % 10;
	}
	iccid[18] = (char)('0' + (10 - sum % 10) % 10);
	iccid[19] = '\0';
}

void cards_order(void)
{
	/* Records of spoiled cards are used again in every other game: the dangerous way. */
	struct order_import how = {
		.order = "order", .free_spoiled = game.seed % 2, .test = true,
	};
	struct order_report report;
	char path[128], error[192];
	struct orderkey key;
	struct ledger *l;
	FILE *f;

	if (orderkey_make(&key, game.token, "none"))
		fail_msg("%s", token_error(game.token));
	how.seal = &key.seal;
	snprintf(path, sizeof(path), "%s/order.csv", game.dir);
	f = fopen(path, "w+");
	assert_non_null(f);
	fprintf(f, "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n");
	for (unsigned int i = 0; i < GAME + AFTER; i++) {
		uint8_t key[16], wrapped[24];
		char iccid[24], hex[64];

		record_iccid(i, iccid);
		fprintf(f, "%s,262011234567%03u,5907,87654321,%02X", iccid, i, KVN);
		for (unsigned int j = 0; j < 3; j++) {
			record_key(i, j, key);
			gp_aes_wrap(transport, key, wrapped);
			fprintf(f, ",%s", hex_encode(wrapped, 24, hex));
		}
		fprintf(f, ",010103AABBCC\n");
	}
	rewind(f);
	l = ledger_open(game.db, false, error, sizeof(error));
	assert_non_null(l);
	if (ledger_import(l, f, &how, &report) != LEDGER_OK)
		fail_msg("import: %s", report.problems[0].text);
	ledger_close(l);
	fclose(f);
}

void cards_make(void)
{
	struct aes_key master = { .len = 16 };
	struct identity id;

	memcpy(master.bytes, kmc, 16);
	memset(game.card, 0, sizeof(game.card));
	for (unsigned int i = 0; i < GAME + AFTER; i++) {
		identity_make(&id, game.seed * 1000 + i);
		assert_true(gp_card_init(&game.card[i].gp, &id, &master, 1));
	}
}

int card_holds(struct sim_card *c)
{
	struct keyset *set = keyring_find(&c->gp.keys, KVN);
	const struct dgi *d = datastore_find(&c->gp.store, 0x9f01);
	char iccid[24], hex[32];
	uint8_t key[16];
	int i;

	if (!set || !d || d->len != 10)
		return -1;
	i = set->keys[KEY_ENC].bytes[0];
	for (unsigned int j = 0; j < 3; j++) {
		record_key((unsigned int)i, j, key);
		if (memcmp(set->keys[j].bytes, key, 16))
			return -1;
	}
	record_iccid((unsigned int)i, iccid);
	hex_encode(d->value, 10, hex);
	return memcmp(hex, iccid, 19) ? -1 : i;
}
