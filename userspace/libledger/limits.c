// SPDX-License-Identifier: GPL-2.0-only
/* What an order permits, and what is counted for it. */
#include "limits.h"

#include <string.h>
#include <time.h>

#define UUID_LEN 32

const char *limits_today(char day[11])
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(day, 11, "%Y-%m-%d", gmtime_r(&now, &tm));
	return day;
}

/* uuid[,uuid...], as stations are in the database. */
static bool are_stations(const char *list)
{
	while (*list) {
		size_t n = strspn(list, "0123456789ABCDEF");

		if (n != UUID_LEN || (list[n] && (list[n] != ',' || !list[n + 1])))
			return false;
		list += n + (list[n] == ',');
	}
	return true;
}

enum ledger_status limits_check(struct ledger *l, const struct order_limits *limits)
{
	if (limits->stations && !are_stations(limits->stations))
		return db_refused(l, "a station is named by its uuid, 32 hexadecimal digits");
	if (limits->initial_key && strlen(limits->initial_key) > ORDER_KEY_MAX)
		return db_refused(l, "the name of a key has up to 64 characters");
	if (limits->retries > ORDER_RETRIES_MAX && limits->retries != ORDER_NO_RETRY)
		return db_refused(l, "a card is tried again up to %d times", ORDER_RETRIES_MAX);
	return LEDGER_OK;
}

static void add_number(cJSON *body, const char *name, unsigned int value)
{
	if (value)
		cJSON_AddNumberToObject(body, name, value);
}

bool limits_set(struct ledger *l, int64_t order, const struct order_limits *limits, cJSON *body)
{
	static const char *const choices[] = {
		[ORDER_NEXT] = "next", [ORDER_BY_CHIP] = "chip", [ORDER_BY_REFERENCE] = "reference",
	};
	const char *stations = limits->stations ? limits->stations : "";
	const char *key = limits->initial_key ? limits->initial_key : "";
	unsigned int retries = limits->retries == ORDER_NO_RETRY ? 0 :
			       limits->retries ? limits->retries : ORDER_RETRIES;

	if (*stations)
		cJSON_AddStringToObject(body, "stations", stations);
	if (*key)
		cJSON_AddStringToObject(body, "initial_key", key);
	add_number(body, "cards", limits->cards);
	add_number(body, "cards_per_day", limits->cards_per_day);
	add_number(body, "stop_after", limits->stop_after);
	cJSON_AddNumberToObject(body, "retries", retries);
	cJSON_AddStringToObject(body, "choose", choices[limits->choose]);
	cJSON_AddStringToObject(body, "security", limits->encrypted ? "encrypted" : "none");
	return db_run(l, NULL,
		      "UPDATE orders SET stations = ?, initial_key = ?, cards = ?,"
		      " cards_per_day = ?, stop_after = ?, retries = ?, choose = ?, security = ?"
		      " WHERE id = ?",
		      "ttiiiitti", stations, key, (int64_t)limits->cards,
		      (int64_t)limits->cards_per_day, (int64_t)limits->stop_after,
		      (int64_t)retries, choices[limits->choose],
		      limits->encrypted ? "encrypted" : "none", order);
}

enum ledger_status limits_count(struct ledger *l, const char *order)
{
	char today[11];
	int n;

	/* The condition again: another daemon may have counted since the record was chosen. */
	if (!db_run(l, &n,
		    "UPDATE orders SET tried = tried + 1, day = ?1,"
		    " day_tried = CASE WHEN day = ?1 THEN day_tried + 1 ELSE 1 END"
		    " WHERE name = ?2 AND (cards = 0 OR tried < cards)"
		    " AND (cards_per_day = 0 OR day <> ?1 OR day_tried < cards_per_day)",
		    "tt", limits_today(today), order))
		return LEDGER_FAILED;
	return n == 1 ? LEDGER_OK : db_refused(l, "order %s has had its cards", order);
}

static enum ledger_status hold(struct ledger *l, int64_t record)
{
	struct statement *stmt = db_prepare(l,
					    "SELECT o.name, o.failures FROM orders o"
					    " JOIN record r ON r.orders = o.id WHERE r.id = ?", "i",
					    record);
	cJSON *body = cJSON_CreateObject();
	bool failed = true, have = stmt && db_next(l, stmt, &failed);

	if (have) {
		cJSON_AddStringToObject(body, "order", db_column(stmt, 0));
		cJSON_AddStringToObject(body, "step", "stop");
		cJSON_AddStringToObject(body, "state", "held");
		cJSON_AddNumberToObject(body, "failures", (double)db_number(stmt, 1));
	}
	db_finalize(stmt);
	if (!have) {
		cJSON_Delete(body);
		return LEDGER_FAILED;
	}
	return chain_append(l, "order", body) ? LEDGER_OK : LEDGER_FAILED;
}

enum ledger_status limits_ended(struct ledger *l, int64_t record, bool good)
{
	int n = 0;

	if (!db_run(l, &n,
		    "UPDATE orders SET failures = CASE WHEN ? = 1 THEN 0 ELSE failures + 1 END"
		    " WHERE stop_after > 0 AND id = (SELECT orders FROM record WHERE id = ?)",
		    "ii", (int64_t)good, record))
		return LEDGER_FAILED;
	if (!n || good)
		return LEDGER_OK;
	if (!db_run(l, &n,
		    "UPDATE orders SET state = 'held' WHERE failures >= stop_after"
		    " AND state IN('released','running')"
		    " AND id = (SELECT orders FROM record WHERE id = ?)", "i", record))
		return LEDGER_FAILED;
	return n ? hold(l, record) : LEDGER_OK;
}
