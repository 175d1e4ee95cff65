// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers for what may block.
 *
 * pool->lock guards the queues, @finished, @late and @stop. @pending is the event loop's alone.
 */
#include "pool.h"

#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STACK (512 << 10)	/* not the 8 MiB that are usual: it counts as locked memory */

TAILQ_HEAD(job_list, job);

/**
 * struct worker - one thread
 * @pool: its pool
 * @thread: if it @runs
 * @runs: it was started
 * @wake: there is a job, or @stop
 * @queue: of jobs
 */
struct worker {
	struct pool *pool;
	pthread_t thread;
	bool runs;
	pthread_cond_t wake;
	struct job_list queue;
};

/**
 * struct pool - the workers
 * @lock: see above
 * @worker: each
 * @finished: jobs whose @done is due
 * @late: nothing is begun any more
 * @stop: workers end
 * @pending: jobs submitted whose @done was not called
 * @fd: eventfd, readable if something is @finished
 * @event: for @fd
 */
struct pool {
	pthread_mutex_t lock;
	struct worker worker[POOL_WORKERS];
	struct job_list finished;
	bool late;
	bool stop;
	unsigned int pending;
	int fd;
	struct event *event;
};

/* With the lock held. The eventfd counts: it is never full. */
static void finish(struct pool *p, struct job *job)
{
	const uint64_t one = 1;

	TAILQ_INSERT_TAIL(&p->finished, job, entry);
	while (write(p->fd, &one, sizeof(one)) < 0)
		;
}

static void refuse(struct pool *p, struct job *job)
{
	job->refused = true;
	finish(p, job);
}

static struct job *take(struct worker *w)
{
	struct job *job = TAILQ_FIRST(&w->queue);

	if (job) {
		TAILQ_REMOVE(&w->queue, job, entry);
		job->queued = false;
	}
	return job;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	struct job *job;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		job = take(w);
		if (!job) {
			pthread_cond_wait(&w->wake, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		job->run(job);
		pthread_mutex_lock(&p->lock);
		finish(p, job);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Those that are finished now; others' events come before those that finish meanwhile. */
static void call_done(struct pool *p)
{
	struct job_list list = TAILQ_HEAD_INITIALIZER(list);
	struct job *job;
	uint64_t count;

	pthread_mutex_lock(&p->lock);
	if (read(p->fd, &count, sizeof(count)) > 0)
		TAILQ_CONCAT(&list, &p->finished, entry);
	pthread_mutex_unlock(&p->lock);
	while ((job = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, job, entry);
		p->pending--;
		job->done(job);
	}
}

static void on_finished(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	call_done(arg);
}

static bool start_all(struct pool *p)
{
	sigset_t all, before;
	pthread_attr_t attr;
	bool ok = true;

	if (pthread_attr_init(&attr))
		return false;
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int i = 0; ok && i < POOL_WORKERS; i++) {
		ok = !pthread_create(&p->worker[i].thread, &attr, work, &p->worker[i]);
		p->worker[i].runs = ok;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return ok;
}

struct pool *pool_open(struct event_base *base)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	TAILQ_INIT(&p->finished);
	for (int i = 0; i < POOL_WORKERS; i++) {
		p->worker[i].pool = p;
		pthread_cond_init(&p->worker[i].wake, NULL);
		TAILQ_INIT(&p->worker[i].queue);
	}
	p->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->fd >= 0)
		p->event = event_new(base, p->fd, EV_READ | EV_PERSIST, on_finished, p);
	if (p->event && !event_add(p->event, NULL) && start_all(p))
		return p;
	pool_close(p, 0);
	return NULL;
}

static void submit(struct pool *p, enum pool_worker worker, struct job *job, bool first)
{
	struct worker *w = &p->worker[worker];

	p->pending++;
	pthread_mutex_lock(&p->lock);
	job->refused = false;
	job->queued = !p->late;
	if (p->late) {
		refuse(p, job);
	} else {
		if (first)
			TAILQ_INSERT_HEAD(&w->queue, job, entry);
		else
			TAILQ_INSERT_TAIL(&w->queue, job, entry);
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&p->lock);
}

void pool_submit(struct pool *p, enum pool_worker worker, struct job *job)
{
	submit(p, worker, job, false);
}

void pool_submit_first(struct pool *p, enum pool_worker worker, struct job *job)
{
	submit(p, worker, job, true);
}

bool pool_cancel(struct pool *p, enum pool_worker worker, struct job *job)
{
	bool queued;

	pthread_mutex_lock(&p->lock);
	queued = job->queued;
	if (queued)
		TAILQ_REMOVE(&p->worker[worker].queue, job, entry);
	job->queued = false;
	pthread_mutex_unlock(&p->lock);
	if (queued)
		p->pending--;
	return queued;
}

static void refuse_all(struct pool *p)
{
	struct job *job;

	pthread_mutex_lock(&p->lock);
	p->late = true;
	for (int i = 0; i < POOL_WORKERS; i++)
		while ((job = take(&p->worker[i])))
			refuse(p, job);
	pthread_mutex_unlock(&p->lock);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void drain(struct pool *p, unsigned int ms)
{
	struct pollfd finished = { .fd = p->fd, .events = POLLIN };
	int64_t until = now_ms() + ms, left;

	while (p->pending) {
		left = until - now_ms();
		if (left <= 0)
			refuse_all(p);
		/* What runs has bounds of its own. */
		poll(&finished, 1, left > 0 ? (int)left : -1);
		call_done(p);
	}
}

void pool_close(struct pool *p, unsigned int ms)
{
	if (!p)
		return;
	drain(p, ms);
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < POOL_WORKERS; i++) {
		pthread_cond_signal(&p->worker[i].wake);
		if (p->worker[i].runs)
			pthread_join(p->worker[i].thread, NULL);
		pthread_cond_destroy(&p->worker[i].wake);
	}
	if (p->event)
		event_free(p->event);
	if (p->fd >= 0)
		close(p->fd);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
