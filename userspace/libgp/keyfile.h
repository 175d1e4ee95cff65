/* SPDX-License-Identifier: GPL-2.0-only */
/* A key in a file: for tools that play the bureau, with keys of their own. */
#ifndef LIBGP_KEYFILE_H
#define LIBGP_KEYFILE_H

#include <stdint.h>

/*
 * gp_key_read() - an AES-128 key in hexadecimal, the first line of a file
 *
 * Return: NULL, or what is wrong; the key's digits are not repeated.
 */
const char *gp_key_read(const char *path, uint8_t key[16]);

#endif
