// SPDX-License-Identifier: GPL-2.0-only
/* Reads a key from a file, and leaves no copy of its digits. */
#include "keyfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "hex.h"

const char *gp_key_read(const char *path, uint8_t key[16])
{
	char line[64] = "";
	ssize_t n = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return strerror(errno);
	setvbuf(f, NULL, _IONBF, 0);	/* no copy in a buffer that is not wiped */
	if (fgets(line, sizeof(line), f))
		n = hex_decode(line, strcspn(line, "\r\n"), key, 16);
	fclose(f);
	OPENSSL_cleanse(line, sizeof(line));
	return n == 16 ? NULL : "must begin with a key of 32 hexadecimal digits";
}
