// SPDX-License-Identifier: GPL-2.0-only
/*
 * Model of T=1 as t1.c (coupler) and card_t1.c (card) do it, over a line that loses, damages and
 * invents blocks. mk/model checks it with spin.
 *
 * An inline is named after the function that it describes: t1_*() of t1.c, card_*() of card_t1.c.
 * A change there is made here too.
 *
 * What is checked, for every interleaving and every choice of faults:
 *  - no deadlock: the model stops only after the last exchange (invalid end states);
 *  - no wrong, duplicate or misplaced block is taken, by either side; a command is executed at
 *    most once; success means the whole response to this command (assertions);
 *  - every exchange ends, however bad the line is: there is no cycle at all, and so no
 *    non-progress cycle. What bounds an exchange is the coupler's counting, not the model's.
 *
 * Abstractions:
 *  - Data are counted in units. IFSC and the default IFSD are one unit, the negotiated IFSD two.
 *    A block's tag (whose command or response) and offset are seen by assertions only.
 *  - A damaged block is recognised as such: EDC and parity are taken to be perfect.
 *  - Time is an order of events. BWT expires when nothing is under way and the card has nothing
 *    to do, or, with LATE, at any moment. CWT is part of a damaged block;
 *    T1_BLOCK and T1_OVER, of either side, are part of a block's arrival.
 *  - When both sides send, each is deaf to the other. Both blocks are lost, but of the longer
 *    one the end may come through as a damaged block.
 *  - b4-1 of R-blocks, INF of S-blocks and NAD say nothing here. A response that is too long, and
 *    the end of the exchange's own time, are the coupler's free choice to abort a chain; so is
 *    the card's. Wrong echoes are left out, and the time that S(ABORT) may take. Under EMV, what
 *    does not fit is as a block of no units.
 *  - The card's owner works on the command that it got last and on no other, as
 *    iso7816_card_respond() demands: after RESYNCH nobody wants the response to an older one.
 */

/* Parameters. */
#ifndef EXCHANGES
#define EXCHANGES	2
#endif
#ifndef CMD			/* longest command, units */
#define CMD		2
#endif
#ifndef RSP			/* longest response, units */
#define RSP		3
#endif
#ifndef IFSD			/* what the coupler asks for, units; 1: it does not ask */
#define IFSD		1
#endif
#ifndef POLICY
#define POLICY		STRICT
#endif
#ifndef MAX_WTX			/* cfg.max_wtx; 0: the card's owner never wants more time */
#define MAX_WTX		0
#endif
#ifndef ABORTS			/* 1: either side may end a chain by S(ABORT request) */
#define ABORTS		0
#endif
#ifndef EMPTY			/* 1: other cards: blocks of a chain may have no units */
#define EMPTY		0
#endif
#ifndef CARD_IFS		/* 1: the card sends S(IFS request) before its first response */
#define CARD_IFS	0
#endif
#ifndef NOISE			/* how many blocks of noise */
#define NOISE		0
#endif
#ifndef FOREIGN			/* 1: both may send an I-block again where they ought to send R */
#define FOREIGN		0
#endif
#ifndef LATE			/* 1: BWT may expire while the card is at work */
#define LATE		0
#endif
#ifndef LOSS			/* 0: blocks are damaged, but something always arrives */
#define LOSS		1
#endif
#ifndef FAULTS			/* blocks lost or damaged in each exchange; -1: any number */
#define FAULTS		-1
#endif
/*
 * MUST_SUCCEED: no exchange may fail, which can be had only with few faults.
 * SEED_*: a mistake in the code, to show that spin finds it.
 */

#define STRICT		0	/* enum iso7816_policy */
#define TOLERANT	1
#define EMV		2

#define ATTEMPTS	3	/* t1.c */
#define SENDINGS	3
#define MAX_ERRORS	3	/* card_t1.c */

mtype = {
	NONE,			/* no block is under way */
	BROKEN,			/* what is left of one after a collision */
	I, R,
	RESYNCH_REQUEST, RESYNCH_RESPONSE,
	IFS_REQUEST, IFS_RESPONSE,
	WTX_REQUEST, WTX_RESPONSE,
	ABORT_REQUEST, ABORT_RESPONSE,
	/* iso7816_coupler.phase */
	PH_READY, PH_DOUBT, PH_T1_WAIT, PH_T1_SILENCE,
	/* iso7816_t1.sent */
	SENT_I, SENT_R, SENT_REQUEST, SENT_RESPONSE,
};

typedef block {
	mtype pcb = NONE;
	bit seq;		/* N(S) or N(R) */
	bit more;
	byte tag;		/* not on the line: number of the exchange */
	byte pos;		/* not on the line: where INF belongs */
	byte units;
};

/* Half duplex: never are both under way. */
block to_card;
block to_coupler;

/* struct iso7816_t1, and what it needs of iso7816_coupler and iso7816_exchange. */
typedef coupler_state {
	mtype phase = PH_READY;
	bit ns;
	bit nr;
	byte ifsd = 1;
	bit no_ifs;
	bit heard;
	bit acked;
	bit complete;
	bit resynch;
	bit restarted;
	bit more;
	bit abort;
	bit aborted;
	mtype sent = SENT_I;
	mtype sent_pcb = NONE;
	bit sent_seq;		/* of sent_pcb */
	byte attempts;
	byte sendings;
	byte requests;
	byte pos;
	byte chunk;
	byte cmd_len;
	byte rsp_len;
};
coupler_state c;

/* struct iso7816_card; "sending" is that to_coupler is not empty. */
typedef card_state {
	bit silence;		/* state is T1_SILENCE; T1_WAIT otherwise */
	bit ns;
	bit nr;
	byte ifsd = 1;
	byte errors;
	bit unacked;
	bit ifs_told;
	mtype request = NONE;
	bit busy;
	bit answered;
	byte apdu_len;
	byte rsp_len;
	byte rsp_pos;
	byte chunk;
	byte apdu_tag;		/* of what has been taken so far */
	byte rsp_tag;		/* the command that rsp answers */
	byte owner_tag;		/* the command that the owner works on */
};
card_state k;

/* For the assertions. */
byte exchange;			/* number of the current one, from 1 */
bit executed;			/* its command has been handed to the card's owner */

short faults = FAULTS;
byte noise = NOISE;

/* -------------------------------------------------------------------------------- the line */

inline clear(p_block)
{
	p_block.pcb = NONE;
	p_block.seq = 0;
	p_block.more = 0;
	p_block.tag = 0;
	p_block.pos = 0;
	p_block.units = 0
}

/* After every send that is not the answer to a block: has the other side begun, too? */
inline collide()
{
	if
	:: to_card.pcb != NONE && to_coupler.pcb != NONE ->
		clear(to_card);
		clear(to_coupler);
		if
		:: true
		:: to_card.pcb = BROKEN
		:: to_coupler.pcb = BROKEN
		fi
	:: else
	fi
}

#define MAY_FAIL	(faults != 0)

inline fault()
{
	if
	:: faults > 0 -> faults--
	:: else
	fi
}

/* --------------------------------------------------------------------------- coupler, t1.c */

inline t1_initial()
{
	c.ns = 0;
	c.nr = 0;
	c.ifsd = 1
}

inline done(p_ok)
{
	c.phase = PH_READY;
	assert(!p_ok || (executed && c.rsp_len == k.rsp_len && k.rsp_tag == exchange));
#ifdef MUST_SUCCEED
	assert(p_ok);
#endif
	c.pos = 0;
	c.chunk = 0;
	c.cmd_len = 0;
	c.rsp_len = 0;
	c.attempts = 0;
	c.sendings = 0;
	c.requests = 0;
	c.more = 0;
	c.abort = 0;
	c.aborted = 0
}

inline fail()
{
	done(false);
	c.phase = PH_DOUBT
}

inline t1_send_block(p_sent, p_pcb, p_seq)
{
	assert(to_card.pcb == NONE);
	c.sent = p_sent;
	c.sent_pcb = p_pcb;
	c.sent_seq = p_seq;
	c.phase = PH_T1_WAIT;
	to_card.pcb = p_pcb;
	to_card.seq = p_seq
}

#define t1_send_r()	t1_send_block(SENT_R, R, c.nr)

#define T1_CHAINING	(!c.acked && c.pos + c.chunk < c.cmd_len)

inline t1_abort_chain()
{
	c.abort = 1;
	c.acked = 1;
	t1_send_block(SENT_REQUEST, ABORT_REQUEST, 0)
}

inline t1_send_i()
{
	to_card.more = T1_CHAINING;
	if
	:: T1_CHAINING
	:: else -> c.complete = 1
	fi;
	to_card.tag = exchange;
	to_card.pos = c.pos;
	to_card.units = c.chunk;
	t1_send_block(SENT_I, I, c.ns)
}

inline t1_next_i()
{
	c.acked = 0;
	c.sendings = 1;
	c.chunk = 1;		/* IFSC; a command has no partial last unit */
	t1_send_i()
}

inline t1_begin()
{
	c.pos = 0;
	c.attempts = 0;
	c.more = 0;
	c.rsp_len = 0;
	if
	:: !c.no_ifs && IFSD != c.ifsd -> t1_send_block(SENT_REQUEST, IFS_REQUEST, 0)
	:: else -> t1_next_i()
	fi
}

inline t1_start()
{
	c.acked = 1;
	c.complete = 0;
	c.resynch = 0;
	c.restarted = 0;
	c.requests = 0;
	t1_begin()
}

inline t1_give_up()
{
	if
	:: c.sent == SENT_REQUEST && c.sent_pcb == IFS_REQUEST && c.heard &&
	   POLICY == TOLERANT ->
		c.no_ifs = 1;
		c.attempts = 0;
		t1_next_i()
	:: else ->
		if
		:: c.resynch || !c.heard || POLICY == EMV -> fail()
		:: else ->
			c.resynch = 1;
			c.attempts = 0;
			t1_send_block(SENT_REQUEST, RESYNCH_REQUEST, 0)
		fi
	fi
}

#ifdef SEED_NO_COUNTING
#define T1_USED_UP	false
#else
#define T1_USED_UP	(c.attempts == ATTEMPTS)
#endif

inline t1_count()
{
	if
	:: c.attempts < ATTEMPTS -> c.attempts++
	:: else
	fi
}

inline t1_ask_again()
{
	t1_count();
	if
	:: T1_USED_UP -> t1_give_up()
	:: else ->
		if
		:: c.sent == SENT_REQUEST || c.sent == SENT_R ->
			t1_send_block(c.sent, c.sent_pcb, c.sent_seq)
		:: c.sent == SENT_I && FOREIGN -> t1_send_i()
		:: c.sent == SENT_I || c.sent == SENT_RESPONSE -> t1_send_r()
		fi
	fi
}

#define t1_invalid()	t1_ask_again()

inline t1_understood()
{
	c.attempts = 0
}

inline t1_progress()
{
	t1_understood();
	c.requests = 0
}

#ifdef SEED_EMPTY
#define T1_GROWN	true
#else
#define T1_GROWN	(in.units > 0)
#endif

inline t1_append()
{
	assert(in.tag == exchange && in.pos == c.rsp_len);
	c.rsp_len = c.rsp_len + in.units
}

#ifdef SEED_COUPLER_SEQ
#define T1_SEQ_WRONG	false
#else
#define T1_SEQ_WRONG	(in.seq != c.nr)
#endif

inline t1_got_i()
{
	if
	:: c.sent == SENT_REQUEST || T1_CHAINING || c.aborted || T1_SEQ_WRONG ||
	   (in.units > c.ifsd && POLICY != TOLERANT) ->
		t1_invalid()
	:: else ->
		t1_understood();
		if
		:: !c.acked -> c.acked = 1; c.ns = !c.ns
		:: else
		fi;
		c.nr = !c.nr;
		t1_append();
		if
		:: T1_GROWN -> c.requests = 0
		:: else
		fi;
		c.more = in.more;
		if
		:: in.more && !T1_GROWN && c.requests >= MAX_WTX -> fail()
		:: in.more && !T1_GROWN && c.requests < MAX_WTX -> c.requests++; t1_send_r()
		:: in.more && T1_GROWN -> t1_send_r()
		:: in.more && ABORTS -> t1_abort_chain()
		:: !in.more -> done(true)
		fi
	fi
}

#ifdef SEED_COUPLER_NR
#define T1_ASKED_AGAIN	false
#else
#define T1_ASKED_AGAIN	(in.seq == c.ns)
#endif

inline t1_got_r()
{
	if
	:: c.sent == SENT_REQUEST || (c.acked && !c.aborted) -> t1_invalid()
	:: c.sent != SENT_REQUEST && c.aborted ->
		c.ns = in.seq;
		done(false)
	:: else ->
		if
		:: T1_ASKED_AGAIN ->
			c.attempts = 0;
#ifndef SEED_NO_SENDINGS
			c.sendings++;
#endif
			if
			:: c.sendings > SENDINGS -> t1_give_up()
			:: else -> t1_send_i()
			fi
		:: !T1_ASKED_AGAIN && !T1_CHAINING -> t1_invalid()
		:: else ->
			t1_progress();
			c.ns = !c.ns;
			c.pos = c.pos + c.chunk;
			if
			:: t1_next_i()
			:: ABORTS -> t1_abort_chain()
			fi
		fi
	fi
}

#ifdef SEED_REPEAT
#define T1_MAY_REPEAT	(!c.restarted)
#else
#define T1_MAY_REPEAT	(!c.complete && !c.restarted)
#endif

inline t1_resynched()
{
	t1_initial();
	c.resynch = 0;
	c.acked = 1;
	if
	:: T1_MAY_REPEAT && !c.abort && !c.aborted -> c.restarted = 1; t1_begin()
	:: else -> done(false)
	fi
}

#define T1_IN_CHAIN	(T1_CHAINING || c.more || c.aborted)

inline t1_got_s()
{
	if
	:: c.sent == SENT_REQUEST ->
		if
		:: c.sent_pcb == RESYNCH_REQUEST && in.pcb == RESYNCH_RESPONSE ->
			t1_progress();
			t1_resynched()
		:: c.sent_pcb == IFS_REQUEST && in.pcb == IFS_RESPONSE ->
			t1_progress();
			c.ifsd = IFSD;
			t1_next_i()
		:: c.sent_pcb == ABORT_REQUEST && in.pcb == ABORT_RESPONSE -> done(false)
		:: else -> t1_invalid()
		fi
	:: else ->
		if
		:: in.pcb == ABORT_REQUEST && POLICY == EMV && T1_IN_CHAIN -> fail()
		:: in.pcb == WTX_REQUEST || in.pcb == IFS_REQUEST ||
		   (in.pcb == ABORT_REQUEST && POLICY != EMV && T1_IN_CHAIN) ->
			if
			:: c.requests >= MAX_WTX -> fail()
			:: else ->
				c.requests++;
				c.attempts = 0;
				if
				:: in.pcb == WTX_REQUEST ->
					t1_send_block(SENT_RESPONSE, WTX_RESPONSE, 0)
				:: in.pcb == IFS_REQUEST ->
					t1_send_block(SENT_RESPONSE, IFS_RESPONSE, 0)
				:: in.pcb == ABORT_REQUEST ->
					c.aborted = 1;
					c.acked = 1;
					c.more = 0;
					t1_send_block(SENT_RESPONSE, ABORT_RESPONSE, 0)
				fi
			fi
		:: else -> t1_invalid()
		fi
	fi
}

inline t1_got_block()
{
	c.heard = 1;
	if
	:: in.pcb == I -> t1_got_i()
	:: in.pcb == R -> t1_got_r()
	:: else -> t1_got_s()
	fi
}

/* ------------------------------------------------------------------------ card, card_t1.c */

inline card_initial()
{
	k.ns = 0;
	k.nr = 0;
	k.ifsd = 1;
	k.errors = 0;
	k.unacked = 0;
	k.ifs_told = 0;
	k.request = NONE;
	k.busy = 0;
	k.answered = 0;
	k.apdu_len = 0
}

inline card_send_block(p_pcb, p_seq)
{
	assert(to_coupler.pcb == NONE);
	k.silence = 0;
	to_coupler.pcb = p_pcb;
	to_coupler.seq = p_seq
}

#define card_send_r()	card_send_block(R, k.nr)

#define CARD_MORE	(k.rsp_pos + k.chunk < k.rsp_len)

inline card_send_i()
{
	to_coupler.more = CARD_MORE;
	to_coupler.tag = k.rsp_tag;
	to_coupler.pos = k.rsp_pos;
	to_coupler.units = k.chunk;
	k.unacked = 1;
	card_send_block(I, k.ns)
}

inline card_next_i()
{
	if
	:: k.chunk = (k.rsp_len - k.rsp_pos < k.ifsd -> k.rsp_len - k.rsp_pos : k.ifsd)
	:: EMPTY -> k.chunk = 0
	fi;
	card_send_i()
}

inline card_request(p_pcb)
{
	k.request = p_pcb;
	card_send_block(p_pcb, 0)
}

inline card_answer()
{
	if
	:: CARD_IFS && !k.ifs_told -> card_request(IFS_REQUEST)
	:: else ->
		k.busy = 0;
		k.answered = 0;
		card_next_i()
	fi
}

inline card_drop_chain()
{
	if
	:: k.unacked -> k.ns = !k.ns
	:: else
	fi;
#ifndef SEED_CARD_KEEPS
	k.unacked = 0;
	k.apdu_len = 0
#endif
}

inline card_invalid()
{
	k.silence = 0;
	if
	:: k.request != NONE -> card_send_block(k.request, 0)
	:: k.request == NONE && k.busy
	:: else ->
		if
		:: k.errors < MAX_ERRORS ->
			k.errors++;
			if
			:: k.unacked && FOREIGN -> card_send_i()
			:: card_send_r()
			fi
		:: else
		fi
	fi
}

#ifdef SEED_CARD_SEQ
#define CARD_SEQ_WRONG	false
#else
#define CARD_SEQ_WRONG	(in.seq != k.nr)
#endif

inline card_got_i()
{
	if
	:: k.busy || CARD_SEQ_WRONG || (k.unacked && CARD_MORE) -> card_invalid()
	:: else ->
		if
		:: k.unacked -> k.unacked = 0; k.ns = !k.ns
		:: else
		fi;
		k.errors = 0;
		k.nr = !k.nr;
		assert(in.tag == exchange && in.pos == k.apdu_len);
		assert(k.apdu_len == 0 || k.apdu_tag == in.tag);
		k.apdu_tag = in.tag;
		k.apdu_len = k.apdu_len + in.units;
		if
		:: in.more -> card_send_r()
		:: in.more && ABORTS -> card_request(ABORT_REQUEST)
		:: !in.more ->
			/* iso7816_card_deliver() */
			assert(k.apdu_len == c.cmd_len);
			assert(!executed);
			executed = 1;
			k.owner_tag = in.tag;
			k.busy = 1;
			k.answered = 0;
			k.apdu_len = 0
		fi
	fi
}

#ifdef SEED_CARD_NR
#define CARD_ASKED_AGAIN	false
#else
#define CARD_ASKED_AGAIN	(in.seq == k.ns)
#endif

inline card_got_r()
{
	if
	:: k.busy -> card_invalid()
	:: else ->
		k.errors = 0;
		if
		:: k.unacked && CARD_ASKED_AGAIN -> card_send_i()
		:: k.unacked && !CARD_ASKED_AGAIN && CARD_MORE ->
			k.ns = !k.ns;
			k.rsp_pos = k.rsp_pos + k.chunk;
			if
			:: card_next_i()
			:: ABORTS -> k.unacked = 0; card_request(ABORT_REQUEST)
			fi
		:: else -> card_send_r()
		fi
	fi
}

#define CARD_GRANTED	((k.request == WTX_REQUEST && in.pcb == WTX_RESPONSE) || \
			 (k.request == IFS_REQUEST && in.pcb == IFS_RESPONSE) || \
			 (k.request == ABORT_REQUEST && in.pcb == ABORT_RESPONSE))

inline card_granted()
{
	k.errors = 0;
	if
	:: k.request == ABORT_REQUEST ->
		k.request = NONE;
		card_drop_chain();
		card_send_r()
	:: else ->
		if
		:: k.request == IFS_REQUEST -> k.ifs_told = 1
		:: else
		fi;
		k.request = NONE;
		if
		:: k.answered -> card_answer()
		:: else
		fi
	fi
}

inline card_got_s()
{
	if
	:: CARD_GRANTED -> card_granted()
	:: !CARD_GRANTED && in.pcb == RESYNCH_REQUEST ->
		card_initial();
		card_send_block(RESYNCH_RESPONSE, 0)
	:: !CARD_GRANTED && in.pcb != RESYNCH_REQUEST &&
	   (k.request != NONE || k.busy) -> card_invalid()
	:: else ->
		if
		:: in.pcb == IFS_REQUEST ->
			k.ifsd = IFSD;
			k.errors = 0;
			card_send_block(IFS_RESPONSE, 0)
		:: in.pcb == ABORT_REQUEST ->
			card_drop_chain();
			k.errors = 0;
			card_send_block(ABORT_RESPONSE, 0)
		:: else -> card_invalid()
		fi
	fi
}

inline card_got_block()
{
	if
	:: in.pcb == I || in.pcb == R ->
		if
		:: k.request != NONE -> card_invalid()
		:: k.request == NONE && in.pcb == I -> card_got_i()
		:: k.request == NONE && in.pcb == R -> card_got_r()
		fi
	:: else -> card_got_s()
	fi
}

inline card_resume()
{
	if
	:: k.answered && to_coupler.pcb == NONE && k.request == NONE && !k.silence -> card_answer()
	:: else
	fi
}

/* ---------------------------------------------------------------------------- processes */

/* iso7816_t1_reset() and iso7816_card_t1_start(), a reset between them. */
inline reset()
{
	clear(to_card);
	clear(to_coupler);
	t1_initial();
	c.no_ifs = 0;
	c.heard = 0;
	card_initial();
	k.silence = 0;
	c.phase = PH_READY
}

/* Nothing more can come: what the card waits for is the coupler's. */
#define BWT_OVER	(to_coupler.pcb == NONE && !k.silence && \
			 !(k.busy && !k.answered && k.request == NONE))

active proctype coupler()
{
	block in;

	do
	:: atomic {
		c.phase == PH_READY && exchange < EXCHANGES ->
		exchange++;
		executed = 0;
		faults = FAULTS;
		c.cmd_len = 1;
		do
		:: c.cmd_len < CMD -> c.cmd_len++
		:: break
		od;
		t1_start();
		collide()
	   }
	:: atomic { c.phase == PH_DOUBT -> reset() }
	:: atomic {		/* iso7816_t1_rx() */
		to_coupler.pcb != NONE ->
		in.pcb = to_coupler.pcb;
		in.seq = to_coupler.seq;
		in.more = to_coupler.more;
		in.tag = to_coupler.tag;
		in.pos = to_coupler.pos;
		in.units = to_coupler.units;
		clear(to_coupler);
		if
		:: c.phase != PH_T1_WAIT	/* idle, or waiting for silence */
		:: c.phase == PH_T1_WAIT && in.pcb == BROKEN -> c.phase = PH_T1_SILENCE
		:: c.phase == PH_T1_WAIT && in.pcb != BROKEN -> t1_got_block()
		:: c.phase == PH_T1_WAIT && in.pcb != BROKEN && MAY_FAIL ->
			fault();
			c.phase = PH_T1_SILENCE
		:: in.pcb != BROKEN && LOSS && MAY_FAIL -> fault()
		fi;
		clear(in)
	   }
	:: atomic {		/* iso7816_t1_timer(): BWT */
		c.phase == PH_T1_WAIT && to_card.pcb == NONE && (BWT_OVER || LATE) ->
#ifdef SEED_NO_BWT
		false;
#endif
		t1_ask_again();
		collide()
	   }
	:: atomic {		/* iso7816_t1_timer(): silence at last */
		c.phase == PH_T1_SILENCE -> t1_invalid(); collide()
	   }
	:: atomic { noise > 0 && c.phase == PH_T1_WAIT && to_card.pcb == NONE &&
		to_coupler.pcb == NONE ->
		noise--;
		c.phase = PH_T1_SILENCE
	   }
	:: c.phase == PH_READY && exchange == EXCHANGES -> break
	od
}

active proctype card()
{
	block in;

end:	do
	:: atomic {		/* iso7816_card_t1_rx() */
		to_card.pcb != NONE ->
		in.pcb = to_card.pcb;
		in.seq = to_card.seq;
		in.more = to_card.more;
		in.tag = to_card.tag;
		in.pos = to_card.pos;
		in.units = to_card.units;
		clear(to_card);
		if
		:: k.silence
		:: !k.silence && in.pcb == BROKEN -> k.silence = 1
		:: !k.silence && in.pcb != BROKEN -> card_got_block(); card_resume()
		:: !k.silence && in.pcb != BROKEN && MAY_FAIL -> fault(); k.silence = 1
		:: in.pcb != BROKEN && LOSS && MAY_FAIL -> fault()
		fi;
		clear(in)
	   }
	:: atomic {		/* iso7816_card_t1_timer() */
		k.silence -> card_invalid(); card_resume(); collide()
	   }
	:: atomic {		/* iso7816_card_respond() */
		k.busy && !k.answered ->
		k.rsp_len = 1;
		do
		:: k.rsp_len < RSP -> k.rsp_len++
		:: break
		od;
		k.rsp_pos = 0;
		k.rsp_tag = k.owner_tag;
		k.answered = 1;
		if
		:: card_resume(); collide()
		:: to_card.pcb != NONE	/* already arriving: resume() comes after it */
		fi
	   }
	:: atomic {		/* iso7816_card_busy(), iso7816_card_t1_busy() */
		MAX_WTX > 0 && k.busy && !k.answered && to_coupler.pcb == NONE &&
		k.request == NONE && !k.silence ->
		card_request(WTX_REQUEST);
		collide()
	   }
	:: atomic { noise > 0 && !k.silence && to_coupler.pcb == NONE ->
		noise--;
		k.silence = 1
	   }
	od
}
