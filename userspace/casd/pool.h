/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers for what may block: a thread for each thing that there is one of, and its queue.
 *
 * Each worker owns what it is named after: nobody else touches it while the pool is open, so that
 * there is nothing to lock, and what is asked of it is done in the order in which it was asked. A
 * job belongs to the event loop until pool_submit(), to its worker during @run, and to the loop
 * again from @done on. So it has all that it needs in itself: no session, and of a station only
 * what never changes.
 */
#ifndef CASD_POOL_H
#define CASD_POOL_H

#include <stdbool.h>
#include <sys/queue.h>

enum pool_worker {
	POOL_LEDGER,	/* struct ledger: the database, its witness */
	POOL_TOKEN,	/* struct token: cas-keyd */
	POOL_FILES,	/* profiles, heads */
	POOL_WORKERS,
};

struct event_base;
struct pool;

/**
 * struct job - something to be done; part of a struct that has what it needs
 * @run: does it; in the worker
 * @done: takes what came of it, and the job itself; in the event loop, never within pool_submit()
 * @refused: the pool was closed before its turn: it was not run
 * @queued: it waits for the worker; the pool's
 * @entry: the pool's
 */
struct job {
	void (*run)(struct job *job);
	void (*done)(struct job *job);
	bool refused;
	bool queued;

	TAILQ_ENTRY(job) entry;
};

/**
 * pool_open() - start the workers; they take no signals
 * @base: event loop that @done is called in
 *
 * Return: NULL if there is no memory, descriptor or thread.
 */
struct pool *pool_open(struct event_base *base);

/**
 * pool_submit() - have a job done, after all that were submitted to that worker before
 * @job: needs nothing that could fail: it is not copied. How many there are is for the caller to
 *	limit
 */
void pool_submit(struct pool *p, enum pool_worker worker, struct job *job);

/*
 * pool_submit_first() - the same, before all that have not begun
 *
 * For what has its time, whatever others have asked for.
 */
void pool_submit_first(struct pool *p, enum pool_worker worker, struct job *job);

/**
 * pool_cancel() - take a job back that has not begun
 *
 * Return: true if it is the caller's again, and @done will not be called; false if it runs or ran.
 */
bool pool_cancel(struct pool *p, enum pool_worker worker, struct job *job);

/**
 * pool_close() - do what was submitted, and end
 * @ms: after so long nothing is begun any more: what is still queued is refused, in order
 *
 * @done is called for all, from here. NULL is ignored.
 */
void pool_close(struct pool *p, unsigned int ms);

#endif
