/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers of the engine's two halves share: an input read as events, and an owner that
 * carries out what the engine asks for and insists on what iso7816.h promises.
 */
#ifndef FUZZ_ENGINE_H
#define FUZZ_ENGINE_H

#include <stdlib.h>

#include "iso7816/iso7816.h"

/* Stays with NDEBUG, and is what a fuzzer and the sanitizers notice. */
#define MUST(condition) do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct input {
	const u8 *data;
	size_t left;
};

static inline u8 input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

/* The coupler and all that its owner has to keep. */
struct fuzz_coupler {
	struct iso7816_coupler c;
	u64 now;
	bool sending;
	u64 sent_at;
	bool over;
	unsigned int commands;
	u8 rsp[300];
	u8 guard;
};

static inline void fuzz_serve(struct fuzz_coupler *f)
{
	struct iso7816_action act;
	unsigned int n = 0;

	while (iso7816_coupler_next(&f->c, &act)) {
		MUST(++n <= 4);
		switch (act.op) {
		case ISO7816_DO_SEND:
			MUST(act.send.len >= 1 && act.send.len <= ISO7816_BLOCK_MAX);
			MUST(!f->sending && !f->over);
			f->sending = true;
			f->sent_at = (act.send.at > f->now ? act.send.at : f->now) +
				     (u64)(act.send.len - 1) * act.send.gap;
			break;
		case ISO7816_DO_DONE:
			MUST(!f->over);
			f->over = true;
			break;
		case ISO7816_DO_LINE:
			MUST(act.line.f && act.line.d);
			break;
		default:
			f->sending = false;
			break;
		}
	}
	/* Whatever came: an end is in sight. */
	MUST(f->over || iso7816_coupler_deadline(&f->c) != ISO7816_NEVER);
}

static inline void fuzz_rx(struct fuzz_coupler *f, u64 after, u8 byte, u8 flags)
{
	f->now += after;
	iso7816_coupler_rx(&f->c, f->now, byte, flags);
	fuzz_serve(f);
}

static inline void fuzz_sent(struct fuzz_coupler *f, u8 flags)
{
	f->sending = false;
	if (f->sent_at > f->now)
		f->now = f->sent_at;
	iso7816_coupler_sent(&f->c, f->now, flags);
	fuzz_serve(f);
}

static inline void fuzz_timer(struct fuzz_coupler *f)
{
	u64 deadline = iso7816_coupler_deadline(&f->c);

	if (deadline > f->now)
		f->now = deadline;
	f->sending = false;
	iso7816_coupler_timer(&f->c, f->now);
	fuzz_serve(f);
}

/* With nothing more to come every command ends, after a bounded number of waits. */
static inline void fuzz_silence(struct fuzz_coupler *f)
{
	unsigned int n = 0;

	while (!f->over) {
		MUST(++n < 200);
		if (f->sending)
			fuzz_sent(f, 0);
		else
			fuzz_timer(f);
	}
}

/* One event of the input: mostly a character, at a distance that the limits make interesting. */
static inline void fuzz_event(struct fuzz_coupler *f, struct input *in)
{
	const struct iso7816_line *p = iso7816_coupler_line(&f->c);
	u64 etu = iso7816_etu(p->f, p->d);
	u8 what = input_byte(in);

	if (f->sending && what != 0xff) {
		fuzz_sent(f, 0);
		if (f->over)
			return;
	}
	switch (what) {
	case 0xff:
		if (f->sending)
			fuzz_sent(f, input_byte(in) & (ISO7816_TX_REFUSED | ISO7816_TX_ECHO));
		else
			fuzz_timer(f);
		break;
	case 0xfe:
		fuzz_timer(f);
		break;
	case 0xfd:
		fuzz_rx(f, 12 * etu, input_byte(in), input_byte(in) & 7);
		break;
	case 0xfc:
		fuzz_rx(f, etu << input_byte(in) % 16, input_byte(in), 0);
		break;
	default:	/* a run of characters */
		for (what %= 64; !f->over && in->left; what--) {
			fuzz_rx(f, 12 * etu, input_byte(in), 0);
			if (!what || f->sending)
				break;
		}
		break;
	}
}

/* Up to RST high, with what the first byte of the input chooses. */
static inline void fuzz_reset(struct fuzz_coupler *f, struct iso7816_config *cfg)
{
	cfg->max_null = 20;
	cfg->max_wtx = 10;
	iso7816_config_allow(cfg, 0x96);
	iso7816_config_allow(cfg, 0x13);
	f->now = 1000;
	f->over = false;
	f->sending = false;
	iso7816_coupler_init(&f->c, cfg);
	MUST(!iso7816_coupler_reset(&f->c, f->now, ISO7816_COLD));
	fuzz_serve(f);
	fuzz_timer(f);
	f->now += 400ULL * ISO7816_TICKS_PER_CLK;
}

static inline bool fuzz_atr(struct fuzz_coupler *f, const u8 *atr, size_t len)
{
	u64 etu = iso7816_etu(372, 1);
	size_t i;

	for (i = 0; i < len && !f->over; i++)
		fuzz_rx(f, i ? 12 * etu : 0, atr[i], 0);
	if (!f->over && !f->sending)
		fuzz_timer(f);		/* a surplus TCK could have come */
	return f->over && iso7816_coupler_ready(&f->c);
}

/* Commands against what the input says, until it is used up. */
static inline void fuzz_exchanges(struct fuzz_coupler *f, struct input *in)
{
	static const u8 cmds[][12] = {
		{ 0x00, 0xb0, 0x00, 0x00, 0x04 },
		{ 0x00, 0xd6, 0x00, 0x00, 0x03, 1, 2, 3 },
		{ 0x00, 0xa4, 0x04, 0x00, 0x02, 1, 2, 0x00 },
		{ 0x01, 0x44, 0x00, 0x00 },
		{ 0x00, 0xb0, 0x00, 0x00, 0x00, 0x00, 0x00 },
	};
	static const u8 lens[] = { 5, 8, 8, 4, 7 };
	static u8 big[700];

	while (in->left && iso7816_coupler_ready(&f->c)) {
		u8 choice = input_byte(in);
		struct iso7816_exchange x = {
			.cmd = cmds[choice % 5], .cmd_len = lens[choice % 5], .rsp = f->rsp,
			.rsp_size = choice & 0x40 ? 20 : sizeof(f->rsp),
			.mode = choice & 0x80 ? ISO7816_TPDU : ISO7816_APDU,
			.timeout = choice & 0x20 ? 100ULL * 1000 * iso7816_etu(372, 1) : 0,
		};

		if (choice % 8 == 7) {		/* case 4 extended, 600 bytes */
			memset(big, 0x5a, sizeof(big));
			memcpy(big, "\x00\xd0\x00\x00\x00\x02\x58", 7);
			big[607] = 0;
			big[608] = 0;
			x.cmd = big;
			x.cmd_len = 609;
		}
		f->over = false;
		f->guard = 0x77;
		if (iso7816_coupler_exchange(&f->c, f->now, &x))
			return;
		fuzz_serve(f);
		while (in->left && !f->over)
			fuzz_event(f, in);
		fuzz_silence(f);
		MUST(x.rsp_len <= x.rsp_size);
		MUST(f->guard == 0x77);
	}
	/* From wherever it is, a reset is accepted and ends. */
	f->over = false;
	f->sending = false;
	MUST(!iso7816_coupler_reset(&f->c, f->now, ISO7816_COLD));
	fuzz_serve(f);
	fuzz_silence(f);
}

/* The card's half: characters, deadlines, resets, and an owner that answers or is busy. */
static inline void fuzz_card(struct input *in, const u8 *atr, u8 len)
{
	static u8 apdu[300], rsp[300], answer[300];
	static struct iso7816_card c;
	struct iso7816_card_config cfg = { .reset_clks = 400, .atr_len = len };
	struct iso7816_card_action act;
	u8 flags = input_byte(in);
	u64 now = 0;

	cfg.get_response = flags & 1;
	cfg.envelope = flags & 2;
	cfg.ack_each = flags & 4;
	cfg.abort = flags & 16;
	cfg.ifsc = flags & 32 ? 0x40 : 0;
	cfg.settle = flags & 64;
	memcpy(cfg.atr, atr, len);
	MUST(!iso7816_card_init(&c, &cfg, apdu, sizeof(apdu), rsp, sizeof(rsp)));
	iso7816_card_rst(&c, now, true);
	for (;;) {
		unsigned int n = 0;
		u8 what;

		while (iso7816_card_next(&c, &act)) {
			MUST(++n <= 8);
			if (act.op == ISO7816_CARD_SEND) {
				MUST(act.send.len >= 1 && act.send.len <= ISO7816_CARD_TX);
				now = act.send.at + (u64)(act.send.len - 1) * act.send.gap;
				iso7816_card_sent(&c, now, flags & 8 ? ISO7816_TX_REFUSED : 0);
			} else if (act.op == ISO7816_CARD_COMMAND) {
				MUST(act.command.len <= sizeof(apdu));
			}
		}
		if (!in->left)
			return;
		what = input_byte(in);
		switch (what) {
		case 0xff:
			now += 30ULL * iso7816_etu(372, 1);
			iso7816_card_timer(&c, iso7816_card_deadline(&c));
			break;
		case 0xfe:
			iso7816_card_respond(&c, now, answer, 2 + input_byte(in));
			break;
		case 0xfd:
			iso7816_card_busy(&c, now, input_byte(in));
			break;
		case 0xfb:
			iso7816_card_abort(&c);
			break;
		case 0xfc:
			iso7816_card_rst(&c, now, input_byte(in) & 1);
			break;
		default:
			for (what %= 64; in->left; what--) {
				now += 12ULL * iso7816_etu(372, 1);
				iso7816_card_rx(&c, now, input_byte(in), 0);
				if (!what)
					break;
			}
			break;
		}
	}
}

#endif
