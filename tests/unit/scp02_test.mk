scp02_test_PKGS := libcrypto
scp02_test_LIBS := gp
