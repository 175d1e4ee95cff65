# SPDX-License-Identifier: GPL-2.0-only
libcksnl/fields_test_PKGS := libnl-3.0 libnl-genl-3.0
libcksnl/fields_test_LIBS := cksnl
