sandbox_test_SRCS := ../../userspace/casd/sandbox.c
sandbox_test_PKGS := lua5.4
sandbox_test_LDLIBS := -lm
