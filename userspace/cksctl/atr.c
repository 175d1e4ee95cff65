// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command atr: explains an ATR. It needs no coupler; the parser is the kernel's own.
 */
#include <cjson/cJSON.h>
#include <iso7816/iso7816.h>
#include <stdio.h>
#include <string.h>

#include "cksctl.h"

static enum status print_atr_json(const struct iso7816_atr *atr)
{
	cJSON *json = cJSON_CreateObject(), *list = cJSON_CreateArray();
	char hex[2 * ISO7816_ATR_MAX + 1];

	for (unsigned int i = 0; i < atr->len; i++)
		snprintf(hex + 2 * i, 3, "%02X", atr->raw[i]);
	cJSON_AddStringToObject(json, "atr", hex);
	cJSON_AddStringToObject(json, "convention", atr->inverse ? "inverse" : "direct");
	cJSON_AddNumberToObject(json, "fi", iso7816_fi(atr->ta1));
	cJSON_AddNumberToObject(json, "di", iso7816_di(atr->ta1));
	cJSON_AddNumberToObject(json, "n", atr->n);
	cJSON_AddBoolToObject(json, "specific", atr->specific);
	for (int t = 0; t < 15; t++)
		if (atr->protocols & 1U << t)
			cJSON_AddItemToArray(list, cJSON_CreateNumber(t));
	cJSON_AddItemToObject(json, "protocols", list);
	cJSON_AddNumberToObject(json, "first", atr->first);
	cJSON_AddNumberToObject(json, "wi", atr->wi);
	cJSON_AddNumberToObject(json, "ifsc", atr->ifsc);
	cJSON_AddNumberToObject(json, "bwi", atr->bwi);
	cJSON_AddNumberToObject(json, "cwi", atr->cwi);
	cJSON_AddStringToObject(json, "edc", atr->crc ? "CRC" : "LRC");
	hex[2 * (atr->hist + atr->hist_len)] = 0;
	cJSON_AddStringToObject(json, "historical", hex + 2 * atr->hist);
	return print_json(json, true) ? STATUS_OK : STATUS_FAILURE;
}

enum status atr_command(struct context *ctx, int argc, char **argv)
{
	enum iso7816_policy policy = ISO7816_STRICT;
	uint8_t raw[ISO7816_ATR_MAX];
	struct iso7816_atr atr;
	enum iso7816_err err;
	char text[2048];
	size_t len;

	if (argc > 1) {
		if (!strcmp(argv[1], "tolerant")) {
			policy = ISO7816_TOLERANT;
		} else if (!strcmp(argv[1], "emv")) {
			policy = ISO7816_EMV;
		} else if (strcmp(argv[1], "strict")) {
			complain("policies are strict, tolerant and emv, not \"%s\"", argv[1]);
			return STATUS_USAGE;
		}
	}
	if (!parse_bytes("ATR", argv[0], raw, sizeof(raw), &len))
		return STATUS_USAGE;
	err = iso7816_atr_parse(&atr, raw, len, policy);
	if (err) {
		complain("ATR refused: %s", iso7816_strerror(err));
		/* What can be read of it all the same shows where it goes wrong. */
		if (ctx->json || iso7816_atr_parse(&atr, raw, len, ISO7816_TOLERANT))
			return STATUS_FAILURE;
	}
	if (ctx->json)
		return print_atr_json(&atr);
	iso7816_atr_print(text, sizeof(text), &atr);
	fputs(text, stdout);
	if (!text[0] || text[strlen(text) - 1] != '\n')
		putchar('\n');
	return err ? STATUS_FAILURE : STATUS_OK;
}
