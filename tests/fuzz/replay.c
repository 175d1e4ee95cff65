// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives each file of a corpus to one fuzzer's function, where no libFuzzer is: one TAP test.
 */
#include <dirent.h>
#include <stdio.h>

#include "cas.h"

static uint8_t buf[1 << 16];

static int by_name(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **names;
	int i, n;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	n = scandir(argv[1], &names, by_name, alphasort);
	if (n <= 0) {
		printf("Bail out! %s: no corpus\n", argv[1]);
		return 1;
	}
	printf("1..1\n");
	for (i = 0; i < n; i++) {
		char path[4096];
		size_t len;
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
		f = fopen(path, "rb");
		if (!f) {
			printf("Bail out! %s cannot be read\n", path);
			return 1;
		}
		len = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		/* The last one that the log names is the one that ended it. */
		printf("# %s\n", names[i]->d_name);
		fflush(stdout);
		LLVMFuzzerTestOneInput(buf, len);
		free(names[i]);
	}
	free(names);
	printf("ok 1 - %d inputs\n", n);
	return 0;
}
