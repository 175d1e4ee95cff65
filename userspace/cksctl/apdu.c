// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command apdu: resets the card of a coupler and sends it commands through the character
 * device.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cks.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cksctl.h"

static void print_bytes(const char *label, const uint8_t *data, size_t len)
{
	printf("%s", label);
	for (size_t i = 0; i < len; i++)
		printf("%02X", data[i]);
	putchar('\n');
}

static char *hex_of(const uint8_t *data, size_t len)
{
	char *hex = malloc(2 * len + 1);

	if (!hex)
		return NULL;
	hex[0] = 0;
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02X", data[i]);
	return hex;
}

static void add_hex(cJSON *list, const uint8_t *data, size_t len)
{
	char *hex = hex_of(data, len);

	cJSON_AddItemToArray(list, cJSON_CreateString(hex ? hex : ""));
	free(hex);
}

static bool exchange(int fd, const char *text, uint8_t *buf, ssize_t *ret_len)
{
	size_t len;

	if (!parse_bytes("APDU", text, buf, CKS_APDU_MAX, &len))
		return false;
	if (write(fd, buf, len) != (ssize_t)len) {
		complain("cannot send the command: %s", strerror(errno));
		return false;
	}
	*ret_len = read(fd, buf, CKS_APDU_MAX);
	if (*ret_len < 0) {
		complain("no response: %s", strerror(errno));
		return false;
	}
	return true;
}

enum status apdu_command(struct context *ctx, int argc, char **argv)
{
	struct cks_reset reset = { .size = sizeof(reset), .kind = CKS_COLD };
	enum status status = STATUS_FAILURE;
	char path[48];
	cJSON *list = NULL;
	uint8_t *buf;
	uint32_t index;
	int fd;

	if (!parse_coupler(argv[0], &index))
		return STATUS_USAGE;
	snprintf(path, sizeof(path), "/dev/cks/coupler%u", index);
	buf = malloc(CKS_APDU_MAX);
	if (!buf) {
		complain("out of memory");
		return STATUS_FAILURE;
	}
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		complain("%s: %s%s", path, strerror(errno),
			 errno == EBUSY ? ": another program or the router has the coupler" : "");
		goto out;
	}
	if (ioctl(fd, CKS_IOC_RESET, &reset)) {
		complain("%s: reset: %s", path, strerror(errno));
		goto out;
	}
	if (ctx->json)
		list = cJSON_CreateArray();
	else
		print_bytes("ATR ", reset.atr, reset.atr_len);
	for (int i = 1; i < argc; i++) {
		ssize_t len;

		if (!exchange(fd, argv[i], buf, &len))
			goto out;
		if (ctx->json)
			add_hex(list, buf, len);
		else
			print_bytes("", buf, len);
	}
	status = STATUS_OK;
	if (ctx->json) {
		cJSON *json = cJSON_CreateObject();
		char *atr = hex_of(reset.atr, reset.atr_len);

		cJSON_AddStringToObject(json, "atr", atr ? atr : "");
		cJSON_AddItemToObject(json, "responses", list);
		list = NULL;
		free(atr);
		if (!print_json(json, true))
			status = STATUS_FAILURE;
	}
out:
	cJSON_Delete(list);
	explicit_bzero(buf, CKS_APDU_MAX);
	free(buf);
	if (fd >= 0)
		close(fd);
	return status;
}
