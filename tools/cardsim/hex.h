/* SPDX-License-Identifier: GPL-2.0-only */
/* Hexadecimal text into bytes. */
#ifndef CARDSIM_HEX_H
#define CARDSIM_HEX_H

#include <stdint.h>
#include <sys/types.h>

/* Decodes all of @text into at most @size bytes: their number, -1 if not hex or too long. */
ssize_t hex_decode(const char *text, uint8_t *out, size_t size);

#endif
