// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer to reset: its structure and its interface bytes, ISO/IEC 7816-3 clause 8.
 */
#include "internal.h"

#define TS_DIRECT	0x3b
#define TS_INVERSE	0x3f

/* Where things are in an ATR of which perhaps only the beginning is there. */
struct layout {
	u16 hist;		/* offset of the historical bytes */
	u8 hist_len;
	u16 end;		/* offset behind the historical bytes */
	bool tck;		/* TCK belongs there, at @end */
	u16 known;		/* as many characters as the interface bytes seen so far imply */
};

static u8 bits_set(u8 nibble)
{
	return (u8)((nibble & 1) + (nibble >> 1 & 1) + (nibble >> 2 & 1) + (nibble >> 3 & 1));
}

/* Walks the TDi; false if one of them is not there yet, then only @known is valid. */
static bool lay_out(struct layout *lo, const u8 *raw, size_t len)
{
	u16 pos = 1;
	u8 y, k;

	memset(lo, 0, sizeof(*lo));
	lo->known = 2;
	if (len < 2)
		return false;
	k = raw[1] & 0xf;
	y = raw[1] >> 4;
	for (;;) {
		pos += bits_set(y);
		lo->known = (u16)(pos + 1 + k + lo->tck);
		if (!(y & 8))
			break;
		if (pos >= len)
			return false;
		y = raw[pos] >> 4;
		if (raw[pos] & 0xf)
			lo->tck = true;
	}
	lo->hist = pos + 1;
	lo->hist_len = k;
	lo->end = lo->hist + k;
	lo->known = (u16)(lo->end + lo->tck);
	return true;
}

unsigned int iso7816_atr_missing(const u8 *raw, size_t len)
{
	struct layout lo;

	lay_out(&lo, raw, len);
	return lo.known > len ? (unsigned int)(lo.known - len) : 0;
}

/**
 * iso7816_atr_tck_due() - does this ATR end in a TCK? (8.2.5)
 * @raw: characters so far
 * @len: how many
 * Return: false also when too little is there to know
 */
bool iso7816_atr_tck_due(const u8 *raw, size_t len)
{
	struct layout lo;

	return lay_out(&lo, raw, len) && lo.tck;
}

struct parser {
	struct iso7816_atr atr;
	enum iso7816_policy policy;
	bool warm;
	bool tb1;
	bool t1_a, t1_b, t1_c, t15_a, t15_b;	/* the first of its kind has been seen */
};

/* Values that only some policies mind: true means that the ATR is refused. */
static bool strict(const struct parser *p)
{
	return p->policy != ISO7816_TOLERANT;
}

static bool emv(const struct parser *p)
{
	return p->policy == ISO7816_EMV;
}

/* TA1, TB1, TC1 */
static enum iso7816_err global_first(struct parser *p, char x, u8 v)
{
	switch (x) {
	case 'A':
		/* Whether an RFU code matters is known when TA2 is, in finish(). */
		p->atr.ta1 = v;
		break;
	case 'B':
		/* VPP is no more; EMV still asks for 00 after a cold reset. */
		p->tb1 = true;
		if (emv(p) && !p->warm && v)
			return ISO7816_E_ATR_VALUE;
		break;
	default:
		p->atr.n = v;
		break;
	}
	return ISO7816_OK;
}

/* TA2, TB2, TC2 */
static enum iso7816_err global_second(struct parser *p, char x, u8 v)
{
	switch (x) {
	case 'A':
		if (p->policy == ISO7816_STRICT && v & 0x60)
			return ISO7816_E_ATR_VALUE;
		if (emv(p) && v & 0x10)
			return ISO7816_E_ATR_VALUE;
		p->atr.ta2 = v;
		p->atr.specific = true;
		break;
	case 'B':
		if (emv(p))
			return ISO7816_E_ATR_VALUE;
		break;
	default:
		if ((strict(p) && !v) || (emv(p) && v != 0x0a))
			return ISO7816_E_ATR_VALUE;
		if (v)
			p->atr.wi = v;
		break;
	}
	return ISO7816_OK;
}

/* The first TAi, TBi, TCi, i > 2, after T=1 */
static enum iso7816_err for_t1(struct parser *p, char x, u8 v)
{
	switch (x) {
	case 'A':
		if (p->t1_a)
			break;
		p->t1_a = true;
		if (strict(p) && (!v || v == 0xff))
			return ISO7816_E_ATR_VALUE;
		if (emv(p) && v < 0x10)
			return ISO7816_E_ATR_VALUE;
		if (v)
			p->atr.ifsc = iso7816_min(v, 0xfe);
		break;
	case 'B':
		if (p->t1_b)
			break;
		p->t1_b = true;
		if (strict(p) && v >> 4 > 9)
			return ISO7816_E_ATR_VALUE;
		if (emv(p) && (v >> 4 > 4 || (v & 0xf) > 5))
			return ISO7816_E_ATR_VALUE;
		p->atr.bwi = (u8)iso7816_min(v >> 4, 9);
		p->atr.cwi = v & 0xf;
		break;
	default:
		if (p->t1_c)
			break;
		p->t1_c = true;
		if ((strict(p) && v & 0xfe) || (emv(p) && v))
			return ISO7816_E_ATR_VALUE;
		p->atr.crc = v & 1;
		break;
	}
	return ISO7816_OK;
}

/* The first TAi, TBi, i > 2, after T=15 */
static enum iso7816_err for_t15(struct parser *p, char x, u8 v)
{
	switch (x) {
	case 'A':
		if (p->t15_a)
			break;
		p->t15_a = true;
		if (strict(p) && !(v & 0x3f))
			return ISO7816_E_ATR_VALUE;
		p->atr.clockstop = v >> 6;
		if (v & 0x3f)
			p->atr.classes = v & 0x3f;
		break;
	case 'B':
		if (p->t15_b)
			break;
		p->t15_b = true;
		p->atr.spu = v;
		break;
	default:
		break;
	}
	return ISO7816_OK;
}

static enum iso7816_err interface_byte(struct parser *p, unsigned int level, u8 t, char x, u8 v)
{
	if (level == 1)
		return global_first(p, x, v);
	if (level == 2)
		return global_second(p, x, v);
	if (t == 1)
		return for_t1(p, x, v);
	if (t == 15)
		return for_t15(p, x, v);
	return ISO7816_OK;	/* RFU or of another protocol */
}

/* TDi: @t is the T of the one before, or -1 */
static enum iso7816_err td(struct parser *p, unsigned int level, int *t, u8 v)
{
	u8 next = v & 0xf;

	if (emv(p) && level == 1 && next > 1)
		return ISO7816_E_ATR_PROTOCOL;
	/* EMV 4.3 Book 1, 8.3.3.8: T=1 is followed by T=1, T=0 by anything else. */
	if (emv(p) && level == 2 && (*t ? next != 1 : !next))
		return ISO7816_E_ATR_VALUE;
	/* 8.2.3: T=15 not in TD1, and T in ascending order */
	if (strict(p) && ((level == 1 && next == 15) || next < *t))
		return ISO7816_E_ATR_VALUE;
	*t = next;
	if (next == 15) {
		p->atr.t15 = true;
		return ISO7816_OK;
	}
	if (!p->atr.protocols)
		p->atr.first = next;
	p->atr.protocols |= (u16)(1U << next);
	return ISO7816_OK;
}

/* What can only be judged when all interface bytes are known. */
static enum iso7816_err finish(struct parser *p)
{
	struct iso7816_atr *a = &p->atr;

	if (!a->protocols)
		a->protocols = 1;
	if (!iso7816_fi(a->ta1) || !iso7816_di(a->ta1)) {
		if (p->policy == ISO7816_STRICT || (a->specific && !(a->ta2 & 0x10)))
			return ISO7816_E_ATR_VALUE;
		a->ta1 = 0x11;
	}
	/* EMV 4.3 Book 1, 8.3.3.2 and 8.3.3.5 */
	if (emv(p) && !p->warm && !p->tb1)
		return ISO7816_E_ATR_VALUE;
	if (emv(p) && a->specific && (a->ta2 & 0xf) != a->first)
		return ISO7816_E_ATR_PROTOCOL;
	/* 8.3.3.10 */
	if (emv(p) && a->protocols & 2) {
		u32 guard = a->n == 255 ? 0 : a->n + 1U;

		if (!p->t1_b || 1U << a->cwi <= guard)
			return ISO7816_E_ATR_VALUE;
	}
	return ISO7816_OK;
}

static enum iso7816_err check_tck(struct iso7816_atr *atr, const struct layout *lo,
				  bool tolerant)
{
	if (!lo->tck) {
		if (atr->len == lo->end)
			return ISO7816_OK;
		if (atr->len > lo->end + 1)
			return ISO7816_E_ATR_LENGTH;
		atr->has_tck = true;		/* superfluous: the card offers only T=0 */
		return tolerant ? ISO7816_OK : ISO7816_E_ATR_TCK;
	}
	if (atr->len > lo->end + 1)
		return ISO7816_E_ATR_LENGTH;
	atr->has_tck = atr->len == lo->end + 1;
	if (tolerant || (atr->has_tck && !iso7816_lrc(atr->raw + 1, atr->len - 1U)))
		return ISO7816_OK;
	return ISO7816_E_ATR_TCK;
}

/**
 * iso7816_atr_parse_after() - parse an ATR, knowing of which reset
 * @ret_atr: filled on success, untouched on failure
 * @raw: characters with TS as 3B or 3F
 * @len: number of characters
 * @policy: how strictly
 * @warm: it answers a warm reset, which EMV allows more
 */
enum iso7816_err iso7816_atr_parse_after(struct iso7816_atr *ret_atr, const u8 *raw, size_t len,
					 enum iso7816_policy policy, bool warm)
{
	struct parser p = {
		.atr = {
			.ta1 = 0x11, .wi = 10, .ifsc = 32, .bwi = 4, .cwi = 13, .classes = 1,
		},
		.policy = policy,
		.warm = warm,
	};
	enum iso7816_err err;
	struct layout lo;
	unsigned int level, pos = 1;
	int t = -1;
	u8 y;

	if (len && raw[0] != TS_DIRECT && raw[0] != TS_INVERSE)
		return ISO7816_E_ATR_TS;
	if (len < 2 || len > ISO7816_ATR_MAX || !lay_out(&lo, raw, len) || lo.end > len)
		return ISO7816_E_ATR_LENGTH;

	memcpy(p.atr.raw, raw, len);
	p.atr.len = (u8)len;
	p.atr.inverse = raw[0] == TS_INVERSE;
	p.atr.hist = (u8)lo.hist;
	p.atr.hist_len = lo.hist_len;

	err = check_tck(&p.atr, &lo, policy == ISO7816_TOLERANT);
	if (err)
		return err;

	y = raw[pos++] >> 4;
	for (level = 1; ; level++) {
		char x;

		for (x = 'A'; x <= 'C'; x++) {
			if (!(y >> (x - 'A') & 1))
				continue;
			err = interface_byte(&p, level, (u8)t, x, raw[pos++]);
			if (err)
				return err;
		}
		if (!(y & 8))
			break;
		err = td(&p, level, &t, raw[pos]);
		if (err)
			return err;
		y = raw[pos++] >> 4;
	}
	err = finish(&p);
	if (err)
		return err;
	*ret_atr = p.atr;
	return ISO7816_OK;
}

enum iso7816_err iso7816_atr_parse(struct iso7816_atr *ret_atr, const u8 *raw, size_t len,
				   enum iso7816_policy policy)
{
	return iso7816_atr_parse_after(ret_atr, raw, len, policy, false);
}
