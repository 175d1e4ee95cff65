casd_postgres_test_SRCS := casd_bed.c fake_station.c pgserver.c scp02_card.c ../../userspace/casctl/orderkey.c ../../tools/cardsim/gpcard.c ../../tools/cardsim/scp03_card.c \
	../../tools/cardsim/keyset.c ../../tools/cardsim/datastore.c ../../tools/cardsim/dataobject.c \
	../../tools/cardsim/identity.c ../../tools/cardsim/kdf.c ../../tools/cardsim/aes.c
casd_postgres_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson
casd_postgres_test_LIBS := frame gp token ledger
casd_postgres_test_CPPFLAGS := -DPOSTGRES -I$(TOP)/tools/cardsim -DCASCTL=\"$(B)/bin/casctl\" -DCASD=\"$(B)/bin/casd\"
casd_postgres_test_LDLIBS := -ldl
