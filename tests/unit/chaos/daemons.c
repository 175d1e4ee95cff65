// SPDX-License-Identifier: GPL-2.0-only
/* The daemons of a game, real ones, and the lease that the stations have seen of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database.h"
#include "game.h"

static uint64_t lease_before;

uint64_t lease_seen(void)
{
	uint64_t max = 0;

	for (unsigned int i = 0; i < game.world.stations; i++)
		if (game.station[i].lease > max)
			max = game.station[i].lease;
	return max;
}

bool daemon_is_up(void)
{
	return lease_seen() != lease_before;
}

void daemon_start(int i)
{
	char address[STATIONS][32], name[8];
	char *argv[14 + 2 * STATIONS] = {
		"casd", "--db", game.db, "--witness", (char *)database_witness(),
		"--pin-file", game.pin_file, "--profiles", CKS_TOP "/profiles",
		"--name", name, "--lease", (char *)chaos_database.lease,
	};
	int n = 13;

	snprintf(name, sizeof(name), "cas%d", i);
	for (unsigned int j = 0; j < game.world.stations; j++) {
		snprintf(address[j], sizeof(address[j]), "127.0.0.1:%u", game.station[j].port);
		argv[n++] = "--station";
		argv[n++] = address[j];
	}
	argv[n] = NULL;
	lease_before = lease_seen();
	tokens_own();
	game.daemon[i] = fork();
	assert_true(game.daemon[i] >= 0);
	if (!game.daemon[i]) {
		int fd = open(game.log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);

		dup2(fd, 2);
		execv(CASD, argv);
		_exit(127);
	}
}

void daemon_kill(int i, int sig)
{
	if (game.daemon[i] <= 0)
		return;
	kill(game.daemon[i], sig);
	kill(game.daemon[i], SIGCONT);
	waitpid(game.daemon[i], NULL, 0);
	game.daemon[i] = 0;
}

void daemons_kill(void)
{
	for (int i = 0; i < DAEMONS; i++)
		daemon_kill(i, SIGKILL);
}

bool daemon_ended(int i)
{
	pid_t pid = game.daemon[i];

	if (pid <= 0 || waitpid(pid, NULL, WNOHANG) != pid)
		return false;
	game.daemon[i] = 0;
	return true;
}

void daemons_mind(void)
{
	for (int i = 0; i < chaos_database.twins; i++)
		if (daemon_ended(i))
			daemon_start(i);
}
