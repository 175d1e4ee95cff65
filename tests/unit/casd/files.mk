# SPDX-License-Identifier: GPL-2.0-only
# The daemon: its parts one by one, and the whole of it with a bed; the cases of the whole are
# built once for each database.

casd/mux_test_SRCS := $(patsubst %,../../userspace/casd/%.c,mux link)
casd/mux_test_PKGS := libevent
casd/mux_test_LIBS := frame

casd/pool_test_SRCS := ../../userspace/casd/pool.c
casd/pool_test_PKGS := libevent
casd/pool_test_LDLIBS := -pthread

casd/sandbox_test_SRCS := ../../userspace/casd/sandbox.c
casd/sandbox_test_PKGS := lua5.4
casd/sandbox_test_LDLIBS := -lm

casd_card := ../../userspace/casctl/orderkey.c $(cardsim_gpcard)
casd_bed := casd/bed.c casd/fake_station.c $(casd_card)
casd_cases := $(casd_bed) casd/scp02_card.c casd/scene.c casd/cases.c \
	$(patsubst %,casd/%_cases.c,card profile station session initial operator process account)

casd/sqlite_test_SRCS := casd/sqlite.c $(casd_cases) casd/file_cases.c
casd/postgres_test_SRCS := casd/postgres.c database/pgserver.c $(casd_cases)
casd/stall_test_SRCS := casd/sqlite.c $(casd_bed)
casd/ping_test_SRCS := casd/sqlite.c $(casd_bed)
casd/load_test_SRCS := $(casd_card)

$(foreach t,sqlite postgres stall ping load,\
	$(eval casd/$(t)_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson) \
	$(eval casd/$(t)_test_LIBS := frame gp token ledger) \
	$(eval casd/$(t)_test_CPPFLAGS := -I$$(TOP)/tools/cardsim -DCASCTL=\"$$(B)/bin/casctl\" \
		-DCASD=\"$$(B)/bin/casd\") \
	$(eval casd/$(t)_test_LDLIBS := -ldl))
