# SPDX-License-Identifier: GPL-2.0-only
# The cases of the ledger, once for each database: one program each, since a server starts slowly.

ledger_cases := libledger/bed.c libledger/cases.c \
	$(patsubst %,libledger/%_cases.c,import sealed record lease disposition order limit role \
		component chain)

libledger/sqlite_test_SRCS := libledger/sqlite.c database/sqlite_file.c $(ledger_cases)
libledger/postgres_test_SRCS := libledger/postgres.c database/pgserver.c $(ledger_cases) \
	libledger/server_cases.c libledger/daemon_cases.c

# A server that does not answer.
libledger/hang_test_SRCS := database/pgserver.c

$(foreach t,sqlite postgres hang handover_model,\
	$(eval libledger/$(t)_test_PKGS := sqlite3 libpq libcrypto libcjson) \
	$(eval libledger/$(t)_test_LIBS := ledger gp))
