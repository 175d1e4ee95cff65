// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workers of casd: order, threads, one that waits, jobs taken back, and the end with jobs under
 * way. Nothing here waits for a time: jobs wait at gates that the tests open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>

#include "casd/pool.h"

#define JOBS 100

static struct event_base *base;
static struct pool *pool;

/**
 * struct trial - a job that says where and when it was done
 * @job: for the pool
 * @gate: waits for it in the worker, if it is not NULL
 * @begun: told when it does
 * @loop: that ends with it, NULL for none
 * @worker: thread that it ran in
 * @done_in: thread that it was done in
 * @ran: how many of its worker ran before
 * @done: how many were done before
 * @called: @done was called
 * @blocked: SIGTERM was blocked
 */
struct trial {
	struct job job;
	sem_t *gate;
	sem_t *begun;
	struct event_base *loop;
	pthread_t worker;
	pthread_t done_in;
	unsigned int ran;
	unsigned int done;
	bool called;
	bool blocked;
};

static unsigned int ran, done;	/* of one worker alone, of the loop alone */

static void run(struct job *job)
{
	struct trial *t = (struct trial *)job;
	sigset_t now;

	t->worker = pthread_self();
	t->ran = ran++;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	t->blocked = sigismember(&now, SIGTERM);
	if (t->begun)
		sem_post(t->begun);
	if (t->gate)
		while (sem_wait(t->gate))
			;
}

static void run_alone(struct job *job)
{
	((struct trial *)job)->worker = pthread_self();
}

static void note_done(struct job *job)
{
	struct trial *t = (struct trial *)job;

	t->called = true;
	t->done_in = pthread_self();
	t->done = done++;
	if (t->loop)
		event_base_loopbreak(t->loop);
}

static void init(struct trial *t)
{
	memset(t, 0, sizeof(*t));
	t->job.run = run;
	t->job.done = note_done;
}

static void jobs_keep_their_order(void **state)
{
	struct trial t[JOBS];

	(void)state;
	for (unsigned int i = 0; i < JOBS; i++) {
		init(&t[i]);
		t[i].loop = i + 1 < JOBS ? NULL : base;
		pool_submit(pool, POOL_LEDGER, &t[i].job);
		/* The loop's turn comes later, however fast the worker is. */
		assert_false(t[i].called);
	}
	event_base_dispatch(base);
	for (unsigned int i = 0; i < JOBS; i++) {
		assert_int_equal(t[i].ran, i);
		assert_int_equal(t[i].done, i);
		assert_false(t[i].job.refused);
		assert_true(pthread_equal(t[i].worker, t[0].worker));
		assert_true(pthread_equal(t[i].done_in, pthread_self()));
		assert_false(pthread_equal(t[i].worker, pthread_self()));
		/* Signals are the event loop's. */
		assert_true(t[i].blocked);
	}
}

/* Who waits for the token does not hold those who want the database, nor the loop. */
static void workers_do_not_hold_others(void **state)
{
	struct trial slow, fast;
	sem_t gate;

	(void)state;
	sem_init(&gate, 0, 0);
	init(&slow);
	slow.gate = &gate;
	slow.loop = base;
	pool_submit(pool, POOL_TOKEN, &slow.job);
	for (unsigned int w = 0; w < POOL_WORKERS; w++) {
		if (w == POOL_TOKEN)
			continue;
		init(&fast);
		fast.job.run = run_alone;
		fast.loop = base;
		pool_submit(pool, w, &fast.job);
		event_base_dispatch(base);
		assert_true(fast.called);
		assert_false(slow.called);
	}
	sem_post(&gate);
	event_base_dispatch(base);
	assert_true(slow.called);
	assert_false(pthread_equal(slow.worker, fast.worker));
	sem_destroy(&gate);
}

static void job_that_has_not_begun_is_taken_back(void **state)
{
	struct trial first, taken, last;
	sem_t gate, begun;

	(void)state;
	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	init(&first);
	init(&taken);
	init(&last);
	first.gate = &gate;
	first.begun = &begun;
	last.loop = base;
	pool_submit(pool, POOL_LEDGER, &first.job);
	pool_submit(pool, POOL_LEDGER, &taken.job);
	pool_submit(pool, POOL_LEDGER, &last.job);
	sem_wait(&begun);
	assert_false(pool_cancel(pool, POOL_LEDGER, &first.job));
	assert_true(pool_cancel(pool, POOL_LEDGER, &taken.job));
	assert_false(pool_cancel(pool, POOL_LEDGER, &taken.job));
	sem_post(&gate);
	event_base_dispatch(base);
	assert_true(first.called && last.called);
	assert_false(taken.called);
	/* It is the caller's again, and may be submitted anew. */
	taken.loop = base;
	pool_submit(pool, POOL_LEDGER, &taken.job);
	event_base_dispatch(base);
	assert_true(taken.called);
	assert_false(pool_cancel(pool, POOL_LEDGER, &taken.job));
	sem_destroy(&gate);
	sem_destroy(&begun);
}

/* What has its time comes before all that wait, but after what runs. */
static void urgent_job_is_next(void **state)
{
	struct trial first, waits, urgent;
	sem_t gate, begun;

	(void)state;
	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	init(&first);
	init(&waits);
	init(&urgent);
	first.gate = &gate;
	first.begun = &begun;
	waits.loop = base;
	pool_submit(pool, POOL_LEDGER, &first.job);
	pool_submit(pool, POOL_LEDGER, &waits.job);
	sem_wait(&begun);
	pool_submit_first(pool, POOL_LEDGER, &urgent.job);
	sem_post(&gate);
	event_base_dispatch(base);
	assert_true(first.called && waits.called && urgent.called);
	assert_int_equal(first.done, 0);
	assert_int_equal(urgent.ran, 1);
	assert_int_equal(urgent.done, 1);
	assert_int_equal(waits.ran, 2);
	sem_destroy(&gate);
	sem_destroy(&begun);
}

static void *open_gate(void *gate)
{
	sem_post(gate);
	return NULL;
}

/* What was submitted is done, though the loop does not run any more. */
static void end_does_what_was_submitted(void **state)
{
	struct trial t[JOBS];
	pthread_t other;
	sem_t gate;

	(void)state;
	sem_init(&gate, 0, 0);
	for (unsigned int i = 0; i < JOBS; i++) {
		init(&t[i]);
		t[i].gate = i ? NULL : &gate;
		pool_submit(pool, POOL_LEDGER, &t[i].job);
	}
	assert_int_equal(pthread_create(&other, NULL, open_gate, &gate), 0);
	pool_close(pool, 60000);
	pool = NULL;
	pthread_join(other, NULL);
	for (unsigned int i = 0; i < JOBS; i++) {
		assert_true(t[i].called);
		assert_false(t[i].job.refused);
		assert_int_equal(t[i].ran, i);
		assert_int_equal(t[i].done, i);
	}
	sem_destroy(&gate);
}

/**
 * struct chain - a job whose end submits another one, as a session's do
 * @trial: the job
 * @next: that other one
 */
struct chain {
	struct trial trial;
	struct trial next;
};

static void done_goes_on(struct job *job)
{
	note_done(job);
	pool_submit(pool, POOL_TOKEN, &((struct chain *)job)->next.job);
}

static void done_opens(struct job *job)
{
	note_done(job);
	sem_post(((struct trial *)job)->gate);
}

/*
 * After its time nothing is begun: what waits is refused in its order, and so is what follows; the
 * one that runs is waited for. It is the first one refused that lets it go.
 */
static void end_refuses_when_its_time_is_over(void **state)
{
	struct trial running, waiting;
	struct chain chain;
	sem_t gate, begun;

	(void)state;
	sem_init(&gate, 0, 0);
	sem_init(&begun, 0, 0);
	init(&running);
	init(&waiting);
	init(&chain.trial);
	init(&chain.next);
	running.gate = &gate;
	running.begun = &begun;
	waiting.gate = &gate;
	waiting.job.done = done_opens;
	chain.trial.job.done = done_goes_on;
	pool_submit(pool, POOL_LEDGER, &running.job);
	pool_submit(pool, POOL_LEDGER, &waiting.job);
	pool_submit(pool, POOL_LEDGER, &chain.trial.job);
	sem_wait(&begun);
	pool_close(pool, 0);
	pool = NULL;
	assert_true(running.called && waiting.called && chain.trial.called && chain.next.called);
	assert_false(running.job.refused);
	assert_true(waiting.job.refused && chain.trial.job.refused && chain.next.job.refused);
	assert_int_equal(waiting.done, 0);
	assert_int_equal(chain.trial.done, 1);
	assert_int_equal(ran, 1);
	sem_destroy(&gate);
	sem_destroy(&begun);
}

static int setup(void **state)
{
	(void)state;
	ran = 0;
	done = 0;
	base = event_base_new();
	pool = base ? pool_open(base) : NULL;
	return pool ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	pool_close(pool, 0);
	event_base_free(base);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(jobs_keep_their_order),
		TEST(workers_do_not_hold_others),
		TEST(job_that_has_not_begun_is_taken_back),
		TEST(urgent_job_is_next),
		TEST(end_does_what_was_submitted),
		TEST(end_refuses_when_its_time_is_over),
	};

	return cmocka_run_group_tests_name("casd_pool", tests, NULL, NULL);
}
