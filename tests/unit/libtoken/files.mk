# SPDX-License-Identifier: GPL-2.0-only
libtoken/token_test_PKGS := p11-kit-1 libcrypto
libtoken/token_test_LIBS := token gp
