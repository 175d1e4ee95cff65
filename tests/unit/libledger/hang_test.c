// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PostgreSQL server that hangs: it holds its connections, and no answer comes. What the ledger
 * asks of it ends all the same, says why, and is looked up where it could still be done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libledger/database.h"
#include "libledger/ledger.h"
#include "../database/pgserver.h"

#define LARGE (4 << 20)	/* a socket takes less */

static struct ledger *l;

static int setup(void **state)
{
	char where[128], error[256] = "";

	(void)state;
	if (!pgserver_start() || !pgserver_make("hang", NULL))
		return -1;
	l = ledger_open(pgserver_where("hang", where, sizeof(where)), false, error, sizeof(error));
	return l ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ledger_close(l);
	pgserver_stop();
	return 0;
}

static enum ledger_status note(const char *name)
{
	return db_end(l, db_run(l, NULL, "INSERT INTO meta(name, value) VALUES(?, 1)", "t", name) ?
		      LEDGER_OK : LEDGER_FAILED);
}

static bool noted(const char *name)
{
	struct statement *s = db_prepare(l, "SELECT 1 FROM meta WHERE name = ?", "t", name);
	bool failed, found;

	assert_non_null(s);
	found = db_next(l, s, &failed);
	db_finalize(s);
	assert_false(failed);
	return found;
}

static void assert_error(const char *text)
{
	if (!strstr(ledger_error(l), text))
		fail_msg("\"%s\" is not in \"%s\"", text, ledger_error(l));
}

/* Also a statement that does not fit into the socket comes back. */
static void hung_server_is_given_up(void **state)
{
	char *large = malloc(LARGE);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', LARGE - 1);
	large[LARGE - 1] = '\0';
	assert_true(db_begin(l));
	assert_true(pgserver_hang(true));
	assert_false(db_run(l, NULL, "SELECT length(?)", "t", large));
	assert_error("no answer in time");
	assert_int_equal(db_end(l, LEDGER_FAILED), LEDGER_FAILED);
	free(large);
	assert_false(db_begin(l));
	assert_error("connect");
	assert_true(pgserver_hang(false));
	assert_true(db_begin(l));
	assert_int_equal(note("afterwards"), LEDGER_OK);
	assert_true(noted("afterwards"));
}

/* The process that hangs in its COMMIT goes on when it has been told to end. */
static pid_t go_on_when_ended(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	_exit(!pgserver_run("postgres",
			    "DO $$ DECLARE hung INTEGER; BEGIN FOR i IN 1..6000 LOOP"
			    " PERFORM pg_stat_clear_snapshot(), pg_sleep(0.01);"
			    " SELECT pid INTO hung FROM pg_stat_activity WHERE query = 'COMMIT'"
			    " AND state = 'active' AND EXISTS(SELECT 1 FROM pg_stat_activity"
			    " WHERE query LIKE 'SELECT pg_terminate_backend%' AND state = 'idle');"
			    " IF hung IS NOT NULL THEN EXECUTE format("
			    "'COPY (SELECT 1) TO PROGRAM %L', 'kill -CONT ' || hung); RETURN;"
			    " END IF; END LOOP; RAISE EXCEPTION 'nobody ended it'; END $$"));
}

/* While it can still be done nothing is said of it; then, what became of it. */
static void hung_commit_is_looked_up(void **state)
{
	enum ledger_status status;
	int result;
	pid_t pid;

	(void)state;
	assert_true(pgserver_run("hang", "CREATE FUNCTION hang() RETURNS TRIGGER LANGUAGE plpgsql"
				 " AS 'BEGIN COPY (SELECT 1) TO PROGRAM ''kill -STOP $PPID'';"
				 " RETURN NULL; END'"));
	assert_true(pgserver_run("hang", "CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON meta"
				 " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
				 " EXECUTE FUNCTION hang()"));
	pid = go_on_when_ended();
	assert_true(db_begin(l));
	status = note("hung");
	assert_int_equal(waitpid(pid, &result, 0), pid);
	assert_int_equal(result, 0);
	if (status != LEDGER_OK)
		assert_error("before the change was committed");
	assert_int_equal(noted("hung"), status == LEDGER_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hung_server_is_given_up),
		cmocka_unit_test(hung_commit_is_looked_up),
	};

	return cmocka_run_group_tests_name("ledger_hang", tests, setup, teardown);
}
