// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzes T=1: what a card says to the coupler, and what a coupler says to the card.
 */
#include "engine.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 atr[] = { 0x3b, 0x80, 0x01, 0x81 };
	static const u8 emv[] = { 0x3b, 0xa0, 0x00, 0x81, 0x21, 0x45, 0x45 };
	struct input in = { data, size };
	static struct fuzz_coupler f;
	struct iso7816_config cfg;
	u8 choice = input_byte(&in);

	if (choice & 1) {
		fuzz_card(&in, atr, sizeof(atr));
		return 0;
	}
	iso7816_config_init(&cfg);
	cfg.policy = choice / 2 % 3;
	cfg.ifsd = choice & 0x40 ? 254 : 0;
	fuzz_reset(&f, &cfg);
	if (cfg.policy == ISO7816_EMV ? fuzz_atr(&f, emv, sizeof(emv)) :
					fuzz_atr(&f, atr, sizeof(atr)))
		fuzz_exchanges(&f, &in);
	return 0;
}
