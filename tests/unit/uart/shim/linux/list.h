/* SPDX-License-Identifier: GPL-2.0-only */
/* A place in a list, for structures that have one; no test uses lists. */
#ifndef SHIM_LINUX_LIST_H
#define SHIM_LINUX_LIST_H

struct list_head {
	struct list_head *next, *prev;
};

#endif
