// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole surface of the modules under programs that nobody has thought of: netlink, the
 * coupler's device, connections to the station, and the card's side of the bench. A corpus that has
 * reached much of the code is replayed; the kernel tells of what goes wrong, and a session works
 * afterwards.
 *
 * With CKS_SURFACE_MESSAGES and CKS_SURFACE_CONNECTIONS it is a fuzzer, guided by KCOV, until there
 * were as many of both. CKS_SURFACE_SEED (7816) says how it begins; the same seed makes the same
 * programs as long as the kernel's threads run in the same order. In $CKS_SHARE, what ran last is
 * surface-trail, what reached something new is in surface-found as soon as it did, and what the
 * corpus would be in the end in surface-corpus; each of them is run by CKS_SURFACE_CORPUS=PATH.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/router_bed.h"
#include "surface/corpus.h"
#include "surface/kcov.h"
#include "surface/world.h"

#define FIGURES		256	/* programs after which they are printed */
#define EPOCH_PROGRAMS	64	/* of a trail */
#define EDGES_MIN	2000	/* that the corpus reaches */
#define DONE_SHARE	4	/* of its messages, one of so many is carried out */
#define CORPUS		CKS_TOP "/tests/kselftest/surface/corpus"

static const char *const modules[] = {
	"cks", "cks_sim", "cks_uart", "cks_tty", "cks_router", NULL,
};

static struct world world;
static struct corpus corpus;
static bool traced;

static uint64_t setting(const char *name, uint64_t missing)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : missing;
}

static const char *shared(char *path, size_t size, const char *name)
{
	const char *share = getenv("CKS_SHARE");

	if (!share)
		return NULL;
	snprintf(path, size, "%s/%s", share, name);
	return path;
}

static unsigned int run(const struct program *p)
{
	unsigned int fresh;

	trail_add(p);
	kcov_begin();
	world_run(&world, p);
	world_again(&world);
	fresh = kcov_end();
	return fresh;
}

static void replay(void **state)
{
	const char *dir = getenv("CKS_SURFACE_CORPUS");
	unsigned int i;

	(void)state;
	if (!corpus_load(&corpus, dir ? dir : CORPUS))
		fail_msg("there is no corpus in %s", dir ? dir : CORPUS);
	for (i = 0; i < corpus.n; i++)
		run(corpus.p[i]);
	printf("# corpus: %u programs, %u edges; %llu of %llu messages carried out, "
	       "%llu answers to a CAS\n", corpus.n, kcov_edges(), (unsigned long long)world.done,
	       (unsigned long long)world.messages, (unsigned long long)world.answers);
	for (i = 0; i < OP_KINDS; i++)
		assert_true(world.ops[i]);
	/* A corpus whose numbers are not those of the family any more gets nothing but errors. */
	assert_in_range(world.done, world.messages / DONE_SHARE, world.messages);
	/* Where it is a fuzzer the modules are built for KCOV (the row fuzz), else not. */
	if (getenv("CKS_SURFACE_MESSAGES"))
		assert_in_range(kcov_edges(), EDGES_MIN, UINT32_MAX);
}

static void figures(uint64_t programs)
{
	printf("# %llu programs: %llu messages, %llu connections, %llu calls of the device, "
	       "%llu of the card, %llu answers to a CAS; %u edges, %u programs kept\n",
	       (unsigned long long)programs,
	       (unsigned long long)world.messages, (unsigned long long)world.connections,
	       (unsigned long long)world.calls, (unsigned long long)world.records,
	       (unsigned long long)world.answers, kcov_edges(), corpus.n);
	fflush(stdout);
}

/* Those of what was kept that still reach something once the shorter ones have run. */
static void keep(void)
{
	struct corpus all = corpus;
	char dir[512];
	unsigned int i, nr = 0;

	if (!shared(dir, sizeof(dir), "surface-corpus"))
		return;
	trail_begin(NULL);
	corpus_sort(&all);
	kcov_forget();
	for (i = 0; i < all.n; i++)
		if (run(all.p[i]))
			corpus_save(all.p[i], dir, nr++);
	printf("# %u programs reach %u edges\n", nr, kcov_edges());
}

static void fuzz(void **state)
{
	uint64_t messages = setting("CKS_SURFACE_MESSAGES", 0), programs = 0;
	uint64_t connections = setting("CKS_SURFACE_CONNECTIONS", 0);
	struct dice d = { .state = setting("CKS_SURFACE_SEED", 7816) | 1ULL << 63 };
	static struct program p;
	char trail[512], path[512];
	const char *dir = shared(path, sizeof(path), "surface-found");
	unsigned int found = 0;

	(void)state;
	assert_true(traced);
	while (world.messages < messages || world.connections < connections) {
		if (programs % EPOCH_PROGRAMS == 0)
			trail_begin(shared(trail, sizeof(trail), "surface-trail"));
		if (world.messages * connections < world.connections * messages) {
			/* They are cheap beside what a program costs: many at once. */
			program_many_messages(&d, &p);
		} else if (corpus.n && dice_of(&d, 4)) {
			p = *corpus.p[dice_of(&d, corpus.n)];
			program_change(&d, &p, corpus.p[dice_of(&d, corpus.n)]);
		} else {
			program_make(&d, &p);
		}
		if (run(&p)) {
			corpus_add(&corpus, &p);
			if (dir)
				corpus_save(&p, dir, found++);
		}
		if (++programs % FIGURES == 0)
			figures(programs);
	}
	figures(programs);
	keep();
}

static int begin(void **state)
{
	(void)state;
	assert_int_equal(modules_load(modules), 0);
	traced = kcov_open();
	world_begin(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end(&world);
	kcov_close();
	corpus_free(&corpus);
	return modules_unload(modules);
}

static int bed(void **state)
{
	static const uint8_t atr[] = { 0x3b, 0x02, 0x14, 0x50 };

	return bed_make(state, atr, sizeof(atr));
}

static void a_session(void **state)
{
	struct bed *b = *state;

	cas_connect(b);
	begin_session(b);
	send_result(b, 1, CKS_VERDICT_GOOD);
	wait_session(b, CKS_SESSION_STATE_RESULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay),
		cmocka_unit_test(fuzz),
	};
	const struct CMUnitTest after[] = {
		cmocka_unit_test_setup_teardown(a_session, bed, teardown),
	};
	int rc;

	if (!getenv("CKS_GUEST")) {
		printf("Bail out! loads kernel modules, so it runs in a guest only\n");
		return 2;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (setting("CKS_SURFACE_MESSAGES", 0) || setting("CKS_SURFACE_CONNECTIONS", 0))
		rc = cmocka_run_group_tests_name("surface", tests, begin, end);
	else
		rc = _cmocka_run_group_tests("surface", tests, 1, begin, end);
	return cmocka_run_group_tests_name("afterwards", after, NULL, NULL) || rc;
}
