# SPDX-License-Identifier: GPL-2.0-only
stationd/journal_test_SRCS := $(patsubst %,../../userspace/stationd/%.c,journal record identity)

stationd/station_test_SRCS := stationd/world.c \
	$(patsubst %,../../userspace/stationd/%.c,station lane journal record)
stationd/station_test_PKGS := libnl-3.0 libnl-genl-3.0
stationd/station_test_LIBS := cksnl
