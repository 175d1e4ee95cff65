# SPDX-License-Identifier: GPL-2.0-only
casd_mux_test_SRCS := ../../userspace/casd/mux.c ../../userspace/casd/link.c
casd_mux_test_PKGS := libevent
casd_mux_test_LIBS := frame
