/* SPDX-License-Identifier: GPL-2.0-only */
/* What ledger_test has besides for a PostgreSQL server: what it must be, and connections to it. */
#ifndef TESTS_SERVER_TESTS_H
#define TESTS_SERVER_TESTS_H

/* ---- what a server must be ---- */

static void assert_refused(const char *where, const char *why)
{
	char error[256] = "";
	struct ledger *other = ledger_open(where, false, error, sizeof(error));

	assert_null(other);
	if (!strstr(error, why))
		fail_msg("\"%s\" is not in \"%s\"", why, error);
}

/* However it is set: for the connection, the role, the database, or by now in the configuration. */
static void forgetful_server_is_refused(void **state)
{
	static const char *const ways[][2] = {
		{ "ALTER ROLE cas SET synchronous_commit = off",
		  "ALTER ROLE cas RESET synchronous_commit" },
		{ "ALTER DATABASE %s SET synchronous_commit = off",
		  "ALTER DATABASE %s RESET synchronous_commit" },
	};
	struct order_report r;
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "%s options='-c synchronous_commit=off'", path);
	assert_refused(text, "synchronous_commit=off");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(text, sizeof(text), ways[i][0], name);
		assert_true(pgserver_run(name, text));
		assert_refused(path, "ALTER ROLE");
		snprintf(text, sizeof(text), ways[i][1], name);
		assert_true(pgserver_run(name, text));
	}
	/* One that is connected already commits nothing more either. */
	sql("SET synchronous_commit = off");
	assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_FAILED);
	assert_non_null(strstr(ledger_error(l), "synchronous_commit=off"));
	sql("SET synchronous_commit = on");
	assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_OK);
}

static void server_without_fsync_is_refused(void **state)
{
	static const char *const names[] = { "fsync", "full_page_writes" };
	struct order_report r;
	char text[64];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		pgserver_kill();
		snprintf(text, sizeof(text), "%s=off", names[i]);
		assert_true(pgserver_again(text));
		assert_refused(path, text);
		assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_FAILED);
		assert_non_null(strstr(ledger_error(l), text));
	}
	pgserver_kill();
	assert_true(pgserver_again(NULL));
	assert_int_equal(import(HEADER ROW1, false, &r), LEDGER_OK);
}

static void passwords_are_not_for_command_lines(void **state)
{
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "%s password=secret", path);
	assert_refused(text, "PGPASSFILE");
	assert_refused("postgresql://cas:secret@localhost/ledger", "PGPASSFILE");
	assert_refused("host=/nowhere", "connect");
	assert_refused("host=/nowhere what=this", "wrong");
}

static void other_databases_are_left_alone(void **state)
{
	char where[128];

	(void)state;
	pgserver_make("theirs", NULL);
	assert_true(pgserver_run("theirs", "CREATE TABLE orders(id INTEGER)"));
	assert_refused(pgserver_where("theirs", where, sizeof(where)), "no ledger");
}

/* ---- a connection that is lost ---- */

/* Idle: the next transaction has another connection. Within one: nothing of it is left. */
static void lost_connections_come_again(void **state)
{
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	pgserver_kill();
	assert_true(pgserver_again(NULL));
	open_request(1, &r);
	pgserver_drop();
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	pgserver_kill();
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_FAILED);
	assert_true(pgserver_again(NULL));
	if (ledger_issue(l, &r, &record, "evidence") != LEDGER_OK)
		fail_msg("%s", ledger_error(l));
	assert_state(record.id, "ISSUED");
}

/* All connections of this process are cut while its server thinks about a COMMIT. */
static pid_t cut_soon(void)
{
	const struct timespec moment = { .tv_nsec = 300000000 };
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	nanosleep(&moment, NULL);
	for (int fd = 3; fd < 64; fd++)
		shutdown(fd, SHUT_RDWR);
	_exit(0);
}

/*
 * A COMMIT without an answer is neither taken for done nor for failed: it is looked up. One that
 * the server had not begun to write is ended there; one that it had is found.
 */
static void lost_commit_is_looked_up(void **state)
{
	static const char *const sleeps[] = {
		/* before what it decides by, and after it: nothing can stop it then */
		"PERFORM pg_sleep(1)",
		"BEGIN PERFORM pg_sleep(1); EXCEPTION WHEN query_canceled THEN NULL; END",
	};
	enum ledger_status status;
	struct order_report r;
	char text[512];
	int64_t rows;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < sizeof(sleeps) / sizeof(sleeps[0]); i++) {
		snprintf(text, sizeof(text), "CREATE OR REPLACE FUNCTION slow() RETURNS TRIGGER"
			 " LANGUAGE plpgsql AS 'BEGIN %s; RETURN NULL; END'", sleeps[i]);
		sql(text);
		sql("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE"
		    " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
		rows = number("SELECT count(*) FROM orders");
		pid = cut_soon();
		status = import(i ? HEADER ROW2 : HEADER ROW1, false, &r);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		/* What it says is what is there. */
		rows = number("SELECT count(*) FROM orders") - rows;
		if (rows != (status ? 0 : 1))
			fail_msg("status %d, %d orders: %s", status, (int)rows, ledger_error(l));
		sql("DROP TRIGGER slow ON orders");
	}
	damaged = true;
}

/* One that came back as it was a while ago is another one: nothing is written there. */
static void older_server_is_noticed(void **state)
{
	char where[128], text[256];
	struct ledger_record record;
	struct ledger_request r;

	(void)state;
	stock();
	copy_database(where, sizeof(where));
	open_request(1, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_OK);
	snprintf(text, sizeof(text), "ALTER DATABASE %s RENAME TO newer", name);
	pgserver_drop();
	assert_true(pgserver_run("postgres", text));
	snprintf(text, sizeof(text), "ALTER DATABASE %s RENAME TO %s", copy, name);
	assert_true(pgserver_run("postgres", text));
	r.verdict = 1;
	assert_int_equal(ledger_issue(l, &r, &record, "evidence"), LEDGER_FAILED);
	assert_non_null(strstr(ledger_error(l), "not the one that was here before"));
	r.number = 2;
	assert_int_equal(ledger_decide(l, &r), LEDGER_FAILED);
	damaged = true;
}

/* ---- a witness of several daemons ---- */

/* Another daemon, with another station. */
static struct ledger *another(const char *where, const char *node, const char *witness,
			      enum ledger_status expected)
{
	char error[192];
	struct ledger *other = ledger_open(where, false, error, sizeof(error));
	enum ledger_status status;

	assert_non_null(other);
	assert_int_equal(ledger_name(other, node), LEDGER_OK);
	status = ledger_witness(other, witness);
	if (status != expected)
		fail_msg("%s: status %d: %s", node, status, ledger_error(other));
	return other;
}

static void claim_with(struct ledger *other, uint64_t n, const char *card)
{
	static const uint8_t its[16] = { 7 };
	struct ledger_request r = { .number = n, .application = "personalize" };
	struct ledger_record record;
	uint64_t epoch;
	bool known;

	memcpy(r.station, its, 16);
	memcpy(r.boot_id, its, 16);
	assert_int_equal(ledger_start(other, 3600, &epoch), LEDGER_OK);
	assert_int_equal(ledger_lease(other, its, &epoch), LEDGER_OK);
	assert_int_equal(ledger_request_open(other, &r, &known), LEDGER_OK);
	assert_int_equal(ledger_claim(other, r.id, NULL, NULL, card, &record), LEDGER_OK);
}

/*
 * What one daemon gave out is in no chain of another one's: an old copy, which lacks it, looks
 * good to that one unless they have a witness together.
 */
static void daemons_have_one_witness(void **state)
{
	char old[160], witness[128], file[] = "/tmp/ledger-witness-XXXXXX";
	struct ledger *other;

	(void)state;
	stock();
	assert_true(pgserver_make("witness", NULL));
	pgserver_where("witness", witness, sizeof(witness));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	copy_database(old, sizeof(old));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	other = another(path, "cas2", witness, LEDGER_OK);
	claim_with(other, 1, "KDD:01");
	ledger_close(other);
	ledger_close(another(path, "cas3", witness, LEDGER_OK));

	other = another(old, "cas1", witness, LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(other), "old copy"));
	ledger_close(other);
	/* Nor does one get by with another witness, or with a new one of its own. */
	close(mkstemp(file));
	other = another(old, "cas1", file, LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(other), "on a server"));
	ledger_close(other);
	unlink(file);
	damaged = true;
}

/* A daemon that has been alone notes in a file; a second one wants both to have one on a server. */
static void second_daemon_wants_a_server(void **state)
{
	char witness[128], file[] = "/tmp/ledger-witness-XXXXXX";
	struct ledger_record record;
	struct ledger_request r;
	struct ledger *other;

	(void)state;
	stock();
	assert_true(pgserver_make("witness2", NULL));
	pgserver_where("witness2", witness, sizeof(witness));
	close(mkstemp(file));
	assert_int_equal(ledger_witness(l, file), LEDGER_OK);
	claim_on(1, "KDD:01", &r, &record);
	ledger_close(another(path, "cas2", file, LEDGER_REFUSED));
	ledger_close(another(path, "cas2", witness, LEDGER_REFUSED));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	ledger_close(another(path, "cas2", witness, LEDGER_OK));
	assert_int_equal(ledger_witness(l, file), LEDGER_REFUSED);
	/* A witness that knows nothing of what was given out is not that of this database. */
	assert_true(pgserver_run("witness2", "DELETE FROM witness WHERE node = 'cas1'"));
	other = another(path, "cas2", witness, LEDGER_REFUSED);
	assert_non_null(strstr(ledger_error(other), "cas1 gave out"));
	ledger_close(other);
	unlink(file);
	damaged = true;
}

/* A claim that cannot be noted gives nothing out; one whose witness is back goes on. */
static void claim_waits_for_no_witness(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	char witness[128];

	(void)state;
	stock();
	assert_true(pgserver_make("witness3", NULL));
	pgserver_where("witness3", witness, sizeof(witness));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	assert_true(pgserver_run("witness3", "ALTER TABLE witness RENAME TO hidden"));
	open_request(1, &r);
	assert_int_equal(ledger_claim(l, r.id, NULL, NULL, "KDD:01", &record), LEDGER_FAILED);
	assert_non_null(strstr(ledger_error(l), "witness"));
	assert_string_equal(record.iccid, "");
	assert_true(pgserver_run("witness3", "ALTER TABLE hidden RENAME TO witness"));
	claim_on(2, "KDD:02", &r, &record);
	damaged = true;
}

/* Two daemons that begin at once both meet all chains; the slower one has read less of them. */
static void witness_never_goes_back(void **state)
{
	struct ledger_record record;
	struct ledger_request r;
	char witness[128];

	(void)state;
	stock();
	assert_true(pgserver_make("witness4", NULL));
	pgserver_where("witness4", witness, sizeof(witness));
	assert_int_equal(ledger_witness(l, witness), LEDGER_OK);
	assert_true(pgserver_run("witness4", "UPDATE witness SET seq = 1000 WHERE node = 'cas1'"));
	claim_on(1, "KDD:01", &r, &record);
	assert_true(pgserver_run("witness4", "SELECT 1 / count(*) FROM witness"
				 " WHERE node = 'cas1' AND seq = 1000"));
	damaged = true;
}

#endif
