// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading the modules under test, which lie beside the test's own program.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "modules.h"

#define MOMENTS	5000	/* of a millisecond */

/* $MODDIR, or build/modules seen from build/tests/kselftest/PROGRAM or build/san/tests/... */
static int directory(char *dir, size_t size)
{
	static const char *const ups[] = { "../../modules", "../../../modules" };
	char self[PATH_MAX / 2];
	const char *given = getenv("MODDIR");
	ssize_t n;

	if (given) {
		snprintf(dir, size, "%s", given);
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return -1;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(ups) / sizeof(ups[0]); i++) {
		snprintf(dir, size, "%s/%s", self, ups[i]);
		if (!access(dir, R_OK))
			return 0;
	}
	return -1;
}

int module_path(const char *name, char *path, size_t size)
{
	char dir[PATH_MAX - 64];

	if (directory(dir, sizeof(dir))) {
		fprintf(stderr, "no directory of modules; set MODDIR\n");
		return -1;
	}
	if (snprintf(path, size, "%s/%s.ko", dir, name) >= (int)size) {
		fprintf(stderr, "%s: the path of it is too long\n", name);
		return -1;
	}
	return 0;
}

int module_load(const char *name)
{
	char path[PATH_MAX];
	int fd, err;

	if (module_path(name, path, sizeof(path)))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

int modules_load(const char *const *names)
{
	int err;

	for (; *names; names++) {
		err = module_load(*names);
		if (err && err != -EEXIST) {
			fprintf(stderr, "cannot load %s: %s\n", *names, strerror(-err));
			return -1;
		}
	}
	return 0;
}

int module_unload(const char *name)
{
	int tries = 0;

	while (syscall(SYS_delete_module, name, O_NONBLOCK)) {
		if (errno != EWOULDBLOCK || ++tries > MOMENTS)
			return -errno;
		usleep(1000);
	}
	return 0;
}

int modules_unload(const char *const *names)
{
	int n = 0, rc = 0, err;

	while (names[n])
		n++;
	while (n--) {
		err = module_unload(names[n]);
		if (err) {
			fprintf(stderr, "cannot unload %s: %s\n", names[n], strerror(-err));
			rc = -1;
		}
	}
	return rc;
}
