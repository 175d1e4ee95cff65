/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the engine's files share with each other and with nobody else.
 */
#ifndef CKS_ISO7816_INTERNAL_H
#define CKS_ISO7816_INTERNAL_H

#include "iso7816.h"

#define iso7816_min(a, b)	((a) < (b) ? (a) : (b))
#define iso7816_max(a, b)	((a) > (b) ? (a) : (b))

#define ISO7816_CLK(n)		((u64)(n) * ISO7816_TICKS_PER_CLK)
#define ISO7816_FD		372		/* Fd, default of F */
#define ISO7816_ETU0		(ISO7816_FD * ISO7816_TICKS_PER_CLK)	/* initial etu */

/*
 * A missing character is noticed by its absence, but a UART reports a character only when it
 * is over: 10.6 etu after the leading edge that the limits speak of. So whoever waits for one
 * waits until the limit of its leading edge and this many etu more; a character reported
 * in that time is still judged by its own leading edge.
 */
#define ISO7816_REPORT_ETU	12

/* What a time stamp taken from a UART may be off; the tolerance of ISO7816_STRICT. */
#define ISO7816_STAMP_ETU	1

/* The tolerances of EMV 4.3 Book 1, which ISO7816_TOLERANT grants as well. */
#define ISO7816_EMV_TS_CLKS	42000
#define ISO7816_EMV_TS_CLKS_MIN	380
#define ISO7816_EMV_ATR_ETU	480		/* 10,080 instead of 9600 */
#define ISO7816_EMV_ATR_TOTAL	20160		/* etu, from TS */
#define ISO7816_EMV_WT_ETU	480		/* times D */
#define ISO7816_EMV_BWT_ETU	960		/* times D */
#define ISO7816_EMV_CWT_ETU	4

#define ISO7816_TS_CLKS		40000
#define ISO7816_TS_CLKS_MIN	400
#define ISO7816_ATR_WT_ETU	9600		/* between characters of ATR and PPS */

/*
 * The slot for one more action, of either half. The longest sequence between two calls of next()
 * is that of a failed reset, or of a cold reset of an active card: four. An owner that does not
 * take its actions loses the oldest ones, and with them its card, but nothing else.
 */
static inline u8 iso7816_ring_put(struct iso7816_ring *r)
{
	if (r->len == ISO7816_QUEUE) {
		r->head = (r->head + 1) % ISO7816_QUEUE;
		r->len--;
	}
	return (r->head + r->len++) % ISO7816_QUEUE;
}

/* The slot of the oldest action; there must be one. */
static inline u8 iso7816_ring_take(struct iso7816_ring *r)
{
	u8 slot = r->head;

	r->head = (r->head + 1) % ISO7816_QUEUE;
	r->len--;
	return slot;
}

/* ------------------------------------------------------------------------------ line.c */

void iso7816_timing_set(struct iso7816_timing *tm, const struct iso7816_atr *atr, u16 f, u8 d,
			u8 t);
u8 iso7816_convert(u8 byte);

/* ------------------------------------------------------------------------------- atr.c */

enum iso7816_err iso7816_atr_parse_after(struct iso7816_atr *ret_atr, const u8 *raw, size_t len,
					 enum iso7816_policy policy, bool warm);
bool iso7816_atr_tck_due(const u8 *raw, size_t len);

/* ------------------------------------------------------------------------------- pps.c */

u8 iso7816_pps_best(const struct iso7816_config *cfg, u8 ta1);
bool iso7816_pps_in_range(u8 pps1, u8 ta1);
u8 iso7816_pps_build(u8 buf[ISO7816_PPS_MAX], u8 t, u8 pps1);
u8 iso7816_pps_size(const u8 *buf, u8 len);
bool iso7816_pps_valid(const u8 *buf, u8 len);
bool iso7816_pps_accept(const u8 *rsp, u8 len, u8 t, u8 pps1, u8 *ret_ta1);

/* ------------------------------------------------------------------------------- edc.c */

u8 iso7816_lrc(const u8 *data, size_t len);
u16 iso7816_crc(const u8 *data, size_t len);

/* ------------------------------------------------------------------------------ apdu.c */

/**
 * struct iso7816_apdu - a command APDU taken apart, ISO/IEC 7816-4 5.2
 * @data: command data, or NULL
 * @lc: their length, 0...65,535
 * @has_le: Le is present
 * @le: bytes wanted, 1...65,536
 */
struct iso7816_apdu {
	const u8 *data;
	u32 lc;
	bool has_le;
	u32 le;
};

bool iso7816_apdu_decode(struct iso7816_apdu *ret_apdu, const u8 *cmd, u32 len);
u8 iso7816_get_response_cla(u8 cla);

/* -------------------------------------------------------------------------- t1_block.c */

#define T1_I_SEQ	0x40
#define T1_I_MORE	0x20
#define T1_R		0x80
#define T1_R_SEQ	0x10
#define T1_EDC		1		/* b4-1 of an R-block */
#define T1_OTHER	2
#define T1_RESYNCH	0xc0		/* S requests; the response has b6 set */
#define T1_IFS		0xc1
#define T1_ABORT	0xc2
#define T1_WTX		0xc3
#define T1_RESPONSE	0x20
#define T1_IFS_DEFAULT	32

static inline bool t1_is_i(u8 pcb)
{
	return !(pcb & 0x80);
}

static inline bool t1_is_s(u8 pcb)
{
	return (pcb & 0xc0) == 0xc0;
}

static inline bool t1_is_r(u8 pcb)
{
	return (pcb & 0xc0) == 0x80;
}

/* DAD and SAD; what else there is in a NAD controlled VPP once. */
static inline u8 t1_nad(u8 nad)
{
	return nad & 0x77;
}

static inline u8 t1_nad_swap(u8 nad)
{
	return (u8)((nad & 7) << 4 | (nad >> 4 & 7));
}

u16 iso7816_t1_build(u8 *buf, bool crc, u8 nad, u8 pcb, const u8 *inf, u8 len);
void iso7816_t1_rx_start(struct iso7816_t1_rx *rx);
bool iso7816_t1_rx_push(struct iso7816_t1_rx *rx, bool crc, u8 byte);
u8 iso7816_t1_rx_check(const struct iso7816_t1_rx *rx, bool crc, u8 nad);

/* ----------------------------------------------------------------------------- coupler */

enum {
	PH_OFF,			/* no power */
	PH_OFF_WAIT,		/* deactivated for a cold reset, waiting to activate */
	PH_RST,			/* RST low */
	PH_TS,			/* RST high, no character yet */
	PH_ATR,
	PH_ATR_EXTRA,		/* complete, but a surplus TCK may follow */
	PH_PPS,
	PH_READY,
	PH_T0,
	PH_T1_WAIT,		/* for the first character of a block */
	PH_T1_BLOCK,
	PH_T1_OVER,		/* a block is complete, if nothing follows it */
	PH_T1_SILENCE,		/* a broken block may still be going on */
	PH_DOUBT,		/* failed: active, but only reset or deactivation help */
};

struct iso7816_action *iso7816_push(struct iso7816_coupler *c, enum iso7816_op op);
void iso7816_push_line(struct iso7816_coupler *c);
void iso7816_send(struct iso7816_coupler *c, u16 len, u64 at);
void iso7816_done(struct iso7816_coupler *c, enum iso7816_err err);
void iso7816_fail(struct iso7816_coupler *c, enum iso7816_err err);
u64 iso7816_add(u64 t, u64 ticks);
bool iso7816_late(const struct iso7816_coupler *c, u64 t, u64 limit);
void iso7816_wait(struct iso7816_coupler *c, u64 limit);

void iso7816_reset_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags);
void iso7816_reset_sent(struct iso7816_coupler *c, u8 flags);
void iso7816_reset_timer(struct iso7816_coupler *c, u64 now);

enum iso7816_err iso7816_t0_start(struct iso7816_coupler *c);
void iso7816_t0_rx(struct iso7816_coupler *c, u8 byte, bool late, u8 flags);
void iso7816_t0_sent(struct iso7816_coupler *c, u8 flags);
void iso7816_t0_timer(struct iso7816_coupler *c);
u64 iso7816_t0_limit(const struct iso7816_coupler *c);

void iso7816_t1_reset(struct iso7816_coupler *c);
enum iso7816_err iso7816_t1_start(struct iso7816_coupler *c);
void iso7816_t1_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags);
void iso7816_t1_sent(struct iso7816_coupler *c, u8 flags);
void iso7816_t1_timer(struct iso7816_coupler *c, u64 now);
bool iso7816_t1_expire(struct iso7816_coupler *c);

/* -------------------------------------------------------------------------------- card */

enum {
	CARD_OFF,
	CARD_ATR,		/* on its way */
	CARD_FIRST,		/* the first character decides between PPS and protocol */
	CARD_PPS,
	CARD_PPS_SENT,
	CARD_T0,
	CARD_T1,
	CARD_MUTE,		/* until the next reset */
};

struct iso7816_card_action *iso7816_card_push(struct iso7816_card *c, enum iso7816_card_op op);
void iso7816_card_send(struct iso7816_card *c, u16 len, u64 at);
u64 iso7816_card_answer_at(const struct iso7816_card *c, u64 now);
void iso7816_card_deliver(struct iso7816_card *c, const u8 *data, u32 len);

void iso7816_card_t0_start(struct iso7816_card *c);
void iso7816_card_t0_rx(struct iso7816_card *c, u64 t, u8 byte, u8 flags);
void iso7816_card_t0_sent(struct iso7816_card *c, u8 flags);
enum iso7816_err iso7816_card_t0_respond(struct iso7816_card *c, u64 now);
enum iso7816_err iso7816_card_t0_busy(struct iso7816_card *c, u64 now);

void iso7816_card_t1_start(struct iso7816_card *c);
void iso7816_card_t1_rx(struct iso7816_card *c, u64 t, u8 byte, u8 flags);
void iso7816_card_t1_sent(struct iso7816_card *c);
void iso7816_card_t1_timer(struct iso7816_card *c, u64 now);
enum iso7816_err iso7816_card_t1_respond(struct iso7816_card *c, u64 now);
enum iso7816_err iso7816_card_t1_busy(struct iso7816_card *c, u64 now, u8 multiplier);

#endif
