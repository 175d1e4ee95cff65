/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rates of ISO/IEC 7816-3 as a tty counts them, in whole bits per second.
 */
#ifndef CKS_TTY_RATE_H
#define CKS_TTY_RATE_H

#include "iso7816/port.h"

/*
 * An edge of a character may lie 0.2 etu off its place, the last one is 10 etu after the first: a
 * rate that is wrong by more than 2 % uses up all of it.
 */
#define CKS_TTY_TOLERANCE_PPM	20000

/**
 * cks_tty_wanted() - the rate of an etu
 * @clk: clock of the card, Hz, at most 100 MHz
 * @f: F, clock rate conversion integer, not 0
 * @d: D, baud rate adjustment integer
 * Return: bits per second, rounded
 */
u32 cks_tty_wanted(u32 clk, u16 f, u8 d);

/**
 * cks_tty_divided() - the rate that a UART with a whole divisor makes of the one it is asked for
 * @uart_clk: clock of the UART, Hz, at least 16
 * @wanted: bits per second, not 0
 * Return: bits per second, rounded, of the divisor that comes nearest
 */
u32 cks_tty_divided(u32 uart_clk, u32 wanted);

/**
 * cks_tty_off_ppm() - how far a rate is off
 * @wanted: bits per second, not 0
 * @got: bits per second
 * Return: millionths of @wanted, whatever the direction
 */
u32 cks_tty_off_ppm(u32 wanted, u32 got);

#endif
