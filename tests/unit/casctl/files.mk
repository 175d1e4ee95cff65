# SPDX-License-Identifier: GPL-2.0-only
casctl/order_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson
casctl/order_test_LIBS := gp token ledger
casctl/order_test_CPPFLAGS := -DCASCTL=\"$(B)/bin/casctl\"
casctl/order_test_LDLIBS := -ldl
