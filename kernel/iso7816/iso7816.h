/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ISO/IEC 7816-3 engine: both ends of a card's line as state machines without I/O.
 *
 * The engine allocates nothing, sleeps nowhere and has no clock. Its owner feeds it what
 * happened (a character, a sent block, a deadline that passed) with the time at which it
 * happened, and then takes the actions it asks for:
 *
 *	iso7816_coupler_rx(c, t, byte, flags);
 *	while (iso7816_coupler_next(c, &act))
 *		...carry out act...
 *	...arm a timer for iso7816_coupler_deadline(c)...
 *
 * A coupler's life: _init(), _reset() and its DO_DONE, then _exchange() and its DO_DONE as often
 * as wanted, _deactivate(). A card's: _init(); _rst() as the contact goes; characters in by _rx(),
 * out by CARD_SEND and _sent(); for each CARD_COMMAND one _respond().
 *
 * Every function here may be called in hard interrupt. An event, with all that it sets off in both
 * halves, takes at most 5000 basic blocks, of which the most go into the choice of a rate behind
 * the ATR (iso7816/work_test); and memory is copied one T=1 block at a time, but for the response
 * in iso7816_card_respond(). The owner serialises the calls on one object.
 *
 * Time is a u64 count of ticks, 1/960 of a period of the card clock, from an epoch of the
 * owner's choice. 960 is the least common multiple of all Di, so an etu of any F and D is a
 * whole number of ticks and no rounding ever accumulates. All times of characters are those
 * of the leading edge of the start bit, as the standard counts them.
 */
#ifndef CKS_ISO7816_H
#define CKS_ISO7816_H

#include "port.h"

#define ISO7816_TICKS_PER_CLK	960U
#define ISO7816_NEVER		U64_MAX

#define ISO7816_ATR_MAX		33	/* TS and 32 more, ISO/IEC 7816-3 8.1 */
#define ISO7816_HIST_MAX	15
#define ISO7816_BLOCK_MAX	259	/* NAD PCB LEN, INF of 254, CRC */
#define ISO7816_APDU_MAX	65544	/* extended command APDU of case 4 */

/**
 * iso7816_etu() - length of an elementary time unit, ISO/IEC 7816-3 7.1
 * @f: F, clock rate conversion integer (372...2048)
 * @d: D, baud rate adjustment integer (1...64)
 * Return: ticks, exact
 */
static inline u32 iso7816_etu(u16 f, u8 d)
{
	return (u32)f * ISO7816_TICKS_PER_CLK / d;
}

/* Decode the halves of TA1 or PPS1, 8.3 tables 7 and 8. Return 0 for a code that is RFU. */
u16 iso7816_fi(u8 ta1);
u8 iso7816_di(u8 ta1);

/* ------------------------------------------------------------ why something failed */

/**
 * enum iso7816_err - reasons, from the first contact to the end of an exchange
 *
 * A reason is what an operator is told; iso7816_errno() gives the error code of the same event.
 */
enum iso7816_err {
	ISO7816_OK = 0,
	ISO7816_E_NO_ATR,	/* no TS within 40,000 clock cycles */
	ISO7816_E_ATR_TIMEOUT,	/* ATR stopped for more than 9600 etu */
	ISO7816_E_ATR_TS,	/* TS is neither 3B nor 3F */
	ISO7816_E_ATR_PARITY,	/* a character of the ATR had a parity or framing error */
	ISO7816_E_ATR_TCK,	/* TCK wrong, missing, or present where it must not be */
	ISO7816_E_ATR_LENGTH,	/* longer than 33 characters, or cut */
	ISO7816_E_ATR_VALUE,	/* an interface byte has a value that is RFU or not allowed */
	ISO7816_E_ATR_PROTOCOL,	/* no protocol that the coupler can do */
	ISO7816_E_ATR_RATE,	/* specific mode asks for a rate that the coupler cannot do */
	ISO7816_E_PPS,		/* PPS refused, wrong or unanswered, and the fallback failed */
	ISO7816_E_WT,		/* T=0: waiting time exceeded */
	ISO7816_E_BWT,		/* T=1: block waiting time exceeded, retries used up */
	ISO7816_E_PROCEDURE,	/* T=0: procedure byte that means nothing */
	ISO7816_E_PARITY,	/* characters wrong after all repetitions */
	ISO7816_E_BLOCK,	/* T=1: invalid blocks, retries used up */
	ISO7816_E_LOOP,		/* endless NULL, 61xx, 6Cxx, WTX or chain */
	ISO7816_E_ABORTED,	/* T=1: the card aborted the chain */
	ISO7816_E_OVERFLOW,	/* response longer than the buffer */
	ISO7816_E_APDU,		/* not a valid command APDU or TPDU */
	ISO7816_E_TIMEOUT,	/* the exchange's own timeout passed */
	ISO7816_E_LINE,		/* sent characters did not come back as the echo */
	ISO7816_E_STATE,	/* not possible now: no card activated, or busy */
	ISO7816_E_CANCELED,	/* cancelled, reset or deactivated meanwhile */
	ISO7816_E_REMOVED,	/* the card was taken out */
};

const char *iso7816_strerror(enum iso7816_err err);
int iso7816_errno(enum iso7816_err err);	/* 0 or a negative errno */

/* ------------------------------------------------------------------------------ the ATR */

enum iso7816_policy {
	ISO7816_STRICT,		/* the letter of ISO/IEC 7816-3:2006 */
	/* also what cards in the field do: wrong, missing or extra TCK, dead bytes */
	ISO7816_TOLERANT,
	ISO7816_EMV,		/* EMV 4.3 Book 1, 8.3 */
};

/**
 * struct iso7816_atr - a parsed answer to reset, ISO/IEC 7816-3 8.2
 * @raw: as received, in the logical values of its convention, TS as 3B or 3F
 * @len: characters in @raw
 * @inverse: inverse convention
 * @ta1: Fi and Di codes; 0x11 when absent
 * @n: TC1, extra guard time N, 0...255
 * @ta2: specific mode byte, valid if @specific
 * @specific: TA2 is present
 * @wi: T=0 waiting time integer (TC2), default 10
 * @ifsc: T=1 information field size of the card, default 32
 * @bwi: T=1 block waiting time integer, default 4
 * @cwi: T=1 character waiting time integer, default 13
 * @crc: T=1 uses the CRC, else the LRC
 * @t15: T=15 is present, which changes what N counts (R of 7.2)
 * @classes: T=15 TA: b1 A, b2 B, b3 C, b4 D; default class A
 * @clockstop: T=15 TA b8-7: 0 not supported, 1 at L, 2 at H, 3 no preference
 * @spu: T=15 TB, 0 when absent
 * @protocols: bit T set for each protocol offered, T=15 not among them
 * @first: first protocol offered
 * @has_tck: TCK is present
 * @hist: offset of the historical bytes in @raw
 * @hist_len: number of historical bytes, 0...15
 */
struct iso7816_atr {
	u8 raw[ISO7816_ATR_MAX];
	u8 len;
	bool inverse;
	u8 ta1;
	u8 n;
	u8 ta2;
	bool specific;
	u8 wi;
	u8 ifsc;
	u8 bwi;
	u8 cwi;
	bool crc;
	bool t15;
	u8 classes;
	u8 clockstop;
	u8 spu;
	u16 protocols;
	u8 first;
	bool has_tck;
	u8 hist;
	u8 hist_len;
};

/**
 * iso7816_atr_parse() - parse a complete ATR
 * @ret_atr: filled on success, untouched on failure
 * @raw: characters with TS as 3B or 3F
 * @len: number of characters
 * @policy: how strictly
 * Return: ISO7816_OK or the reason why it is refused
 */
enum iso7816_err iso7816_atr_parse(struct iso7816_atr *ret_atr, const u8 *raw, size_t len,
				   enum iso7816_policy policy);

/**
 * iso7816_atr_missing() - how many characters an ATR still needs, judged from what is there
 * @raw: characters so far
 * @len: how many, 0...33
 * Return: at least so many more; 0 when it is complete
 */
unsigned int iso7816_atr_missing(const u8 *raw, size_t len);

/**
 * struct iso7816_history_object - a compact-TLV object of the historical bytes
 * @tag: 0...15
 * @len: 0...15
 * @value: within the ATR
 */
struct iso7816_history_object {
	u8 tag;
	u8 len;
	const u8 *value;
};

/**
 * struct iso7816_history - the historical bytes, ISO/IEC 7816-4 8.1.1
 * @objects: the status indicator not among them
 * @count: how many
 * @has_lcs: there is a card life cycle status
 * @lcs: it
 * @has_sw: there is a status word
 * @sw: it
 */
struct iso7816_history {
	struct iso7816_history_object objects[ISO7816_HIST_MAX];
	u8 count;
	bool has_lcs;
	u8 lcs;
	bool has_sw;
	u16 sw;
};

/**
 * iso7816_history_parse() - take the historical bytes apart
 * @ret: filled on success, untouched on failure; refers to @atr
 * @atr: parsed ATR
 * Return: false if they are not compact-TLV: none, proprietary, or cut
 */
bool iso7816_history_parse(struct iso7816_history *ret, const struct iso7816_atr *atr);

/**
 * iso7816_atr_print() - an ATR as a card engineer reads it, one line for each byte
 * @buf: receives text that ends in NUL, cut if it does not fit
 * @size: of @buf; 2048 is enough for any ATR
 * @atr: parsed ATR
 * Return: length of the whole text, as snprintf()
 */
int iso7816_atr_print(char *buf, size_t size, const struct iso7816_atr *atr);

/* --------------------------------------------------------------------------- the line */

#define ISO7816_RX_PARITY	0x01	/* parity error, in the parity that was set on the line */
#define ISO7816_RX_FRAMING	0x02	/* stop bit was low, not an error signal */
#define ISO7816_RX_OVERRUN	0x04	/* a character before this one was lost */
#define ISO7816_TX_REFUSED	0x08	/* sent(): the peer refused the last character sent */
#define ISO7816_TX_ECHO		0x10	/* sent(): the echo is not what was sent, or missing */

/**
 * struct iso7816_line - how characters are on the line now
 * @f: F, clock rate conversion integer
 * @d: D, baud rate adjustment integer
 * @odd: the UART checks and sends odd parity (inverse convention), else even
 * @guard11: 11 etu from one character to the next are enough (T=1, N=255), else 12 or more
 * @error_signal: T=0: signal parity errors and repeat refused characters, where the line can
 * @t: protocol in use, 0 or 1; 0 during the ATR and PPS
 */
struct iso7816_line {
	u16 f;
	u8 d;
	bool odd;
	bool guard11;
	bool error_signal;
	u8 t;
};

/* ---------------------------------------------------------------------- the coupler's side */

enum iso7816_op {
	ISO7816_DO_ACTIVATE,	/* RST low, VCC on, I/O in reception, CLK on (6.2.1) */
	ISO7816_DO_RST_LOW,
	ISO7816_DO_RST_HIGH,
	ISO7816_DO_LINE,	/* set @line; characters after this one are in it */
	ISO7816_DO_SEND,	/* send @send; report by iso7816_coupler_sent() */
	ISO7816_DO_DEACTIVATE,	/* stop sending; RST low, CLK low, I/O low, VCC off (6.4) */
	ISO7816_DO_DONE,	/* the command that was given is finished: @err */
};

/**
 * struct iso7816_action - something the owner of the engine must do now
 * @op: what
 * @line: DO_LINE
 * @send: DO_SEND: @data stays valid until sent() or the next command; the first leading edge is
 *	not before @at, each next one at least @gap ticks after the one before. One that would be
 *	more than @limit after it is not sent any more, and sent() has ISO7816_TX_ECHO: the card
 *	has dropped the block by then (CWT), and would take what follows for a new one
 * @err: DO_DONE: result of the reset or exchange
 */
struct iso7816_action {
	enum iso7816_op op;
	union {
		struct iso7816_line line;
		struct {
			const u8 *data;
			u16 len;
			u64 at;
			u32 gap;
			u64 limit;
		} send;
		enum iso7816_err err;
	};
};

#define ISO7816_T_ANY	0xff	/* any protocol the card offers, its first one preferred */

/**
 * struct iso7816_config - what the coupler can and should do
 * @policy: for the ATR
 * @rates: bit 8 * n + b of it is bit b of rates[n]: TA1 codes that the line reaches within the
 *	tolerance; code 0x11 is always assumed
 * @t: protocol wanted: 0, 1 or %ISO7816_T_ANY
 * @no_pps: never negotiate; stay at 372/1 and the first protocol
 * @ifsd: information field size offered to the card in T=1, 1...254; 0 keeps the default 32
 * @max_null: NULL bytes in a row before %ISO7816_E_LOOP
 * @max_wtx: S(WTX request) in a row before %ISO7816_E_LOOP; one that the card repeats because it
 *	missed the response looks the same and counts, and so does a block of the card's chain
 *	that adds nothing to the response: empty, or with EMV one that does not fit any more
 * @nad: T=1: node address byte of the blocks sent, DAD in b7-5 and SAD in b3-1 (11.3.2.1); those
 *	of the card have them exchanged. 0 for no addresses
 * @reset_clks: clock cycles of RST low, at least 400; EMV asks for 40,000 to 45,000
 * @off_clks: clock cycles without VCC before another activation, at least 50,000: 6.4 asks for
 *	10 ms, which at more than 5 MHz are more of them
 * @settle: a T=1 block, and the last SW2 of T=0, count only when 24 etu later nothing has
 *	followed. A character that was doubled on its way shifts all that comes after it, and
 *	only the one too many at the end tells; neither parity nor an LRC does. Costs 12 etu or
 *	more an exchange, and a UART does not double characters: for lines that may
 * @late_clks: clock cycles by which the owner may be late to report a character or to learn of
 *	its own lateness; every wait for the card is longer by that. 0 for an exact owner
 */
struct iso7816_config {
	enum iso7816_policy policy;
	u8 rates[32];
	u8 t;
	bool no_pps;
	u8 ifsd;
	u16 max_null;
	u16 max_wtx;
	u8 nad;
	u32 reset_clks;
	u32 off_clks;
	bool settle;
	u32 late_clks;
};

/* The defaults: tolerant, only 11, any T, IFSD 254, 1000 NULL, 100 WTX, the least of each time */
void iso7816_config_init(struct iso7816_config *cfg);
void iso7816_config_allow(struct iso7816_config *cfg, u8 ta1);
bool iso7816_config_allows(const struct iso7816_config *cfg, u8 ta1);

enum iso7816_mode {
	ISO7816_APDU,	/* command APDU; the engine does what T=0 needs for it (12.2) */
	/* T=0: header and data as they are, no GET RESPONSE, no repetition for 6Cxx;
	 * T=1: the INF of one exchange, as with APDU
	 */
	ISO7816_TPDU,
};

/**
 * struct iso7816_exchange - one command and its response
 * @cmd: command, stays the caller's and valid until DO_DONE
 * @cmd_len: 4...65,544
 * @rsp: receives data and SW1 SW2
 * @rsp_size: room there, at least 2
 * @rsp_len: bytes received, valid after DO_DONE with ISO7816_OK
 * @timeout: ticks from the call to the end of the exchange, 0 for none but the standard's. A T=1
 *	chain that is under way then is ended by S(ABORT), for which the card has BWT and the time
 *	of three blocks more; after that it is ready for another command
 * @mode: APDU or TPDU
 */
struct iso7816_exchange {
	const u8 *cmd;
	u32 cmd_len;
	u8 *rsp;
	u32 rsp_size;
	u32 rsp_len;
	u64 timeout;
	enum iso7816_mode mode;
};

enum iso7816_reset {
	ISO7816_COLD,	/* deactivate if active, wait, activate, reset (6.2.2) */
	ISO7816_WARM,	/* RST alone (6.2.3); needs a card that answered before */
};

struct iso7816_coupler;

/**
 * iso7816_coupler_init() - begin with no card active
 * @c: storage of the caller's
 * @cfg: copied
 */
void iso7816_coupler_init(struct iso7816_coupler *c, const struct iso7816_config *cfg);

/**
 * iso7816_coupler_reset() - activate or reset the card, read its ATR, do PPS as configured
 * @c: coupler
 * @now: ticks
 * @how: cold or warm
 *
 * Ends with DO_DONE; iso7816_coupler_atr() then has the ATR, if one came, also when the reset
 * failed afterwards. An exchange in progress is dropped without a DO_DONE of its own. A failed
 * reset has deactivated the card before its DO_DONE.
 *
 * Return: ISO7816_OK, or ISO7816_E_STATE for a warm reset of an inactive card
 */
enum iso7816_err iso7816_coupler_reset(struct iso7816_coupler *c, u64 now, enum iso7816_reset how);

/**
 * iso7816_coupler_want() - the protocol for the resets from now on
 * @c: coupler
 * @t: 0, 1 or %ISO7816_T_ANY
 */
void iso7816_coupler_want(struct iso7816_coupler *c, u8 t);

/**
 * iso7816_coupler_exchange() - send a command, receive its response; ends with DO_DONE
 * @c: coupler, with a card that has been reset
 * @now: ticks
 * @x: stays the caller's and untouched by it until DO_DONE
 *
 * After an error that leaves the line in doubt only a reset or deactivation is accepted:
 * iso7816_coupler_ready() tells. E_APDU, E_STATE and E_OVERFLOW do not; nor do E_ABORTED and
 * E_TIMEOUT of a T=1 chain that ended by S(ABORT), and any error after which S(RESYNCH) brought
 * both sides in step again. What the card did with the command is then unknown, so the engine
 * does not repeat it.
 *
 * Return: ISO7816_OK, ISO7816_E_STATE when busy or inactive, ISO7816_E_APDU for a malformed
 * command
 */
enum iso7816_err iso7816_coupler_exchange(struct iso7816_coupler *c, u64 now,
					  struct iso7816_exchange *x);

/**
 * iso7816_coupler_deactivate() - end whatever runs and switch the card off
 * @c: coupler
 * @now: ticks
 * @why: error for the DO_DONE of what was running, if anything was
 */
void iso7816_coupler_deactivate(struct iso7816_coupler *c, u64 now, enum iso7816_err why);

/**
 * iso7816_coupler_rx() - a character came from the card, the echo of own characters excluded
 * @c: coupler
 * @t: ticks, leading edge of its start bit
 * @byte: as a UART with LSB first and the parity of the last DO_LINE reads it; the engine
 *	converts inverse convention itself
 * @flags: ISO7816_RX_*; a character that was refused by an error signal is not reported
 */
void iso7816_coupler_rx(struct iso7816_coupler *c, u64 t, u8 byte, u8 flags);

/**
 * iso7816_coupler_sent() - the characters of the last DO_SEND are out
 * @c: coupler
 * @t: ticks, leading edge of the last one
 * @flags: 0, or ISO7816_TX_REFUSED when repetitions were used up, or ISO7816_TX_ECHO
 */
void iso7816_coupler_sent(struct iso7816_coupler *c, u64 t, u8 flags);

/**
 * iso7816_coupler_switched() - the contacts are as the last action wanted them
 * @c: coupler
 * @t: ticks, not before they were
 *
 * RST stays low for its time from there (6.2.2, 6.2.3), and the card off. Who switches them at the
 * moment at which he asks for actions need not say so. Right after iso7816_coupler_init(): the card
 * was off at @t, and perhaps not before; without that it counts as off for long.
 */
void iso7816_coupler_switched(struct iso7816_coupler *c, u64 t);

/**
 * iso7816_coupler_timer() - time is @now; does nothing before the deadline
 */
void iso7816_coupler_timer(struct iso7816_coupler *c, u64 now);

/**
 * iso7816_coupler_next() - take the next action; at most four are ever pending
 * Return: false when there is none
 */
bool iso7816_coupler_next(struct iso7816_coupler *c, struct iso7816_action *act);

/**
 * iso7816_coupler_deadline() - when iso7816_coupler_timer() is wanted, or ISO7816_NEVER
 */
u64 iso7816_coupler_deadline(const struct iso7816_coupler *c);

/* What is known of the card: ATR or NULL, line parameters, whether it is active and idle. */
const struct iso7816_atr *iso7816_coupler_atr(const struct iso7816_coupler *c);
const struct iso7816_line *iso7816_coupler_line(const struct iso7816_coupler *c);
bool iso7816_coupler_active(const struct iso7816_coupler *c);
bool iso7816_coupler_ready(const struct iso7816_coupler *c);

/* How often the card asked for more time since the exchange began: NULL, S(WTX request). */
u32 iso7816_coupler_extensions(const struct iso7816_coupler *c);

/* ------------------------------------------------------------------------- the card's side */

enum iso7816_card_op {
	ISO7816_CARD_LINE,	/* characters after this one are in @line */
	ISO7816_CARD_SEND,	/* send @send; report by iso7816_card_sent() */
	ISO7816_CARD_COMMAND,	/* a command came: answer by iso7816_card_respond() */
	ISO7816_CARD_CANCEL,	/* ... do not answer it: S(RESYNCH) made the coupler forget it */
};

struct iso7816_card_action {
	enum iso7816_card_op op;
	union {
		struct iso7816_line line;
		struct {
			const u8 *data;
			u16 len;
			u64 at;
			u32 gap;
		} send;
		/* T=1: the APDU. T=0: the TPDU, header and P3 bytes of data; or, put together
		 * from ENVELOPE commands, an extended APDU. Valid until respond().
		 */
		struct {
			const u8 *data;
			u32 len;
		} command;
	};
};

/**
 * struct iso7816_card_config - the card to be played
 * @atr: its ATR, TS first as 3B or 3F
 * @atr_len: length
 * @reset_clks: clock cycles from RST high to TS, 400...40,000
 * @answer_etu: etu from the end of a command's last character slot to the answer, 0 for at once
 * @incoming: T=0: whether data of @header go to the card (case 3 or 4) or come from it; the
 *	protocol itself does not say
 * @ctx: for @incoming
 * @ack_each: T=0: acknowledge by INS XOR FF, character by character
 * @get_response: T=0: answer case 4 by 61xx and case 2 with a wrong Le by 6Cxx, as most cards
 *	do
 * @envelope: T=0: put ENVELOPE (INS C2) commands together to the extended APDU that they carry;
 *	without it the owner gets them as they come
 * @ifsc: T=1: announce this IFSC by S(IFS request) before the first response; 0 leaves it at what
 *	the ATR says
 * @abort: T=1: end the coupler's chain by S(ABORT request) when the command does not fit, where
 *	it is otherwise taken to its end and answered by 6700
 * @settle: T=1: take a block only 24 etu after its last character, when it is certain that none
 *	follows. An LRC cannot tell a block in which a character was doubled; most cards do not
 *	care, and without it the owner has a deadline less for each block
 */
struct iso7816_card_config {
	u8 atr[ISO7816_ATR_MAX];
	u8 atr_len;
	u32 reset_clks;
	u32 answer_etu;
	bool (*incoming)(void *ctx, const u8 header[5]);
	void *ctx;
	bool ack_each;
	bool get_response;
	bool envelope;
	u8 ifsc;
	bool abort;
	bool settle;
};

struct iso7816_card;

/**
 * iso7816_card_init() - a card that is not powered
 * @c: storage of the caller's
 * @cfg: copied
 * @apdu: room for commands, the caller's as long as @c is in use
 * @apdu_size: at least 260
 * @rsp: room for responses, likewise
 * @rsp_size: at least 2
 * Return: ISO7816_OK, why the ATR cannot be used, or ISO7816_E_OVERFLOW for too little room
 */
enum iso7816_err iso7816_card_init(struct iso7816_card *c, const struct iso7816_card_config *cfg,
				   u8 *apdu, u32 apdu_size, u8 *rsp, u32 rsp_size);

/**
 * iso7816_card_rst() - RST changes, with VCC and CLK on; low also when VCC goes
 * @c: card; a command that its owner still has is void
 * @now: ticks
 * @high: state H: the ATR follows
 */
void iso7816_card_rst(struct iso7816_card *c, u64 now, bool high);

/**
 * iso7816_card_rx() - a character from the coupler
 * @c: card
 * @t: ticks, leading edge of its start bit
 * @byte: as a UART with LSB first and the parity of the last CARD_LINE reads it
 * @flags: ISO7816_RX_*; with the error signal of T=0, the card refuses what has a parity error
 *	and gets it once more
 */
void iso7816_card_rx(struct iso7816_card *c, u64 t, u8 byte, u8 flags);

/**
 * iso7816_card_sent() - the characters of the last CARD_SEND are out
 * @c: card
 * @t: ticks, leading edge of the last one
 * @flags: 0, or ISO7816_TX_REFUSED when the coupler refused one again and again
 */
void iso7816_card_sent(struct iso7816_card *c, u64 t, u8 flags);

/* As those of the coupler. */
void iso7816_card_timer(struct iso7816_card *c, u64 now);
bool iso7816_card_next(struct iso7816_card *c, struct iso7816_card_action *act);
u64 iso7816_card_deadline(const struct iso7816_card *c);

/**
 * iso7816_card_next_line() - what the line will be after the characters that are being sent
 * @c: card
 * @ret_line: filled if it will change
 *
 * For an owner that queues characters and changes of the line: put behind them, the change cannot
 * come too late for an answer to them. CARD_LINE will follow all the same.
 *
 * Return: whether it will change
 */
bool iso7816_card_next_line(const struct iso7816_card *c, struct iso7816_line *ret_line);

/**
 * iso7816_card_respond() - the response to the last CARD_COMMAND
 * @c: card
 * @now: ticks
 * @rsp: data and SW1 SW2; copied
 * @len: 2...65,538
 */
enum iso7816_err iso7816_card_respond(struct iso7816_card *c, u64 now, const u8 *rsp, u32 len);

/**
 * iso7816_card_busy() - the response takes longer: send NULL (T=0) or S(WTX request) (T=1)
 * @c: card, with a command that is not yet answered
 * @now: ticks
 * @multiplier: of BWT, T=1 only
 */
enum iso7816_err iso7816_card_busy(struct iso7816_card *c, u64 now, u8 multiplier);

/**
 * iso7816_card_abort() - end the T=1 chain under way, the coupler's or the card's own
 * @c: card
 *
 * S(ABORT request) goes out when it is the card's turn. If the chain ends before, nothing happens.
 *
 * Return: ISO7816_OK, or ISO7816_E_STATE if no chain is under way
 */
enum iso7816_err iso7816_card_abort(struct iso7816_card *c);

#include "state.h"	/* the objects' layout: theirs alone, here so that they can be embedded */

#endif
