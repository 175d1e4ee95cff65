// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes PPS: responses to the coupler's request, and requests to the card.
 */
#include "engine.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 atrs[][6] = {
		{ 0x3b, 0x10, 0x96 }, { 0x3b, 0x90, 0x13, 0x80, 0x01, 0x02 },
	};
	static const u8 lens[] = { 3, 6 };
	struct input in = { data, size };
	static struct fuzz_coupler f;
	struct iso7816_config cfg;
	u8 choice = input_byte(&in), which = choice & 1;

	if (choice & 2) {
		fuzz_card(&in, atrs[which], lens[which]);
		return 0;
	}
	iso7816_config_init(&cfg);
	cfg.policy = choice & 4 ? ISO7816_STRICT : ISO7816_TOLERANT;
	cfg.t = choice & 8 ? 1 : ISO7816_T_ANY;
	fuzz_reset(&f, &cfg);
	fuzz_atr(&f, atrs[which], lens[which]);
	while (in.left && !f.over)
		fuzz_event(&f, &in);
	fuzz_silence(&f);
	MUST(iso7816_coupler_ready(&f.c) == iso7816_coupler_active(&f.c));
	return 0;
}
