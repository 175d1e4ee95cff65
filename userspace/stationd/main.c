// SPDX-License-Identifier: GPL-2.0-only
/*
 * stationd: the control unit of a card station. Puts the parts together and runs the loop.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "identity.h"
#include "options.h"
#include "progress.h"
#include "station.h"

#define NETLINK_MS	5000	/* for one answer of the kernel */
#define TICK_S		1
#define LINES_S		5	/* between progress lines where they cannot be rewritten */

static const struct transport_ops *const transports[] = { &transport_sim };

/**
 * struct daemon - the loop and what hangs on it
 */
struct daemon {
	struct options options;
	struct station st;
	struct event_base *base;
	struct event **timers;		/* of the lanes */
	struct event *tick;
	struct event *netlink;
	struct event *sigint;
	struct event *sigterm;
	struct cksnl *nl;
	struct cksnl_events *events;
	unsigned long shown_cards;
	uint64_t shown_ms;
	bool signalled;
};

/* ---------------------------------------------------------------------------------- time */

static uint64_t now_ms(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void arm(void *arg, struct lane *lane, unsigned int ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	struct daemon *d = arg;

	if (ms)
		evtimer_add(d->timers[lane->index], &tv);
	else
		evtimer_del(d->timers[lane->index]);
}

static const struct clock_ops real_clock = { .now_ms = now_ms, .arm = arm };

/* ------------------------------------------------------------------------------ callbacks */

static void on_lane_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	lane_timer(arg);
}

static void on_event(const struct cksnl_event *event, void *arg)
{
	struct daemon *d = arg;

	station_event(&d->st, event);
}

static void on_netlink(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	int err = cksnl_events_read(d->events, on_event, d);

	(void)fd;
	(void)what;
	if (err == -ENOBUFS) {
		station_tick(&d->st);
		station_poke(&d->st);
	} else if (err) {
		/* The ticks and polls go on without. */
		report("no more events from the kernel: %s", strerror(-err));
		event_del(d->netlink);
	}
}

static void show_progress(struct daemon *d, bool last)
{
	unsigned long cards = 0;
	bool terminal = isatty(STDOUT_FILENO);

	if (!d->options.progress || d->st.purging)
		return;
	for (unsigned int i = 0; i < d->st.nlanes; i++)
		cards += d->st.lanes[i].stats.cards;
	if (!terminal && (cards == d->shown_cards ||
			  (!last && now_ms(NULL) - d->shown_ms < LINES_S * 1000)))
		return;
	d->shown_cards = cards;
	d->shown_ms = now_ms(NULL);
	progress_line(stdout, &d->st, terminal);
	if (last && terminal)
		fputc('\n', stdout);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	station_tick(&d->st);
	show_progress(d, false);
	if (station_over(&d->st))
		event_base_loopbreak(d->base);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	if (d->signalled) {
		report("ends at once; the next start settles what is in the lanes");
		d->st.failed = true;
		event_base_loopbreak(d->base);
		return;
	}
	report("%s: finishes the cards in the lanes", sig == SIGINT ? "interrupted" : "terminated");
	d->signalled = true;
	d->st.draining = true;
}

/* --------------------------------------------------------------------------------- set up */

static bool open_transport(struct daemon *d)
{
	const char *spec = d->options.transport, *colon = strchr(spec, ':');
	int err;

	for (unsigned int i = 0; colon && i < sizeof(transports) / sizeof(transports[0]); i++) {
		const struct transport_ops *ops = transports[i];

		if (strlen(ops->kind) != (size_t)(colon - spec) ||
		    strncmp(ops->kind, spec, colon - spec))
			continue;
		d->st.transport = ops;
		err = ops->open(&d->st.machine, d->base, colon + 1, d->st.nlanes);
		if (err)
			report("transport %s: %s", spec, strerror(-err));
		return !err;
	}
	report("\"%s\" names no kind of transport unit; there is: sim:SOCKET", spec);
	return false;
}

static bool open_lanes(struct daemon *d)
{
	uint32_t coupler[LANES_MAX];
	unsigned int n;

	if (options_read_lanes(d->options.lanes, coupler, &n))
		return false;
	d->st.lanes = calloc(n, sizeof(*d->st.lanes));
	d->timers = calloc(n, sizeof(*d->timers));
	if (!d->st.lanes || !d->timers)
		goto nomem;
	d->st.nlanes = n;
	for (unsigned int i = 0; i < n; i++) {
		struct lane *lane = &d->st.lanes[i];

		lane->st = &d->st;
		lane->index = i;
		lane->coupler = coupler[i];
		d->timers[i] = evtimer_new(d->base, on_lane_timer, lane);
		if (!d->timers[i])
			goto nomem;
	}
	return true;
nomem:
	report("out of memory");
	return false;
}

static bool open_kernel(struct daemon *d)
{
	char why[256];
	int err;

	if (cksnl_open(&d->nl, NETLINK_MS, why, sizeof(why))) {
		report("%s", why);
		return false;
	}
	err = cksnl_events_open(&d->events,
				CKSNL_GROUP_CARD | CKSNL_GROUP_RESULT | CKSNL_GROUP_FAULT);
	if (err) {
		report("cannot subscribe to the kernel's events: %s", strerror(-err));
		return false;
	}
	d->st.router = &router_netlink;
	d->st.router_arg = d->nl;
	return true;
}

static bool open_journal(struct daemon *d)
{
	char why[512];

	if (journal_open(&d->st.journal, d->options.journal, why, sizeof(why)) ||
	    identity_load(d->st.journal->dir, d->st.uuid, why, sizeof(why))) {
		report("%s", why);
		return false;
	}
	return true;
}

static bool open_loop(struct daemon *d)
{
	const struct timeval tv = { .tv_sec = TICK_S };

	d->tick = event_new(d->base, -1, EV_PERSIST, on_tick, d);
	d->netlink = event_new(d->base, cksnl_events_fd(d->events), EV_READ | EV_PERSIST,
			       on_netlink, d);
	d->sigint = evsignal_new(d->base, SIGINT, on_signal, d);
	d->sigterm = evsignal_new(d->base, SIGTERM, on_signal, d);
	if (!d->tick || !d->netlink || !d->sigint || !d->sigterm ||
	    event_add(d->tick, &tv) || event_add(d->netlink, NULL) ||
	    event_add(d->sigint, NULL) || event_add(d->sigterm, NULL)) {
		report("out of memory");
		return false;
	}
	return true;
}

static void event_put(struct event *event)
{
	if (event)
		event_free(event);
}

static void close_all(struct daemon *d)
{
	event_put(d->tick);
	event_put(d->netlink);
	event_put(d->sigint);
	event_put(d->sigterm);
	if (d->st.machine)
		d->st.transport->close(d->st.machine);
	for (unsigned int i = 0; d->timers && i < d->st.nlanes; i++)
		event_put(d->timers[i]);
	free(d->timers);
	free(d->st.lanes);
	cksnl_events_close(d->events);
	cksnl_close(d->nl);
	journal_close(d->st.journal);
	if (d->base)
		event_base_free(d->base);
}

static int run(struct daemon *d)
{
	int err;

	if (station_begin(&d->st))
		return 1;
	event_base_dispatch(d->base);
	show_progress(d, true);
	progress_table(stdout, &d->st);
	if (d->options.summary[0]) {
		err = progress_json(d->options.summary, &d->st);
		if (err) {
			report("%s: %s", d->options.summary, strerror(-err));
			return 1;
		}
	}
	return d->st.failed;
}

int main(int argc, char **argv)
{
	static struct daemon d;
	int rc = options_parse(&d.options, argc, argv);

	if (rc >= 0)
		return rc;
	signal(SIGPIPE, SIG_IGN);
	d.st.settings = &d.options.settings;
	d.st.clock = &real_clock;
	d.st.clock_arg = &d;
	d.base = event_base_new();
	rc = 1;
	if (!d.base)
		report("out of memory");
	else if (open_lanes(&d) && open_kernel(&d) && open_journal(&d) && open_transport(&d) &&
		 open_loop(&d))
		rc = run(&d);
	close_all(&d);
	return rc;
}
