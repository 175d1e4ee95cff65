# SPDX-License-Identifier: GPL-2.0-only
# What has a casd_bed; the cases of the daemon as a whole are built once for each database.

casd_bed := casd_bed.c fake_station.c ../../userspace/casctl/orderkey.c \
	$(patsubst %,../../tools/cardsim/%.c,gpcard scp03_card keyset datastore dataobject identity kdf aes)
casd_cases := $(casd_bed) scp02_card.c casd_scene.c casd_cases.c \
	$(patsubst %,casd_%_cases.c,card profile station session initial operator process account)

casd_test_SRCS := casd_sqlite.c $(casd_cases) casd_file_cases.c
casd_postgres_test_SRCS := casd_postgres.c pgserver.c $(casd_cases)
casd_stall_test_SRCS := casd_sqlite.c $(casd_bed)
casd_ping_test_SRCS := casd_sqlite.c $(casd_bed)

$(foreach t,casd_test casd_postgres_test casd_stall_test casd_ping_test,\
	$(eval $(t)_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson) \
	$(eval $(t)_LIBS := frame gp token ledger) \
	$(eval $(t)_CPPFLAGS := -I$$(TOP)/tools/cardsim -DCASCTL=\"$$(B)/bin/casctl\" -DCASD=\"$$(B)/bin/casd\") \
	$(eval $(t)_LDLIBS := -ldl))
