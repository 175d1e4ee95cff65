scp03_test_PKGS := libcrypto
scp03_test_LIBS := gp
