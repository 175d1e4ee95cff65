// SPDX-License-Identifier: GPL-2.0-only
/*
 * An answer to reset in words, one line for each character.
 */
#include "internal.h"

struct out {
	char *buf;
	size_t size;
	size_t len;
};

static __printf(2, 3) void put(struct out *o, const char *fmt, ...)
{
	size_t room = o->len < o->size ? o->size - o->len : 0;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(room ? o->buf + o->len : NULL, room, fmt, args);
	va_end(args);
	if (n > 0)
		o->len += (size_t)n;
}

static void put_ta1(struct out *o, u8 v)
{
	/* ISO/IEC 7816-3 8.3 table 7, kHz */
	static const u16 fmax[16] = {
		4000, 5000, 6000, 8000, 12000, 16000, 20000, 0, 0, 5000, 7500, 10000, 15000, 20000,
	};
	u16 f = iso7816_fi(v);
	u8 d = iso7816_di(v);

	if (f && d)
		put(o, "Fi %u, Di %u: %u.%02u clock cycles per etu, up to %u.%u MHz", f, d, f / d,
		    f % d * 100U / d, fmax[v >> 4] / 1000, fmax[v >> 4] % 1000 / 100);
	else
		put(o, "Fi or Di is RFU");
}

static void put_first(struct out *o, char x, u8 v)
{
	if (x == 'A')
		put_ta1(o, v);
	else if (x == 'B')
		put(o, "VPP, no longer used");
	else if (v == 255)
		put(o, "N 255: guard time 12 etu (T=0) or 11 etu (T=1)");
	else
		put(o, "extra guard time N %u", v);
}

static void put_second(struct out *o, char x, u8 v)
{
	if (x == 'A')
		put(o, "specific mode: T=%u, F and D %s, negotiable mode %s", v & 0xf,
		    v & 0x10 ? "not in the ATR" : "of TA1",
		    v & 0x80 ? "impossible" : "after a warm reset");
	else if (x == 'B')
		put(o, "VPP, no longer used");
	else if (v)
		put(o, "T=0: waiting time integer WI %u: WT %u * Fi clock cycles", v, 960U * v);
	else
		put(o, "T=0: waiting time integer, RFU");
}

static void put_t1(struct out *o, char x, u8 v)
{
	if (x == 'A')
		put(o, "T=1: IFSC %u%s", v, v && v != 0xff ? "" : ", RFU");
	else if (x == 'B')
		put(o, "T=1: BWI %u, CWI %u: BWT 11 etu and %u clock cycles, CWT %u etu", v >> 4,
		    v & 0xf, 960U * ISO7816_FD << (v >> 4), 11 + (1U << (v & 0xf)));
	else
		put(o, "T=1: %s", v & 1 ? "CRC" : "LRC");
}

static void put_t15(struct out *o, char x, u8 v)
{
	static const char *const stop[] = {
		"not supported", "at L", "at H", "at either level",
	};

	if (x == 'A')
		put(o, "clock stop %s; classes%s%s%s%s", stop[v >> 6], v & 1 ? " A" : "",
		    v & 2 ? " B" : "", v & 4 ? " C" : "", v & 8 ? " D" : "");
	else if (x == 'B')
		put(o, "contact C6: %s", !v ? "not used" : v & 0x80 ? "proprietary use" :
							   "standard use");
	else
		put(o, "RFU");
}

static void put_interface(struct out *o, unsigned int level, u8 t, char x, u8 v)
{
	put(o, "T%c%u   %02X  ", x, level, v);
	if (level == 1)
		put_first(o, x, v);
	else if (level == 2)
		put_second(o, x, v);
	else if (t == 1)
		put_t1(o, x, v);
	else if (t == 15)
		put_t15(o, x, v);
	else
		put(o, "of T=%u", t);
	put(o, "\n");
}

/* Which interface bytes come next: b8-5 of T0 and TDi. */
static void put_next(struct out *o, unsigned int level, u8 v)
{
	char x;

	for (x = 'A'; x <= 'D'; x++)
		if (v >> (4 + x - 'A') & 1)
			put(o, ", T%c%u", x, level);
	put(o, "%s\n", v >> 4 ? " next" : "");
}

static void put_td(struct out *o, unsigned int level, u8 v)
{
	u8 t = v & 0xf;

	put(o, "TD%u   %02X  %s%u", level, v, t == 15 ? "global, T=" : "T=", t);
	put_next(o, level + 1, v);
}

static void put_history(struct out *o, const u8 *hist, u8 len)
{
	u8 i;

	put(o, "hist  ");
	for (i = 0; i < len; i++)
		put(o, "%02X%s", hist[i], i + 1 < len ? " " : "");
	put(o, "  \"");
	for (i = 0; i < len; i++)
		put(o, "%c", hist[i] >= 0x20 && hist[i] < 0x7f ? hist[i] : '.');
	put(o, "\"\n");
}

static void put_objects(struct out *o, const struct iso7816_history *h)
{
	static const char *const names[16] = {
		[1] = "country", [2] = "issuer", [3] = "card service data",
		[4] = "initial access data", [5] = "card issuer's data",
		[6] = "pre-issuing data", [7] = "card capabilities",
		[15] = "application identifier",
	};
	u8 i, k;

	for (i = 0; i < h->count; i++) {
		const struct iso7816_history_object *obj = &h->objects[i];

		put(o, "      %X%X  %s:", obj->tag, obj->len, names[obj->tag] ?: "RFU");
		for (k = 0; k < obj->len; k++)
			put(o, " %02X", obj->value[k]);
		put(o, "\n");
	}
	if (h->has_lcs)
		put(o, "          life cycle status %02X\n", h->lcs);
	if (h->has_sw)
		put(o, "          status word %04X\n", h->sw);
}

int iso7816_atr_print(char *buf, size_t size, const struct iso7816_atr *atr)
{
	struct out o = { .buf = buf, .size = size };
	struct iso7816_history history;
	const u8 *raw = atr->raw;
	unsigned int level, pos = 2;
	u8 y = raw[1] >> 4, t = 0;

	put(&o, "TS    %02X  %s convention\n", raw[0], atr->inverse ? "inverse" : "direct");
	put(&o, "T0    %02X  %u historical byte%s", raw[1], raw[1] & 0xf,
	    (raw[1] & 0xf) == 1 ? "" : "s");
	put_next(&o, 1, raw[1]);
	/* A parsed ATR contains every byte that its TDi announce; pos is bounded all the same. */
	for (level = 1; pos < atr->len; level++) {
		char x;

		for (x = 'A'; x <= 'C'; x++)
			if (y >> (x - 'A') & 1 && pos < atr->len)
				put_interface(&o, level, t, x, raw[pos++]);
		if (!(y & 8) || pos >= atr->len)
			break;
		put_td(&o, level, raw[pos]);
		t = raw[pos] & 0xf;
		y = raw[pos++] >> 4;
	}
	if (atr->hist_len && atr->hist + atr->hist_len <= ISO7816_ATR_MAX)
		put_history(&o, raw + atr->hist, atr->hist_len);
	if (iso7816_history_parse(&history, atr))
		put_objects(&o, &history);
	if (atr->has_tck) {
		u8 last = atr->len - 1;

		put(&o, "TCK   %02X  %s\n", raw[last],
		    atr->hist + atr->hist_len == last && !iso7816_lrc(raw + 1, last) ?
		    "right" : "wrong");
	}
	return (int)o.len;
}
