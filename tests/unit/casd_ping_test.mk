# SPDX-License-Identifier: GPL-2.0-only
casd_ping_test_SRCS = $(casd_test_SRCS)
casd_ping_test_PKGS = $(casd_test_PKGS)
casd_ping_test_LIBS = $(casd_test_LIBS)
casd_ping_test_CPPFLAGS = $(casd_test_CPPFLAGS)
casd_ping_test_LDLIBS = $(casd_test_LDLIBS)
