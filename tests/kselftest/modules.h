/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modules under test, for test programs in C.
 */
#ifndef KSELFTEST_MODULES_H
#define KSELFTEST_MODULES_H

/**
 * modules_load() - load modules of the build, in this order
 * @names: without .ko, ending in NULL
 * Return: 0, or -1 after a message on stderr
 */
int modules_load(const char *const *names);

/* Unload them in the reverse order. 0, or -1 after a message on stderr. */
int modules_unload(const char *const *names);

#endif
