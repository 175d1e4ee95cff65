/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A dry run: casd's code for profiles, over a card that is a list of commands and answers. There
 * are no keys: keys.c stands in for libtoken and for the session of SCP03, so that what would go to
 * the card encrypted is shown in clear, but for the record's secrets.
 */
#ifndef CASPROFILE_DRY_H
#define CASPROFILE_DRY_H

#include "libledger/ledger.h"

struct session;

/* dry_run() - run the profile of @s, and print exchange and verdict; returns the exit status */
int dry_run(struct session *s);

/* ---- card.c ---- */

/* card_open() - a card's script; NULL: one that accepts everything. False: it says why not */
bool card_open(const char *path);
void card_close(void);

/*
 * card_answer() - the card's answer to a command
 * @rsp: 258 bytes
 *
 * Return: its length; 0 if the script has another command here: it says so.
 */
size_t card_answer(const uint8_t *apdu, size_t len, uint8_t *rsp);

/* card_atr() - after a reset; 0 as above */
size_t card_atr(uint8_t atr[33]);

/* card_entry() - what was entered at a prompt, NULL if it was refused */
const char *card_entry(void);

/* card_rest() - the line of the script that was not come to, 0 if all were */
unsigned int card_rest(void);

/* ---- record.c ---- */

/* record_open() - first row of a CSV file, in clear; NULL: made up. False: it says why not */
bool record_open(const char *path);

/* record_secret() - secret @i of the record, NULL after the last one: to be masked */
const uint8_t *record_secret(unsigned int i, size_t *len);

/* ---- names.c ---- */

/*
 * names_check() - look for names that nothing has: neither the profile nor what it may call
 *
 * Return: how many were found; each is printed with its line.
 */
unsigned int names_check(const char *path, const char *text, size_t len);

/* ---- members.c ---- */

/* members_check() - the same for what the card, the request, channels and records do not have */
unsigned int members_check(const char *path, const char *text, size_t len);

#endif
