chaos_test_SRCS := chaos_sqlite.c sim_station.c ../../userspace/casctl/orderkey.c ../../tools/cardsim/gpcard.c ../../tools/cardsim/scp03_card.c \
	../../tools/cardsim/keyset.c ../../tools/cardsim/datastore.c ../../tools/cardsim/dataobject.c \
	../../tools/cardsim/identity.c ../../tools/cardsim/kdf.c ../../tools/cardsim/aes.c
chaos_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson
chaos_test_LIBS := frame gp token ledger
chaos_test_CPPFLAGS := -I$(TOP)/tools/cardsim -DCASD=\"$(B)/bin/casd\"
chaos_test_LDLIBS := -ldl
