handover_model_test_PKGS := sqlite3 libpq libcrypto libcjson
handover_model_test_LIBS := ledger gp
