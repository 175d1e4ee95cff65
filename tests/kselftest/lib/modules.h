/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modules under test, for test programs in C.
 */
#ifndef KSELFTEST_MODULES_H
#define KSELFTEST_MODULES_H

#include <stddef.h>

/**
 * module_path() - where one lies
 * @name: without .ko
 * @path: receives it
 * @size: of @path
 * Return: 0, or -1 after a message on stderr
 */
int module_path(const char *name, char *path, size_t size);

/**
 * module_load() - load one
 * @name: without .ko
 * Return: 0 or a negative errno; -EEXIST when it is there already
 */
int module_load(const char *name);

/**
 * modules_load() - load modules of the build, in this order, but for those that are there
 * @names: without .ko, ending in NULL
 * Return: 0, or -1 after a message on stderr
 */
int modules_load(const char *const *names);

/**
 * module_unload() - unload one, which may be in use for moments
 * @name: without .ko
 * Return: 0 or a negative errno; -EWOULDBLOCK when it stays in use
 */
int module_unload(const char *name);

/* Unload them in the reverse order. 0, or -1 after a message on stderr. */
int modules_unload(const char *const *names);

#endif
