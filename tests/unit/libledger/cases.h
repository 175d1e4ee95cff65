/* SPDX-License-Identifier: GPL-2.0-only */
/* The cases of the ledger, a table and a file (ledger_NAME_cases.c) for each subject. */
#ifndef TESTS_LEDGER_CASES_H
#define TESTS_LEDGER_CASES_H

#include "bed.h"

/* In every database; each ends with {}. */
extern const struct CMUnitTest import_cases[];
extern const struct CMUnitTest sealed_cases[];
extern const struct CMUnitTest record_cases[];
extern const struct CMUnitTest lease_cases[];
extern const struct CMUnitTest disposition_cases[];
extern const struct CMUnitTest order_cases[];
extern const struct CMUnitTest limit_cases[];
extern const struct CMUnitTest role_cases[];
extern const struct CMUnitTest component_cases[];
extern const struct CMUnitTest chain_cases[];

/* In a PostgreSQL server only. */
extern const struct CMUnitTest server_cases[];
extern const struct CMUnitTest daemon_cases[];

/*
 * ledger_run() - those of every database, then @own, up to NULL, of this one only
 *
 * Each case has an empty ledger; its table says nothing of that. Return: what main() does.
 */
int ledger_run(const struct CMUnitTest *const own[]);

#endif
