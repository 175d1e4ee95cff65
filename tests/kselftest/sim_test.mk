# SPDX-License-Identifier: GPL-2.0-only
sim_test_CPPFLAGS := -DCKS_OUT=\"$(O)\"
sim_test_LDLIBS := -pthread
