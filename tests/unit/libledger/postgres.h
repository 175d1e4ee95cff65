/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cases about a PostgreSQL server know of the ledger's database there. */
#ifndef TESTS_LEDGER_POSTGRES_H
#define TESTS_LEDGER_POSTGRES_H

/* Their names on the server: the database, and the last copy of it. */
const char *postgres_name(void);
const char *postgres_copy(void);

#endif
