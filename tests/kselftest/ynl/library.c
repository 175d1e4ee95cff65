// SPDX-License-Identifier: GPL-2.0-only
/*
 * tools/net/ynl/lib of the kernel's source, as it is, so without our warnings.
 */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "ynl.c"
