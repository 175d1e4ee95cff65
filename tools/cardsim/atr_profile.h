/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of chip in the stock, as their ATRs tell them apart. */
#ifndef CARDSIM_ATR_PROFILE_H
#define CARDSIM_ATR_PROFILE_H

#include <stdbool.h>

#include "iso7816/iso7816.h"

/**
 * atr_profile() - the ATR of the card at a place in the stock
 * @number: 0...; the profiles follow one another and repeat
 * @only_t1: skip those that do not offer T=1
 * @out: receives the ATR
 * Return: its length
 */
u8 atr_profile(unsigned int number, bool only_t1, u8 out[ISO7816_ATR_MAX]);

#endif
