/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the parts of a short command APDU are (ISO/IEC 7816-4 clause 5.1). */
#ifndef LIBGP_LENGTHS_H
#define LIBGP_LENGTHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * gp_lengths() - of a command in one of the four cases
 * @apdu: command, from CLA on
 * @len: bytes
 * @lc: receives the bytes of data, from @apdu + 5 on
 * @le: receives the bytes of Le at the end, 0 or 1
 *
 * Return: false if it is none
 */
bool gp_lengths(const uint8_t *apdu, size_t len, size_t *lc, size_t *le);

#endif
