# SPDX-License-Identifier: GPL-2.0-only
journal_test_SRCS := ../../userspace/stationd/journal.c ../../userspace/stationd/record.c \
	../../userspace/stationd/identity.c
