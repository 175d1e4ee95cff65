# SPDX-License-Identifier: GPL-2.0-only
casd_stall_test_SRCS = $(casd_test_SRCS)
casd_stall_test_PKGS = $(casd_test_PKGS)
casd_stall_test_LIBS = $(casd_test_LIBS)
casd_stall_test_CPPFLAGS = $(casd_test_CPPFLAGS)
casd_stall_test_LDLIBS = $(casd_test_LDLIBS)
