/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layout of the engine's objects. They are defined here only so that their owners can embed
 * them; nobody but the engine looks inside.
 */
#ifndef CKS_ISO7816_STATE_H
#define CKS_ISO7816_STATE_H

#define ISO7816_QUEUE		4	/* actions pending at most; see internal.h */
#define ISO7816_PPS_MAX		6	/* PPSS PPS0 PPS1 PPS2 PPS3 PCK */
#define ISO7816_CARD_TX		524	/* T=0: 256 times INS XOR FF and data, SW1 SW2 */

/* Which slots of a ring of ISO7816_QUEUE actions are taken. */
struct iso7816_ring {
	u8 head;
	u8 len;
};

/* Durations in ticks that follow from the ATR, F, D and T; see line.c. */
struct iso7816_timing {
	u32 etu;
	u32 gap;		/* coupler to card: from one character to the next */
	u32 card_gap;		/* card to coupler */
	u32 bgt;
	u64 wt;
	u64 cwt;
	u64 bwt;
};

/* A T=1 block on its way in. */
struct iso7816_t1_rx {
	u8 buf[ISO7816_BLOCK_MAX];
	u16 pos;
	u8 flaw;		/* 0 none yet, else b4-1 of the R-block that reports it */
};

/* T=0, the coupler's half: one TPDU and the APDU that it is a part of. */
struct iso7816_t0 {
	u8 hdr[5];
	u8 state;
	u8 stage;
	u8 sw1;
	u8 repeats;		/* 6Cxx in a row */
	u8 fruitless;		/* 61xx in a row without a byte of data */
	bool has_le;
	bool has_warning;
	u8 warning[2];
	const u8 *out;		/* data to the card */
	u16 out_len;
	u16 in_len;		/* data from the card, as P3 says */
	u16 pos;		/* in either */
	u16 keep;		/* of in_len, what the response takes */
	u16 nulls;
	u32 le;			/* bytes the APDU still wants */
	u32 envelope;		/* of the APDU, how much went in ENVELOPE commands */
};

/* T=1, the coupler's half. What precedes @pos lasts from reset to reset. */
struct iso7816_t1 {
	u8 ns;			/* N(S) of the I-block on its way, or of the next one */
	u8 nr;			/* N(S) that the card's next I-block must have */
	u8 ifsc;
	u8 ifsd;
	bool heard;		/* a valid block came since the ATR */
	bool no_ifs;		/* the card does not understand S(IFS request) */
	u32 pos;
	u16 chunk;		/* INF length of the I-block at pos */
	bool acked;		/* the I-block at pos has been acknowledged */
	bool complete;		/* the last I-block of the command has been sent once */
	bool resynch;		/* S(RESYNCH request) under way */
	bool restarted;
	bool more;		/* the card's chain goes on */
	bool expired;		/* the exchange's own time is over: end the chain */
	u8 abort;		/* enum iso7816_err: why we sent S(ABORT request), or 0 */
	bool aborted;		/* the card sent it, and we have answered */
	bool bad_echo;
	u8 sent;
	u8 sent_pcb;
	u8 sent_inf;
	u8 attempts;		/* in a row without a valid block */
	u8 sendings;		/* of the I-block at pos, those that it asked for */
	u8 err;			/* enum iso7816_err to end with */
	u8 wtx;			/* multiplier of BWT for the block expected now */
	u16 requests;		/* for more time in a row: S requests, blocks without data */
	u16 drained;		/* characters ignored while waiting for silence */
	struct iso7816_t1_rx rx;
};

struct iso7816_coupler {
	struct iso7816_config cfg;
	struct iso7816_action queue[ISO7816_QUEUE];
	struct iso7816_ring pending;

	u8 phase;
	bool active;		/* between DO_ACTIVATE and DO_DEACTIVATE */
	bool has_atr;
	bool was_off;		/* off_at is valid */
	bool warm;		/* the ATR at hand answers a warm reset */
	bool plain;		/* after a failed PPS: stay at 372/1 */
	bool sending;
	bool last_was_rx;
	bool overflow;
	u8 resets;
	u8 t;
	u8 pps_t;
	u8 pps_ta1;

	u64 off_at;
	u64 rst_at;
	u64 ts_at;
	u64 last;		/* leading edge of the last character, either direction */
	u64 not_before;		/* next send, besides the rules that count from @last */
	u64 deadline;
	u64 expiry;		/* of the exchange */
	u32 extensions;		/* asked for since it began */

	struct iso7816_line line;
	struct iso7816_timing timing;
	struct iso7816_atr atr;
	u8 raw[ISO7816_ATR_MAX];
	u8 raw_len;
	u8 pps[ISO7816_PPS_MAX];
	u8 pps_len;

	struct iso7816_exchange *x;
	struct iso7816_t0 t0;
	struct iso7816_t1 t1;
	u8 tx[ISO7816_BLOCK_MAX];
};

struct iso7816_card {
	struct iso7816_card_config cfg;
	struct iso7816_card_action queue[ISO7816_QUEUE];
	struct iso7816_ring pending;

	u8 phase;
	u8 state;		/* of the protocol */
	bool sending;
	bool inverse;
	bool busy;		/* the owner has a command */
	bool answered;		/* its response waits until the line is free */
	u8 t;
	u64 last;
	u64 deadline;
	struct iso7816_line line;
	struct iso7816_line next_line;	/* after the PPS response */
	struct iso7816_timing timing;
	struct iso7816_atr atr;
	u8 pps[ISO7816_PPS_MAX];
	u8 pps_len;

	u8 *apdu;
	u32 apdu_size;
	u32 apdu_len;
	u8 *rsp;
	u32 rsp_size;
	u32 rsp_len;
	u32 rsp_pos;		/* of the data, what has gone out or been acknowledged */

	/* T=0 */
	u8 hdr[5];
	u8 hdr_len;
	bool held;		/* rsp waits for GET RESPONSE or the repeated command */
	bool held_same;		/* ... for the repeated command, its header with another P3 */
	u8 held_hdr[4];
	bool data_in;		/* the command brought data */
	u32 data_end;		/* apdu_len when its data are complete */
	bool enveloping;	/* an ENVELOPE came that another one continues */

	/* T=1 */
	u8 ns;
	u8 nr;
	u8 nad;			/* of the coupler's blocks */
	bool heard;		/* ... known from its first one */
	u8 ifsd;
	u8 errors;		/* R-blocks that reported errors, in a row */
	u8 request;		/* PCB of an S request of ours that is unanswered, or 0 */
	u8 request_inf;
	bool ifs_told;
	u16 chunk;
	bool unacked;		/* an I-block went out that nothing has acknowledged */
	bool chained;		/* the coupler's chain goes on */
	bool aborting;		/* S(ABORT request) at our next turn in the chain */
	bool too_long;		/* the command did not fit */
	struct iso7816_t1_rx rx;

	u8 tx[ISO7816_CARD_TX];
};

#endif
