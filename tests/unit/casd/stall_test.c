// SPDX-License-Identifier: GPL-2.0-only
/*
 * casd while something that it needs does not answer: cas-keyd is stopped, or the database is
 * locked. Who does not want it does not notice; who wants it goes on afterwards, or ends as it
 * should.
 *
 * What was waited for comes in the end, and is used: a daemon that had stood meanwhile would have
 * given it up before it looked at anything else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"

#define LEASE "2"	/* seconds, where one is to run out */
#define LEASE_OVER 4000	/* ms: it has, and SQLite would still wait for the lock */

#define LONGER "4"	/* where none is to, on a machine with much to do */
#define SLOW_MS 8000	/* what takes longer than that, but not so long that it is given up */

#define MANY 1100	/* requests: more than a station may have under way */

/* Commands of profiles/personalize.lua before it wants the token, and before it claims. */
#define UNTIL_KEYS 2
#define UNTIL_CLAIM 3

static struct fake_station stations[2];
static struct fake_station *const a = &stations[0], *const b = &stations[1];
static uint64_t number[2], disposition[2];
static struct message m;
static sqlite3 *lock;
static pid_t keyd;

/* ---- what stands still ---- */

static void stop_keys(void)
{
	keyd = key_process();
	assert_int_equal(kill(keyd, SIGSTOP), 0);
}

static void go_on_keys(void)
{
	assert_int_equal(kill(keyd, SIGCONT), 0);
	keyd = 0;
}

static void lock_database(void)
{
	assert_int_equal(sqlite3_open(bed.db, &lock), SQLITE_OK);
	sqlite3_busy_timeout(lock, 20000);
	assert_int_equal(sqlite3_exec(lock, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
}

static void unlock_database(void)
{
	sqlite3_close(lock);
	lock = NULL;
}

static void change_database(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(bed.db, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 20000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Each new request takes it some milliseconds. */
#define SLOW "SELECT max(x.n + y.n + z.n) FROM slow x, slow y, slow z;"
#define MAKE_SLOW							\
	"CREATE TABLE slow AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1"	\
	" FROM c WHERE n < 70) SELECT n FROM c;"				\
	"CREATE TRIGGER slow_request BEFORE INSERT ON request BEGIN " SLOW " END"
#define MAKE_FAST "DROP TRIGGER slow_request; DROP TABLE slow"

/* No lease is given back. */
#define KEEP_LEASES							\
	"CREATE TRIGGER keep BEFORE UPDATE OF lease_until ON station WHEN new.lease_until = 0"	\
	" BEGIN SELECT raise(ABORT, 'kept'); END"
#define LET_LEASES_GO "DROP TRIGGER keep"

/* How many slow requests take so long, as busy as the machine is now. */
static unsigned int slow_requests(unsigned int ms)
{
	struct timespec before, now;
	unsigned int took;

	clock_gettime(CLOCK_MONOTONIC, &before);
	change_database(SLOW SLOW SLOW SLOW SLOW SLOW SLOW SLOW);
	clock_gettime(CLOCK_MONOTONIC, &now);
	took = (unsigned int)((now.tv_sec - before.tv_sec) * 1000 +
			      (now.tv_nsec - before.tv_nsec) / 1000000);
	ms = took ? ms * 8 / took : 900;
	return ms < 900 ? ms : 900;
}

/* Until casd has said so, so many times since it started first. */
static void await_log(const char *text, int count)
{
	char command[256];
	int tries = 0;

	snprintf(command, sizeof(command), "[ $(grep -c '%s' %s/casd.log) -ge %d ]", text,
		 bed.dir, count);
	while (system(command)) {
		assert_true(++tries < 2000);
		poll(NULL, 0, 10);
	}
}

/* ---- what stations do ---- */

static unsigned int of(const struct fake_station *st)
{
	return st == b;
}

static void ping(struct fake_station *st)
{
	static uint32_t count;
	struct ck_builder f;

	ck_begin(&f, CK_PING, ++count);
	station_write(st->control, &f);
	assert_true(station_read(st->control, &m));
	assert_int_equal(m.f.type, CK_PONG);
	assert_int_equal(m.f.number, count);
}

static void request(struct fake_station *st, const char *application)
{
	station_request(st, ++number[of(st)], application, false);
}

/* A session up to where it waits for the next command. */
static void play(struct fake_station *st, struct gp_card *card, unsigned int commands)
{
	while (commands--)
		assert_true(station_step(st, number[of(st)], card));
}

static void begin(struct fake_station *st, const char *application, struct gp_card *card,
		  unsigned int commands)
{
	request(st, application);
	station_open(st, number[of(st)]);
	play(st, card, commands);
}

static void dispose(struct fake_station *st, enum ck_disposition what)
{
	station_dispose(st, ++disposition[of(st)], number[of(st)], ck_u(&m.f, CK_T_RESULT_ID),
			what);
}

/* The rest of it, its verdict, and what becomes of the card. */
static void finish(struct fake_station *st, struct gp_card *card, enum ck_verdict verdict)
{
	while (station_step(st, number[of(st)], card))
		;
	station_result(st, number[of(st)], &m);
	if (ck_u(&m.f, CK_T_VERDICT) != verdict)
		fail_msg("%.*s", (int)m.f.field[CK_T_REASON].len,
			 (const char *)m.f.field[CK_T_REASON].data);
	dispose(st, verdict == CK_GOOD ? CK_DISP_GOOD : CK_DISP_REJECTED);
}

static void ended(struct fake_station *st)
{
	struct ck_builder f;

	ck_begin(&f, CK_ENDED, 0);
	ck_put_u64(&f, CK_T_REQUEST, number[of(st)]);
	ck_put_text(&f, CK_T_REASON, "card removed");
	station_write(st->control, &f);
}

/* Nothing comes on the channel but its end. */
static void assert_channel_ends(struct fake_station *st)
{
	assert_false(station_read(st->channel, &m));
	close(st->channel);
	st->channel = -1;
}

/* ---- tests ---- */

/* One session waits for the key process; another one, and both stations, do not. */
static void key_process_holds_nobody_else(void **state)
{
	struct gp_card card, other;

	(void)state;
	blank(&card, 1);
	blank(&other, 2);
	stop_keys();
	begin(a, "personalize", &card, UNTIL_KEYS);
	ping(a);
	ping(b);
	begin(b, "plain", &other, 20);
	finish(b, &other, CK_HOLD);
	go_on_keys();
	finish(a, &card, CK_GOOD);
	gp_card_free(&card);
	gp_card_free(&other);
}

/* A request waits for the database; a session that runs goes on, also with keys of the token. */
static void database_holds_nobody_else(void **state)
{
	struct gp_card card, other;

	(void)state;
	blank(&card, 3);
	blank(&other, 4);
	begin(b, "channel", &other, 5);
	lock_database();
	request(a, "personalize");
	ping(a);
	ping(b);
	/* INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, and one more. */
	play(b, &other, 3);
	unlock_database();
	station_open(a, number[0]);
	finish(a, &card, CK_GOOD);
	finish(b, &other, CK_HOLD);
	gp_card_free(&card);
	gp_card_free(&other);
}

/* The channel is opened anew while a worker has the session's keys to make. */
static void channel_is_lost_meanwhile(void **state)
{
	struct gp_card card;

	(void)state;
	blank(&card, 5);
	stop_keys();
	begin(a, "personalize", &card, UNTIL_KEYS);
	station_break(a, number[0], a->last_number + 1);
	ping(a);
	go_on_keys();
	finish(a, &card, CK_GOOD);
	gp_card_free(&card);
}

/* And while it claims a record: the session is over at once, and the record is not lost. */
static void session_ends_meanwhile(void **state)
{
	struct gp_card card;
	char sql[160];

	(void)state;
	blank(&card, 6);
	begin(a, "personalize", &card, UNTIL_CLAIM - 1);
	/* The lock is there before the response that the claim follows. */
	lock_database();
	play(a, &card, 1);
	ping(a);
	ended(a);
	assert_channel_ends(a);
	unlock_database();
	memset(&m, 0, sizeof(m));
	dispose(a, CK_DISP_REJECTED);
	snprintf(sql, sizeof(sql), "SELECT reason FROM request WHERE number = %d ORDER BY id DESC",
		 (int)number[0]);
	assert_query(sql, "card removed");
	assert_query("SELECT state FROM card ORDER BY request DESC", "spoiled");
	assert_query("SELECT count(*) FROM record WHERE state = 'INTENT'", "0");
	gp_card_free(&card);
	/* With keys to make: they are of no interest any more. */
	blank(&card, 7);
	stop_keys();
	begin(a, "personalize", &card, UNTIL_KEYS);
	ended(a);
	assert_channel_ends(a);
	go_on_keys();
	gp_card_free(&card);
	memset(&m, 0, sizeof(m));
	dispose(a, CK_DISP_REJECTED);
	blank(&card, 8);
	begin(a, "personalize", &card, UNTIL_KEYS);
	finish(a, &card, CK_GOOD);
	gp_card_free(&card);
}

/* A station that wants more than is kept for it is read later, and no other one. */
static void requests_are_limited(void **state)
{
	unsigned int results = 0, before = 0;
	struct ck_builder f;

	(void)state;
	lock_database();
	for (unsigned int i = 0; i < MANY; i++)
		request(a, "nothing");
	ck_begin(&f, CK_PING, MANY);
	station_write(a->control, &f);
	ping(b);
	unlock_database();
	while (results < MANY || !before) {
		assert_true(station_read(a->control, &m));
		if (m.f.type == CK_RESULT) {
			results++;
			continue;
		}
		assert_int_equal(m.f.type, CK_PONG);
		before = results;
	}
	/* It was not even read before some of them were done with. */
	assert_in_range(before, MANY - 1024, MANY);
}

/* What was read before the end is recorded. */
static void end_records_what_was_told(void **state)
{
	struct gp_card card;
	struct ck_builder f;
	int status;

	(void)state;
	blank(&card, 9);
	begin(a, "personalize", &card, UNTIL_KEYS);
	while (station_step(a, number[0], &card))
		;
	station_result(a, number[0], &m);
	assert_int_equal(ck_u(&m.f, CK_T_VERDICT), CK_GOOD);
	lock_database();
	ck_begin(&f, CK_DISPOSED, 0);
	ck_put_u64(&f, CK_T_NUMBER, ++disposition[0]);
	ck_put_u64(&f, CK_T_JOURNAL_EPOCH, a->journal_epoch);
	ck_put(&f, CK_T_BOOT_ID, a->boot_id, 16);
	ck_put_u64(&f, CK_T_REQUEST, number[0]);
	ck_put_u64(&f, CK_T_RESULT_ID, ck_u(&m.f, CK_T_RESULT_ID));
	ck_put_u32(&f, CK_T_COUPLER, 2);
	ck_put_u32(&f, CK_T_PRESENCE_GEN, 7);
	ck_put_u8(&f, CK_T_DISPOSITION, CK_DISP_GOOD);
	ck_put_text(&f, CK_T_EVIDENCE, "drop sensor");
	station_write(a->control, &f);
	ping(a);
	kill(bed.casd, SIGTERM);
	await_log("event=stop", 1);
	unlock_database();
	assert_int_equal(waitpid(bed.casd, &status, 0), bed.casd);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_query("SELECT state FROM record ORDER BY coalesce(request, 0) DESC", "DELIVERED");
	a->last_disposition = disposition[0];
	start_casd(stations, 2, NULL);
	station_hello(a);
	station_hello(b);
	gp_card_free(&card);
}

/* The claim comes back when another CAS may have the station: nothing goes to the card. */
static void lease_runs_out_meanwhile(void **state)
{
	const char *const options[] = { "--lease", LEASE, NULL };
	struct pollfd channel = { .events = POLLIN };
	struct gp_card card;

	(void)state;
	end_casd(SIGTERM);
	start_casd(stations, 2, options);
	station_hello(a);
	station_hello(b);
	blank(&card, 10);
	begin(a, "personalize", &card, UNTIL_CLAIM - 1);
	lock_database();
	play(a, &card, 1);
	channel.fd = a->channel;
	poll(&channel, 1, LEASE_OVER);
	unlock_database();
	while (station_read(a->channel, &m))
		assert_int_not_equal(m.f.type, CK_COMMAND);
	close(a->channel);
	a->channel = -1;
	gp_card_free(&card);
	end_casd(SIGTERM);
	start_casd(stations, 2, NULL);
	station_hello(a);
	station_hello(b);
}

/*
 * What a station has under way takes longer than the leases last: they are renewed all the same,
 * and the one of a station whose HELLO waits behind all that is not given back.
 */
static void leases_outlast_what_waits(void **state)
{
	const char *const options[] = {
		"--lease", LONGER, "--ping-interval", "60000", NULL,
	};
	struct gp_card card;
	unsigned int many;
	uint64_t epoch;

	(void)state;
	end_casd(SIGTERM);
	change_database(MAKE_SLOW);
	many = slow_requests(SLOW_MS);
	start_casd(stations, 2, options);
	epoch = station_hello(a);
	station_hello(b);
	for (unsigned int i = 0; i < many; i++)
		request(b, "nothing");
	ping(b);
	station_say_hello(a);
	for (unsigned int i = 0; i < many; i++) {
		assert_true(station_read(b->control, &m));
		assert_int_equal(m.f.type, CK_RESULT);
	}
	assert_int_equal(station_await_hello(a), epoch);
	blank(&card, 11);
	begin(a, "plain", &card, 20);
	finish(a, &card, CK_HOLD);
	gp_card_free(&card);
	end_casd(SIGTERM);
	change_database(MAKE_FAST);
	start_casd(stations, 2, NULL);
	station_hello(a);
	station_hello(b);
}

/* A lease that cannot be given back is one more that is renewed: nobody else loses his. */
static void lease_is_kept_until_its_end_is_recorded(void **state)
{
	const char *const options[] = { "--lease", LONGER, NULL };
	struct gp_card card;

	(void)state;
	end_casd(SIGTERM);
	start_casd(stations, 2, options);
	station_hello(a);
	station_hello(b);
	change_database(KEEP_LEASES);
	close(a->control);
	a->control = -1;
	/* It is tried again, with the leases renewed in between. */
	await_log("event=let-go", 2);
	ping(b);
	change_database(LET_LEASES_GO);
	station_hello(a);
	blank(&card, 12);
	begin(a, "plain", &card, 20);
	finish(a, &card, CK_HOLD);
	gp_card_free(&card);
	end_casd(SIGTERM);
	start_casd(stations, 2, NULL);
	station_hello(a);
	station_hello(b);
}

/* Until the leases have been renewed, and what follows from that is done. */
static void await_renewal(void)
{
	static const char sql[] = "SELECT CAST(max(lease_until) AS TEXT) FROM station";
	char before[32], now[32];

	for (int i = 0; i < 2; i++) {
		int tries = 0;

		query(sql, before, sizeof(before));
		do {
			assert_true(++tries < 2000);
			poll(NULL, 0, 10);
			query(sql, now, sizeof(now));
		} while (!strcmp(now, before));
	}
}

/* HELLO, as often as it takes. */
static void come_back(struct fake_station *st)
{
	do {
		station_say_hello(st);
	} while (!station_read(st->control, &m));
	assert_int_equal(m.f.type, CK_HELLO);
}

/*
 * Another station is at the address of the first, and then one that another address has: no other
 * station loses its lease by that.
 */
static void address_has_one_lease(void **state)
{
	const char *const options[] = { "--lease", LONGER, NULL };

	(void)state;
	end_casd(SIGTERM);
	start_casd(stations, 2, options);
	station_hello(a);
	station_hello(b);
	a->uuid[0] = 'c';
	come_back(a);
	await_renewal();
	ping(b);
	a->uuid[0] = 'b';
	station_say_hello(a);
	assert_false(station_read(a->control, &m));
	await_renewal();
	ping(b);
	a->uuid[0] = 's';
	come_back(a);
	end_casd(SIGTERM);
	start_casd(stations, 2, NULL);
	station_hello(a);
	station_hello(b);
}

static int setup(void **state)
{
	(void)state;
	if (bed_setup())
		return -1;
	profile("plain", "local card = ...\n"
		"for i = 1, 20 do card:send{ins = 0xCA, p1 = 0x9F, p2 = 0x7F, expect = false} end\n"
		"return {verdict = 'hold', reason = 'plain'}\n");
	profile("channel", "local card = ...\n"
		"for i = 1, 5 do card:send{ins = 0xCA, p1 = 0x9F, p2 = 0x7F, expect = false} end\n"
		"local scp = card:open_scp03{kmc = 'kmc'}\n"
		"scp:send{cla = 0x80, ins = 0xCA, p1 = 0x9F, p2 = 0x7F, le = 0, expect = false}\n"
		"return {verdict = 'hold', reason = 'channel'}\n");
	station_start(a);
	station_start(b);
	b->uuid[0] = 'b';
	b->boot_id[0] = 0xbb;
	start_casd(stations, 2, NULL);
	station_hello(a);
	station_hello(b);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (keyd)
		kill(keyd, SIGCONT);
	unlock_database();
	end_casd(SIGTERM);
	station_stop(a);
	station_stop(b);
	return bed_teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_process_holds_nobody_else),
		cmocka_unit_test(database_holds_nobody_else),
		cmocka_unit_test(channel_is_lost_meanwhile),
		cmocka_unit_test(session_ends_meanwhile),
		cmocka_unit_test(requests_are_limited),
		cmocka_unit_test(end_records_what_was_told),
		cmocka_unit_test(lease_runs_out_meanwhile),
		cmocka_unit_test(leases_outlast_what_waits),
		cmocka_unit_test(lease_is_kept_until_its_end_is_recorded),
		cmocka_unit_test(address_has_one_lease),
	};

	return cmocka_run_group_tests_name("casd_stall", tests, setup, teardown);
}
