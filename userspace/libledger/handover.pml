/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Model of the hand-over, docs/handover.md: the database of the CAS (libledger), its sessions and
 * connection (casd), the control unit with its journal (stationd), and the cards themselves.
 * mk/model checks it with spin.
 *
 * One process takes one step at a time, in any order: each step is what one commit, one sync of
 * the journal, one message or one movement of a card does, so that a crash, a cut or a removed
 * card can come between any two of them. Messages may be late, lost or sent again; what is on the
 * old connection is gone with the next HELLO.
 *
 * The rule, asserted after every step: a record is on at most one good card, a good card has a
 * record, and its record is ISSUED, DELIVERED or DOUBT in a database that gives records out. When
 * all is quiet, no record is left ISSUED: what could not be decided is in doubt.
 *
 * Left out: what the router does with bytes, a boot_id that changes (the lanes are purged as after
 * a crash of the control unit), and more than one station.
 */

#ifndef RECORDS
#define RECORDS		1
#endif
#ifndef CARDS
#define CARDS		2
#endif
#ifndef LANES
#define LANES		1
#endif
#ifndef REQUESTS
#define REQUESTS	2
#endif
#ifndef CAS_CRASHES
#define CAS_CRASHES	0	/* killed, or stopped beyond its lease while another one starts */
#endif
#ifndef UNIT_CRASHES
#define UNIT_CRASHES	0	/* of the control unit */
#endif
#ifndef CUTS
#define CUTS		0	/* of the control connection */
#endif
#ifndef REMOVALS
#define REMOVALS	0	/* cards taken out of a lane by hand */
#endif
#ifndef TAKEN_BACK
#define TAKEN_BACK	0	/* `casctl intent free` */
#endif
#ifndef RETRIES
#define RETRIES		1	/* the verdict "retry the same card" is there */
#endif
#ifndef RESTORES
#define RESTORES	0	/* an old copy of the database is put in place of it */
#endif
#ifndef LOST_JOURNALS
#define LOST_JOURNALS	0
#endif

mtype:state = { FREE, INTENT, ISSUED, DELIVERED, DOUBT };
mtype:verdict = { NONE, GOOD, REJECT, RETRY };
mtype:disposed = { NOT_YET, D_GOOD, D_REJECTED, D_REMOVED, D_UNKNOWN };
mtype:place = { OUTSIDE, IN_LANE, GOOD_BIN };

/* What is durable at the CAS. Requests and dispositions have the station's numbers, from 1. */
typedef database {
	mtype:state record[RECORDS + 1] = FREE;
	byte owner[RECORDS + 1];		/* request that claimed it */
	byte attempt[RECORDS + 1];
	byte identity[RECORDS + 1];		/* card that it was claimed for */
	bit known[REQUESTS + 1];
	bit open[REQUESTS + 1];
	mtype:verdict verdict[REQUESTS + 1] = NONE;
	byte claimed[REQUESTS + 1];		/* record */
	byte card[REQUESTS + 1];
	byte id[REQUESTS + 1];			/* result id */
	byte ids;				/* given so far */
	mtype:disposed disposed[REQUESTS + 1] = NOT_YET;
	bit card_open[CARDS + 1];
	bit card_over[CARDS + 1];		/* good or spoiled */
	byte committed;				/* dispositions of the journal's epoch */
	byte epoch = 1;
};
database db;
#if RESTORES
database copy;
bit copied;
#endif

/* What is lost with the process of the CAS, or with its connection. */
typedef session {
	bit live;
	bit channel;
	byte record;
	byte attempt;
	bit written;		/* the card has shown that it has the record */
};
session s[REQUESTS + 1];
bit linked;			/* HELLOs were exchanged */
bit held = 1;			/* no session may start */
bit behind;
bit stuck;
byte told;			/* last_disposition of HELLO */

/* The control unit: its journal, which is durable, and its lanes. */
typedef entry {
	byte request;
	byte result;		/* id that it acted on, 0 for none */
	mtype:disposed what;
};
entry journal[REQUESTS + 1];
byte written;
byte acknowledged;
byte epoch = 1;

typedef lane_state {
	byte card;
	byte request;		/* not disposed of, 0 for none */
	bit gone;		/* the card that asked was taken out: presence_gen has changed */
	mtype:verdict got = NONE;
	byte result;
	bit good_intent;	/* durable */
	bit rejected;		/* durable */
	bit dropped;		/* the drop sensor of the gate, until the next card */
	bit up = 1;		/* the control unit works on it; else it starts */
};
lane_state lane[LANES + 1];
byte last_request;

/* On their way. */
bit asked[REQUESTS + 1];	/* REQUEST */
bit repeated[REQUESTS + 1];	/* REQUEST with repeat */
bit sent[REQUESTS + 1];		/* it was sent once */
byte of_lane[REQUESTS + 1];
mtype:verdict result[REQUESTS + 1] = NONE;	/* RESULT */
byte result_id[REQUESTS + 1];

/* The cards, as they are. */
mtype:place place[CARDS + 1] = OUTSIDE;
byte carries[CARDS + 1];

byte cas_crashes = CAS_CRASHES;
byte unit_crashes = UNIT_CRASHES;
byte cuts = CUTS;
byte removals = REMOVALS;
byte taken_back = TAKEN_BACK;
byte restores = RESTORES;
byte lost_journals = LOST_JOURNALS;

byte i, l, q, r, c, n;

/* ------------------------------------------------------------------------------------ the rule */

inline rule()
{
	n = 0;
	for (i : 1 .. CARDS) {
		if
		:: place[i] == GOOD_BIN ->
			assert(carries[i]);			/* a good card without a record */
			assert(!(n & (1 << carries[i])));	/* a record on two good cards */
			n = n | (1 << carries[i]);
			/* a good card's record can be given out again */
			assert(held || db.record[carries[i]] == ISSUED ||
			       db.record[carries[i]] == DELIVERED ||
			       db.record[carries[i]] == DOUBT)
		:: else
		fi
	}
	for (i : 1 .. RECORDS) {
		/* delivered, but on no good card */
		assert(db.record[i] != DELIVERED || (n & (1 << i)))
	}
	n = 0;
	i = 0
}

/* Nothing moves any more, and nothing is on its way. */
inline settled()
{
	for (i : 1 .. RECORDS) {
		assert(held || db.record[i] != ISSUED)	/* lost */
	}
	i = 0
}

inline forget()
{
	l = 0;
	q = 0;
	r = 0;
	c = 0
}

/* ---------------------------------------------------------------------------- choice of things */

inline any_lane() { l = 1; do :: l < LANES -> l++ :: break od }
inline any_request() { q = 1; do :: q < last_request -> q++ :: break od }
inline any_card() { c = 1; do :: c < CARDS -> c++ :: break od }
inline any_record() { r = 1; do :: r < RECORDS -> r++ :: break od }

/* -------------------------------------------------------------------------- the CAS: libledger */

#if RESTORES
inline copy_database(p_to, p_from)
{
	for (i : 1 .. RECORDS) {
		p_to.record[i] = p_from.record[i];
		p_to.owner[i] = p_from.owner[i];
		p_to.attempt[i] = p_from.attempt[i];
		p_to.identity[i] = p_from.identity[i]
	}
	for (i : 1 .. REQUESTS) {
		p_to.known[i] = p_from.known[i];
		p_to.open[i] = p_from.open[i];
		p_to.verdict[i] = p_from.verdict[i];
		p_to.claimed[i] = p_from.claimed[i];
		p_to.card[i] = p_from.card[i];
		p_to.id[i] = p_from.id[i];
		p_to.disposed[i] = p_from.disposed[i]
	}
	for (i : 1 .. CARDS) {
		p_to.card_open[i] = p_from.card_open[i];
		p_to.card_over[i] = p_from.card_over[i]
	}
	p_to.ids = p_from.ids;
	p_to.committed = p_from.committed;
	p_to.epoch = p_from.epoch;
	i = 0
}
#endif

inline end_session(p_request)
{
	s[p_request].live = 0;
	s[p_request].channel = 0;
	s[p_request].record = 0;
	s[p_request].attempt = 0;
	s[p_request].written = 0
}

inline insert_request()
{
	db.known[q] = 1;
	db.ids++;
	db.id[q] = db.ids
}

inline decide(p_verdict)
{
	db.open[q] = 0;
	db.verdict[q] = p_verdict
}

inline send_result()
{
	result[q] = db.verdict[q];
	result_id[q] = db.id[q]
}

inline spoil_record(p_record)
{
	db.record[p_record] = FREE;	/* the dangerous way; VOID is never given out again */
	db.identity[p_record] = 0;
	db.owner[p_record] = 0
}

/* ledger_claim(): the record that this very card is to get again, else a free one */
inline claim()
{
	c = lane[of_lane[q]].card;
	r = 0;
	if
	:: db.card_over[c] || !db.open[q]
	:: db.card_open[c] && !db.card_over[c] && db.open[q] ->
		for (i : 1 .. RECORDS) {
			if
			:: db.record[i] == INTENT && db.identity[i] == c &&
			   db.verdict[db.owner[i]] == RETRY && !db.open[db.owner[i]] &&
			   (db.disposed[db.owner[i]] == NOT_YET ||
			    db.disposed[db.owner[i]] == D_REMOVED) -> r = i
			:: else
			fi
		}
		i = 0
	:: else ->
		for (i : 1 .. RECORDS) {
			if
			:: db.record[i] == FREE && !r -> r = i
			:: else
			fi
		}
		i = 0
	fi;
	if
	:: r ->
		db.record[r] = INTENT;
		db.owner[r] = q;
		db.identity[r] = c;
		db.attempt[r]++;
		db.card_open[c] = 1;
		db.claimed[q] = r;
		db.card[q] = c;
		s[q].record = r;
		s[q].attempt = db.attempt[r]
	:: else ->
		if
		:: db.open[q] -> decide(REJECT); send_result()
		:: else
		fi;
		end_session(q)
	fi
}

#ifdef SEED_NO_COMPARE
#define STILL_MEANT	true
#else
#define STILL_MEANT	(db.open[q] && db.record[r] == INTENT && db.owner[r] == q && \
			 db.attempt[r] == s[q].attempt)
#endif

/* ledger_issue(), and what casd makes of a refusal */
inline issue()
{
	r = s[q].record;
	if
	:: STILL_MEANT ->
		db.record[r] = ISSUED;
		decide(GOOD)
#ifdef SEED_RESULT_FIRST
	:: STILL_MEANT && cas_crashes > 0 ->	/* and here it dies */
		result[q] = GOOD;
		result_id[q] = db.id[q]
#endif
	:: !STILL_MEANT && db.open[q] -> decide(REJECT)
	:: !STILL_MEANT && !db.open[q]
	fi;
	end_session(q);
	if
	:: db.verdict[q] != NONE -> send_result()
	:: else
	fi
}

/* ledger_start() */
inline start_cas()
{
	for (i : 1 .. REQUESTS) {
		if
		:: db.known[i] && db.open[i] -> db.open[i] = 0	/* and no verdict */
		:: else
		fi
	}
#ifdef SEED_REQUEUE
	for (i : 1 .. RECORDS) {
		if
		:: db.record[i] == ISSUED -> spoil_record(i)
		:: else
		fi
	}
#endif
	i = 0
}

/* What ledger_dispose() compares with what was committed or given here. */
#ifdef SEED_FIRST_NUMBER
#define NEXT_NUMBER	(n == db.committed + 1 || !db.committed)
#else
#define NEXT_NUMBER	(n == db.committed + 1)
#endif
#ifdef SEED_UNGIVEN
#define NEVER_GIVEN	(journal[n].result && !db.known[q])
#else
#define BOUND		(db.claimed[q] && db.owner[db.claimed[q]] == q)
#define NEVER_GIVEN	(journal[n].result && (!db.known[q] || (!BOUND && \
			 ((journal[n].what == D_UNKNOWN && db.verdict[q] == NONE) || \
			  (journal[n].what == D_GOOD && db.verdict[q] != GOOD)))))
#endif

inline apply_disposition()
{
	db.committed = n;
	db.disposed[q] = journal[n].what;
	db.open[q] = 0;
	r = db.claimed[q];
	if
	:: r && db.owner[r] == q && (db.record[r] == INTENT || db.record[r] == ISSUED) ->
		if
		:: journal[n].what == D_GOOD && db.record[r] == ISSUED &&
		   journal[n].result == db.id[q] ->
			db.record[r] = DELIVERED;
			db.card_over[db.card[q]] = 1
		:: journal[n].what == D_REMOVED && db.record[r] == INTENT && db.verdict[q] == RETRY
		:: journal[n].what == D_REJECTED ||
		   (journal[n].what == D_REMOVED && db.record[r] == INTENT &&
		    db.verdict[q] != RETRY) ->
			db.card_over[db.card[q]] = 1;
			spoil_record(r)
		:: else ->
			db.card_over[db.card[q]] = 1;
			db.record[r] = DOUBT
		fi
	:: else
	fi
}

inline acknowledge()
{
	if
	:: acknowledged == n - 1 -> acknowledged = n
	:: true			/* the acknowledgement is lost */
	fi
}

inline catch_up()
{
	if
	:: behind && db.committed >= told -> behind = 0; held = 0; told = 0
	:: else
	fi
}

/* DISPOSED arrives: the lowest one that is not acknowledged */
inline dispose()
{
	n = acknowledged + 1;
	q = journal[n].request;
	if
	:: n <= db.committed && db.disposed[q] == journal[n].what -> acknowledge()
	:: n > db.committed && NEXT_NUMBER && !NEVER_GIVEN ->
#ifdef SEED_ACKNOWLEDGE_FIRST
		if
		:: apply_disposition()
		:: true
		fi;
		acknowledged = n;
#else
		apply_disposition();
		acknowledge();
#endif
		catch_up()
	:: else ->
		stuck = 1;
		held = 1;
		behind = 0;
		told = 0
	fi;
	n = 0
}

/* REQUEST arrives */
inline take_request(p_repeat)
{
	if
	:: s[q].live -> s[q].channel = 1
	:: !s[q].live && db.known[q] ->
		if
		:: db.verdict[q] == NONE -> decide(REJECT)
		:: else
		fi;
		send_result()
	:: else ->
		insert_request();
		if
		:: p_repeat || held -> decide(REJECT); send_result()
		:: else ->
			db.open[q] = 1;
			s[q].live = 1;
			s[q].channel = 1
		fi
	fi
}

/* ------------------------------------------------------------------------------------ HELLO */

/* ORDER inventory: a request whose RESULT the station has was decided here. */
inline hello()
{
	linked = 1;
	stuck = 0;
	for (i : 1 .. REQUESTS) {
		asked[i] = 0;
		repeated[i] = 0;
		result[i] = NONE;
		result_id[i] = 0;
		s[i].channel = 0
	}
	held = 0;
	behind = 0;
	told = 0;
	if
	:: db.epoch != epoch ->		/* ledger_hello(): the journal is new */
		for (i : 1 .. RECORDS) {
			if
			:: db.record[i] == ISSUED ->
				db.record[i] = DOUBT;
				db.card_over[db.identity[i]] = 1
			:: else
			fi
		}
#ifndef SEED_SESSIONS_GO_ON
		for (i : 1 .. REQUESTS) {
			db.open[i] = 0
		}
#endif
		db.epoch = epoch;
		db.committed = 0
	:: db.epoch == epoch && db.committed > written -> held = 1
	:: else
	fi;
#ifndef SEED_NO_CATCH_UP
	if
	:: !held && db.committed < written -> held = 1; behind = 1; told = written
	:: else
	fi;
#endif
#ifndef SEED_NO_INVENTORY
	for (i : 1 .. LANES) {
		if
		:: lane[i].request && lane[i].got != NONE &&
		   (!db.known[lane[i].request] || db.verdict[lane[i].request] == NONE) ->
			held = 1;
			behind = 0;
			stuck = 1
		:: else
		fi
	}
#endif
	i = 0
}

/* --------------------------------------------------------------------- the control unit: lanes */

inline new_request()
{
	last_request++;
	lane[l].request = last_request;
	lane[l].gone = 0;
	lane[l].got = NONE;
	lane[l].result = 0;
	lane[l].good_intent = 0;
	lane[l].rejected = 0;
	of_lane[last_request] = l
}

inline write_disposition(p_what)
{
	written++;
	journal[written].request = lane[l].request;
	journal[written].result = lane[l].result;
	journal[written].what = p_what;
	sent[lane[l].request] = 0;
	asked[lane[l].request] = 0;
	repeated[lane[l].request] = 0;
	lane[l].request = 0;
	lane[l].got = NONE;
	lane[l].result = 0;
	lane[l].dropped = 0;
	lane[l].good_intent = 0;
	lane[l].rejected = 0
}

inline card_leaves(p_place)
{
	place[lane[l].card] = p_place;
	lane[l].card = 0
}

#ifdef SEED_NO_PRESENCE
#define PRESENT		(lane[l].card)
#define MATCHES		(of_lane[q] == l)
#else
#define PRESENT		(lane[l].card && !lane[l].gone)
#define MATCHES		(lane[l].request == q)
#endif

/* The channel reaches the card of its request, and no other. */
#define CHANNEL_OPEN	(s[q].live && s[q].channel && lane[of_lane[q]].request == q && \
			 lane[of_lane[q]].card && !lane[of_lane[q]].gone && \
			 lane[of_lane[q]].got == NONE && lane[of_lane[q]].up && \
			 !lane[of_lane[q]].rejected)

#define QUIET		(last_request == REQUESTS && linked && acknowledged == written && \
			 !lane[1].request && !lane[LANES].request && !lane[1].card && \
			 !lane[LANES].card && lane[1].up && lane[LANES].up)

active proctype world()
{
	do
	/* the station */
	:: atomic {		/* a card that did not leave as good, an old one too */
		last_request < REQUESTS ->
		any_lane();
		any_card();
		if
		:: !lane[l].card && !lane[l].request && lane[l].up && place[c] == OUTSIDE ->
			lane[l].card = c;
			place[c] = IN_LANE;
			lane[l].dropped = 0;
			new_request()
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* REQUEST, for the first time or again */
		linked && last_request ->
		any_lane();
		q = lane[l].request;
		if
		:: q && lane[l].got == NONE && lane[l].up && !lane[l].gone ->
			if
			:: sent[q] -> repeated[q] = 1
			:: else -> asked[q] = 1; sent[q] = 1
			fi
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* RESULT arrives */
		linked && last_request ->
		any_request();
		l = of_lane[q];
		if
		:: result[q] != NONE ->
			if
			:: MATCHES && PRESENT && lane[l].request && lane[l].got == NONE &&
			   !lane[l].rejected ->
				lane[l].got = result[q];
				lane[l].result = result_id[q]
			:: else
			fi;
			result[q] = NONE;
			result_id[q] = 0
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* durable point 3: GOOD_INTENT is synced */
		any_lane();
		if
		:: lane[l].up && PRESENT && lane[l].got == GOOD && !lane[l].good_intent &&
		   !lane[l].rejected -> lane[l].good_intent = 1
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* the gate opens */
		any_lane();
		if
		:: lane[l].up && PRESENT && lane[l].good_intent ->
			lane[l].dropped = 1;
#ifdef SEED_NO_GATE_JOURNAL
			lane[l].good_intent = 0;
#endif
			card_leaves(GOOD_BIN);
			rule()
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* the outcome is synced */
		any_lane();
		if
		:: lane[l].up && lane[l].good_intent && !lane[l].card ->
			if
			:: lane[l].dropped -> write_disposition(D_GOOD)
			:: write_disposition(D_UNKNOWN)
			fi
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* REJECTED is synced: no result by the deadline, or a bad one */
		any_lane();
		if
		:: lane[l].up && lane[l].request && lane[l].card && lane[l].got != GOOD &&
		   !lane[l].rejected && !lane[l].good_intent -> lane[l].rejected = 1
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* the card moves to the reject bin, and that is synced */
		any_lane();
		if
		:: lane[l].up && lane[l].rejected && lane[l].card ->
			card_leaves(OUTSIDE);
			if
			:: lane[l].request -> write_disposition(D_REJECTED)
			:: else -> lane[l].rejected = 0
			fi
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* the same card once more */
		last_request < REQUESTS ->
		any_lane();
		if
		:: lane[l].up && PRESENT && lane[l].got == RETRY && !lane[l].rejected ->
			write_disposition(D_REMOVED);
			new_request()
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* a card is taken out by hand, and maybe another put in */
		removals > 0 ->
		any_lane();
		if
		:: lane[l].card ->
			removals--;
			card_leaves(OUTSIDE);
			lane[l].gone = 1;
			any_card();
			if
			:: place[c] == OUTSIDE -> lane[l].card = c; place[c] = IN_LANE
			:: true
			fi
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* the control unit sees that */
		any_lane();
		if
		:: lane[l].up && lane[l].request && lane[l].gone ->
			if
			:: lane[l].rejected -> write_disposition(D_REJECTED)
			:: lane[l].good_intent -> write_disposition(D_UNKNOWN)
			:: !lane[l].rejected && !lane[l].good_intent -> write_disposition(D_REMOVED)
			fi;
			lane[l].gone = 0;
			if
			:: lane[l].card -> lane[l].rejected = 1
			:: else
			fi
		:: else
		fi;
		forget()
	   }
	:: atomic { unit_crashes > 0 -> unit_crashes--;
		for (l : 1 .. LANES) {
			lane[l].up = 0;
			lane[l].got = NONE;
			if
			:: lane[l].good_intent
			:: else -> lane[l].result = 0
			fi
		}
		forget()
	   }
	:: atomic {		/* it starts: what is in a lane goes to reject */
		any_lane();
		if
		:: !lane[l].up ->
			lane[l].up = 1;
			if
			:: lane[l].card -> lane[l].rejected = 1; lane[l].good_intent = 0
			:: !lane[l].card && lane[l].request && lane[l].good_intent
			:: !lane[l].card && lane[l].request && !lane[l].good_intent ->
				write_disposition(D_REJECTED)
			:: else
			fi
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* a new journal; the start purges the lanes */
		lost_journals > 0 ->
		lost_journals--;
		for (l : 1 .. LANES) {
			if
			:: lane[l].card -> card_leaves(OUTSIDE)
			:: else
			fi;
			lane[l].request = 0;
			lane[l].got = NONE;
			lane[l].result = 0;
			lane[l].good_intent = 0;
			lane[l].rejected = 0
		}
		epoch++;
		written = 0;
		acknowledged = 0;
		linked = 0;
		forget()
	   }

	/* the connection */
	:: atomic { !linked -> hello(); rule() }
	:: atomic { linked && stuck -> linked = 0 }
	:: atomic { linked && cuts > 0 -> cuts--; linked = 0 }

	/* the CAS */
	:: atomic {
		linked && last_request ->
		any_request();
		if
		:: asked[q] -> asked[q] = 0; take_request(false)
		:: repeated[q] -> repeated[q] = 0; take_request(true)
		:: !asked[q] && !repeated[q]
		fi;
		rule();
		forget()
	   }
	:: atomic {		/* durable point 1 */
		last_request ->
		any_request();
		if
		:: CHANNEL_OPEN && !s[q].record -> claim()
		:: else
		fi;
		rule();
		forget()
	   }
	:: atomic {		/* keys and data go to the card, which proves that it has them */
		last_request ->
		any_request();
		if
		:: CHANNEL_OPEN && s[q].record ->
			carries[lane[of_lane[q]].card] = s[q].record;
			s[q].written = 1
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* durable point 2; the result is sent after it */
		last_request ->
		any_request();
		if
		:: s[q].live && s[q].written -> issue()
		:: else
		fi;
		rule();
		forget()
	   }
	:: atomic {		/* another verdict */
		last_request ->
		any_request();
		if
		:: s[q].live && db.open[q] -> decide(REJECT); end_session(q); send_result()
		:: RETRIES && s[q].live && db.open[q] && s[q].record ->
			decide(RETRY); end_session(q); send_result()
		:: s[q].live && !db.open[q] -> end_session(q)
		:: !s[q].live
		fi;
		forget()
	   }
	:: atomic {		/* durable point 4 */
		linked && !stuck && acknowledged < written ->
		dispose();
		rule();
		forget()
	   }
	:: atomic {		/* `casctl intent free` */
		taken_back > 0 ->
		any_record();
		if
		:: db.record[r] == INTENT && !db.open[db.owner[r]] ->
			taken_back--;
			db.card_over[db.identity[r]] = 1;
			spoil_record(r)
		:: else
		fi;
		forget()
	   }
	:: atomic {		/* killed; or stopped, and its sessions go on when another one works */
		cas_crashes > 0 ->
		cas_crashes--;
		if
		:: true ->
			for (i : 1 .. REQUESTS) {
				end_session(i)
			}
			i = 0
		:: true
		fi;
		start_cas();
		linked = 0;
		held = 1;
		rule()
	   }
#if RESTORES
	:: atomic { !copied -> copy_database(copy, db); copied = 1 }
	:: atomic {
		restores > 0 && copied ->
		restores--;
		for (i : 1 .. REQUESTS) {
			end_session(i)
		}
		copy_database(db, copy);
		start_cas();
		linked = 0;
		held = 1
	   }
#endif
	:: atomic { QUIET -> settled(); break }
	od
}
