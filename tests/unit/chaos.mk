# SPDX-License-Identifier: GPL-2.0-only
# The same games once for each database.

chaos_games := chaos_games.c sim_station.c ../../userspace/casctl/orderkey.c \
	$(patsubst %,../../tools/cardsim/%.c,gpcard scp03_card keyset datastore dataobject identity kdf aes)

chaos_test_SRCS := chaos_sqlite.c sqlite_file.c $(chaos_games)
chaos_postgres_test_SRCS := chaos_postgres.c pgserver.c $(chaos_games)

$(foreach t,chaos_test chaos_postgres_test,\
	$(eval $(t)_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson) \
	$(eval $(t)_LIBS := frame gp token ledger) \
	$(eval $(t)_CPPFLAGS := -I$$(TOP)/tools/cardsim -DCASD=\"$$(B)/bin/casd\") \
	$(eval $(t)_LDLIBS := -ldl))
