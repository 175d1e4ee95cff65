// SPDX-License-Identifier: GPL-2.0-only
/*
 * Progress line, summary table and summary file.
 */
#include "progress.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static double per_hour(const struct lane_stats *s, unsigned long cards, uint64_t until)
{
	return s->begun_ms && until > s->begun_ms ? cards * 3600000.0 / (until - s->begun_ms) : 0;
}

static int by_time(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double median_s(const struct lane_stats *s)
{
	unsigned long n = s->cards < LANE_TIMES ? s->cards : LANE_TIMES;
	uint32_t times[LANE_TIMES];

	if (!n)
		return 0;
	memcpy(times, s->times_ms, n * sizeof(times[0]));
	qsort(times, n, sizeof(times[0]), by_time);
	return (times[(n - 1) / 2] + times[n / 2]) / 2000.0;
}

/* The whole station as if it were one lane; @times_ms excluded. */
static struct lane_stats sum(const struct station *st)
{
	struct lane_stats all = { .cards = 0 };

	for (unsigned int i = 0; i < st->nlanes; i++) {
		const struct lane_stats *s = &st->lanes[i].stats;

		all.cards += s->cards;
		all.good += s->good;
		all.rejected += s->rejected;
		if (s->begun_ms && (!all.begun_ms || s->begun_ms < all.begun_ms))
			all.begun_ms = s->begun_ms;
		if (s->ended_ms > all.ended_ms)
			all.ended_ms = s->ended_ms;
	}
	return all;
}

static double yield(const struct lane_stats *s)
{
	return s->cards ? 100.0 * s->good / s->cards : 0;
}

void progress_line(FILE *out, const struct station *st, bool rewrite)
{
	const struct lane_stats all = sum(st);
	uint64_t now = station_now(st);
	char of[24] = "";

	if (st->stock_known)
		snprintf(of, sizeof(of), "/%lu", st->stock);
	fprintf(out, "%sdone %lu%s  good %lu  reject %lu  yield %.1f %%  cards/h:",
		rewrite ? "\r\033[K" : "", all.cards, of, all.good, all.rejected, yield(&all));
	for (unsigned int i = 0; i < st->nlanes && i < 16; i++) {
		const struct lane *lane = &st->lanes[i];
		bool over = lane->state == LANE_EMPTY || lane->state == LANE_STOPPED;

		fprintf(out, " lane%u %.0f%s", i,
			per_hour(&lane->stats, lane->stats.cards,
				 over ? lane->stats.ended_ms : now),
			lane->state == LANE_STOPPED ? " (stopped)" : "");
	}
	if (!st->connected)
		fputs("  (no CAS)", out);
	if (!rewrite)
		fputc('\n', out);
	fflush(out);
}

static void row(FILE *out, const char *name, const char *coupler, const struct lane_stats *s,
		const char *median)
{
	fprintf(out, "%-6s %-8s %7lu %7lu %9lu %8.1f %9.0f %9s\n", name, coupler, s->cards,
		s->good, s->rejected, yield(s), per_hour(s, s->cards, s->ended_ms), median);
}

void progress_table(FILE *out, const struct station *st)
{
	const struct lane_stats all = sum(st);
	char name[16], coupler[16], median[16];

	fprintf(out, "%-6s %-8s %7s %7s %9s %8s %9s %9s\n", "lane", "coupler", "cards", "good",
		"rejected", "yield %", "cards/h", "median s");
	for (unsigned int i = 0; i < st->nlanes; i++) {
		const struct lane *lane = &st->lanes[i];

		snprintf(name, sizeof(name), "%u", i);
		snprintf(coupler, sizeof(coupler), "%u", lane->coupler);
		snprintf(median, sizeof(median), "%.2f", median_s(&lane->stats));
		row(out, name, coupler, &lane->stats, median);
	}
	row(out, "all", "", &all, "");
	fflush(out);
}

static cJSON *stats_json(const struct lane_stats *s)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "cards", s->cards);
	cJSON_AddNumberToObject(json, "good", s->good);
	cJSON_AddNumberToObject(json, "rejected", s->rejected);
	cJSON_AddNumberToObject(json, "yield_percent", yield(s));
	cJSON_AddNumberToObject(json, "cards_per_hour", per_hour(s, s->cards, s->ended_ms));
	return json;
}

int progress_json(const char *path, const struct station *st)
{
	const struct lane_stats all = sum(st);
	cJSON *json = stats_json(&all), *lanes = cJSON_CreateArray();
	char *text;
	FILE *out;
	int err = 0;

	for (unsigned int i = 0; i < st->nlanes; i++) {
		const struct lane *lane = &st->lanes[i];
		cJSON *l = stats_json(&lane->stats);

		cJSON_AddNumberToObject(l, "lane", i);
		cJSON_AddNumberToObject(l, "coupler", lane->coupler);
		cJSON_AddNumberToObject(l, "median_seconds", median_s(&lane->stats));
		cJSON_AddBoolToObject(l, "stopped", lane->state == LANE_STOPPED);
		cJSON_AddItemToArray(lanes, l);
	}
	cJSON_AddItemToObject(json, "lanes", lanes);
	cJSON_AddNumberToObject(json, "last_disposition", st->journal->last);
	cJSON_AddNumberToObject(json, "acked_disposition", st->journal->acked);
	text = cJSON_Print(json);
	cJSON_Delete(json);
	if (!text)
		return -ENOMEM;
	out = fopen(path, "we");
	if (!out) {
		err = -errno;
	} else {
		fprintf(out, "%s\n", text);
		if (fclose(out))
			err = -errno;
	}
	cJSON_free(text);
	return err;
}
