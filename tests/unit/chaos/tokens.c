// SPDX-License-Identifier: GPL-2.0-only
/* The token of all games, and the copies of it that the daemons have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "game.h"
#include "../libtoken/softhsm_token.h"

struct token *tokens_begin(void)
{
	return softhsm_token();
}

void tokens_end(void)
{
	softhsm_remove();
}

/*
 * SoftHSM writes the token anew at each login, and a process that is killed or out of space then
 * has lost it. So each process has a copy of its own: the tokens are not what is tested here.
 */
void tokens_own(void)
{
	static unsigned int copies;
	char command[320], conf[128];
	FILE *f;

	copies++;
	snprintf(command, sizeof(command), "cp -r %s/tokens %s/tokens%u", softhsm_dir, game.dir,
		 copies);
	assert_int_equal(system(command), 0);
	snprintf(conf, sizeof(conf), "%s/softhsm2-%u.conf", game.dir, copies);
	f = fopen(conf, "w");
	assert_non_null(f);
	fprintf(f, "directories.tokendir = %s/tokens%u\nobjectstore.backend = file\n"
		"log.level = ERROR\nslots.removable = false\n", game.dir, copies);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(setenv("SOFTHSM2_CONF", conf, 1), 0);
}

void tokens_remove(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s/tokens* %s/softhsm2-*", game.dir, game.dir);
	assert_int_equal(system(command), 0);
}
