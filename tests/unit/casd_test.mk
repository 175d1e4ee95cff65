casd_test_SRCS := casd_bed.c fake_station.c scp02_card.c ../../userspace/casctl/orderkey.c ../../tools/cardsim/gpcard.c ../../tools/cardsim/scp03_card.c \
	../../tools/cardsim/keyset.c ../../tools/cardsim/datastore.c ../../tools/cardsim/dataobject.c \
	../../tools/cardsim/identity.c ../../tools/cardsim/kdf.c ../../tools/cardsim/aes.c
casd_test_PKGS := libcrypto sqlite3 libpq p11-kit-1 libcjson
casd_test_LIBS := frame gp token ledger
casd_test_CPPFLAGS := -I$(TOP)/tools/cardsim -DCASCTL=\"$(B)/bin/casctl\" -DCASD=\"$(B)/bin/casd\"
casd_test_LDLIBS := -ldl
