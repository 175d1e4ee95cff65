# SPDX-License-Identifier: GPL-2.0-only
# The cases of the ledger, once for each database: one program each, since a server starts slowly.

ledger_cases := ledger_bed.c ledger_cases.c \
	$(patsubst %,ledger_%_cases.c,import sealed record lease disposition order limit role component chain)

ledger_test_SRCS := ledger_sqlite.c sqlite_file.c $(ledger_cases)
ledger_postgres_test_SRCS := ledger_postgres.c pgserver.c $(ledger_cases) \
	ledger_server_cases.c ledger_daemon_cases.c

$(foreach t,ledger_test ledger_postgres_test,\
	$(eval $(t)_PKGS := sqlite3 libpq libcrypto libcjson) $(eval $(t)_LIBS := ledger gp))
