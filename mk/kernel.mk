# SPDX-License-Identifier: GPL-2.0-only
# The kernel modules: `modules` (W=1, warnings are errors) and `sparse`.
#
#	KDIR=DIR	build tree of the kernel (default: newest installed 6.12 amd64, not -rt)
#	MODDIR=DIR	where the .ko go (default: build/modules)
#
# Each kernel has a mirror of its own, build/kmod/RELEASE, where kbuild leaves its objects.

KDIR ?= $(lastword $(shell ls -dv /lib/modules/6.12.*-amd64/build 2>/dev/null | grep -v -e '-rt-'))
MODDIR ?= $(O)/modules
KREL = $(or $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null),$(error no kernel headers for 6.12 found ("$(KDIR)"): run mk/deps.sh as root, or give KDIR=))
KMOD = $(O)/kmod/$(KREL)

.PHONY: modules sparse
modules:
	+@mk/kbuild $(KDIR) $(KMOD) W=1 KCFLAGS=-Werror
	@mkdir -p $(MODDIR)
	@sed 's/\.o$$/.ko/' $(KMOD)/modules.order | while read -r k; do \
		m=$(MODDIR)/$${k##*/}; \
		cmp -s $$k $$m || { cp $$k $$m.tmp && mv -f $$m.tmp $$m; }; done
	@for m in $(MODDIR)/*.ko; do \
		grep -q "/$$(basename $$m .ko)\.o$$" $(KMOD)/modules.order || rm -f $$m; done
	@echo $(KREL) >$(MODDIR)/kernel.release

# sparse only warns: any warning in its output is a failure. With a kernel that has KUnit, the suites
# are looked at as well.
SPARSE_LOG = $(O)/logs/sparse-$(KREL).log
sparse:
	+@mkdir -p $(O)/logs && mk/kbuild $(KDIR) $(KMOD) W=1 KCFLAGS=-Werror C=2 \
		CF=-D__CHECK_ENDIAN__ >$(SPARSE_LOG) || { cat $(SPARSE_LOG); exit 1; }
	@! grep -E 'warning:|error:' $(SPARSE_LOG)
