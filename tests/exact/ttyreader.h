/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plain reader of cards: a program on a tty of the kernel's own serial driver, as there are many.
 * T=0 at 9600 bit/s, direct convention; RST on RTS, power on DTR. It sees characters with a wrong
 * parity bit, but the error signal, 14 us after their end, is out of its reach.
 */
#ifndef EXACT_TTYREADER_H
#define EXACT_TTYREADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Open /dev/ttySN and set it up, card without power. Return: descriptor, or -1 */
int ttyreader_open(unsigned int n);

/* Power, RST, and an ATR of @len characters, which has to be this one. */
bool ttyreader_reset(int fd, const uint8_t *atr, size_t len);

/* A command that fetches @len bytes. Return: they have come, and 9000. */
bool ttyreader_read(int fd, const uint8_t header[5], uint8_t *buf, size_t len);

#endif
