# SPDX-License-Identifier: GPL-2.0-only
# The same games once for each database.

chaos_games := $(patsubst %,chaos/%.c,games cards tokens daemons faults oracle sim_station) \
	../../userspace/casctl/orderkey.c $(cardsim_gpcard)

chaos/sqlite_test_SRCS := chaos/sqlite.c database/sqlite_file.c $(chaos_games)
chaos/postgres_test_SRCS := chaos/postgres.c database/pgserver.c $(chaos_games)

$(foreach t,sqlite postgres,\
	$(eval chaos/$(t)_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson) \
	$(eval chaos/$(t)_test_LIBS := frame gp token ledger) \
	$(eval chaos/$(t)_test_CPPFLAGS := -I$$(TOP)/tools/cardsim -DCASD=\"$$(B)/bin/casd\") \
	$(eval chaos/$(t)_test_LDLIBS := -ldl))
