# SPDX-License-Identifier: GPL-2.0-only
libkeyd/keyd_test_PKGS := libcrypto
libkeyd/keyd_test_LIBS := keyd gp
libkeyd/keyd_test_CPPFLAGS := -DBIN=\"$(B)/bin\"
