// SPDX-License-Identifier: GPL-2.0-only
/* The CAS daemon as a whole, with SQLite. */
#include "cases.h"

int main(void)
{
	return casd_run(heads_cases, export_cases);
}
