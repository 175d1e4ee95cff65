# SPDX-License-Identifier: GPL-2.0-only
$(foreach t,scp02 scp03,\
	$(eval libgp/$(t)_test_PKGS := libcrypto) $(eval libgp/$(t)_test_LIBS := gp))
