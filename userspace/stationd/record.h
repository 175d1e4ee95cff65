/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One record of the journal, and its line of text: a checksum and twelve columns.
 */
#ifndef STATIOND_RECORD_H
#define STATIOND_RECORD_H

#include <linux/cks_netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_ID_LEN	16
#define RECORD_CARD_MAX	31
#define RECORD_TEXT_MAX	127
#define RECORD_LINE_MAX	768	/* longest line with its newline and NUL */

/**
 * enum record_type - what a record says
 * @RECORD_EPOCH: first of every file; @number is the highest number before this file
 * @RECORD_GOOD_INTENT: synced before the gate to the good bin opens
 * @RECORD_REJECTED: synced before a card moves to the reject bin; takes a GOOD_INTENT back
 * @RECORD_DISPOSED: what became of the card; has a number
 * @RECORD_ACKED: the CAS has committed all dispositions up to @number
 * @RECORD_LEASE: a CAS with the lease epoch @number was here; one with a lower one is refused
 */
enum record_type {
	RECORD_EPOCH,
	RECORD_GOOD_INTENT,
	RECORD_REJECTED,
	RECORD_DISPOSED,
	RECORD_ACKED,
	RECORD_LEASE,
	RECORD_TYPES
};

/**
 * struct record - one record; what a type does not use is 0 or empty
 * @epoch: of the journal, in every record
 * @type: what it says
 * @number: of the disposition, from 1 without gaps
 * @lane: of the machine
 * @coupler: of that lane
 * @presence_gen: the presentation of the card that the request was about
 * @boot_id: load of the station that gave the request its number
 * @request: number of the request
 * @result_id: given by the CAS, 0 when no result came
 * @disposition: DISPOSED
 * @card: as the machine knows it
 * @text: reason of REJECTED, evidence of DISPOSED
 */
struct record {
	uint64_t epoch;
	enum record_type type;
	uint64_t number;
	uint32_t lane;
	uint32_t coupler;
	uint32_t presence_gen;
	uint8_t boot_id[RECORD_ID_LEN];
	uint64_t request;
	uint64_t result_id;
	enum cks_disposition disposition;
	char card[RECORD_CARD_MAX + 1];
	char text[RECORD_TEXT_MAX + 1];
};

/**
 * record_format() - write a record as a line
 * @line: receives the line with its newline and a NUL
 * Return: length without the NUL
 */
size_t record_format(const struct record *rec, char line[static RECORD_LINE_MAX]);

/**
 * record_parse() - read a line
 * @ret_rec: filled on success, untouched on failure
 * @line: without its newline
 * @len: of @line
 * Return: false if the checksum or anything else is wrong
 */
bool record_parse(struct record *ret_rec, const char *line, size_t len);

/* Whether two records are about the same request. */
bool record_same_request(const struct record *a, const struct record *b);

#endif
