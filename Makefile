# SPDX-License-Identifier: GPL-2.0-only
# The card station and the card application server: `make help`.

all: build

include mk/vars.mk
include mk/kernel.mk

# A directory with a Makefile is a component; libraries are built first.
LIBDIRS := $(patsubst %/Makefile,%,$(wildcard userspace/lib*/Makefile))
PROGDIRS := $(filter-out $(LIBDIRS),$(patsubst %/Makefile,%,$(wildcard userspace/*/Makefile tools/*/Makefile)))

.PHONY: all help build libs programs tests deps check check-long coverage demo unit style static guest exact bench clean $(LIBDIRS) $(PROGDIRS)

help:
	@echo 'make build     libraries, programs and kernel modules, into build/'
	@echo 'make check     install what is missing, build, and run every test'
	@echo 'make check-long  what takes longer: noise and fuzzing of the ISO 7816-3 engine, sanitizers, and'
	@echo '               the guest under every kernel of tests/rows'
	@echo 'make demo      install what is missing, build, and personalize 40 cards in a guest'
	@echo
	@echo 'make deps      install the Debian packages of mk/packages (root)'
	@echo 'make libs, programs, modules, tests'
	@echo '               parts of the build; modules take KDIR= and MODDIR='
	@echo 'make unit      tests on this machine          make guest     tests in the guest'
	@echo 'make exact     tests of times, in a guest whose time is exact'
	@echo 'make bench     what 1, 4, 16 and 64 couplers use of their lines and of the processor'
	@echo 'make -C tests/kselftest run_tests'
	@echo '               the same tests, as a directory of the kernel'"'"'s selftests is run'
	@echo 'make style     checkpatch and shell syntax    make sparse    sparse over the modules'
	@echo 'make static    coccinelle, clang analyzer and cppcheck'
	@echo 'make coverage  lines and branches of kernel/iso7816 that the unit tests reach, and lines of'
	@echo '               kernel/ that the tests in the guest do'
	@echo 'make clean     remove build/'
	@echo
	@echo 'O=DIR  output elsewhere    V=1  show commands    SAN=1  sanitizers (build/san/)'
	@echo 'T=WORDS  run only the tests whose names contain one of the words (unit, guest, exact)'
	@echo 'ROW=NAME  the kernel that the guest runs, of those in tests/rows (guest)'

build: libs programs modules

libs: $(LIBDIRS)
$(LIBDIRS):
	+@$(MAKE) --no-print-directory -C $@

programs: $(PROGDIRS)
$(PROGDIRS): libs
	+@$(MAKE) --no-print-directory -C $@ NOLIBS=1

tests: libs
	+@$(MAKE) --no-print-directory -C tests/unit NOLIBS=1
	+@$(MAKE) --no-print-directory -C tests/fuzz NOLIBS=1
	+@$(MAKE) --no-print-directory -C tests/kselftest NOLIBS=1
	+@$(MAKE) --no-print-directory -C tests/exact NOLIBS=1

deps:
	@mk/deps.sh

unit: programs tests
	@tests/run unit $(T)

guest: programs tests modules
	@tests/run guest $(if $(ROW),--row $(ROW)) $(T)

exact: tests modules
	@tests/run exact $(T)

bench: tests modules
	@tests/run bench

style:
	@mk/style

static:
	@mk/static

# The builds are makes of their own, since deps installs what they need.
check:
	@mk/deps.sh
	+@tests/run all

# What is too long for every change: random exchanges over a bad line, the fuzzers, more kernels.
check-long:
	@mk/deps.sh --long
	+@tests/run long $(T)

coverage:
	@tests/coverage
	@tests/coverage_kernel

demo:
	@mk/deps.sh
	+@$(MAKE) --no-print-directory build
	@demo/demo.sh

clean:
	rm -rf $(O)
