// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module that the suite of the driver's line is in. It is a file of tests/unit.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suite of the 16550 driver's line, in virtual time");
MODULE_LICENSE("GPL");
