ledger_hang_test_SRCS := pgserver.c
ledger_hang_test_PKGS := sqlite3 libpq libcrypto libcjson
ledger_hang_test_LIBS := ledger gp
