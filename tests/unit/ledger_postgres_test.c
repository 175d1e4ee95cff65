// SPDX-License-Identifier: GPL-2.0-only
/* All of ledger_test once more, in PostgreSQL. */
#define POSTGRES
#include "ledger_test.c"
