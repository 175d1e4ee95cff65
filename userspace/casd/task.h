/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A job that a session waits for. A session has one at a time, and may end meanwhile: then the job
 * is taken back if it has not begun, and else ends by itself, with whatever came of it.
 *
 * All of this is called in the event loop.
 */
#ifndef CASD_TASK_H
#define CASD_TASK_H

#include <lua.h>
#include <stddef.h>

#include "pool.h"

#define TASK_WAIT 60	/* seconds that a script waits for a worker: the station waits 120 for it */

struct session;
struct station;

/**
 * struct task - a job of a session; the first member of what it needs
 * @job: for the pool
 * @worker: of the job
 * @session: that waits; NULL: it has ended
 * @station: of it: stays as long as the pool is open
 * @run: does it, in the worker
 * @done: takes what came of it; not called without a session
 * @release: frees it, with what nobody has taken
 * @must_run: it is not taken back when the session ends
 * @over: it is not in work
 */
struct task {
	struct job job;
	enum pool_worker worker;
	struct session *session;
	struct station *station;
	void (*run)(struct task *t);
	void (*done)(struct task *t);
	void (*release)(struct task *t);
	bool must_run;
	bool over;
};

/* task_init() - the session's task from now on; one that it had is over, and released */
void task_init(struct session *s, struct task *t, void (*run)(struct task *t),
	       void (*done)(struct task *t), void (*release)(struct task *t));

/* task_submit() - have it run; it may be submitted again when it is over, with another @run */
void task_submit(struct task *t, enum pool_worker worker);

/* task_busy() - whether a worker has the session's task */
bool task_busy(const struct session *s);

/* task_drop() - the session's task is of no interest any more, whether it is over or not */
void task_drop(struct session *s);

/* ---- of a script ---- */

/* task_resume() - a @done: the script goes on */
void task_resume(struct task *t);

/* task_wait() - submit it, and yield until it is over; @k goes on then. Returns what it must. */
int task_wait(lua_State *L, struct task *t, enum pool_worker worker, lua_KFunction k);

#endif
