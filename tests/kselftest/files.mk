# SPDX-License-Identifier: GPL-2.0-only
# What each test is made of beside its own file; by the names of tests/unit/Makefile.
include lib/files.mk

cardsim_test_SRCS := lib/modules.c
sim_test_SRCS := lib/modules.c

chardev_test_SRCS := $(LIB_CARD)
core_test_SRCS := $(LIB_CARD)
errno_test_SRCS := $(LIB_CARD)
inject_coupler_test_SRCS := lib/inject.c $(LIB_CARD)
netlink_test_SRCS := $(LIB_CARD)
sim_trace_test_SRCS := lib/simtrace.c $(LIB_CARD)
sim_wiring_test_SRCS := $(LIB_CARD)
tty_test_SRCS := lib/simtrace.c $(LIB_CARD)
tty_test_CPPFLAGS := -DCKS_BIN=\"$(B)/bin\"
unplug_test_SRCS := $(LIB_CARD)

inject_test_SRCS := lib/inject.c $(LIB_STATION)
netns_test_SRCS := lib/kernel_memory.c $(LIB_STATION)
race_test_SRCS := $(LIB_STATION)
router_test_SRCS := $(LIB_STATION)
router_bounds_test_SRCS := $(LIB_STATION)
router_channel_test_SRCS := $(LIB_STATION)
router_example_test_SRCS := $(LIB_STATION)
router_hostile_test_SRCS := lib/kernel_memory.c $(LIB_STATION)
router_link_test_SRCS := $(LIB_STATION)
router_loss_test_SRCS := $(LIB_STATION)
router_operator_test_SRCS := $(LIB_STATION)
router_sweep_test_SRCS := $(LIB_STATION)
router_vpcd_test_SRCS := $(LIB_STATION)
rows_test_SRCS := lib/cks_mux.c $(LIB_STATION)
surface_test_SRCS := $(wildcard surface/*.c) $(LIB_STATION)
unload_test_SRCS := lib/kernel_memory.c $(LIB_STATION)

# The client is generated; mk/ynl.sh says what that takes.
YNL := $(B)/obj/ynl
ynl_test_SRCS := ynl/family.c ynl/library.c $(LIB_STATION)
ynl_test_CPPFLAGS := -I$(YNL)
# The test looks at what goes between the client, its library and the kernel.
ynl_test_LDLIBS := -Wl,--wrap=recv -Wl,--wrap=ynl_attr_validate

$(addprefix $(B)/obj/tests/kselftest/ynl_test/tests/kselftest/,ynl_test.o ynl/family.o ynl/library.o): $(YNL)/done
$(YNL)/done: $(TOP)/docs/netlink/cks.yaml $(TOP)/mk/ynl.sh
	$(call quiet,YNL,$(YNL))$(TOP)/mk/ynl.sh --client $(YNL) && touch $@
