// SPDX-License-Identifier: GPL-2.0-only
/* Stations named in a file. */
#include "stations.h"

#include <stdio.h>
#include <string.h>

#include "control.h"

const char *stations_add(struct casd *casd, const char *path, unsigned int *count)
{
	static char wrong[160];
	char line[128];
	FILE *f = fopen(path, "re");
	const char *why = f ? NULL : "the file of stations cannot be read";

	for (unsigned int n = 1; !why && fgets(line, sizeof(line), f); n++) {
		line[strcspn(line, "# \t\r\n")] = '\0';
		if (!*line)
			continue;
		why = control_add(casd, line);
		if (why) {
			snprintf(wrong, sizeof(wrong), "line %u of the stations: %s", n, why);
			why = wrong;
		}
		++*count;
	}
	if (f)
		fclose(f);
	return why;
}
