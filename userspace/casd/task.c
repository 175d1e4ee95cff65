// SPDX-License-Identifier: GPL-2.0-only
/* A job that a session waits for. Context: the event loop, but for on_run(). */
#include "task.h"

#include "session.h"

static void on_run(struct job *job)
{
	struct task *t = (struct task *)job;

	t->run(t);
}

static void on_done(struct job *job)
{
	struct task *t = (struct task *)job;

	t->over = true;
	control_job_over(t->station);
	if (t->session)
		t->done(t);
	else
		t->release(t);
}

void task_init(struct session *s, struct task *t, void (*run)(struct task *t),
	       void (*done)(struct task *t), void (*release)(struct task *t))
{
	task_drop(s);
	t->job.run = on_run;
	t->job.done = on_done;
	t->session = s;
	t->station = s->station;
	t->run = run;
	t->done = done;
	t->release = release;
	t->over = true;
	s->task = t;
}

void task_submit(struct task *t, enum pool_worker worker)
{
	t->over = false;
	t->worker = worker;
	control_job_begins(t->station);
	pool_submit(t->station->casd->pool, worker, &t->job);
}

bool task_busy(const struct session *s)
{
	return s->task && !s->task->over;
}

void task_drop(struct session *s)
{
	struct task *t = s->task;

	if (!t)
		return;
	s->task = NULL;
	t->session = NULL;
	if (t->over) {
		t->release(t);
	} else if (!t->must_run && pool_cancel(t->station->casd->pool, t->worker, &t->job)) {
		control_job_over(t->station);
		t->release(t);
	}
}

void task_resume(struct task *t)
{
	struct session *s = t->session;

	/* While the channel is broken, or opened anew, its own time runs. */
	if (s->state == SESSION_RUNNING)
		session_wait(s, SESSION_RUNNING, 0);
	session_run(s);
}

int task_wait(lua_State *L, struct task *t, enum pool_worker worker, lua_KFunction k)
{
	struct session *s = t->session;

	if (!lua_isyieldable(L))
		return sandbox_fail(L, "a worker cannot be waited for here");
	if (s->state == SESSION_RUNNING)
		session_wait(s, SESSION_RUNNING, TASK_WAIT);
	task_submit(t, worker);
	return sandbox_wait_worker(L, k);
}
