/* SPDX-License-Identifier: GPL-2.0-only */
/* Hexadecimal text to bytes and back. */
#ifndef LIBGP_HEX_H
#define LIBGP_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * hex_decode() - bytes of @text, either case, without separators
 *
 * Return: number of bytes, or -1: odd length, not hexadecimal, or more than @cap bytes.
 */
ssize_t hex_decode(const char *text, size_t len, uint8_t *out, size_t cap);

/* hex_encode() - upper-case text with a NUL; @out has room for 2 * @len + 1 */
char *hex_encode(const uint8_t *data, size_t len, char *out);

#endif
