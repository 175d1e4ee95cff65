// SPDX-License-Identifier: GPL-2.0-only
/* Reads a PIN from a file, a descriptor or a credential: never from the command line. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtoken/token.h"

/* False: systemd passed none, or the name is no name of one. */
static bool credential(const char *name, char path[256])
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	return directory && *name && !strchr(name, '/') &&
	       snprintf(path, 256, "%s/%s", directory, name) < 256;
}

const char *token_pin_read(const char *path, struct token_pin *pin)
{
	char buf[TOKEN_PIN_MAX + 1], file[256];
	size_t len = 0;
	char *end;
	int fd;

	memset(pin, 0, sizeof(*pin));
	if (!strncmp(path, "fd:", 3)) {
		fd = (int)strtol(path + 3, &end, 10);
		if (*end || end == path + 3 || fd < 0)
			return "PIN: fd: wants a number";
	} else {
		if (!strncmp(path, "credential:", 11)) {
			if (!credential(path + 11, file))
				return "PIN: systemd has passed no such credential";
			path = file;
		}
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return "PIN: the file cannot be opened";
	}
	while (len < sizeof(buf)) {
		ssize_t n = read(fd, buf + len, sizeof(buf) - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	end = memchr(buf, '\n', len);
	if (end)
		len = (size_t)(end - buf);
	if (!len || len > sizeof(pin->text)) {
		explicit_bzero(buf, sizeof(buf));
		return "PIN: empty or longer than 64 characters";
	}
	memcpy(pin->text, buf, len);
	pin->len = len;
	explicit_bzero(buf, sizeof(buf));
	return NULL;
}
