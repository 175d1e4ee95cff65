// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module that the engine's suites are in. Each suite is a file of tests/unit.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of the ISO 7816-3 engine");
MODULE_LICENSE("GPL");
