/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs in files: one each in tests/kselftest/surface/corpus and elsewhere, a trail in one.
 */
#ifndef SURFACE_CORPUS_H
#define SURFACE_CORPUS_H

#include "program.h"

struct corpus {
	struct program **p;
	unsigned int n;
	unsigned int room;
};

void corpus_add(struct corpus *c, const struct program *p);
/* A directory, in the order of names, or a trail. false if there is none, or nothing in it. */
bool corpus_load(struct corpus *c, const char *path);
/* As DIR/NNNN. */
void corpus_save(const struct program *p, const char *dir, unsigned int nr);
/* The shortest first. */
void corpus_sort(struct corpus *c);
void corpus_free(struct corpus *c);

/*
 * What has run since trail_begin(), for when it was the last: a file that outlives the kernel.
 * NULL for nowhere.
 */
void trail_begin(const char *path);
void trail_add(const struct program *p);

#endif
