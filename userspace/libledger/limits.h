/* SPDX-License-Identifier: GPL-2.0-only */
/* What an order permits: stations, numbers of cards, failures in a row, security, keys. */
#ifndef LIBLEDGER_LIMITS_H
#define LIBLEDGER_LIMITS_H

#include "database.h"

/*
 * Conditions on the order "o" that any card meets, a repeated one too. ?1: the request;
 * ?2: its master key is one that everybody has.
 */
#define LIMITS_ALWAYS							\
	"o.test >= ?2 AND EXISTS(SELECT 1 FROM request q WHERE q.id = ?1"	\
	" AND (o.stations = '' OR o.stations LIKE '%' || q.station || '%')"	\
	" AND (o.security = 'none' OR q.encryption <> 'none'))"

/* Those that a new card meets besides. ?3: name of its master key; ?4: today. */
#define LIMITS_NEW							\
	"(o.initial_key = '' OR o.initial_key = ?3)"			\
	" AND (o.cards = 0 OR o.tried < o.cards)"			\
	" AND (o.cards_per_day = 0 OR o.day <> ?4 OR o.day_tried < o.cards_per_day)"

/* limits_today() - UTC, as it is in the database */
const char *limits_today(char day[11]);

/* limits_check() - whether an order may have them; LEDGER_REFUSED with the reason */
enum ledger_status limits_check(struct ledger *l, const struct order_limits *limits);

/* limits_set() - of a new order; also to the ledger entry of its import */
bool limits_set(struct ledger *l, int64_t order, const struct order_limits *limits, cJSON *body);

/* limits_count() - another card gets a record of the order; refused if that is one too many */
enum ledger_status limits_count(struct ledger *l, const char *order);

/*
 * limits_ended() - a card that had the record came to its end
 *
 * Holds the order if so many in a row failed as it says.
 */
enum ledger_status limits_ended(struct ledger *l, int64_t record, bool good);

#endif
