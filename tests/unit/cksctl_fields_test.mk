# SPDX-License-Identifier: GPL-2.0-only
cksctl_fields_test_PKGS := libnl-3.0 libnl-genl-3.0
cksctl_fields_test_LIBS := cksnl
