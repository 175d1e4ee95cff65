// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sessions' state machine against the tables of docs/sessions.md, and what must hold of it
 * whatever the tables say.
 */
#include "../check.h"
#include "router/phase.h"

#ifndef __KERNEL__	/* which has no page to read */

#define COLUMNS	16

static const char *const happenings[CKS_HAPPENINGS] = {
	"contacted", "told", "untold", "opened", "command", "done", "lost", "close", "result",
	"failed", "disposed",
};

/* A line of a table, cut into its cells in place. Return: how many. */
static unsigned int cells(char *line, char *cell[COLUMNS])
{
	unsigned int n = 0;
	char *p = line, *end;

	if (*p != '|')
		return 0;
	for (p++; n < COLUMNS && (end = strchr(p, '|')); p = end + 1) {
		char *last = end;

		while (*p == ' ')
			p++;
		while (last > p && last[-1] == ' ')
			last--;
		*last = '\0';
		cell[n++] = p;
	}
	return n;
}

typedef void (*row_fn)(enum cks_phase phase, char *const cell[COLUMNS], unsigned int n);

/* Every phase has one row, in order, in the table whose head begins with @head. */
static void each_row(const char *head, row_fn row)
{
	FILE *page = fopen(CKS_TOP "/docs/sessions.md", "re");
	enum cks_phase phase = 0;
	char *cell[COLUMNS];
	char line[512];
	bool here = false;

	assert_non_null(page);
	while (phase < CKS_PHASES && fgets(line, sizeof(line), page)) {
		unsigned int n;

		if (!strncmp(line, head, strlen(head)))
			here = true;
		n = here ? cells(line, cell) : 0;
		if (!n || !strncmp(cell[0], "---", 3) || strstr(cell[0], "phase"))
			continue;
		assert_string_equal(cell[0], cks_phase_name(phase));
		row(phase++, cell, n);
	}
	fclose(page);
	assert_int_equal(phase, CKS_PHASES);
}

static void moves(enum cks_phase phase, char *const cell[COLUMNS], unsigned int n)
{
	unsigned int h;

	assert_int_equal(n, 1 + CKS_HAPPENINGS);
	for (h = 0; h < CKS_HAPPENINGS; h++) {
		enum cks_phase next;

		if (!cks_phase_after(phase, h, &next))
			assert_string_equal(cell[1 + h], "");
		else
			assert_string_equal(cell[1 + h], cks_phase_name(next));
	}
}

TEST(page_has_the_moves)
{
	char head[256] = "| in phase |";
	unsigned int h;

	for (h = 0; h < CKS_HAPPENINGS; h++)
		snprintf(head + strlen(head), sizeof(head) - strlen(head), " %s |", happenings[h]);
	each_row(head, moves);
}

static void bounds(enum cks_phase phase, char *const cell[COLUMNS], unsigned int n)
{
	enum cks_limit limit = cks_phase_limit(phase);
	char ms[16];

	assert_int_equal(n, 6);
	if (limit == CKS_L_NONE) {
		assert_string_equal(cell[3], "-");
		return;
	}
	assert_string_equal(cell[3], cks_limits[limit].name);
	snprintf(ms, sizeof(ms), "%u", cks_limits[limit].init);
	assert_string_equal(cell[4], ms);
	assert_string_equal(cell[5], cks_phase_expired(phase));
}

TEST(page_has_the_bounds)
{
	each_row("| phase | shown as |", bounds);
}

#endif

/* From every phase the session can be ended, and by nothing but the disposition is it over. */
TEST(every_phase_can_be_ended)
{
	enum cks_phase phase, next;
	unsigned int h;

	for (phase = 0; phase < CKS_P_RESULT; phase++) {
		assert_true(cks_phase_after(phase, CKS_H_FAILED, &next));
		assert_int_equal(next, CKS_P_RESULT);
		for (h = 0; h < CKS_HAPPENINGS; h++)
			if (cks_phase_after(phase, h, &next))
				assert_int_not_equal(next, CKS_P_DISPOSED);
	}
	for (h = 0; h < CKS_HAPPENINGS; h++) {
		assert_int_equal(cks_phase_after(CKS_P_RESULT, h, &next), h == CKS_H_DISPOSED);
		assert_false(cks_phase_after(CKS_P_DISPOSED, h, &next));
	}
}

/* A card is powered for a bounded time alone, but where a CAS is waited for. */
TEST(powered_phases_are_bounded)
{
	enum cks_phase phase;

	for (phase = 0; phase < CKS_P_RESULT; phase++)
		if (phase != CKS_P_WAITING)
			assert_int_not_equal(cks_phase_limit(phase), CKS_L_NONE);
}

TEST(defaults_are_allowed)
{
	unsigned int i;

	for (i = CKS_L_NONE + 1; i < CKS_LIMITS; i++) {
		assert_in_range(cks_limits[i].init, cks_limits[i].min, cks_limits[i].max);
		assert_true(cks_limits[i].min > 0);
	}
}

static TEST_CASE cases[] = {
#ifndef __KERNEL__
	RUN(page_has_the_moves),
	RUN(page_has_the_bounds),
#endif
	RUN(every_phase_can_be_ended),
	RUN(powered_phases_are_bounded),
	RUN(defaults_are_allowed),
	{}
};

TEST_SUITE("router_phase");
