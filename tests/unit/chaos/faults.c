// SPDX-License-Identifier: GPL-2.0-only
/* What happens to daemons, stations, cards and the database while a game is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "database.h"
#include "game.h"

#define NOTICED	5000	/* ms, until something wants to be written */

static uint64_t full_until, stopped_until;
static int stopped;	/* daemon, where there are twins */

/* The other one takes its stations over, and this one hands nothing out when it goes on. */
static void stop_twin(void)
{
	if (stopped_until)
		return;
	stopped = (int)sim_draw(&game.world, (uint32_t)chaos_database.twins);
	kill(game.daemon[stopped], SIGSTOP);
	stopped_until = sim_now() + chaos_database.lease_ms + sim_draw(&game.world, 500);
	total.stops++;
}

/* Another process of its name takes over. */
static void stop_single(void)
{
	int i;

	for (i = 1; i < DAEMONS && game.daemon[i]; i++)
		;
	if (i == DAEMONS)
		return;
	kill(game.daemon[0], SIGSTOP);
	game.daemon[i] = game.daemon[0];
	stopped_until = sim_now() + 300 + sim_draw(&game.world, 700);
	daemon_start(0);
	total.stops++;
}

/* Those that were stopped go on, find out that others work, and end some time later. */
static void go_on_replaced(void)
{
	for (int i = 1; i < DAEMONS; i++) {
		if (game.daemon[i] <= 0)
			continue;
		if (sim_draw(&game.world, 2))
			kill(game.daemon[i], SIGCONT);
		else
			daemon_kill(i, SIGKILL);
	}
	stopped_until = sim_now() + 300;
}

static void let_go_on(void)
{
	if (!stopped_until || sim_now() < stopped_until)
		return;
	if (chaos_database.twins == 1) {
		go_on_replaced();
		return;
	}
	kill(game.daemon[stopped], SIGCONT);
	stopped_until = 0;
}

static void fill_disk(void)
{
	/* Not at its start, when SoftHSM writes the token. */
	if (full_until || !daemon_is_up())
		return;
	database_fill(game.daemon[0]);
	full_until = sim_now() + 100 + sim_draw(&game.world, 400);
	total.full++;
}

static void free_disk(void)
{
	assert_true(database_free(game.daemon[0]));
	full_until = 0;
}

static void hurt_database(void)
{
	uint32_t how = chaos_database.crashes ? sim_draw(&game.world, 6) : 0;

	/* One of each at least. */
	if (!how || !total.full) {
		fill_disk();
	} else if (!full_until && ((how == 1 && total.drops) || !total.crashes)) {
		assert_true(database_crash());
		total.crashes++;
	} else {
		database_drop();
		total.drops++;
	}
}

void fault(void)
{
	struct sim_station *st = &game.station[sim_draw(&game.world, game.world.stations)];
	int i;

	switch (sim_draw(&game.world, 18)) {
	case 0:
	case 1:
		i = (int)sim_draw(&game.world, (uint32_t)chaos_database.twins);
		daemon_kill(i, SIGKILL);
		daemon_start(i);
		total.kills++;
		break;
	case 2:
		if (chaos_database.twins > 1)
			stop_twin();
		else
			stop_single();
		break;
	case 3:
	case 4:
		sim_cut_control(st);
		total.cuts++;
		break;
	case 5:
		sim_cut_control(st);
		st->gone_until = sim_now() + sim_draw(&game.world, 500);
		total.cuts++;
		break;
	case 6:
		sim_reboot(st);
		total.reboots++;
		break;
	case 7:
	case 8:
	case 9:
		st->deaf_until = sim_now() + sim_draw(&game.world, 400);
		break;
	case 10:
	case 11:
		sim_take_out(st, &st->lane[sim_draw(&game.world, SIM_LANES)]);
		total.takes++;
		break;
	case 12:
	case 13:
		hurt_database();
		break;
	default:
		if (game.world.good > GAME / 8 && !full_until)
			game.copied |= database_copy();
	}
}

void faults_begin(void)
{
	full_until = 0;
	stopped_until = 0;
}

void faults_mind(void)
{
	let_go_on();
	/* The first time until it was noticed, if that is known. */
	if (full_until && sim_now() >= full_until + (database_had_no_space() ? 0 : NOTICED))
		free_disk();
}

void faults_end(void)
{
	free_disk();
	for (int i = 0; i < DAEMONS; i++) {
		if (i >= chaos_database.twins)
			daemon_kill(i, SIGKILL);
		else if (game.daemon[i] > 0)
			kill(game.daemon[i], SIGCONT);
	}
}
