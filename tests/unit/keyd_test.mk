keyd_test_PKGS := libcrypto
keyd_test_LIBS := keyd gp
keyd_test_CPPFLAGS := -DBIN=\"$(B)/bin\"
