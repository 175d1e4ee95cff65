// SPDX-License-Identifier: GPL-2.0-only
/* A PostgreSQL server of their own, for the cases of casd. */
#include "database.h"

#include <stdio.h>

#include "../database/pgserver.h"

#define NAME "casd"

bool database_begin(const char *dir, char *where, size_t cap)
{
	(void)dir;
	snprintf(where, cap, "postgresql:///" NAME);
	return pgserver_start() && pgserver_make(NAME, NULL) && pgserver_environment();
}

void database_end(void)
{
	pgserver_stop();
}
