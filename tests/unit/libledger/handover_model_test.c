// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hand-over as a game of chance: a station whose cards, crashes, losses and repeats come in any
 * order plays against the ledger, and after every move the rule of docs/handover.md must hold. The
 * station is honest, as the rule says. Each seed is one game; a failure names its seed and move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libledger/ledger.h"
#include "libledger/statement.h"
#include "software_seal.h"

#define LANES	3
#define CARDS	32
#define RECORDS	6
#define GAMES	120
#define MOVES	800

enum place { OUTSIDE, LANE, GOOD_BIN };
enum verdict { NONE, GOOD, REJECT, RETRY };
enum disposed { D_GOOD = 1, D_REJECTED, D_REMOVED, D_UNKNOWN };

/**
 * struct card - what is physically so
 * @place: where it is
 * @carries: record whose keys and data it has, 0 for none
 */
struct card {
	enum place place;
	int64_t carries;
};

/**
 * struct lane - a lane and the session on it
 * @card: in it, 0 for none
 * @gen: presence_gen
 * @number: of the request, 0 for none
 * @live: the CAS's process has the session
 * @req: of the CAS
 * @claimed: @record is valid
 * @record: of the CAS
 * @sent: verdict on its way
 * @got: verdict that the station has
 */
struct lane {
	unsigned int card;
	uint32_t gen;
	uint64_t number;
	bool live;
	struct ledger_request req;
	bool claimed;
	struct ledger_record record;
	enum verdict sent;
	enum verdict got;
};

static const uint8_t station[16];
static char path[64];
static struct ledger *l;
static struct card cards[CARDS + 1];
static struct lane lanes[LANES];
static struct ledger_disposition journal[4096];
static uint64_t written, acked, epoch, last_number;
static uint32_t chance;
static unsigned int delivered, retried, freed, doubted;

static unsigned int draw(unsigned int n)
{
	chance = chance * 1664525 + 1013904223;
	return (chance >> 8) % n;
}

static int64_t query(const char *sql, int64_t id)
{
	struct statement *s = db_prepare(l, sql, strchr(sql, '?') ? "i" : "", id);
	bool failed;
	int64_t v;

	assert_non_null(s);
	v = db_next(l, s, &failed) ? db_number(s, 0) : -1;
	db_finalize(s);
	return v;
}

static void remove_database(void)
{
	char name[80];

	unlink(path);
	snprintf(name, sizeof(name), "%s-wal", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
}

static void stock(void)
{
	static const char *const iccids[RECORDS] = {
		"8949000000000000018", "8949000000000000026", "8949000000000000034",
		"8949000000000000042", "8949000000000000059", "8949000000000000067",
	};
	static const char key[] = "000102030405060708090A0B0C0D0E0F1011121314151617";
	/* Records of spoiled cards are used again: the dangerous way. */
	static const struct order_import how = {
		.order = "order", .free_spoiled = true, .test = true, .seal = &software_order,
	};
	struct order_report report;
	char text[4096];
	size_t n = 0;
	FILE *f;

	n += sprintf(text + n, "iccid,imsi,pin1,puk1,kvn,enc,mac,dek,payload\n");
	for (int i = 0; i < RECORDS; i++)
		n += sprintf(text + n, "%s,262011234567890,1234,12345678,31,%s,%s,%s,010101AA\n",
			     iccids[i], key, key, key);
	f = fmemopen(text, n, "r");
	assert_non_null(f);
	if (ledger_import(l, f, &how, &report))
		fail_msg("%s", report.problems[0].text);
	fclose(f);
}

/* ------------------------------------------------------------------------ the station */

static void dispose(struct lane *lane, enum disposed what)
{
	struct ledger_disposition *d = &journal[written];

	assert_true(written < sizeof(journal) / sizeof(journal[0]));
	memset(d, 0, sizeof(*d));
	d->journal_epoch = epoch;
	d->number = ++written;
	d->request = lane->number;
	d->coupler = (uint32_t)(lane - lanes);
	d->presence_gen = lane->gen;
	d->result_id = lane->got ? (uint64_t)lane->req.id : 0;
	d->disposition = (uint8_t)what;
	strcpy(d->evidence, "sensor");
	lane->number = 0;
}

static void leave(struct lane *lane, enum place to)
{
	cards[lane->card].place = to;
	lane->card = 0;
	lane->gen++;
}

/* A request that the CAS may never see, or see twice. */
static void request(struct lane *lane)
{
	lane->number = ++last_number;
	lane->sent = NONE;
	lane->got = NONE;
	lane->live = false;
	lane->claimed = false;
	memset(&lane->req, 0, sizeof(lane->req));
	lane->req.number = lane->number;
	lane->req.coupler = (uint32_t)(lane - lanes);
	lane->req.presence_gen = lane->gen;
	strcpy(lane->req.application, "personalize");
}

/* Any card that did not leave as good: new ones, rejected ones, ones that were taken out. */
static void feed(struct lane *lane)
{
	unsigned int c = 1 + draw(CARDS);

	if (lane->card || cards[c].place != OUTSIDE)
		return;
	cards[c].place = LANE;
	lane->card = c;
	request(lane);
}

/* The control unit acts on what it has: durable point 3. */
static void act(struct lane *lane)
{
	if (!lane->card || !lane->number)
		return;
	switch (lane->got) {
	case GOOD:
		/* It may die at the gate: what became of the card is then unknown, to it. */
		if (draw(8) == 0) {
			dispose(lane, D_UNKNOWN);
			leave(lane, draw(2) ? GOOD_BIN : OUTSIDE);
		} else {
			dispose(lane, D_GOOD);
			leave(lane, GOOD_BIN);
		}
		break;
	case RETRY:
		if (draw(3)) {
			dispose(lane, D_REMOVED);
			request(lane);
			retried++;
		} else {
			dispose(lane, D_REJECTED);
			leave(lane, OUTSIDE);
		}
		break;
	case REJECT:
		dispose(lane, D_REJECTED);
		leave(lane, OUTSIDE);
		break;
	default:
		/* No result by the deadline, or the card is taken out. */
		if (draw(16))
			break;
		dispose(lane, draw(2) ? D_REJECTED : D_REMOVED);
		leave(lane, OUTSIDE);
	}
}

/* ---------------------------------------------------------------------------- the CAS */

static void open_session(struct lane *lane)
{
	bool known;

	if (!lane->number || lane->live)
		return;
	if (ledger_request_open(l, &lane->req, &known))
		fail_msg("%s", ledger_error(l));
	lane->live = !known;
	if (known && lane->req.decided)
		lane->sent = lane->req.verdict;
}

static void claim(struct lane *lane)
{
	char card[16];

	if (!lane->live || lane->claimed || !lane->card)
		return;
	snprintf(card, sizeof(card), "KDD:%02u", lane->card);
	lane->claimed = !ledger_claim(l, lane->req.id, NULL, NULL, card, &lane->record);
}

static void write_card(struct lane *lane)
{
	if (lane->live && lane->claimed && lane->card)
		cards[lane->card].carries = lane->record.id;
}

static void decide(struct lane *lane)
{
	enum ledger_status status;

	if (!lane->live)
		return;
	lane->live = false;
	lane->req.verdict = GOOD;
	if (lane->claimed && lane->card && cards[lane->card].carries == lane->record.id &&
	    draw(4)) {
		status = ledger_issue(l, &lane->req, &lane->record, "evidence");
	} else {
		lane->req.verdict = draw(2) ? RETRY : REJECT;
		strcpy(lane->req.reason, "no");
		status = ledger_decide(l, &lane->req);
	}
	lane->sent = status == LEDGER_OK ? (enum verdict)lane->req.verdict : REJECT;
}

static void commit(void)
{
	uint64_t n = acked;

	if (acked && draw(4) == 0)
		n = draw((unsigned int)acked);		/* once more */
	if (n == written)
		return;
	if (ledger_dispose(l, &journal[n]))
		fail_msg("disposition %u: %s", (unsigned int)n + 1, ledger_error(l));
	if (n == acked)
		acked++;
}

static void restart(void)
{
	uint64_t lease;

	assert_int_equal(ledger_start(l, 30, &lease), LEDGER_OK);
	assert_int_equal(ledger_lease(l, station, &lease), LEDGER_OK);
	for (int i = 0; i < LANES; i++)
		lanes[i].live = false;
}

static void lose_journal(void)
{
	static const uint8_t boot[16];
	unsigned int n;

	epoch++;
	written = 0;
	acked = 0;
	/* A start empties the lanes; nothing is known of the requests any more. */
	for (int i = 0; i < LANES; i++) {
		if (lanes[i].card)
			leave(&lanes[i], OUTSIDE);
		lanes[i].number = 0;
		lanes[i].live = false;
	}
	assert_int_equal(ledger_hello(l, station, boot, epoch, 0, &n), LEDGER_OK);
	doubted += n;
}

static void release(void)
{
	char iccid[24] = "", state[8];
	struct statement *s = db_prepare(l, "SELECT iccid FROM record WHERE id = ?", "i",
					 (int64_t)(1 + draw(RECORDS)));
	bool failed;

	assert_non_null(s);
	if (db_next(l, s, &failed))
		assert_true(db_text(s, 0, iccid, sizeof(iccid)));
	db_finalize(s);
	freed += ledger_release(l, iccid, state) == LEDGER_OK;
}

/* --------------------------------------------------------------------------- the rule */

static const char *broken_rule(void)
{
	int64_t on[RECORDS + 1] = { 0 };

	for (unsigned int c = 1; c <= CARDS; c++) {
		if (cards[c].place != GOOD_BIN)
			continue;
		if (!cards[c].carries)
			return "a good card has no record";
		if (on[cards[c].carries]++)
			return "a record is on two good cards";
		if (query("SELECT state IN('ISSUED','DELIVERED','DOUBT') FROM record WHERE id = ?",
			  cards[c].carries) != 1)
			return "a good card's record can be used again";
	}
	for (int64_t r = 1; r <= RECORDS; r++)
		if (!on[r] && query("SELECT state = 'DELIVERED' FROM record WHERE id = ?", r) == 1)
			return "a record is delivered, and on no good card";
	return NULL;
}

static void move(unsigned int what)
{
	struct lane *lane = &lanes[draw(LANES)];

	if (what < 10)
		feed(lane);
	else if (what < 25)
		open_session(lane);
	else if (what < 40)
		claim(lane);
	else if (what < 55)
		write_card(lane);
	else if (what < 65)
		decide(lane);
	else if (what < 75)
		lane->got = lane->number && !lane->got ? lane->sent : lane->got;
	else if (what < 87)
		act(lane);
	else if (what < 95)
		commit();
	else if (what < 97)
		release();
	else if (draw(4) == 0)
		restart();
	else if (draw(20) == 0)
		lose_journal();
}

static void play(uint32_t seed)
{
	static const uint8_t boot[16];
	char error[192];
	const char *wrong;
	unsigned int n;

	memset(cards, 0, sizeof(cards));
	memset(lanes, 0, sizeof(lanes));
	chance = seed * 2654435761u;
	epoch = 1;
	written = 0;
	acked = 0;
	last_number = 0;
	l = ledger_open(path, false, error, sizeof(error));
	if (!l)
		fail_msg("%s", error);
	assert_true(db_run(l, NULL, "PRAGMA synchronous = OFF", ""));
	stock();
	restart();
	assert_int_equal(ledger_hello(l, station, boot, epoch, 0, &n), LEDGER_OK);
	for (unsigned int i = 0; i < MOVES; i++) {
		move(draw(100));
		wrong = broken_rule();
		if (wrong)
			fail_msg("game %u, move %u: %s", seed, i, wrong);
	}
	while (acked < written)
		commit();
	delivered += (unsigned int)query("SELECT count(*) FROM record WHERE state = 'DELIVERED'",
					 0);
	ledger_close(l);
	remove_database();
}

static void rule_holds(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/handover-model-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	for (uint32_t seed = 1; seed <= GAMES; seed++)
		play(seed);
	print_message("delivered %u, retried %u, freed %u, doubted %u\n", delivered, retried,
		      freed, doubted);
	/* The games have been where it hurts. */
	assert_true(delivered > GAMES);
	assert_true(retried > GAMES / 4);
	assert_true(freed > 5);
	assert_true(doubted > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
