# SPDX-License-Identifier: GPL-2.0-only
casd_pool_test_SRCS := ../../userspace/casd/pool.c
casd_pool_test_PKGS := libevent
casd_pool_test_LDLIBS := -pthread
