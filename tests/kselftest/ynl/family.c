// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client that the kernel's generator makes of docs/netlink/cks.yaml, as it is, so without our
 * warnings.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "cks-user.c"
