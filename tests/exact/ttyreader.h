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

#define TTYREADER_RSP_MAX	600

/* Open /dev/ttySN and set it up, card without power. Return: descriptor, or -1 */
int ttyreader_open(unsigned int n);

/* Power, RST, and an ATR of @len characters, which has to be this one. */
bool ttyreader_reset(int fd, const uint8_t *atr, size_t len);

/* A short command APDU, and what the card has answered, with SW1 SW2. */
bool ttyreader_apdu(int fd, const uint8_t *cmd, size_t len, uint8_t rsp[TTYREADER_RSP_MAX],
		    size_t *ret_len);

#endif
