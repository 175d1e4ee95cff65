# SPDX-License-Identifier: GPL-2.0-only
stationd_test_SRCS := stationd_world.c $(addprefix ../../userspace/stationd/,station.c lane.c journal.c record.c)
stationd_test_PKGS := libnl-3.0 libnl-genl-3.0
stationd_test_LIBS := cksnl
