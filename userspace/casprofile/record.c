// SPDX-License-Identifier: GPL-2.0-only
/* The record of a dry run: the first row of a file, or a made-up one. Stands in for the ledger. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dry.h"
#include "libledger/column.h"
#include "libledger/csv.h"
#include "libtoken/token.h"

static struct ledger_record record = {
	.id = 1,
	.attempt = 1,
	.order = "dry-run",
	.key = "order-dry-run",
	.iccid = "8949000000000000018",
	.kvn = 0x30,
	.imsi = "262990000000001",
	.pin1 = "71384625",
	.puk1 = "93517264",
	.payload = { 0x01, 0x01, 0x02, 0xaa, 0xbb },
	.payload_len = 5,
};

static bool bad(const char *path, unsigned int line, const char *column, const char *what)
{
	fprintf(stderr, "cas-profile: %s:%u: %s%s%s\n", path, line, column, *column ? ": " : "",
		what);
	return false;
}

static bool take_row(const char *path, struct csv *csv)
{
	enum column map[CSV_COLUMNS_MAX];
	size_t count = csv_next(csv) > 0 ? csv->count : 0;

	for (size_t i = 0; i < count; i++) {
		map[i] = column_find(csv->field[i]);
		if (map[i] == COL_COUNT)
			return bad(path, 1, "", "a column that is not one in clear");
	}
	if (csv_next(csv) <= 0 || csv->count != count)
		return bad(path, 2, "", csv->error ? csv->error : "a header and a row are wanted");
	for (size_t i = 0; i < count; i++) {
		const char *wrong = column_take(map[i], csv->field[i], &record);

		if (wrong)
			return bad(path, 2, column_name(map[i]), wrong);
	}
	return true;
}

bool record_open(const char *path)
{
	struct csv csv;
	bool ok;
	FILE *f;

	if (!path)
		return true;
	f = fopen(path, "re");
	if (!f)
		return bad(path, 0, "", strerror(errno));
	csv_init(&csv, f);
	ok = take_row(path, &csv);
	csv_wipe(&csv);
	fclose(f);
	return ok;
}

const uint8_t *record_secret(unsigned int i, size_t *len)
{
	const void *secrets[] = { record.pin1, record.puk1, record.payload };
	const size_t lengths[] = { strlen(record.pin1), strlen(record.puk1), record.payload_len };

	if (i >= sizeof(lengths) / sizeof(lengths[0]))
		return NULL;
	*len = lengths[i];
	return secrets[i];
}

/* ---- what casd's record.c calls ---- */

enum ledger_status ledger_claim(struct ledger *l, int64_t request, const char *order,
				const struct ledger_master *master, const char *card,
				struct ledger_record *out)
{
	(void)l;
	(void)request;
	(void)order;
	(void)master;
	printf("# claim of a record for %s\n", card);
	*out = record;
	out->sealed_len = ledger_record_pack(&record, out->sealed) + TOKEN_SEAL;
	return LEDGER_OK;
}

const char *ledger_error(const struct ledger *l)
{
	(void)l;
	return "";
}

int token_unseal(struct token *t, token_key key, const char *with, const uint8_t *sealed,
		 size_t len, uint8_t *out)
{
	(void)t;
	(void)key;
	(void)with;
	memcpy(out, sealed, len - TOKEN_SEAL);
	return 0;
}
