handover_model_test_PKGS := sqlite3 libcrypto libcjson
handover_model_test_LIBS := ledger gp
