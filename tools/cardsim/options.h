/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of cardsim. */
#ifndef CARDSIM_OPTIONS_H
#define CARDSIM_OPTIONS_H

#include "bench.h"
#include "stock.h"

#define DEFECTS_MAX	256

struct options {
	struct bench_order bench;
	struct stock_order stock;
	struct {
		unsigned int card;
		enum defect defect;
	} defect[DEFECTS_MAX];
	unsigned int defects;
	const char *defects_file;
	const char *socket;
	const char *ready_file;
	const char *trace;
	bool realtime;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE,	/* --help: exit status 0 */
	OPTIONS_WRONG,	/* exit status 2, message given */
};

enum options_result options_parse(struct options *o, int argc, char **argv);

#endif
