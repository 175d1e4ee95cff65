# SPDX-License-Identifier: GPL-2.0-only
# The two templates behind mk/prog.mk and the test Makefiles: `program` and `library`.
#
# Output is renamed into place only when complete: an interrupted build, or two
# builds of one tree at the same time, never leave half an object behind.

ifndef CKS_RULES_MK
CKS_RULES_MK := 1

include $(dir $(lastword $(MAKEFILE_LIST)))vars.mk

# The directory of the including Makefile, relative to the top.
COMP := $(patsubst $(TOP)/%,%,$(CURDIR))

# A source's absolute path: beside the Makefile, or in a directory of VPATH.
src_path = $(abspath $(firstword $(wildcard $(CURDIR)/$(1) $(addsuffix /$(1),$(VPATH))) $(CURDIR)/$(1)))

# pkg-config with an error that says what to do next.
pkg = $(if $(strip $(2)),$(or $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null),$(if $(shell $(PKG_CONFIG) --exists $(2) && echo y),,$(error pkg-config does not know all of "$(strip $(2))": run mk/deps.sh as root))))

# $(call objects,UNIT,SRCS): the objects of one unit
objects = $(foreach s,$(2),$(B)/obj/$(COMP)/$(1)/$(patsubst $(TOP)/%.c,%.o,$(call src_path,$(s))))

# $(call compile,UNIT,SRC,CPPFLAGS)
define compile
$(call objects,$(1),$(2)): $(call src_path,$(2)) $(MAKEFILES_USED)
	$$(call quiet,CC,$(call src_path,$(2)))mkdir -p $$(@D) && t=$$(@D)/.$$(@F).$$$$$$$$ && \
	$$(CC) $$(CPPFLAGS_BASE) $(3) $$(CPPFLAGS) $$(CFLAGS_BASE) $$(CFLAGS) \
		-MMD -MP -MF $$(@:.o=.d) -MT $$@ -c -o $$$$t $$< && mv -f $$$$t $$@ || \
	{ rm -f $$$$t; exit 1; }
-include $(patsubst %.o,%.d,$(call objects,$(1),$(2)))
endef

# $(call program,NAME,SRCS,PKGS,LIBS,CPPFLAGS,OUTPUT,LDLIBS)
define program
$(foreach s,$(2),
$(call compile,$(1),$(s),$(5) $(call pkg,--cflags,$(3)))
)
$(6): $(call objects,$(1),$(2)) $(foreach l,$(4),$(B)/lib/lib$(l).a)
	$$(call quiet,LD,$(6))mkdir -p $$(@D) && t=$$(@D)/.$$(@F).$$$$$$$$ && \
	$$(CC) $$(CFLAGS_BASE) $$(CFLAGS) $$(LDFLAGS_SAN) $$(LDFLAGS) -o $$$$t $(call objects,$(1),$(2)) \
		$(if $(4),-Wl$$(comma)--start-group $(foreach l,$(4),$(B)/lib/lib$(l).a) -Wl$$(comma)--end-group) \
		$(call pkg,--libs,$(3)) $(7) && mv -f $$$$t $$@ || { rm -f $$$$t; exit 1; }
LIBS_USED += $(4)
endef

# $(call library,NAME,SRCS,PKGS,CPPFLAGS)
define library
$(foreach s,$(2),
$(call compile,$(1),$(s),$(4) $(call pkg,--cflags,$(3)))
)
$(B)/lib/$(1).a: $(call objects,$(1),$(2)) $(MAKEFILES_USED)
	$$(call quiet,AR,$(1).a)mkdir -p $$(@D) && t=$$(@D)/.$$(@F).$$$$$$$$ && \
	rm -f $$$$t && ar rcsD $$$$t $(call objects,$(1),$(2)) && mv -f $$$$t $$@ || { rm -f $$$$t; exit 1; }
endef

comma := ,

# $(eval $(library_rules)) once after all programs: how the libraries they use are built.
# The top Makefile builds the libraries first and says NOLIBS=1: two programs then never
# build the same library at once.
define library_rules
ifneq ($(NOLIBS),1)
$(foreach l,$(sort $(LIBS_USED)),
$(B)/lib/lib$(l).a: FORCE
	@+$$(MAKE) --no-print-directory -C $(TOP)/userspace/lib$(l)
)
endif
endef

.PHONY: FORCE
FORCE:

endif
