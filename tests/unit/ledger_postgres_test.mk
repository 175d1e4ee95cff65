ledger_postgres_test_SRCS := pgserver.c
ledger_postgres_test_PKGS := sqlite3 libpq libcrypto libcjson
ledger_postgres_test_LIBS := ledger gp
