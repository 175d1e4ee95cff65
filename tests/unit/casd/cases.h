/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CAS daemon as a whole: a process of its own, a station that speaks the protocol, a token, a
 * database, and the simulated GlobalPlatform card, which is a second implementation of SCP03.
 *
 * The cases are in casd_NAME_cases.c, a file for each subject. They share one daemon, and some
 * look at what earlier ones did: a file whose cases do not follow each other has several tables.
 */
#ifndef TESTS_CASD_CASES_H
#define TESTS_CASD_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* With every database; each ends with {}. */
extern const struct CMUnitTest card_cases[];
extern const struct CMUnitTest profile_cases[];
extern const struct CMUnitTest station_cases[];
extern const struct CMUnitTest session_cases[];
extern const struct CMUnitTest initial_cases[];
extern const struct CMUnitTest signature_cases[];
extern const struct CMUnitTest operator_cases[];
extern const struct CMUnitTest process_cases[];
extern const struct CMUnitTest account_cases[];
extern const struct CMUnitTest journal_cases[];
extern const struct CMUnitTest chain_cases[];

/* With a database that is a file. */
extern const struct CMUnitTest heads_cases[];
extern const struct CMUnitTest export_cases[];

/*
 * casd_run() - all, in their order
 * @heads: before the accounts; NULL: the database is no file
 * @exports: after them; the same
 *
 * Return: what main() does.
 */
int casd_run(const struct CMUnitTest *heads, const struct CMUnitTest *exports);

#endif
