ledger_test_PKGS := sqlite3 libcrypto libcjson
ledger_test_LIBS := ledger gp
