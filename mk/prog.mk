# SPDX-License-Identifier: GPL-2.0-only
# Builds one userspace program or one static library, in the manner of bsd.prog.mk.
#
# A component's whole Makefile:
#
#	PROG := casctl			# build/bin/casctl, or: LIB := libgp -> build/lib/libgp.a
#	SRCS := main.c show.c		# may lie elsewhere: ../../kernel/iso7816/atr.c
#	PKGS := sqlite3 libevent	# pkg-config names, those of the LIBS' needs included
#	LIBS := gp ckslink		# our libraries, from userspace/lib<name>/, in any order
#	include ../../mk/prog.mk
#
# Optional: CPPFLAGS_EXTRA, LDLIBS_EXTRA (e.g. -ldl -pthread), VPATH.
# From the command line: CFLAGS, CPPFLAGS, LDFLAGS are appended; SAN=1 builds into
# build/san/ with the address and undefined-behaviour sanitizers; O=DIR; V=1.

all:

MAKEFILES_USED := $(abspath $(MAKEFILE_LIST))
CKS_MK := $(dir $(lastword $(MAKEFILE_LIST)))
include $(CKS_MK)rules.mk

ifdef PROG
OUTPUT := $(B)/bin/$(PROG)
$(eval $(call program,$(PROG),$(SRCS),$(PKGS),$(LIBS),$(CPPFLAGS_EXTRA),$(OUTPUT),$(LDLIBS_EXTRA)))
$(eval $(library_rules))
endif
ifdef LIB
OUTPUT := $(B)/lib/$(LIB).a
$(eval $(call library,$(LIB),$(SRCS),$(PKGS),$(CPPFLAGS_EXTRA)))
endif

ifeq ($(OUTPUT),)
$(error $(CURDIR)/Makefile sets neither PROG nor LIB)
endif

.PHONY: all clean
all: $(OUTPUT)

clean:
	rm -rf $(B)/obj/$(COMP) $(OUTPUT)
