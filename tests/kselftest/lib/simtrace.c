// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traces of the bench, for test programs: reading them, and finding characters in their edges.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "simtrace.h"

#define PIECE	4096	/* records */

bool simtrace_read(int fd, struct simtrace *ret_trace)
{
	struct cks_sim_edge *rec = NULL, *more;
	size_t len = 0;
	ssize_t n;

	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		return false;
	for (;;) {
		more = realloc(rec, (len + PIECE) * sizeof(*rec));
		if (!more)
			break;
		rec = more;
		n = read(fd, rec + len, PIECE * sizeof(*rec));
		if (!n || (n < 0 && errno == EAGAIN)) {
			ret_trace->rec = rec;
			ret_trace->n = len;
			return true;
		}
		if (n < 0 || n % sizeof(*rec))
			break;
		len += (size_t)n / sizeof(*rec);
	}
	free(rec);
	return false;
}

void simtrace_free(struct simtrace *t)
{
	free(t->rec);
	t->rec = NULL;
	t->n = 0;
}

size_t simtrace_find(const struct simtrace *t, enum cks_sim_signal signal, unsigned int value,
		     size_t from)
{
	while (from < t->n && (t->rec[from].signal != signal || t->rec[from].value != value))
		from++;
	return from;
}

bool simtrace_char(const struct simtrace *t, enum cks_sim_signal signal, double etu_ns, size_t *pos,
		   uint8_t *ret_byte, uint64_t *ret_start)
{
	size_t i = simtrace_find(t, signal, 0, *pos);
	bool level = false;
	uint64_t start;

	if (i == t->n)
		return false;
	start = t->rec[i++].time;
	*ret_start = start;
	*ret_byte = 0;
	for (int bit = 0; bit < 10; bit++) {
		uint64_t sample = start + (uint64_t)((bit + 0.5) * etu_ns);

		for (; i < t->n && t->rec[i].time <= sample; i++)
			if (t->rec[i].signal == signal)
				level = t->rec[i].value;
		if (bit >= 1 && bit <= 8 && level)
			*ret_byte |= (uint8_t)(1 << (bit - 1));
	}
	/* The rise into the stop bits belongs to it. */
	while (!level && i < t->n) {
		if (t->rec[i].signal == signal)
			level = t->rec[i].value;
		i++;
	}
	*pos = i;
	return true;
}
