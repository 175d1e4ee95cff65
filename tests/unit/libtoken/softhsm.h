/* SPDX-License-Identifier: GPL-2.0-only */
/* A private directory for SoftHSM, so that a test sees and leaves no token of the machine. */
#ifndef TESTS_SOFTHSM_H
#define TESTS_SOFTHSM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOFTHSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"

static char softhsm_dir[64];

static inline int softhsm_directory(void)
{
	char path[96];
	FILE *f;

	strcpy(softhsm_dir, "/tmp/softhsm-test-XXXXXX");
	if (!mkdtemp(softhsm_dir))
		return -1;
	snprintf(path, sizeof(path), "%s/tokens", softhsm_dir);
	if (mkdir(path, 0700))
		return -1;
	snprintf(path, sizeof(path), "%s/softhsm2.conf", softhsm_dir);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
		"log.level = ERROR\nslots.removable = false\n", softhsm_dir);
	if (fclose(f))
		return -1;
	return setenv("SOFTHSM2_CONF", path, 1);
}

static inline void softhsm_remove(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf '%s'", softhsm_dir);
	if (*softhsm_dir && system(command))
		fprintf(stderr, "cannot remove %s\n", softhsm_dir);
}

#endif
