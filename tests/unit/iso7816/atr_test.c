// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer to reset: a corpus of real cards, each policy's rules, and every cut and every
 * wrong TCK of a well-formed one.
 */
#include "line.h"
#include "iso7816/internal.h"
#include "../../vectors/iso7816_atr.h"

static enum iso7816_err parse(struct iso7816_atr *atr, const char *hex,
			      enum iso7816_policy policy)
{
	u8 raw[255], n = line_hex(raw, hex);

	return iso7816_atr_parse(atr, raw, n, policy);
}

/* As parse(), with a right TCK put behind. */
static enum iso7816_err parse_tck(struct iso7816_atr *atr, const char *hex,
				  enum iso7816_policy policy)
{
	u8 raw[255], n = line_hex(raw, hex), i, x = 0;

	for (i = 1; i < n; i++)
		x ^= raw[i];
	raw[n++] = x;
	return iso7816_atr_parse(atr, raw, n, policy);
}

/* EMV, of a warm reset, which asks nothing of TB1. */
static enum iso7816_err parse_emv(struct iso7816_atr *atr, const char *hex, bool tck)
{
	u8 raw[255], n = line_hex(raw, hex);

	if (tck) {
		raw[n] = iso7816_lrc(raw + 1, n - 1U);
		n++;
	}
	return iso7816_atr_parse_after(atr, raw, n, ISO7816_EMV, true);
}

/* What a parser that forgives what can be forgiven reads. */
TEST(corpus_tolerant)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(atr_vectors); i++) {
		const struct atr_vector *v = &atr_vectors[i];
		struct iso7816_atr a;
		enum iso7816_err err = parse(&a, v->atr, ISO7816_TOLERANT);
		u8 hist[16], n;

		if (v->end == ATR_CUT || v->end == ATR_TOO_LONG) {
			assert_int_equal(err, ISO7816_E_ATR_LENGTH);
			continue;
		}
		if (v->ta2 >= 0 && !(v->ta2 & 0x10) && (!v->fi || !v->di)) {
			assert_int_equal(err, ISO7816_E_ATR_VALUE);
			continue;
		}
		assert_int_equal(err, ISO7816_OK);
		assert_int_equal(a.inverse, v->atr[1] == 'F');
		assert_int_equal(iso7816_fi(a.ta1), v->fi && v->di ? v->fi : 372);
		assert_int_equal(iso7816_di(a.ta1), v->fi && v->di ? v->di : 1);
		assert_int_equal(a.protocols, v->protocols);
		assert_int_equal(a.n, v->n);
		assert_int_equal(a.wi, v->wi);
		assert_int_equal(a.ifsc, v->ifsc == 255 ? 254 : v->ifsc);
		assert_int_equal(a.bwi, v->bwi);
		assert_int_equal(a.cwi, v->cwi);
		assert_int_equal(a.crc, v->crc);
		assert_int_equal(a.clockstop, v->clockstop);
		assert_int_equal(a.classes, v->classes);
		assert_int_equal(a.spu, v->spu);
		assert_int_equal(a.specific, v->ta2 >= 0);
		if (v->ta2 >= 0)
			assert_int_equal(a.ta2, v->ta2);
		n = line_hex(hist, v->hist);
		assert_int_equal(a.hist_len, n);
		assert_memory_equal(a.raw + a.hist, hist, n);
		assert_int_equal(a.has_tck, v->end != ATR_TCK_ABSENT && v->end != ATR_TCK_MISSING);
	}
}

/* By the letter: the TCK, and values that are RFU. */
TEST(corpus_strict)
{
	/* all of them for an IFSC of FF or 00 */
	static const char *const rfu[] = {
		"3FFF9500FF918171FF4700444E4153505330312044736836303916",
		"3BEF00FF8131FF6549424D204D4643393232393238393017",
	};
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(atr_vectors); i++) {
		const struct atr_vector *v = &atr_vectors[i];
		struct iso7816_atr a;
		enum iso7816_err err = parse(&a, v->atr, ISO7816_STRICT);
		enum iso7816_err want = ISO7816_OK;

		for (k = 0; k < ARRAY_SIZE(rfu); k++)
			if (!strcmp(rfu[k], v->atr))
				want = ISO7816_E_ATR_VALUE;
		if (v->end == ATR_CUT || v->end == ATR_TOO_LONG)
			want = ISO7816_E_ATR_LENGTH;
		else if (v->end != ATR_TCK_OK && v->end != ATR_TCK_ABSENT)
			want = ISO7816_E_ATR_TCK;
		assert_int_equal(err, want);
	}
}

/* Of every ATR, every beginning: never complete too early, and complete at the right place. */
TEST(corpus_cut)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(atr_vectors); i++) {
		const struct atr_vector *v = &atr_vectors[i];
		u8 raw[64], n = line_hex(raw, v->atr), len;
		struct iso7816_atr a;

		if (v->end != ATR_TCK_OK && v->end != ATR_TCK_ABSENT)
			continue;
		for (len = 0; len < n; len++) {
			unsigned int missing = iso7816_atr_missing(raw, len);

			assert_in_range(missing, 1, n - len);
			assert_int_equal(iso7816_atr_parse(&a, raw, len, ISO7816_STRICT),
					 len + 1 == n && v->end == ATR_TCK_OK ?
					 ISO7816_E_ATR_TCK : ISO7816_E_ATR_LENGTH);
		}
		assert_int_equal(iso7816_atr_missing(raw, n), 0);
	}
}

TEST(every_wrong_tck)
{
	u8 raw[64], n = line_hex(raw, "3B9A18801FC731425243442E312E3538C0");
	u8 right = raw[n - 1];
	struct iso7816_atr a;
	unsigned int tck;

	for (tck = 0; tck < 256; tck++) {
		raw[n - 1] = (u8)tck;
		assert_int_equal(iso7816_atr_parse(&a, raw, n, ISO7816_STRICT),
				 tck == right ? ISO7816_OK : ISO7816_E_ATR_TCK);
		assert_int_equal(iso7816_atr_parse_after(&a, raw, n, ISO7816_EMV, true),
				 tck == right ? ISO7816_OK : ISO7816_E_ATR_TCK);
		assert_int_equal(iso7816_atr_parse(&a, raw, n, ISO7816_TOLERANT), ISO7816_OK);
	}
}

TEST(convention)
{
	u8 raw[2] = { 0, 0 };
	struct iso7816_atr a;
	unsigned int ts;

	for (ts = 0; ts < 256; ts++) {
		raw[0] = (u8)ts;
		assert_int_equal(iso7816_atr_parse(&a, raw, 2, ISO7816_TOLERANT),
				 ts == 0x3b || ts == 0x3f ? ISO7816_OK : ISO7816_E_ATR_TS);
	}
}

/* The defaults of 8.3 where nothing is said. */
TEST(defaults)
{
	struct iso7816_atr a;

	assert_int_equal(parse(&a, "3B00", ISO7816_STRICT), ISO7816_OK);
	assert_int_equal(a.ta1, 0x11);
	assert_int_equal(a.n, 0);
	assert_false(a.specific);
	assert_int_equal(a.wi, 10);
	assert_int_equal(a.ifsc, 32);
	assert_int_equal(a.bwi, 4);
	assert_int_equal(a.cwi, 13);
	assert_false(a.crc);
	assert_false(a.t15);
	assert_int_equal(a.classes, 1);
	assert_int_equal(a.protocols, 1);
	assert_int_equal(a.first, 0);
	assert_false(a.has_tck);
	assert_int_equal(a.len, 2);
}

/* Nothing of the output is touched when an ATR is refused. */
TEST(untouched)
{
	struct iso7816_atr a, b;

	memset(&a, 0xa5, sizeof(a));
	b = a;
	assert_int_equal(parse(&a, "3B8001", ISO7816_STRICT), ISO7816_E_ATR_TCK);
	assert_memory_equal(&a, &b, sizeof(a));
}

/* TS and 32 more, 8.1; endless TDi stop there. */
TEST(longest)
{
	struct iso7816_atr a;
	u8 raw[64];

	/* 15 historical bytes, 16 interface bytes in 4 full levels, no room for a 5th */
	memset(raw, 0, sizeof(raw));
	raw[0] = 0x3b;
	raw[1] = 0xff;
	raw[5] = 0xf0;
	raw[9] = 0xf0;
	raw[13] = 0xf0;
	raw[2] = 0x11;
	raw[8] = 10;
	assert_int_equal(iso7816_atr_missing(raw, 33), 0);
	raw[6] = 0;
	assert_int_equal(iso7816_atr_parse(&a, raw, 33, ISO7816_STRICT), ISO7816_OK);
	assert_int_equal(a.hist, 18);
	raw[17] = 0x10;
	assert_int_equal(iso7816_atr_missing(raw, 33), 1);
	assert_int_equal(iso7816_atr_parse(&a, raw, 33, ISO7816_STRICT), ISO7816_E_ATR_LENGTH);
	assert_int_equal(iso7816_atr_parse(&a, raw, 34, ISO7816_STRICT), ISO7816_E_ATR_LENGTH);
	memset(raw, 0xff, sizeof(raw));
	raw[0] = 0x3b;
	assert_true(iso7816_atr_missing(raw, 33) > 0);
	assert_int_equal(iso7816_atr_parse(&a, raw, 33, ISO7816_TOLERANT), ISO7816_E_ATR_LENGTH);
}

/* Each interface byte: what is allowed, by whom. */
TEST(values)
{
	struct iso7816_atr a;
	unsigned int v;
	char hex[64];

	for (v = 0; v < 256; v++) {
		bool rate = iso7816_fi((u8)v) && iso7816_di((u8)v);

		snprintf(hex, sizeof(hex), "3B10%02X", v);			/* TA1 */
		assert_int_equal(parse(&a, hex, ISO7816_STRICT),
				 rate ? ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse(&a, hex, ISO7816_TOLERANT), ISO7816_OK);
		assert_int_equal(a.ta1, rate ? v : 0x11);

		snprintf(hex, sizeof(hex), "3B20%02X", v);			/* TB1 */
		assert_int_equal(parse(&a, hex, ISO7816_STRICT), ISO7816_OK);
		assert_int_equal(parse(&a, hex, ISO7816_EMV),
				 v ? ISO7816_E_ATR_VALUE : ISO7816_OK);

		snprintf(hex, sizeof(hex), "3B40%02X", v);			/* TC1 */
		assert_int_equal(parse(&a, hex, ISO7816_STRICT), ISO7816_OK);
		assert_int_equal(a.n, v);

		snprintf(hex, sizeof(hex), "3B8010%02X", v);			/* TA2 */
		assert_int_equal(parse(&a, hex, ISO7816_STRICT),
				 v & 0x60 ? ISO7816_E_ATR_VALUE : ISO7816_OK);
		assert_int_equal(parse_emv(&a, hex, false),
				 v & 0x10 ? ISO7816_E_ATR_VALUE :
				 v & 0x0f ? ISO7816_E_ATR_PROTOCOL : ISO7816_OK);
		assert_int_equal(parse(&a, hex, ISO7816_TOLERANT), ISO7816_OK);
		assert_true(a.specific);

		snprintf(hex, sizeof(hex), "3B8040%02X", v);			/* TC2 */
		assert_int_equal(parse(&a, hex, ISO7816_STRICT),
				 v ? ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse_emv(&a, hex, false),
				 v == 10 ? ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse(&a, hex, ISO7816_TOLERANT), ISO7816_OK);
		assert_int_equal(a.wi, v ? v : 10);

		snprintf(hex, sizeof(hex), "3B808111%02X", v);			/* TA3 */
		assert_int_equal(parse_tck(&a, hex, ISO7816_STRICT),
				 v && v != 255 ? ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse_tck(&a, hex, ISO7816_TOLERANT), ISO7816_OK);
		assert_int_equal(a.ifsc, v == 255 ? 254 : v ? v : 32);

		snprintf(hex, sizeof(hex), "3B808121%02X", v);			/* TB3 */
		assert_int_equal(parse_tck(&a, hex, ISO7816_STRICT),
				 v < 0xa0 ? ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse_emv(&a, hex, true),
				 v < 0x50 && v % 16 <= 5 && v % 16 ?
				 ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse_tck(&a, hex, ISO7816_TOLERANT), ISO7816_OK);
		assert_int_equal(a.bwi, v < 0xa0 ? v / 16 : 9);
		assert_int_equal(a.cwi, v % 16);

		snprintf(hex, sizeof(hex), "3B808141%02X", v);			/* TC3 */
		assert_int_equal(parse_tck(&a, hex, ISO7816_STRICT),
				 v < 2 ? ISO7816_OK : ISO7816_E_ATR_VALUE);
		assert_int_equal(parse_tck(&a, hex, ISO7816_TOLERANT), ISO7816_OK);
		assert_int_equal(a.crc, v & 1);
	}
	/* T=15 not first, T ascending */
	assert_int_equal(parse_tck(&a, "3B800F", ISO7816_STRICT), ISO7816_E_ATR_VALUE);
	assert_int_equal(parse_tck(&a, "3B808100", ISO7816_STRICT), ISO7816_E_ATR_VALUE);
	assert_int_equal(parse_tck(&a, "3B808001", ISO7816_STRICT), ISO7816_OK);
	assert_int_equal(a.first, 0);
	assert_int_equal(a.protocols, 3);
}

/* EMV 4.3 Book 1, 8.3.3, where it asks for more than the values above. */
TEST(emv)
{
	static const struct {
		const char *atr;
		enum iso7816_err err;
	} cards[] = {
		{ "3B80 01", ISO7816_E_ATR_VALUE },	/* T=1 without TB3 */
		{ "3B80 0E", ISO7816_E_ATR_PROTOCOL },	/* TD1: T=0 or T=1 */
		{ "3B80 0F", ISO7816_E_ATR_PROTOCOL },
		/* TD2: T=1 after T=1, anything but T=0 after T=0 */
		{ "3B80 81 31 FE 43", ISO7816_OK },
		{ "3B80 81 80 31 FE 43", ISO7816_E_ATR_VALUE },
		{ "3B80 81 2E 43", ISO7816_E_ATR_VALUE },
		{ "3B80 81 3F FE 43", ISO7816_E_ATR_VALUE },
		{ "3B80 80 00", ISO7816_E_ATR_VALUE },
		{ "3B80 80 31 FE 43", ISO7816_OK },
		{ "3B80 80 0E", ISO7816_OK },
		{ "3B80 80 1F 03", ISO7816_OK },
		/* TB2 is not to be there */
		{ "3B80 A1 00 31 FE 43", ISO7816_E_ATR_VALUE },
		/* TA2: the first protocol */
		{ "3B80 91 01 31 FE 43", ISO7816_OK },
		{ "3B80 91 00 31 FE 43", ISO7816_E_ATR_PROTOCOL },
		/* TA3: 10 to FE */
		{ "3B80 81 31 0F 43", ISO7816_E_ATR_VALUE },
		{ "3B80 81 31 10 43", ISO7816_OK },
		{ "3B80 81 31 FF 43", ISO7816_E_ATR_VALUE },
		/* TC3: 00 */
		{ "3B80 81 71 FE 43 00", ISO7816_OK },
		{ "3B80 81 71 FE 43 01", ISO7816_E_ATR_VALUE },
		/* TB3: 2^CWI > N + 1, where 255 counts as -1 */
		{ "3BC0 07 81 31 FE 43", ISO7816_E_ATR_VALUE },
		{ "3BC0 06 81 31 FE 43", ISO7816_OK },
		{ "3BC0 FF 81 31 FE 40", ISO7816_OK },
		/* TA1 without TA2: accepted and ignored, RFU or not; with it, it counts */
		{ "3B90 7F 81 31 FE 43", ISO7816_OK },
		{ "3B90 7F 91 01 31 FE 43", ISO7816_E_ATR_VALUE },
	};
	struct iso7816_atr a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cards); i++) {
		u8 raw[64], n = line_hex(raw, cards[i].atr);

		assert_int_equal(parse_emv(&a, cards[i].atr, iso7816_atr_tck_due(raw, n)),
				 cards[i].err);
	}
	/* TB1: 00 after a cold reset; after a warm one as it likes */
	assert_int_equal(parse(&a, "3B00", ISO7816_EMV), ISO7816_E_ATR_VALUE);
	assert_int_equal(parse(&a, "3B2000", ISO7816_EMV), ISO7816_OK);
	assert_int_equal(parse(&a, "3B2025", ISO7816_EMV), ISO7816_E_ATR_VALUE);
	assert_int_equal(parse_emv(&a, "3B00", false), ISO7816_OK);
	assert_int_equal(parse_emv(&a, "3B2025", false), ISO7816_OK);
}

TEST(tck_policies)
{
	struct iso7816_atr a;

	/* TCK where only T=0 is offered */
	assert_int_equal(parse_tck(&a, "3B0214 50", ISO7816_STRICT), ISO7816_E_ATR_TCK);
	assert_int_equal(parse_tck(&a, "3B0214 50", ISO7816_TOLERANT), ISO7816_OK);
	assert_true(a.has_tck);
	/* none where T=1 is offered */
	assert_int_equal(parse(&a, "3B8001", ISO7816_STRICT), ISO7816_E_ATR_TCK);
	assert_int_equal(parse(&a, "3B8001", ISO7816_TOLERANT), ISO7816_OK);
	assert_false(a.has_tck);
	/* T=15 counts, T=0 alone does not */
	assert_int_equal(parse(&a, "3B80801F01", ISO7816_STRICT), ISO7816_E_ATR_TCK);
	assert_int_equal(parse_tck(&a, "3B80801F01", ISO7816_STRICT), ISO7816_OK);
	assert_int_equal(parse(&a, "3B8000", ISO7816_STRICT), ISO7816_OK);
	/* two bytes too many are too many for everybody */
	assert_int_equal(parse(&a, "3B000102", ISO7816_TOLERANT), ISO7816_E_ATR_LENGTH);
}

static bool history(struct iso7816_history *h, struct iso7816_atr *a, const char *hex)
{
	u8 raw[ISO7816_ATR_MAX] = { 0x3b };
	u8 n = line_hex(raw + 2, hex);

	raw[1] = n;
	assert_int_equal(iso7816_atr_parse(a, raw, 2U + n, ISO7816_STRICT), ISO7816_OK);
	memset(h, 0xa5, sizeof(*h));
	return iso7816_history_parse(h, a);
}

/* ISO/IEC 7816-4 8.1.1; the first one is of the cards of a bank in pcsc-tools' list. */
TEST(historical_bytes)
{
	struct iso7816_history h;
	struct iso7816_atr a;

	assert_true(history(&h, &a, "80318065B0831148C883009000"));
	assert_int_equal(h.count, 2);
	assert_int_equal(h.objects[0].tag, 3);
	assert_int_equal(h.objects[0].len, 1);
	assert_int_equal(h.objects[0].value[0], 0x80);
	assert_int_equal(h.objects[1].tag, 6);
	assert_int_equal(h.objects[1].len, 5);
	assert_memory_equal(h.objects[1].value, "\xb0\x83\x11\x48\xc8", 5);
	assert_true(h.has_lcs && h.has_sw);
	assert_int_equal(h.lcs, 0);
	assert_int_equal(h.sw, 0x9000);

	/* status apart; life cycle alone; status word alone; none; nothing but the category */
	assert_true(history(&h, &a, "0031C0079000"));
	assert_int_equal(h.count, 1);
	assert_int_equal(h.lcs, 7);
	assert_int_equal(h.sw, 0x9000);
	assert_true(history(&h, &a, "808105"));
	assert_true(h.has_lcs && !h.has_sw && h.lcs == 5 && !h.count);
	assert_true(history(&h, &a, "80826283"));
	assert_true(!h.has_lcs && h.has_sw && h.sw == 0x6283);
	assert_true(history(&h, &a, "8070"));
	assert_true(h.count == 1 && !h.objects[0].len && !h.has_lcs && !h.has_sw);
	assert_true(history(&h, &a, "80"));
	assert_int_equal(h.count, 0);

	/* none; proprietary; DIR reference; cut; status not last, empty, too long, not there */
	assert_false(history(&h, &a, ""));
	assert_false(history(&h, &a, "4A434F50"));
	assert_false(history(&h, &a, "1001"));
	assert_false(history(&h, &a, "8032C0"));
	assert_false(history(&h, &a, "8081053180"));
	assert_false(history(&h, &a, "8080"));
	assert_false(history(&h, &a, "808401020304"));
	assert_false(history(&h, &a, "009000"));
	assert_false(history(&h, &a, "0032C0079000"));
}

TEST(historical_bytes_in_words)
{
	struct iso7816_history h;
	struct iso7816_atr a;
	static char text[2048];

	history(&h, &a, "80318065B0831148C883079000");
	iso7816_atr_print(text, sizeof(text), &a);
	assert_non_null(strstr(text, "      31  card service data: 80\n"
				     "      65  pre-issuing data: B0 83 11 48 C8\n"
				     "          life cycle status 07\n"
				     "          status word 9000\n"));
	history(&h, &a, "80910A");
	iso7816_atr_print(text, sizeof(text), &a);
	assert_non_null(strstr(text, "      91  RFU: 0A\n"));
}

TEST(printed)
{
	struct iso7816_atr a;
	static char text[2048];
	char cut[40];
	int len;
	size_t i;

	assert_int_equal(parse(&a, "3BDF960090103F07008031E0677377696363000073FE210006",
			       ISO7816_STRICT), ISO7816_OK);
	len = iso7816_atr_print(text, sizeof(text), &a);
	assert_int_equal(len, strlen(text));
	assert_string_equal(text,
			    "TS    3B  direct convention\n"
			    "T0    DF  15 historical bytes, TA1, TC1, TD1 next\n"
			    "TA1   96  Fi 512, Di 32: 16.00 clock cycles per etu, up to 5.0 MHz\n"
			    "TC1   00  extra guard time N 0\n"
			    "TD1   90  T=0, TA2, TD2 next\n"
			    "TA2   10  specific mode: T=0, F and D not in the ATR, negotiable mode after a warm reset\n"
			    "TD2   3F  global, T=15, TA3, TB3 next\n"
			    "TA3   07  clock stop not supported; classes A B C\n"
			    "TB3   00  contact C6: not used\n"
			    "hist  80 31 E0 67 73 77 69 63 63 00 00 73 FE 21 00  \".1.gswicc..s.!.\"\n"
			    "      31  card service data: E0\n"
			    "      67  pre-issuing data: 73 77 69 63 63 00 00\n"
			    "      73  card capabilities: FE 21 00\n"
			    "TCK   06  right\n");
	assert_int_equal(iso7816_atr_print(cut, sizeof(cut), &a), len);
	assert_int_equal(strlen(cut), sizeof(cut) - 1);
	assert_memory_equal(cut, text, sizeof(cut) - 1);
	assert_int_equal(iso7816_atr_print(NULL, 0, &a), len);
	/* of the waiting times */
	assert_int_equal(parse_tck(&a, "3BC005 C1 0A 31 FE 45", ISO7816_STRICT), ISO7816_OK);
	iso7816_atr_print(text, sizeof(text), &a);
	assert_string_equal(text,
			    "TS    3B  direct convention\n"
			    "T0    C0  0 historical bytes, TC1, TD1 next\n"
			    "TC1   05  extra guard time N 5\n"
			    "TD1   C1  T=1, TC2, TD2 next\n"
			    "TC2   0A  T=0: waiting time integer WI 10: WT 9600 * Fi clock cycles\n"
			    "TD2   31  T=1, TA3, TB3 next\n"
			    "TA3   FE  T=1: IFSC 254\n"
			    "TB3   45  T=1: BWI 4, CWI 5: BWT 11 etu and 5713920 clock cycles, CWT 43 etu\n"
			    "TCK   84  right\n");
	/* Whatever parses, prints, and within what the interface promises. */
	for (i = 0; i < ARRAY_SIZE(atr_vectors); i++)
		if (parse(&a, atr_vectors[i].atr, ISO7816_TOLERANT) == ISO7816_OK)
			assert_in_range(iso7816_atr_print(text, sizeof(text), &a), 20,
					sizeof(text) - 1);
}

static TEST_CASE cases[] = {
	RUN(corpus_tolerant),
	RUN(corpus_strict),
	RUN(corpus_cut),
	RUN(every_wrong_tck),
	RUN(convention),
	RUN(defaults),
	RUN(untouched),
	RUN(longest),
	RUN(values),
	RUN(emv),
	RUN(tck_policies),
	RUN(historical_bytes),
	RUN(historical_bytes_in_words),
	RUN(printed),
	{}
};

TEST_SUITE("iso7816_atr");
