// SPDX-License-Identifier: GPL-2.0-only
/*
 * The client of docs/protocol.md that the router's tests use.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cks_client.h"

int client_connect(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

void client_begin(struct client_frame *f, uint8_t type, uint32_t number)
{
	f->type = type;
	f->number = number;
	f->len = 0;
}

static void store(uint8_t *p, uint64_t v, unsigned int size)
{
	while (size) {
		p[--size] = v & 0xff;
		v >>= 8;
	}
}

static uint64_t load(const uint8_t *p, unsigned int size)
{
	uint64_t v = 0;

	while (size--)
		v = v << 8 | *p++;
	return v;
}

void client_put(struct client_frame *f, uint16_t tag, const void *data, uint32_t len)
{
	if (len > sizeof(f->body) - f->len - 6)
		abort();
	store(f->body + f->len, tag, 2);
	store(f->body + f->len + 2, len, 4);
	if (len)
		memcpy(f->body + f->len + 6, data, len);
	f->len += 6 + len;
}

void client_put_int(struct client_frame *f, uint16_t tag, uint64_t v, unsigned int size)
{
	uint8_t p[8];

	store(p, v, size);
	client_put(f, tag, p, size);
}

int client_send_raw(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int client_send(int fd, const struct client_frame *f)
{
	uint8_t h[12] = { 0x43, 0x4b, 1, f->type };

	store(h + 4, f->number, 4);
	store(h + 8, f->len, 4);
	if (client_send_raw(fd, h, sizeof(h)))
		return -1;
	return client_send_raw(fd, f->body, f->len);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int recv_all(int fd, uint8_t *p, size_t len, int64_t end)
{
	while (len) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms();
		ssize_t n;

		if (left < 0 || poll(&pfd, 1, (int)left) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = recv(fd, p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

int client_recv(int fd, struct client_frame *ret_f, int ms)
{
	int64_t end = now_ms() + ms;
	uint8_t h[12];
	int rc;

	rc = recv_all(fd, h, sizeof(h), end);
	if (rc <= 0)
		return rc;
	ret_f->type = h[3];
	ret_f->number = (uint32_t)load(h + 4, 4);
	ret_f->len = (uint32_t)load(h + 8, 4);
	if (load(h, 2) != 0x434b || h[2] != 1 || ret_f->len > sizeof(ret_f->body)) {
		errno = EBADMSG;
		return -1;
	}
	return recv_all(fd, ret_f->body, ret_f->len, end);
}

const uint8_t *client_field(const struct client_frame *f, uint16_t tag, uint32_t *ret_len)
{
	uint32_t at = 0;

	while (f->len - at >= 6) {
		uint32_t len = (uint32_t)load(f->body + at + 2, 4);

		if (len > f->len - at - 6)
			return NULL;
		if (load(f->body + at, 2) == tag) {
			*ret_len = len;
			return f->body + at + 6;
		}
		at += 6 + len;
	}
	return NULL;
}

bool client_has(const struct client_frame *f, uint16_t tag)
{
	uint32_t len;

	return client_field(f, tag, &len);
}

uint64_t client_int(const struct client_frame *f, uint16_t tag)
{
	uint32_t len;
	const uint8_t *p = client_field(f, tag, &len);

	return p && len && len <= 8 ? load(p, len) : UINT64_MAX;
}
