ledger_test_PKGS := sqlite3 libpq libcrypto libcjson
ledger_test_LIBS := ledger gp
