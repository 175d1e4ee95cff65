# SPDX-License-Identifier: GPL-2.0-only
# Directories and compiler flags that every Makefile of the tree shares.

ifndef CKS_VARS_MK
CKS_VARS_MK := 1

.DELETE_ON_ERROR:
.SUFFIXES:

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)

# O= moves all output, as in the kernel's own build.
O ?= $(TOP)/build
override O := $(abspath $(O))
export O SAN

# A SAN=1 build is a second tree inside the first, so that switching costs no rebuild.
ifeq ($(SAN),1)
B := $(O)/san
CFLAGS_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS_SAN := -fsanitize=address,undefined
else
B := $(O)
endif

# What a tree elsewhere has compiled is not compiled again, if it is the same there.
ifneq ($(shell command -v ccache),)
export CCACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cardstation/ccache
export CCACHE_MAXSIZE ?= 1G
export CCACHE_BASEDIR := $(TOP)
export CCACHE_NOHASHDIR := 1
export CCACHE := ccache
endif

ifeq ($(origin CC),default)
CC := $(CCACHE) gcc
endif
PKG_CONFIG ?= pkg-config

# _FORTIFY_SOURCE and the address sanitizer intercept the same functions.
CPPFLAGS_BASE := -D_GNU_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=2) \
	-I$(TOP)/include/uapi -I$(TOP)/userspace -I$(TOP)/kernel
CFLAGS_BASE := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fstack-protector-strong $(CFLAGS_SAN)

ifneq ($(V),1)
quiet = @printf '  %-7s %s\n' '$(1)' '$(patsubst $(TOP)/%,%,$(2))';
Q := @
endif

endif
