// SPDX-License-Identifier: GPL-2.0-only
/*
 * The station's identity: a version 4 UUID (RFC 9562) in a file of its own. It outlives the
 * journal: a station with a new journal is still the same station.
 */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define FILE_NAME	"uuid"
#define NEW_NAME	"uuid.new"
#define TEXT_LEN	37	/* with its newline */

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse(const char *text, uint8_t *uuid)
{
	int n = 0;

	memset(uuid, 0, IDENTITY_LEN);
	for (int i = 0; i < TEXT_LEN - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return -EBADMSG;
			continue;
		}
		if (nibble(text[i]) < 0)
			return -EBADMSG;
		uuid[n / 2] = uuid[n / 2] << 4 | nibble(text[i]);
		n++;
	}
	return 0;
}

static void format(const uint8_t *uuid, char *text)
{
	for (int i = 0; i < IDENTITY_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		text += sprintf(text, "%02x", uuid[i]);
	}
	strcpy(text, "\n");
}

static int create(int dir, uint8_t *uuid)
{
	char text[TEXT_LEN + 1];
	int fd, err = 0;

	if (getrandom(uuid, IDENTITY_LEN, 0) != IDENTITY_LEN)
		return -EIO;
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	format(uuid, text);
	fd = openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, text, TEXT_LEN) != TEXT_LEN || fsync(fd))
		err = errno ? -errno : -EIO;
	close(fd);
	if (!err && (renameat(dir, NEW_NAME, dir, FILE_NAME) || fsync(dir)))
		err = -errno;
	return err;
}

int identity_load(int dir, uint8_t ret_uuid[static IDENTITY_LEN], char *why, size_t size)
{
	char text[TEXT_LEN + 1];
	uint8_t uuid[IDENTITY_LEN];
	int fd, err;
	ssize_t n;

	fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		err = create(dir, uuid);
	} else if (fd < 0) {
		err = -errno;
	} else {
		n = read(fd, text, sizeof(text));
		err = n == TEXT_LEN && text[TEXT_LEN - 1] == '\n' ? parse(text, uuid) : -EBADMSG;
		close(fd);
	}
	if (err == -EBADMSG)
		snprintf(why, size,
			 "the file uuid beside the journal is not a UUID: put the station's own back");
	else if (err)
		snprintf(why, size, "the file uuid beside the journal: %s", strerror(-err));
	else
		memcpy(ret_uuid, uuid, sizeof(uuid));
	return err;
}
