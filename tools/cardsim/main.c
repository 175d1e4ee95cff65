// SPDX-License-Identifier: GPL-2.0-only
/* cardsim: simulated cards and the simulated transport unit, all in one event loop. */
#include <errno.h>
#include <event2/event.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "control.h"
#include "machine.h"
#include "options.h"
#include "trace.h"

#define RT_PRIORITY	20
#define SIGNALS		2

struct simulation {
	struct event_base *base;
	struct event *signal[SIGNALS];
	struct stock stock;
	struct bench bench;
	struct machine machine;
	struct control *control;
};

static bool insert(void *ctx, unsigned int lane, unsigned int card)
{
	struct simulation *sim = ctx;

	return slot_insert(&sim->bench.slots[lane], stock_card(&sim->stock, card));
}

static void remove_card(void *ctx, unsigned int lane)
{
	struct simulation *sim = ctx;

	slot_remove(&sim->bench.slots[lane]);
}

static const struct machine_ops machine_ops = {
	.insert = insert,
	.remove = remove_card,
};

static const char *ref_of(void *ctx, unsigned int card)
{
	struct simulation *sim = ctx;

	return stock_card(&sim->stock, card)->ref;
}

static void signal_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopexit(arg, NULL);
}

static bool watch_signals(struct simulation *sim)
{
	static const int numbers[SIGNALS] = { SIGINT, SIGTERM };

	signal(SIGPIPE, SIG_IGN);
	for (unsigned int i = 0; i < SIGNALS; i++) {
		sim->signal[i] = evsignal_new(sim->base, numbers[i], signal_cb, sim->base);
		if (!sim->signal[i] || event_add(sim->signal[i], NULL))
			return false;
	}
	return true;
}

/* Complete under its name or not there at all. */
static bool write_ready(const struct bench *b, const char *path)
{
	char *temporary = NULL;
	bool ok = false;
	FILE *f;

	if (asprintf(&temporary, "%s.new", path) < 0)
		return false;
	f = fopen(temporary, "we");
	if (f) {
		for (unsigned int i = 0; i < b->count; i++)
			fprintf(f, "%u %u\n", b->slots[i].lane, b->slots[i].coupler);
		ok = !ferror(f);
		ok = !fclose(f) && ok && !rename(temporary, path);
	}
	if (!ok)
		fprintf(stderr, "cardsim: cannot write %s: %s\n", path, strerror(errno));
	free(temporary);
	return ok;
}

/* The ATR is due within 40,000 clock cycles, 11 ms: another program must not be in the way. */
static bool go_realtime(void)
{
	struct sched_param param = { .sched_priority = RT_PRIORITY };

	if (!mlockall(MCL_CURRENT | MCL_FUTURE) && !sched_setscheduler(0, SCHED_FIFO, &param))
		return true;
	fprintf(stderr, "cardsim: --realtime: %s\n", strerror(errno));
	return false;
}

static bool make_stock(struct simulation *sim, const struct options *o)
{
	if (!stock_make(&sim->stock, &o->stock))
		return false;
	for (unsigned int i = 0; i < o->defects; i++) {
		if (!stock_set_defect(&sim->stock, o->defect[i].card, o->defect[i].defect)) {
			fprintf(stderr, "cardsim: --defect: there is no card %u\n",
				o->defect[i].card);
			return false;
		}
	}
	return !o->defects_file || stock_read_defects(&sim->stock, o->defects_file);
}

static bool start(struct simulation *sim, const struct options *o)
{
	sim->base = event_base_new();
	if (!sim->base || !watch_signals(sim)) {
		fputs("cardsim: cannot set up the event loop\n", stderr);
		return false;
	}
	if (o->trace) {
		int err = trace_open(o->trace);

		if (err) {
			fprintf(stderr, "cardsim: cannot write %s: %s\n", o->trace, strerror(-err));
			return false;
		}
	}
	if (!make_stock(sim, o))
		return false;
	if (!machine_init(&sim->machine, sim->stock.count, o->bench.slots, &machine_ops, sim)) {
		fputs("cardsim: no memory for the machine\n", stderr);
		return false;
	}
	if (!bench_open(&sim->bench, &o->bench, sim->base))
		return false;
	sim->control = control_listen(sim->base, o->socket, &sim->machine, ref_of);
	if (!sim->control || (o->realtime && !go_realtime()))
		return false;
	return !o->ready_file || write_ready(&sim->bench, o->ready_file);
}

static void stop(struct simulation *sim)
{
	control_close(sim->control);
	bench_close(&sim->bench);
	machine_free(&sim->machine);
	stock_free(&sim->stock);
	for (unsigned int i = 0; i < SIGNALS; i++)
		if (sim->signal[i])
			event_free(sim->signal[i]);
	if (sim->base)
		event_base_free(sim->base);
	trace_close();
}

int main(int argc, char **argv)
{
	static struct simulation sim = { .bench.fd = -1 };
	struct options o;
	int status = EXIT_FAILURE;

	switch (options_parse(&o, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	if (start(&sim, &o) && !event_base_dispatch(sim.base))
		status = EXIT_SUCCESS;
	OPENSSL_cleanse(&o.stock.master, sizeof(o.stock.master));
	stop(&sim);
	return status;
}
