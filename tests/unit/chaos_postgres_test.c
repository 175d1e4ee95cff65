// SPDX-License-Identifier: GPL-2.0-only
/*
 * chaos_test with two daemons that share a PostgreSQL server, which is killed, and whose
 * connections are dropped.
 */
#define POSTGRES
#include "chaos_test.c"
