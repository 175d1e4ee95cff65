// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes the ATR: parsed, printed, and received on the line, under each policy.
 */
#include "engine.h"

static void parse(const u8 *data, size_t size, enum iso7816_policy policy)
{
	struct iso7816_atr atr;
	char text[2048];
	int len;

	if (iso7816_atr_parse(&atr, data, size, policy))
		return;
	MUST(atr.len == size && !memcmp(atr.raw, data, size));
	MUST(atr.hist + atr.hist_len <= atr.len);
	MUST(iso7816_fi(atr.ta1) || atr.specific || policy == ISO7816_TOLERANT);
	len = iso7816_atr_print(text, sizeof(text), &atr);
	MUST(len > 0 && len < (int)sizeof(text));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	static struct fuzz_coupler f;
	struct iso7816_config cfg;
	size_t i;

	for (i = 0; i < 3; i++)
		parse(data, size, (enum iso7816_policy)i);
	for (i = 0; i <= size && i <= ISO7816_ATR_MAX; i++)
		MUST(iso7816_atr_missing(data, i) <= ISO7816_ATR_MAX);

	iso7816_config_init(&cfg);
	cfg.policy = input_byte(&in) % 3;
	fuzz_reset(&f, &cfg);
	fuzz_atr(&f, in.data, in.left);
	fuzz_silence(&f);
	MUST(iso7816_coupler_ready(&f.c) == iso7816_coupler_active(&f.c));
	return 0;
}
