token_test_PKGS := p11-kit-1 libcrypto
token_test_LIBS := token gp
