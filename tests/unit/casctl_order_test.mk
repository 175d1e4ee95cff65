casctl_order_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson
casctl_order_test_LIBS := gp token ledger
casctl_order_test_CPPFLAGS := -DCASCTL=\"$(B)/bin/casctl\"
casctl_order_test_LDLIBS := -ldl
